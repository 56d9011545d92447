"""One question to the licence library: what is this text or name, and what does it say?"""

from __future__ import annotations

from collections.abc import Mapping

from openassay import licenses
from openassay.errors import TargetError
from openassay.files import File
from openassay.reports.license import (
    DutyAnswer,
    LicenseAnswer,
    Matched,
    Passage,
    TermAnswer,
    WarningAnswer,
)
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
        verified=_verified(found.expression),
        duties=_duties(found.expression, found.read),
        missing=_missing(found.expression) if found.stated else (),
        warnings=_warnings(found.expression, found.read),
        note=_about_text(found),
    )


def of_name(asked: str) -> LicenseAnswer:
    """The licence that goes by a name, an expression or an address; expression None if unknown.

    An address is recognised by its spelling: nothing is fetched.
    """
    expression = licenses.normalize(asked)
    if expression is None and "://" in asked:
        raise TargetError(
            f"no licence is known by the address {asked}, and addresses are not fetched",
            hint="download the text and give the file, or pipe it: ... | openassay license -",
        )
    return _known(asked, expression, _about_name(asked, expression))


def of_expression(expression: str) -> LicenseAnswer:
    """What is known of a licence by its expression, as a release's facts name it.

    ``asked`` is the expression in the names that readers know.
    """
    return _known(licenses.shown(expression), expression, "")


def _known(asked: str, expression: str | None, note: str) -> LicenseAnswer:
    info = licenses.info(expression) if expression else None
    open_for = {str(k): licenses.openness(expression, str(k)) for k in Kind} if expression else {}
    known = {**info.terms, **info.more} if info else {}
    return LicenseAnswer(
        asked=asked,
        expression=_spdx(expression),
        open=overall(open_for),
        open_for=open_for,
        terms={name: TermAnswer(value or None, "facts") for name, value in known.items()},
        source=_source(expression),
        verified=_verified(expression),
        duties=_duties(expression, {}),
        missing=_missing(expression),
        warnings=_warnings(expression, {}),
        note=note,
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
    if text is None and data:
        return "\0"  # not a text in any encoding: the library says "binary"
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


def _verified(expression: str | None) -> bool | None:
    """Whether all known terms rest on a public text; None where nothing is known."""
    found = [licenses.info(id) for id in _ids(expression)]
    known = [info.verified for info in found if info is not None and info.terms]
    return all(known) if known else None


def _ids(expression: str | None) -> tuple[str, ...]:
    try:
        return licenses.ids(expression) if expression and expression != "NONE" else ()
    except licenses.LicenseExpressionError:
        return ()


def _duties(expression: str | None, read: Mapping[str, licenses.Term]) -> tuple[DutyAnswer, ...]:
    if not _ids(expression):
        return ()
    return tuple(
        DutyAnswer(
            d.id, d.text, d.license, d.needed, tuple(map(str, d.uses)), d.rests_on, _at(d.evidence)
        )
        for d in licenses.duties(expression or "", None, read)
    )


def _missing(expression: str | None) -> tuple[str, ...]:
    """What a bare label does not come with: the licence's text and notices."""
    if not _ids(expression):
        return ()
    lacking = licenses.lacking(expression or "", ())
    wanted = ("include_license", "keep_notices", "notice_file")
    return tuple(dict.fromkeys(d.id for d in lacking if d.id in wanted))


def _warnings(
    expression: str | None, read: Mapping[str, licenses.Term]
) -> tuple[WarningAnswer, ...]:
    if not _ids(expression):
        return ()
    return tuple(
        WarningAnswer(w.id, w.text, w.license, w.rests_on, _at(w.evidence))
        for w in licenses.warnings(expression or "", read)
    )


def _at(clause: licenses.Term | None) -> Passage | None:
    return Passage(clause.start_line, clause.end_line, clause.quote) if clause else None


def _about_name(asked: str, expression: str | None) -> str:
    if "://" in asked:
        return "recognised by the address alone: nothing was fetched"
    if expression == "NONE":
        return "this says that there is no licence: all rights are reserved"
    if expression is None:
        return "no licence is known by this name; give the file with its text"
    return ""


def _about_text(found: licenses.Assessment) -> str:
    guard = found.identification.guard
    if guard == "empty":
        return "there is no text: without a licence all rights are reserved"
    if guard == "binary":
        return "this is not a text; give the licence as plain text, Markdown, HTML or PDF"
    if found.stated:
        return "the text names a licence and does not contain it"
    return ""
