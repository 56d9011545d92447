"""``openassay judge DOSSIER|RECORD``: verdicts without reading anything again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from openassay.cli import _options as options
from openassay.cli import _steps as steps
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import UsageError

if TYPE_CHECKING:
    from openassay.frameworks.model import Framework
    from openassay.records import Record

HELP = "Judge a stored dossier, or another tool's record."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dossier", metavar="DOSSIER|RECORD")
    options.add_framework(parser, "mof-1.0")
    parser.add_argument("--mode", choices=("strict", "mot"),
                        help="mot: as the MOF's reference tool does, defects included; default:"
                        " strict, and for a record both side by side")  # fmt: skip
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal")
    options.add_lang(parser)
    options.add_verbose(parser, "with the next steps")


def run(args: argparse.Namespace) -> int:
    from openassay import dossier as codec
    from openassay import frameworks, words
    from openassay.judge import judge
    from openassay.records import read_record, record_of
    from openassay.reports.json_v1 import source_ids

    words.speaker(args.lang)
    raw = streams.read_input(args.dossier)
    wanted = frameworks.chosen(args.framework or ["mof-1.0"])
    if not codec.is_dossier(raw):
        return _judge_record(args, read_record(raw), wanted)
    dossier = codec.load(raw)
    if args.mode == "mot":
        return _judge_record(args, record_of(dossier), wanted)
    verdicts = tuple(judge(framework, dossier) for framework in wanted)
    return steps.show_verdicts(args, dossier.release, verdicts, source_ids(dossier))


def _judge_record(args: argparse.Namespace, record: Record, wanted: Sequence[Framework]) -> int:
    from openassay.records import differences, judge_record
    from openassay.reports.json_v1 import render_judgement
    from openassay.reports.record import render

    if [framework.id for framework in wanted] != ["mof-1.0"]:
        raise UsageError(
            "a record can only be judged by mof-1.0",
            hint="other frameworks need a dossier, and mode strict: "
            "openassay read TARGET -o dossier.json",
        )
    modes = (args.mode,) if args.mode else ("strict", "mot")
    verdicts = tuple(judge_record(record, mode) for mode in modes)
    if args.format == "json":
        data = render_judgement(record.name, verdicts, frozenset(), differences(record))
        streams.write(data)
        return Exit.FINE
    if args.mode:
        return steps.show_verdicts(args, record.name, verdicts, frozenset())
    strict, reference = verdicts
    look = replace(streams.look(args.verbose), lang=args.lang)
    text = render(record.name, strict, reference, differences(record), look)
    streams.write(text, as_data=False)
    return Exit.FINE
