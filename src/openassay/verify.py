"""Does every quote still stand? Evidence is compared with sources that were opened again.

A quote of lines is looked for where it stood, white space aside, then in the rest of its file.
Everything else (ranges of bytes, values, whole files, listings) is compared by its digest. A
source with another pin, such as a folder that was edited since, stands in for the one that was
cited when kind and name agree, or when there is only one of each; the report says so.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from openassay.errors import ReadError
from openassay.files import MAX_HASH, MAX_QUOTE, File
from openassay.release import Source
from openassay.types import Digest, Evidence, Unit

_WINDOW = 400  # lines after the first that one quote may spread over, blank ones included
_RANGE = re.compile(r"sha256/bytes=(\d{1,19})-(\d{1,19})")


class Outcome(StrEnum):
    """What became of one piece of evidence."""

    STANDS = "stands"
    MOVED = "moved"  # the quote is on another line now
    CHANGED = "changed"  # the place is there, what was cited is not
    MISSING = "missing"  # the file is gone
    UNREADABLE = "unreadable"
    NOT_CHECKABLE = "not_checkable"  # its source was not opened, or keeps too little to compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One piece of evidence and how it fared.

    ``same_bytes`` says whether the digest still fits: a quote can stand in a file that was edited
    elsewhere. None where it could not be computed. ``line`` is where a moved quote is now.
    """

    evidence: Evidence
    outcome: Outcome
    same_bytes: bool | None = None
    line: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All checks, in the order of the evidence. ``replaced`` are (cited pin, pin read instead)."""

    checks: tuple[Check, ...]
    replaced: tuple[tuple[str, str], ...] = ()

    def counts(self) -> dict[Outcome, int]:
        """How many fared how; every outcome is a key."""
        found = Counter(check.outcome for check in self.checks)
        return {outcome: found[outcome] for outcome in Outcome}

    @property
    def all_stand(self) -> bool:
        """Whether everything cited stands where it was cited."""
        return all(check.outcome is Outcome.STANDS for check in self.checks)

    @property
    def clean(self) -> bool:
        """Whether everything stands and no cited file was edited, not even beside a quote."""
        return self.all_stand and not self.edited

    @property
    def edited(self) -> tuple[tuple[str, str], ...]:
        """(source, path) of cited files whose bytes are no longer those that were cited."""
        pairs = {
            (check.evidence.source, check.evidence.path)
            for check in self.checks
            if check.same_bytes is False
        }
        return tuple(sorted(pairs))


def verify(
    evidence: Iterable[Evidence],
    sources: Iterable[Source],
    *,
    now: Mapping[str, Source] | None = None,
) -> Report:
    """Compare every piece of evidence with what its source, opened again, says now.

    ``now`` tells, by the pin that was cited, what its place leads to now where that is known.
    """
    wanted = tuple(evidence)
    opened = tuple(sources)
    stand_ins = dict(now or {}) | _match({item.source for item in wanted}, opened)
    opened += tuple(stand_ins.values())
    places = {source.id: _Place(source) for source in opened}
    checks = []
    for item in wanted:
        source = stand_ins.get(item.source)
        if source is None:
            detail = "its source was not opened"
            checks.append(Check(evidence=item, outcome=Outcome.NOT_CHECKABLE, detail=detail))
        else:
            checks.append(places[source.id].check(item))
    replaced = sorted((pin, source.id) for pin, source in stand_ins.items() if source.id != pin)
    return Report(checks=tuple(checks), replaced=tuple(replaced))


def _match(pins: set[str], opened: tuple[Source, ...]) -> dict[str, Source]:
    """The opened source that each cited pin is compared with, where there is one."""
    by_id = {source.id: source for source in opened}
    by_name: dict[str, list[Source]] = {}
    for source in opened:
        by_name.setdefault(_unpinned(source.id), []).append(source)
    found = {pin: by_id[pin] for pin in pins if pin in by_id}
    for pin in sorted(pins - found.keys()):
        same = by_name.get(_unpinned(pin), [])
        if len(same) == 1:
            found[pin] = same[0]
        elif len(pins) == len(opened) == 1:
            found[pin] = opened[0]
    return found


def _unpinned(pin: str) -> str:
    """Kind and name of a pin: ``dir:NAME@DIGEST`` to ``dir:NAME``."""
    return pin.rpartition("@")[0] or pin


class _Place:
    """One opened source, and the texts of it that quotes were looked for in."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._files = {file.path: file for file in (*source.answers, *source.files)}
        self._texts: dict[str, _Quotable] = {}

    def check(self, item: Evidence) -> Check:
        if item.span.unit is Unit.LISTING:
            return self._check_listing(item)
        file = self._files.get(item.path)
        if file is None:
            detail = "there is no such file now"
            return Check(evidence=item, outcome=Outcome.MISSING, same_bytes=False, detail=detail)
        try:
            same = _same_bytes(item.digest, file)
            if item.span.unit is Unit.LINE:
                return self._check_lines(item, file, same)
        except ReadError as error:
            return Check(evidence=item, outcome=Outcome.UNREADABLE, detail=str(error))
        if same is None:
            return Check(evidence=item, outcome=Outcome.NOT_CHECKABLE, detail=_UNKNOWN_DIGEST)
        outcome = Outcome.STANDS if same else Outcome.CHANGED
        detail = "" if same else "the bytes are not those that were cited"
        return Check(evidence=item, outcome=outcome, same_bytes=same, detail=detail)

    def _check_lines(self, item: Evidence, file: File, same: bool | None) -> Check:
        text = self._texts.get(file.path)
        if text is None:
            text = self._texts[file.path] = _Quotable(file.lines)
        start = int(item.span.start)
        line = start if text.stands(item.quote, start) else text.nearest(item.quote, start)
        if line is None:
            outcome, detail = Outcome.CHANGED, f"line {start} reads: {text.line(start)}"
        elif line != start:
            outcome, detail = Outcome.MOVED, f"now on line {line}"
        else:
            outcome, detail = Outcome.STANDS, ""
        moved = line if outcome is Outcome.MOVED else None
        return Check(evidence=item, outcome=outcome, same_bytes=same, line=moved, detail=detail)

    def _check_listing(self, item: Evidence) -> Check:
        """Names counted by a listing are kept only as a digest: try the sets they usually are."""
        if item.source == self._source.id and item.source.startswith(
            ("git:", "hf:", "archive:", "dir:")
        ):
            return Check(evidence=item, outcome=Outcome.STANDS, same_bytes=True)
        prefix = f"{item.path}/" if item.path else ""
        below = sorted(path for path in self._files if path.startswith(prefix))
        if any(_listing(paths) == item.digest for paths in _groups(below, prefix)):
            return Check(evidence=item, outcome=Outcome.STANDS, same_bytes=True)
        if len(below) < int(item.span.end):
            detail = f"{item.span.end} names were cited, {len(below)} are there"
            return Check(evidence=item, outcome=Outcome.CHANGED, same_bytes=False, detail=detail)
        detail = "which names were cited is kept only as a digest"
        return Check(evidence=item, outcome=Outcome.NOT_CHECKABLE, detail=detail)


_UNKNOWN_DIGEST = "its digest is of a kind that cannot be computed here"


def _groups(below: list[str], prefix: str) -> Iterator[list[str]]:
    """Sets of names that a listing may have counted: all, those of one folder, of one suffix."""
    direct = [path for path in below if "/" not in path[len(prefix) :]]
    for paths in (below, direct):
        yield paths
        suffixes: dict[str, list[str]] = {}
        for path in paths:
            suffixes.setdefault(path.rpartition("/")[2].rpartition(".")[2], []).append(path)
        yield from suffixes.values()


def _listing(paths: list[str]) -> Digest:
    joined = "\n".join(paths).encode("utf-8", "surrogateescape")
    return Digest("sha256/listing", hashlib.sha256(joined).hexdigest())


def _same_bytes(digest: Digest, file: File) -> bool | None:
    """Whether a file still has a digest; None for a kind that is not known here.

    Raises :class:`ReadError` when the file cannot be read.
    """
    if digest.algorithm in ("lfs-sha256", "sha1/git-blob"):
        listed = Digest("lfs-sha256", file.lfs.oid) if file.lfs else file.published
        return listed == digest
    if digest.algorithm == "sha256/path":  # it could not be read when it was cited either
        return hashlib.sha256(file.path.encode("utf-8", "surrogateescape")).hexdigest() == (
            digest.value
        )
    if digest.algorithm == "sha256":
        if not file.is_regular or file.size > MAX_HASH:
            return False
        return hashlib.sha256(file.read()).hexdigest() == digest.value
    if found := _RANGE.fullmatch(digest.algorithm):
        first, last = int(found[1]), int(found[2])
        if not file.is_regular or last >= file.size or last - first >= MAX_HASH:
            return False
        content = file.read(first, last - first + 1)
        return hashlib.sha256(content).hexdigest() == digest.value
    return None


class _Quotable:
    """A text in which quotes are looked for with white space normalised, as they were cited."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self._lines = [" ".join(line.split()) for line in lines]
        self._text = ""
        self._starts: list[int] = []  # offset in the joined text of each line that is not blank
        self._numbers: list[int] = []

    def line(self, number: int) -> str:
        """A line, cut to the length of a quote; empty when there is none."""
        there = 1 <= number <= len(self._lines)
        return self._lines[number - 1][:MAX_QUOTE] if there else ""

    def stands(self, quote: str, number: int) -> bool:
        """Whether a quote begins on a line, and goes on over those that follow."""
        if not 1 <= number <= max(len(self._lines), 1):
            return False
        first = self.line_whole(number)
        if not quote:
            return not first
        after = filter(None, self._lines[number : number + _WINDOW])
        window, wanted = [first] if first else [], len(first) + len(quote)
        for line in after:
            if wanted <= 0:
                break
            window.append(line)
            wanted -= len(line)
        text = " ".join(window)
        return any(0 <= text.find(form) <= len(first) for form in _forms(quote))

    def line_whole(self, number: int) -> str:
        return self._lines[number - 1] if number <= len(self._lines) else ""

    def nearest(self, quote: str, number: int) -> int | None:
        """The line nearest to ``number`` on which a quote begins; None when it is nowhere."""
        if not quote:
            return None
        self._join()
        for form in _forms(quote):
            found: list[int] = []
            at = self._text.find(form)
            while at >= 0 and len(found) < 1000:
                found.append(self._numbers[bisect_right(self._starts, at) - 1])
                at = self._text.find(form, at + 1)
            if found:
                return min(found, key=lambda line: (abs(line - number), line))
        return None

    def _join(self) -> None:
        if self._starts:
            return
        at = 0
        kept = [(number, line) for number, line in enumerate(self._lines, 1) if line]
        for number, line in kept:
            self._starts.append(at)
            self._numbers.append(number)
            at += len(line) + 1
        self._text = " ".join(line for _, line in kept)


def _forms(quote: str) -> tuple[str, ...]:
    """A quote as it is and, if it is so long that it may have been cut, without its ellipsis."""
    quote = " ".join(quote.split())
    if len(quote) >= MAX_QUOTE - 1 and quote.endswith("…"):
        return quote, quote[:-1].rstrip()
    return (quote,)
