"""``openassay verify DOSSIER|REPORT``: reopen the sources, does every quote still stand?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from openassay.cli import _options as options
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import DossierError, OpenAssayError, UsageError

if TYPE_CHECKING:
    from openassay.release import Source
    from openassay.sources import Sources
    from openassay.types import Evidence

_NO_PLACE = "name where they are now: openassay verify FILE TARGET…"
HELP = "Reopen the sources: does every quote still stand?"
_UNCHECKED = ("unreadable", "not_checkable")  # neither stands nor falls


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dossier", metavar="DOSSIER|REPORT",
                        help="a dossier, or a report, judgement, weights or lineage document in"
                        " JSON")  # fmt: skip
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


def _cited(path: str) -> tuple[tuple[Evidence, ...], dict[str, str]]:
    """The evidence of a document, and where its sources were, by their pins."""
    from openassay import dossier as codec
    from openassay.reports.cited import read_evidence, read_locators

    raw = streams.read_input(path)
    if codec.is_dossier(raw):
        dossier = codec.load(raw)
        return codec.evidence_of(dossier), {s.id: s.locator for s in dossier.sources}
    document = codec.parse_json(raw)
    evidence = read_evidence(document)
    if not evidence:
        hint = "There is nothing in it to verify. Did what it was made from hold anything?"
        raise DossierError(f"{path} cites nothing", hint=hint)
    return evidence, read_locators(document)


def run(args: argparse.Namespace) -> int:
    from openassay import words
    from openassay.reports.verification import Fallen, render
    from openassay.sources import Sources
    from openassay.verify import Outcome, verify

    words.speaker(args.lang)
    evidence, locators = _cited(args.dossier)
    if evidence and not locators and not args.targets:
        pins = ", ".join(sorted({item.source for item in evidence})[:3])
        raise UsageError(f"{args.dossier} does not say where {pins} was read", hint=_NO_PLACE)
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
