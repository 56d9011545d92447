"""The text of a simple PDF, as far as its fonts say which letters they show.

Best effort for licence texts and title pages: content streams are followed in page order, lines and
words are put together from positions. There is no guessing: when more than a few codes have no
letter, or the pages are pictures, the answer is None. Source: ISO 32000-1, sections 9.4 and 14.8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from openassay.formats import pdf_fonts
from openassay.formats.bounded import Fault, FormatError
from openassay.formats.pdf_objects import Document, Lexer, Name, Operator, Stream, Value, parse

MAX_BYTES: Final = 16 << 20
MAX_PAGES: Final = 60
MAX_CHARACTERS: Final = 1 << 20
MAX_OPERATIONS: Final = 400_000
_MAX_UNMAPPED: Final = 0.1  # share of codes without a letter above which a text is not trusted
_MIN_LETTERS: Final = 40  # fewer are page numbers and stamps on pictures
_WORD_GAP: Final = 0.18  # of the font size
_MAX_FONTS: Final = 300
_MAX_FORMS: Final = 3  # nesting of form objects


def text(data: bytes, pages: int = MAX_PAGES) -> str | None:
    """The text of the first ``pages``, lines as set; None when there is none that can be trusted.

    Raises FormatError when it is no PDF, is encrypted, or is over a bound.
    """
    if len(data) > MAX_BYTES:
        message = f"PDF of {len(data)} bytes, at most {MAX_BYTES} are read"
        raise FormatError(Fault.READ_LIMIT, message)
    document = parse(data)
    writer = _Writer(document)
    for page in _pages(document)[: min(pages, MAX_PAGES)]:
        writer.page(page)
        if writer.characters >= MAX_CHARACTERS:
            break
    found = writer.done()
    letters = sum(1 for letter in found if letter.isalnum())
    if letters < _MIN_LETTERS or writer.unmapped > _MAX_UNMAPPED * (letters + writer.unmapped):
        return None
    return found


def _pages(document: Document) -> list[dict[str, Value]]:
    """Page dictionaries in reading order, with what they inherit; by number without a tree."""
    for trailer in reversed(document.trailers):
        root = document.dictionary(trailer.get("Root"))
        found: list[dict[str, Value]] = []
        _walk(document, document.dictionary(root.get("Pages")), {}, found, set(), 0)
        if found:
            return found
    return [
        value
        for _, value in sorted(document.objects.items())
        if isinstance(value, dict) and value.get("Type") == "Page"
    ]


def _walk(
    document: Document,
    node: dict[str, Value],
    inherited: dict[str, Value],
    found: list[dict[str, Value]],
    seen: set[int],
    depth: int,
) -> None:
    if id(node) in seen or depth > 40 or len(found) >= MAX_PAGES:
        return
    seen.add(id(node))
    passed = {**inherited, **{key: node[key] for key in ("Resources",) if key in node}}
    kids = document.array(node.get("Kids"))
    if not kids and ("Contents" in node or node.get("Type") == "Page"):
        found.append({**passed, **node})
    for kid in kids[:2_000]:
        _walk(document, document.dictionary(kid), passed, found, seen, depth + 1)


@dataclass(slots=True)
class _State:
    """Where the next letter goes: text matrix, line matrix, font and spacing."""

    matrix: list[float] = field(default_factory=lambda: [1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    line: list[float] = field(default_factory=lambda: [1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    font: pdf_fonts.Font | None = None
    size: float = 1.0
    leading: float = 0.0

    def move(self, x: float, y: float) -> None:
        a, b, c, d, e, f = self.line
        self.line = [a, b, c, d, e + x * a + y * c, f + x * b + y * d]
        self.matrix = list(self.line)


class _Writer:
    """Runs content streams and puts lines together."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.lines: list[str] = []
        self.current: list[str] = []
        self.characters = 0
        self.unmapped = 0
        self.operations = 0
        self._fonts: dict[int, pdf_fonts.Font] = {}
        self._end: tuple[float, float] | None = None

    def page(self, page: dict[str, Value]) -> None:
        """Write one page."""
        contents = self.document.get(page.get("Contents"))
        parts = contents if isinstance(contents, list) else [page.get("Contents")]
        data = b"\n".join(
            self.document.unpack(part)
            for part in map(self.document.get, parts[:2_000])
            if isinstance(part, Stream)
        )
        self._run(data, self.document.dictionary(page.get("Resources")), 0)
        self._break()
        self.lines.append("")

    def done(self) -> str:
        self._break()
        return "\n".join(self.lines).strip()

    def _run(self, data: bytes, resources: dict[str, Value], depth: int) -> None:
        lexer = Lexer(data, references=False)
        state = _State()
        operands: list[Value] = []
        while (token := lexer.token()) is not None:
            self.operations += 1
            if self.operations > MAX_OPERATIONS or self.characters >= MAX_CHARACTERS:
                return
            if token in (b"]", b">>", b")", b">", b"{", b"}"):
                continue
            try:
                value = lexer.value_of(token)
            except FormatError:
                continue
            if not isinstance(value, Operator):
                self.operations += len(value) if isinstance(value, list) else 0
                operands.append(value)
                del operands[:-16]
                continue
            if value == "BI":  # an inline picture: pass its bytes
                end = data.find(b"EI", lexer.at)
                lexer.at = len(data) if end < 0 else end + 2
            elif value == "Do" and depth < _MAX_FORMS:
                self._form(operands, resources, depth)
            else:
                self._operate(value, operands, state, resources)
            operands.clear()

    def _form(self, operands: list[Value], resources: dict[str, Value], depth: int) -> None:
        name = operands[-1] if operands else None
        forms = self.document.dictionary(resources.get("XObject"))
        form = self.document.get(forms.get(str(name)))
        if isinstance(form, Stream) and form.info.get("Subtype") == "Form":
            own = self.document.dictionary(form.info.get("Resources")) or resources
            self._run(self.document.unpack(form), own, depth + 1)

    def _operate(
        self, operator: str, operands: list[Value], state: _State, resources: dict[str, Value]
    ) -> None:
        numbers = [float(item) for item in operands if isinstance(item, (int, float))]
        if operator == "BT":
            state.matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
            state.line = list(state.matrix)
        elif operator == "Tf" and numbers and isinstance(operands[0], Name):
            state.font = self._font(operands[0], resources)
            state.size = numbers[-1]
        elif operator == "Tm" and len(numbers) >= 6:
            state.line = numbers[-6:]
            state.matrix = numbers[-6:]
        elif operator in ("Td", "TD") and len(numbers) >= 2:
            state.move(numbers[-2], numbers[-1])
            state.leading = -numbers[-1] if operator == "TD" else state.leading
        elif operator == "TL" and numbers:
            state.leading = numbers[-1]
        elif operator == "T*":
            state.move(0.0, -state.leading)
        elif operator in ("Tj", "'", '"', "TJ") and operands:
            if operator in ("'", '"'):
                state.move(0.0, -state.leading)
            shown = operands[-1]
            self._show(shown if isinstance(shown, list) else [shown], state)

    def _font(self, name: Name, resources: dict[str, Value]) -> pdf_fonts.Font:
        value = self.document.dictionary(resources.get("Font")).get(str(name))
        info = self.document.dictionary(value)
        if id(info) not in self._fonts:
            if len(self._fonts) >= _MAX_FONTS:
                return pdf_fonts.Font()
            self._fonts[id(info)] = pdf_fonts.read(self.document, value)
        return self._fonts[id(info)]

    def _show(self, items: list[Value], state: _State) -> None:
        if state.font is None:
            return
        scale = math.hypot(state.matrix[0], state.matrix[1]) or 1.0
        size = min(max(abs(state.size) * scale, 0.01), 1e6)
        for item in items:
            if isinstance(item, (int, float)):
                self._advance(state, -float(item) / 1000.0 * abs(state.size))
            elif isinstance(item, bytes):
                shown, width, unmapped = state.font.decode(item[:MAX_CHARACTERS])
                self.unmapped += unmapped
                self.characters += unmapped
                self._place(shown, state, size)
                self._advance(state, width / 1000.0 * abs(state.size))
                self._end = (state.matrix[4], state.matrix[5])

    def _advance(self, state: _State, distance: float) -> None:
        a, b, c, d, e, f = state.matrix
        state.matrix = [a, b, c, d, e + distance * a, f + distance * b]

    def _place(self, shown: str, state: _State, size: float) -> None:
        """Add letters; a jump in height begins a line, a gap along it a word."""
        x, y = state.matrix[4], state.matrix[5]
        if self._end is not None and self.current:
            gap = x - self._end[0]
            if abs(y - self._end[1]) > 0.45 * size or gap < -2 * size:
                self._break()
            elif gap > _WORD_GAP * size and not self.current[-1].endswith(" "):
                self.current.append(" ")
        self.current.append(shown)
        self.characters += len(shown) + 1

    def _break(self) -> None:
        if self.current:
            self.lines.append("".join(self.current).strip())
            self.current = []
        self._end = None
