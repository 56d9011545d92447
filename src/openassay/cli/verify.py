"""``openassay verify DOSSIER|REPORT``: reopen the sources, does every quote still stand?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from openassay.cli import _options as options
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import OpenAssayError

if TYPE_CHECKING:
    from openassay.release import Source
    from openassay.sources import Sources

HELP = "Reopen the sources: does every quote still stand?"
_UNCHECKED = ("unreadable", "not_checkable")  # neither stands nor falls


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dossier", metavar="DOSSIER|REPORT")
    parser.add_argument("targets", metavar="TARGET", nargs="*",
                        help="where the sources are now; default: where they were")  # fmt: skip
    options.add_lang(parser)
    options.add_offline(parser)


def _opened(locators: Mapping[str, str], opener: Sources) -> dict[str, Source]:
    """What each source's place leads to now, by the pin that was cited.

    One that cannot be opened is complained about, its evidence stays unchecked; raises the first
    error when none can be.
    """
    found: dict[str, Source] = {}
    failed: list[OpenAssayError] = []
    for pin, locator in locators.items():
        try:
            found[pin] = opener.open_again(locator)
        except OpenAssayError as error:
            failed.append(error)
    if failed and not found:
        raise failed[0]
    for reason in failed:
        streams.complain(str(reason), reason.hint)
    return found


def run(args: argparse.Namespace) -> int:
    from openassay import dossier as codec
    from openassay import words
    from openassay.reports.json_v1 import read_evidence, read_locators
    from openassay.reports.verification import Fallen, render
    from openassay.sources import Sources
    from openassay.verify import Outcome, verify

    words.speaker(args.lang)
    raw = streams.read_input(args.dossier)
    if codec.is_dossier(raw):
        dossier = codec.load(raw)
        evidence = codec.evidence_of(dossier)
        locators = {source.id: source.locator for source in dossier.sources}
    else:
        document = codec.parse_json(raw)
        evidence, locators = read_evidence(document), read_locators(document)
    with Sources(offline=args.offline) as opener:
        if args.targets:
            found = verify(evidence, opener.open_all(args.targets))
        else:
            now = _opened(locators, opener)
            found = verify(evidence, now.values(), now=now)
    fallen = [
        Fallen(check.evidence, str(check.outcome), check.detail)
        for check in found.checks
        if check.outcome is not Outcome.STANDS
    ]
    counts = {str(outcome): count for outcome, count in found.counts().items()}
    edited = [path for _, path in found.edited]
    look = replace(streams.look(0), lang=args.lang)
    text = render(fallen, counts, edited, found.replaced, look)
    streams.write(text, as_data=False)
    if found.edited or any(item.outcome not in _UNCHECKED for item in fallen):
        return Exit.EVIDENCE_GONE
    return Exit.UNDECIDED if fallen else Exit.FINE
