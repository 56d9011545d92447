"""``openassay init TARGET…``: draft the documents that a release lacks."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from openassay.cli import _options as options
from openassay.cli import _steps as steps
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import UsageError

if TYPE_CHECKING:
    from openassay.drafts import Draft
    from openassay.types import Dossier

HELP = "Draft the documents a release lacks: model card, data card, MOF.json."
_SUFFIX = ".draft"  # no audit takes a draft for the document
_RECORD = "MOF.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_targets(parser)
    options.add_lang(parser)
    parser.add_argument("-o", "--output", metavar="DIR", default=".",
                        help="the folder the drafts are written to; default: this one")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    from openassay import words
    from openassay.drafts import drafts

    words.speaker(args.lang)
    dossier = steps.read_targets(args)
    made, kept = drafts(dossier)
    folder = Path(args.output)
    for item in kept:
        streams.complain(f"{item.title}: {item.status} ({item.place}), not drafted")
    texts = [(draft.file, _document(draft, dossier, args.lang)) for draft in made]
    written = list(_write_all(folder, [*texts, (_RECORD, _record(dossier))]))
    streams.write("".join(f"{name}\n" for name in written))
    if written:
        streams.complain(
            "answer every TODO(you) and every entry of `open` in the record,"
            f" then take {_SUFFIX} off the names"
        )
    return Exit.FINE


def _document(draft: Draft, dossier: Dossier, lang: str) -> str:
    from openassay.drafts import Said
    from openassay.reports.draft import render

    sections = (
        (
            section.title,
            (
                (line.text, line.evidence, line.quote)
                if isinstance(line, Said)
                else (line.ask, None, False)
                for line in section.lines
            ),
        )
        for section in draft.sections
    )
    pins = (source.id for source in dossier.sources)
    return render(draft.title, draft.file, pins, sections, lang)


def _record(dossier: Dossier) -> str:
    """The record that the Model Openness Framework asks for, as proposed by `--format mof_json`."""
    from openassay.reports import Look, Report, renderer

    return renderer("mof_json")(Report(dossier=dossier), Look())


def _write_all(folder: Path, texts: list[tuple[str, str]]) -> Iterator[str]:
    """The paths that were written: each as a whole or not at all, none over something else."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror or error}") from error
    for name, text in texts:
        path = folder / f"{name}{_SUFFIX}"
        if os.path.lexists(folder / name):
            streams.complain(f"{folder / name} is there already, not drafted")
        elif _write_new(path, text):
            yield str(path)
        else:
            streams.complain(f"{path} is there already, left as it is")


def _write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; False when something of that name is."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as stream:
            stream.write(text.encode("utf-8"))
        return _give_name(part, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _give_name(part: Path, path: Path) -> bool:
    """Like a rename that never replaces anything."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        if os.path.lexists(path):
            return False
        part.rename(path)
    return True
