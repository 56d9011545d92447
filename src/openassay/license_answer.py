"""One question to the licence library: what is this text or name, and what does it say?"""

from __future__ import annotations

from collections.abc import Mapping

from openassay import licenses
from openassay.errors import TargetError
from openassay.files import File
from openassay.reports.license import LicenseAnswer, Matched, Passage, TermAnswer
from openassay.types import Kind

_PDF = b"%PDF-"


def of_bytes(asked: str, data: bytes) -> LicenseAnswer:
    """The licence that a file's bytes are, with the sentences its terms rest on."""
    found = licenses.assess(_pdf_text(asked, data) if data.startswith(_PDF) else _text(asked, data))
    who = found.identification
    return LicenseAnswer(
        asked=asked,
        expression=_spdx(found.expression),
        stated=found.stated,
        modified=who.modified,
        open=overall(found.openness),
        open_for=found.openness,
        guard=who.guard,
        matches=tuple(Matched(m.id, m.coverage, m.start, m.end) for m in who.matches),
        unexplained=tuple(Passage(r.start, r.end, r.quote) for r in who.unexplained),
        terms={name: _term(term) for name, term in found.terms.items()},
        source=_source(found.expression),
    )


def of_name(asked: str) -> LicenseAnswer:
    """The licence that goes by a name, an expression or an address; expression None if unknown."""
    expression = licenses.normalize(asked)
    info = licenses.info(expression) if expression else None
    open_for = {str(k): licenses.openness(expression, str(k)) for k in Kind} if expression else {}
    known = info.terms if info else {}
    return LicenseAnswer(
        asked=asked,
        expression=_spdx(expression),
        open=overall(open_for),
        open_for=open_for,
        terms={name: TermAnswer(value or None, "facts") for name, value in known.items()},
        source=_source(expression),
    )


def overall(open_for: Mapping[str, bool | None]) -> bool | None:
    """Open if open for any kind of content, not open if for none, else not known."""
    values = set(open_for.values())
    if True in values:
        return True
    return False if values == {False} else None


def _term(term: licenses.TermValue) -> TermAnswer:
    passages = tuple(Passage(t.start_line, t.end_line, t.quote) for t in term.evidence)
    return TermAnswer(term.value or None, term.basis, passages)


def _spdx(expression: str | None) -> str | None:
    """The expression with ids that SPDX tools accept: ``LicenseRef-`` for what no list has."""
    try:
        return licenses.spdx(expression) if expression else None
    except licenses.LicenseExpressionError:
        return expression


def _source(expression: str | None) -> str:
    info = licenses.info(expression) if expression else None
    return info.source if info else ""


def _text(asked: str, data: bytes) -> str:
    file = File("file", asked, len(data), lambda offset, length: data[offset : offset + length])
    text = file.text() if data else None
    return text.text if text else ""


def _pdf_text(asked: str, data: bytes) -> str:
    from openassay.formats import pdf_text
    from openassay.formats.bounded import FormatError

    hint = "give its text: pdftotext FILE - | openassay license -"
    try:
        text = pdf_text.text(data)
    except FormatError as error:
        raise TargetError(f"{asked}: this PDF cannot be read: {error}", hint=hint) from error
    if text is None:
        raise TargetError(f"{asked}: this PDF has no text that can be trusted", hint=hint)
    return text
