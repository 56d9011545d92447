"""A pickle read as what it is, a program, without running it: symbols in, a symbolic tree out.

Nothing is imported, looked up or called. Every opcode of protocols 0 to 5 has an effect on a stack
of plain values and symbols: a global is its two names, a call is its function and arguments side by
side. Opcodes that would need the outside world (extension registry, out-of-band buffers) give an
`Opaque`. Source: the table in CPython's `pickletools`.

Work is bounded by the input: one step per opcode, at most MAX_STEPS. Values share structure as the
pickle's memo does, so they may be deep, cyclic, or exponentially large when written out: walk them
by identity and without recursion, as `walk` does.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from openassay.formats.bounded import Fault, FormatError, Problem
from openassay.formats.pickle_costs import COSTS, MAX_MEMORY

MAX_STEPS: Final = 4_000_000  # opcodes; 100,000 tensors take about 40 each
_TOO_MUCH: Final = f"more than {MAX_STEPS} opcodes, or {MAX_MEMORY >> 20} MiB of values"
MAX_TEXT: Final = 64 << 10  # bytes kept of one text; source code and configs are stored as texts
MAX_INTEGER: Final = 16  # bytes; the magic number of legacy torch files has 10
MAX_GLOBALS: Final = 10_000  # distinct names; pickled modules have dozens


@dataclass(frozen=True, slots=True, order=True)
class Global:
    """Code that the pickle names: `module` and the (possibly dotted) `name` in it."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False, repr=False)
class Items:
    """A list, set or frozenset. Compared by identity: contents may be cyclic."""

    kind: str
    items: list[Value] = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False)
class Pairs:
    """A dict, as the pairs in the order they were set; keys need not be hashable or unique."""

    pairs: list[tuple[Value, Value]] = field(default_factory=list)

    def get(self, key: str) -> Value:
        """The value last set for a text key; None if there is none."""
        for found, value in reversed(self.pairs):
            if isinstance(found, str) and found == key:
                return value
        return None


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """A call that loading would make: its function, arguments, and what is then put into it."""

    function: Value
    arguments: Value
    state: Value = None
    items: list[Value] = field(default_factory=list)
    pairs: list[tuple[Value, Value]] = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False)
class PersistentId:
    """A reference that the loader resolves; torch names its storages so."""

    value: Value


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes or a text too long to keep: where they lie in the pickle."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that is not modelled, and why."""

    reason: str


Value = (
    None | bool | int | float | str | bytes | tuple["Value", ...]
    | Global | Items | Pairs | Call | PersistentId | Blob | Opaque
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pickled:
    """One pickle: its symbolic value and everything it names, even where it breaks off.

    `globals` holds every name the pickle would import, `called` those it would also call, both
    sorted. `end` is the offset after its STOP; `complete` is false if there was none.
    """

    value: Value
    globals: tuple[Global, ...]
    called: tuple[Global, ...]
    protocol: int
    start: int
    end: int
    complete: bool
    problems: tuple[Problem, ...]


def read_pickle(data: bytes, start: int = 0) -> Pickled:
    """Walk one pickle from `start`. Never raises: what stops the walk is in `problems`."""
    machine = _Machine(data, start)
    problems: tuple[Problem, ...] = ()
    value: Value = Opaque("the pickle breaks off")
    try:
        value = machine.run()
    except FormatError as error:
        problems = (Problem(error.problem, error.message, error.offset),)
    return Pickled(
        value,
        tuple(sorted(machine.globals.values())),
        tuple(sorted(machine.called)),
        machine.protocol,
        start,
        machine.at,
        not problems,
        problems,
    )


def walk(value: Value) -> Iterator[Value]:
    """Every distinct value reachable from this one, once each, without recursion."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, tuple | Items | Pairs | Call | PersistentId):
            if id(current) in seen:
                continue
            seen.add(id(current))
            waiting.extend(reversed(children(current)))
        yield current


def children(value: Value) -> list[Value]:
    """What a value holds directly, in the order of the pickle."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Items):
        return list(value.items)
    if isinstance(value, Pairs):
        return [part for pair in value.pairs for part in pair]
    if isinstance(value, Call):
        inside = [part for pair in value.pairs for part in pair]
        return [value.function, value.arguments, *value.items, *inside, value.state]
    return [value.value] if isinstance(value, PersistentId) else []


def keyed_children(value: Value) -> list[tuple[str, Value]]:
    """What a value holds, each with its key or index as a text; "" for what a call is made of."""
    found: list[tuple[str, Value]] = []
    if isinstance(value, Call):
        arguments = value.arguments if isinstance(value.arguments, tuple) else (value.arguments,)
        found = [("", part) for part in (*arguments, value.state)]
    if isinstance(value, tuple | Items | Call):
        listed = value if isinstance(value, tuple) else value.items
        found += [(str(index), part) for index, part in enumerate(listed)]
    if isinstance(value, Pairs | Call):
        found += [(str(k) if isinstance(k, str | int) else "?", part) for k, part in value.pairs]
    return found


class _Machine:
    """The unpickler's stack, marks and memo, over symbols."""

    __slots__ = (
        "at",
        "called",
        "data",
        "globals",
        "marks",
        "memo",
        "protocol",
        "spent",
        "stack",
        "steps",
    )

    def __init__(self, data: bytes, start: int) -> None:
        self.data = data
        self.at = start
        self.stack: list[Value] = []
        self.marks: list[int] = []
        self.memo: dict[int, Value] = {}
        self.globals: dict[tuple[str, str], Global] = {}
        self.called: set[Global] = set()
        self.protocol = 0
        self.steps = self.spent = 0

    def run(self) -> Value:
        data, handlers, costs, end = self.data, _HANDLERS, COSTS, len(self.data)
        while self.at < end:
            code = data[self.at]
            self.at += 1
            if code == _STOP:
                return self.pop()
            handler = handlers.get(code)
            if handler is None:
                raise self.broken(f"no pickle opcode has the byte {code:#04x}", 1)
            handler(self)
            self.steps += 1
            self.spent += costs[code]
            if self.steps > MAX_STEPS or self.spent > MAX_MEMORY:
                raise FormatError(Fault.READ_LIMIT, _TOO_MUCH, self.at)
        raise FormatError(Fault.TRUNCATED, "the pickle has no STOP", end)

    def broken(self, message: str, back: int = 0) -> FormatError:
        return FormatError(Fault.PICKLE_MALFORMED, message, self.at - back)

    # -- reading arguments

    def raw(self, length: int) -> bytes:
        at = self.at
        if length < 0 or at + length > len(self.data):
            message = f"an opcode's argument of {length} bytes, {len(self.data) - at} are left"
            raise FormatError(Fault.TRUNCATED, message, at)
        self.at = at + length
        return self.data[at : at + length]

    def number(self, length: int) -> int:
        return int.from_bytes(self.raw(length), "little")

    def long_text(self, length: int) -> str | Blob:
        kept = self.long_bytes(length)
        return kept.decode("utf-8", "replace") if isinstance(kept, bytes) else kept

    def long_bytes(self, length: int) -> bytes | Blob:
        if length <= MAX_TEXT:
            self.spent += length
            return self.raw(length)
        at = self.at
        if length > len(self.data) - at:
            self.raw(length)
        self.at = at + length
        return Blob(at, length)

    def line(self, encoding: str = "utf-8") -> str:
        at = self.at
        end = self.data.find(b"\n", at)
        if end < 0:
            raise FormatError(Fault.TRUNCATED, "an argument's line does not end", at)
        self.at = end + 1
        self.spent += min(end - at, MAX_TEXT)
        return self.data[at : min(end, at + MAX_TEXT)].decode(encoding, "replace")

    # -- the stack

    def push(self, value: Value) -> None:
        self.stack.append(value)

    def pop(self) -> Value:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise self.broken("an opcode takes a value from an empty stack", 1)
        return self.stack.pop()

    def top(self) -> Value:
        value = self.pop()
        self.stack.append(value)
        return value

    def pop_mark(self) -> list[Value]:
        if not self.marks:
            raise self.broken("an opcode looks for a MARK that was never set", 1)
        at = self.marks.pop()
        values = self.stack[at:]
        del self.stack[at:]
        return values

    def put(self, index: int) -> None:
        self.memo[index] = self.top()

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise self.broken(f"the memo has no entry {index}")
        self.push(self.memo[index])

    # -- symbols

    def name(self, module: str, name: str) -> Global:
        found = self.globals.get((module, name))
        if found is None:
            if len(self.globals) >= MAX_GLOBALS:
                message = f"more than {MAX_GLOBALS} distinct names of code"
                raise FormatError(Fault.READ_LIMIT, message, self.at)
            found = self.globals[module, name] = Global(module, name)
        return found

    def call(self, function: Value, arguments: Value) -> None:
        if isinstance(function, Global):
            self.called.add(function)
        self.push(Call(function, arguments))


def _pop(m: _Machine) -> None:
    if m.marks and m.marks[-1] == len(m.stack):
        m.marks.pop()
    else:
        m.pop()


def _decimal(m: _Machine) -> None:
    text = m.line().rstrip("L").strip()
    digits = text[1:] if text[:1] in ("-", "+") else text
    if text in ("00", "01"):
        m.push(text == "01")  # how protocol 0 writes False and True
    elif digits.isascii() and digits.isdigit() and len(digits) <= 40:
        m.push(int(text))
    else:
        m.push(Opaque("not a short decimal number"))


def _float_text(m: _Machine) -> None:
    text = m.line()
    try:
        m.push(float(text[:100]))
    except ValueError:
        m.push(Opaque("not a float"))


def _integer(m: _Machine, length: int) -> None:
    if length > MAX_INTEGER:
        m.long_bytes(length)
        m.push(Opaque("an integer of many bytes"))
    else:
        m.push(int.from_bytes(m.raw(length), "little", signed=True))


def _quoted_text(m: _Machine) -> None:
    text = m.line().strip()
    if len(text) >= MAX_TEXT:
        m.push(Opaque("a long text"))
        return
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "\"'":
        raise m.broken("a text of protocol 0 is not quoted")
    # Escapes stay as written: resolving them could only make a name look more harmless.
    m.push(text[1:-1])


def _escaped_text(m: _Machine) -> None:
    text = m.line("raw-unicode-escape")
    m.push(text.encode("utf-8", "replace").decode("utf-8"))  # no lone surrogates further on


def _append(m: _Machine, values: list[Value]) -> None:
    target = m.top()
    if isinstance(target, Items | Call):
        target.items.extend(values)


def _set_items(m: _Machine, values: list[Value]) -> None:
    if len(values) % 2:
        raise m.broken("a key without a value")
    target = m.top()
    if isinstance(target, Pairs | Call):
        target.pairs.extend(zip(values[::2], values[1::2], strict=True))


def _marked_items(m: _Machine) -> None:
    _append(m, m.pop_mark())


def _marked_pairs(m: _Machine) -> None:
    _set_items(m, m.pop_mark())


def _one_pair(m: _Machine) -> None:
    value, key = m.pop(), m.pop()
    _set_items(m, [key, value])


def _dict(m: _Machine) -> None:
    values = m.pop_mark()
    m.push(Pairs())
    _set_items(m, values)


def _tuple(m: _Machine, length: int) -> None:
    values = [m.pop() for _ in range(length)]
    m.push(tuple(reversed(values)))


def _global(m: _Machine) -> None:
    module = m.line()
    m.push(m.name(module, m.line()))


def _stack_global(m: _Machine) -> None:
    name, module = m.pop(), m.pop()
    # A name computed from something else than a text cannot be told: it is listed as such.
    known = [part if isinstance(part, str) else "?" for part in (module, name)]
    m.push(m.name(known[0], known[1]))


def _extension(m: _Machine, length: int) -> None:
    m.push(m.name("copyreg._extension_registry", str(m.number(length))))


def _call(m: _Machine) -> None:
    arguments = m.pop()
    m.call(m.pop(), arguments)


def _new_with_keywords(m: _Machine) -> None:
    keywords, arguments = m.pop(), m.pop()
    m.call(m.pop(), (arguments, keywords))


def _instance(m: _Machine) -> None:
    module = m.line()
    function = m.name(module, m.line())
    m.call(function, tuple(m.pop_mark()))


def _object(m: _Machine) -> None:
    values = m.pop_mark()
    if not values:
        raise m.broken("an object without its class")
    m.call(values[0], tuple(values[1:]))


def _build(m: _Machine) -> None:
    state, target = m.pop(), m.top()
    if isinstance(target, Call):
        target.state = state


def _line_index(m: _Machine) -> int:
    text = m.line()
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise m.broken("a memo index must be a decimal number")
    return int(text)


def _proto(m: _Machine) -> None:
    m.protocol = m.number(1)


def _frame(m: _Machine) -> None:
    m.raw(8)  # only advice on how much to read ahead


_STOP: Final = 0x2E

_HANDLERS: Final[Mapping[int, Callable[[_Machine], None]]] = MappingProxyType({
    ord("("): lambda m: m.marks.append(len(m.stack)), ord("0"): _pop,
    ord("1"): lambda m: m.pop_mark().clear(), ord("2"): lambda m: m.push(m.top()),
    ord("F"): _float_text, ord("I"): _decimal, ord("L"): _decimal,
    ord("J"): lambda m: _integer(m, 4), ord("K"): lambda m: m.push(m.number(1)),
    ord("M"): lambda m: m.push(m.number(2)), ord("N"): lambda m: m.push(None),
    ord("P"): lambda m: m.push(PersistentId(m.line())),
    ord("Q"): lambda m: m.push(PersistentId(m.pop())), ord("R"): _call,
    ord("S"): _quoted_text, ord("T"): lambda m: m.push(m.long_text(m.number(4))),
    ord("U"): lambda m: m.push(m.long_text(m.number(1))), ord("V"): _escaped_text,
    ord("X"): lambda m: m.push(m.long_text(m.number(4))),
    ord("B"): lambda m: m.push(m.long_bytes(m.number(4))),
    ord("C"): lambda m: m.push(m.long_bytes(m.number(1))),
    ord("a"): lambda m: _append(m, [m.pop()]), ord("b"): _build, ord("c"): _global,
    ord("d"): _dict, ord("}"): lambda m: m.push(Pairs()), ord("e"): _marked_items,
    ord("g"): lambda m: m.get(_line_index(m)), ord("h"): lambda m: m.get(m.number(1)),
    ord("i"): _instance, ord("j"): lambda m: m.get(m.number(4)),
    ord("l"): lambda m: m.push(Items("list", m.pop_mark())),
    ord("]"): lambda m: m.push(Items("list")), ord("o"): _object,
    ord("p"): lambda m: m.put(_line_index(m)), ord("q"): lambda m: m.put(m.number(1)),
    ord("r"): lambda m: m.put(m.number(4)), ord("s"): _one_pair,
    ord("t"): lambda m: m.push(tuple(m.pop_mark())), ord(")"): lambda m: m.push(()),
    ord("u"): _marked_pairs, ord("G"): lambda m: m.push(struct.unpack(">d", m.raw(8))[0]),
    0x80: _proto, 0x81: _call, 0x82: lambda m: _extension(m, 1),
    0x83: lambda m: _extension(m, 2), 0x84: lambda m: _extension(m, 4),
    0x85: lambda m: _tuple(m, 1), 0x86: lambda m: _tuple(m, 2), 0x87: lambda m: _tuple(m, 3),
    0x88: lambda m: m.push(True), 0x89: lambda m: m.push(False),
    0x8A: lambda m: _integer(m, m.number(1)), 0x8B: lambda m: _integer(m, m.number(4)),
    0x8C: lambda m: m.push(m.long_text(m.number(1))),
    0x8D: lambda m: m.push(m.long_text(m.number(8))),
    0x8E: lambda m: m.push(m.long_bytes(m.number(8))), 0x8F: lambda m: m.push(Items("set")),
    0x90: _marked_items, 0x91: lambda m: m.push(Items("frozenset", m.pop_mark())),
    0x92: _new_with_keywords, 0x93: _stack_global, 0x94: lambda m: m.put(len(m.memo)),
    0x95: _frame, 0x96: lambda m: m.push(m.long_bytes(m.number(8))),
    0x97: lambda m: m.push(Opaque("an out-of-band buffer")), 0x98: lambda m: m.push(m.pop()),
})  # fmt: skip
