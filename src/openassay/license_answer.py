"""One question to the licence library: what is this text or name, and what does it say?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from openassay import licenses
from openassay.errors import TargetError
from openassay.files import File
from openassay.reports.license import LicenseAnswer, Matched, Passage
from openassay.types import Kind

if TYPE_CHECKING:
    from openassay.licenses import Term

_PDF = b"%PDF-"


def of_bytes(asked: str, data: bytes) -> LicenseAnswer:
    """The licence that a file's bytes are, with the sentences its terms rest on."""
    text = _text(asked, data)
    found = licenses.identify(text)
    read = licenses.read_terms(text)
    expression = found.expression
    # What the text itself says goes first; a fact file speaks only for an unmodified licence.
    known = {} if found.modified or expression is None else known_terms(expression)
    open_for = openness(expression, modified=found.modified)
    return LicenseAnswer(
        asked=asked,
        expression=expression,
        modified=found.modified,
        open=overall(open_for),
        open_for=open_for,
        guard=found.guard,
        matches=tuple(Matched(m.id, m.coverage, m.start, m.end) for m in found.matches),
        unexplained=tuple(Passage(r.start, r.end, r.quote) for r in found.unexplained),
        terms={term.name: term.value for term in read} | known,
        passages=_passages(read),
        source=_source(expression) if known else "",
    )


def of_name(asked: str) -> LicenseAnswer:
    """The licence that goes by a name, an expression or an address; expression None if unknown."""
    expression = licenses.normalize(asked)
    open_for = openness(expression, modified=False)
    return LicenseAnswer(
        asked=asked,
        expression=expression,
        open=overall(open_for),
        open_for=open_for,
        terms=known_terms(expression) if expression else {},
        source=_source(expression) if expression else "",
    )


def known_terms(expression: str) -> Mapping[str, str]:
    """The terms of one licence from its fact file; none for a combination of several."""
    info = licenses.info(expression)
    return dict(info.terms) if info else {}


def openness(expression: str | None, *, modified: bool) -> dict[str, bool | None]:
    """Whether the licence counts as open, by content kind. A modified one is never shown open."""
    if expression is None:
        return {}
    found = {str(kind): licenses.openness(expression, str(kind)) for kind in Kind}
    if modified:
        return {kind: None if value else value for kind, value in found.items()}
    return found


def overall(open_for: Mapping[str, bool | None]) -> bool | None:
    """Open if open for any kind of content, not open if for none, else not known."""
    values = set(open_for.values())
    if True in values:
        return True
    return False if values == {False} else None


def _text(asked: str, data: bytes) -> str:
    if data.startswith(_PDF):
        return _pdf_text(asked, data)
    file = File("file", asked, len(data), lambda offset, length: data[offset : offset + length])
    text = file.text() if data else None
    return text.text if text else ""


def _pdf_text(asked: str, data: bytes) -> str:
    try:
        from openassay.formats.pdf_text import extract
    except ModuleNotFoundError:
        raise TargetError(
            f"{asked} is a PDF, whose text this version does not read",
            hint="give its text: pdftotext FILE - | openassay license -",
        ) from None
    return str(extract(data))


def _source(expression: str | None) -> str:
    info = licenses.info(expression) if expression else None
    return info.source if info else ""


def _passages(read: tuple[Term, ...]) -> dict[str, tuple[Passage, ...]]:
    found: dict[str, tuple[Passage, ...]] = {}
    for term in read:
        place = Passage(term.start_line, term.end_line, term.quote)
        found[term.name] = (*found.get(term.name, ()), place)
    return found
