"""What the pickles of a PyTorch file say, as tensors: storages, and views cut from them.

A tensor is a view (shape, strides, first element) of a storage. Only the handful of calls that
rebuild a tensor are understood, by name; every other name is foreign, and what it would do is not
asked. Source: `torch/_utils.py` and `torch/serialization.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeGuard

from openassay.formats.bounded import (
    DTYPE_BITS,
    MAX_DIMENSIONS,
    MAX_NAME,
    MAX_TENSORS,
    Fault,
    Findings,
    FormatError,
    Problem,
    Tensor,
    clean_name,
    quoted,
    stored_bytes,
)
from openassay.formats.pickle_ops import (
    Call,
    Global,
    Items,
    Pairs,
    PersistentId,
    Pickled,
    Value,
    keyed_children,
    walk,
)

MAX_PATH: Final = 64  # containers between the root and a tensor; real checkpoints stay under 10


class Kind(StrEnum):
    """What sort of file it is."""

    ZIP = "zip"
    TORCHSCRIPT = "torchscript"
    LEGACY = "legacy"
    PICKLE = "pickle"  # a bare pickle: no storages of its own


@dataclass(frozen=True, slots=True)
class Storage:
    """One block of elements. `start` and `end` as in Tensor; None where it was not found."""

    key: str
    dtype: str
    elements: int
    start: int | None = None
    end: int | None = None

    @property
    def nbytes(self) -> int | None:
        """Bytes that its dtype and number of elements ask for."""
        return stored_bytes(self.dtype, self.elements)


@dataclass(frozen=True, slots=True)
class TorchFile:
    """`globals` is all code the pickles name; `foreign` the part no stored tensor needs.

    `code` lists the source files inside a TorchScript archive, whose classes (`__torch__.…`) are
    its own and not foreign.
    """

    kind: Kind
    tensors: tuple[Tensor, ...]
    storages: tuple[Storage, ...]
    globals: tuple[str, ...]
    foreign: tuple[str, ...]
    code: tuple[str, ...]
    metadata: Mapping[str, str]
    problems: tuple[Problem, ...]


_STORAGES: Final[Mapping[str, str]] = MappingProxyType({
    "DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8",
    "ByteStorage": "U8", "BoolStorage": "BOOL", "ComplexDoubleStorage": "C128",
    "ComplexFloatStorage": "C64", "QUInt8Storage": "QU8", "QInt8Storage": "QI8",
    "QInt32Storage": "QI32", "UntypedStorage": "U8",
})  # fmt: skip

_DTYPES: Final[Mapping[str, str]] = MappingProxyType({
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64",
    "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "uint16": "U16", "uint32": "U32",
    "uint64": "U64", "bool": "BOOL", "complex32": "C32", "complex64": "C64", "complex128": "C128",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0", "float4_e2m1fn_x2": "U8",
    "quint8": "QU8", "qint8": "QI8", "qint32": "QI32",
})  # fmt: skip

# What storing tensors needs. All of it only builds containers, types and tensors.
_REBUILDERS: Final = frozenset({
    "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_qtensor",
})  # fmt: skip
_UTILS: Final = _REBUILDERS | {
    "_rebuild_parameter", "_rebuild_parameter_with_state", "_rebuild_sparse_tensor",
    "_rebuild_meta_tensor_no_storage",
}  # fmt: skip
_PLAIN: Final = frozenset({
    ("builtins", "set"), ("builtins", "frozenset"), ("__builtin__", "set"),
    ("__builtin__", "frozenset"), ("collections", "OrderedDict"),
    ("torch", "Size"), ("torch", "device"), ("torch", "Tensor"),
    ("torch", "per_tensor_affine"), ("torch", "per_channel_affine"),
    ("torch.nn.parameter", "Parameter"), ("torch._tensor", "_rebuild_from_type_v2"),
    ("torch.serialization", "_get_layout"), ("torch.storage", "UntypedStorage"),
    ("torch.jit._pickle", "build_intlist"), ("torch.jit._pickle", "build_doublelist"),
    ("torch.jit._pickle", "build_boollist"), ("torch.jit._pickle", "build_tensorlist"),
    ("torch.jit._pickle", "restore_type_tag"),
})  # fmt: skip


def is_foreign(found: Global) -> bool:
    """Whether this name is code beyond what storing tensors needs. Unknown means foreign."""
    module, name = found.module, found.name
    if module in ("torch", "torch.cuda") and (name in _STORAGES or name in _DTYPES):
        return False
    return not ((module == "torch._utils" and name in _UTILS) or (module, name) in _PLAIN)


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor as the pickle describes it: a window on a storage, counted in elements."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    place: str  # key in Book.storages
    first: int
    extent: int  # elements from the first to the last one touched
    strides: tuple[int, ...] | None  # None for rows one after another


class Book:
    """Storages and views met so far, over all pickles of one file."""

    __slots__ = ("findings", "storages", "views")

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.storages: dict[str, Storage] = {}  # by folder and key
        self.views: list[_View] = []

    def collect(self, root: Value, folder: str, prefix: str) -> None:
        """Add the storages and tensors that one pickle describes."""
        for value in walk(root):
            storage = _storage(value)
            if storage is not None:
                known = self.storages.setdefault(folder + storage.key, storage)
                if known != storage:
                    detail = f"storage {quoted(storage.key)} is described in two ways"
                    self.findings.add(Fault.SIZE_MISMATCH, detail)
        for path, call in _named_tensors(root, self.findings):
            if len(self.views) >= MAX_TENSORS:
                message = f"more than {MAX_TENSORS} tensors"
                raise FormatError(Fault.TOO_MANY_TENSORS, message)
            view = _view(clean_name(prefix + path, self.findings), call, folder)
            if view is None:
                detail = f"tensor {quoted(path)} is not described as torch describes tensors"
                self.findings.add(Fault.BAD_ENTRY, detail)
            else:
                self.views.append(view)

    def finish(
        self, kind: Kind, pickles: list[Pickled], metadata: dict[str, str], code: tuple[str, ...]
    ) -> TorchFile:
        names = sorted({name for pickled in pickles for name in pickled.globals})
        own = kind is Kind.TORCHSCRIPT
        foreign = tuple(
            str(n)[:MAX_NAME]
            for n in names
            if is_foreign(n) and not (own and n.module.split(".")[0] == "__torch__")
        )
        if foreign:
            detail = f"loading would use {len(foreign)} foreign names: {', '.join(foreign[:5])}"
            self.findings.add(Fault.FOREIGN_GLOBAL, detail[:400])
        tensors = tuple(self._tensor(view) for view in self.views)
        if not tensors and kind is not Kind.PICKLE:
            self.findings.add(Fault.NO_TENSORS, "the pickle describes no tensor")
        return TorchFile(
            kind,
            tensors,
            tuple(self.storages.values()),
            tuple(str(name)[:MAX_NAME] for name in names),
            foreign,
            code,
            MappingProxyType(metadata),
            self.findings.done(),
        )

    def _tensor(self, view: _View) -> Tensor:
        storage = self.storages[view.place]
        last = view.first + view.extent if view.extent else 0
        needed, given = stored_bytes(view.dtype, last), storage.nbytes
        if needed is None or given is None:
            detail = f"tensor {quoted(view.name)} has unknown dtype {quoted(view.dtype)}"
            self.findings.add(Fault.UNKNOWN_DTYPE, detail)
            return Tensor(view.name, view.dtype, view.shape)
        if needed > given:
            detail = f"tensor {quoted(view.name)} needs {needed} bytes of a storage with {given}"
            self.findings.add(Fault.OUTSIDE_STORAGE, detail, storage.start)
        if storage.start is None:
            return Tensor(view.name, view.dtype, view.shape)
        width = DTYPE_BITS[view.dtype] // 8
        start = storage.start + view.first * width
        end = start + view.extent * width
        return Tensor(view.name, view.dtype, view.shape, start, end, view.strides)


def _storage(value: Value) -> Storage | None:
    """`("storage", type, key, location, elements, …)` of a persistent id."""
    parts = value.value if isinstance(value, PersistentId) else None
    if not isinstance(parts, tuple) or len(parts) < 5 or parts[0] != "storage":
        return None
    kind, key, elements = parts[1], parts[2], parts[4]
    if not isinstance(kind, Global) or not isinstance(key, str) or not _is_size(elements):
        return None
    return Storage(key[:MAX_NAME], _STORAGES.get(kind.name, kind.name[:40]), elements)


def _named_tensors(root: Value, findings: Findings) -> Iterator[tuple[str, Call]]:
    """Every tensor with its path of keys, in the pickle's order, each container entered once."""
    seen: set[int] = set()
    waiting: list[tuple[str, int, Value]] = [("", 0, root)]
    cut = False
    while waiting:
        path, depth, value = waiting.pop()
        tensor = _as_tensor(value)
        if tensor is not None:
            yield path, tensor
        elif isinstance(value, tuple | Items | Pairs | Call) and id(value) not in seen:
            seen.add(id(value))
            if depth < MAX_PATH:
                below = [(_join(path, key), depth + 1, v) for key, v in keyed_children(value)]
                waiting.extend(reversed(below))
            elif not cut:
                findings.add(Fault.TOO_DEEP, f"containers nested more than {MAX_PATH} deep")
                cut = True


def _join(path: str, key: str) -> str:
    if key in ("", "_parameters", "_buffers", "_modules"):
        return path  # a pickled module keeps its tensors under these, a state dict does not
    return f"{path[:MAX_NAME]}.{key}" if path else key


def _as_tensor(value: Value) -> Call | None:
    """The call that rebuilds a tensor, without the wrappers of parameters and subclasses."""
    for _ in range(4):
        if not isinstance(value, Call) or not isinstance(value.function, Global):
            return None
        module, name, arguments = value.function.module, value.function.name, value.arguments
        if module == "torch._utils" and name in _REBUILDERS:
            return value
        if not isinstance(arguments, tuple) or len(arguments) < 3:
            return None
        if module == "torch._utils" and name.startswith("_rebuild_parameter"):
            value = arguments[0]
        elif (module, name) == ("torch._tensor", "_rebuild_from_type_v2"):
            value = Call(arguments[0], arguments[2])
    return None


def _view(name: str, call: Call, folder: str) -> _View | None:
    arguments = call.arguments if isinstance(call.arguments, tuple) else ()
    if len(arguments) < 4:
        return None
    storage, first = _storage(arguments[0]), arguments[1]
    shape, strides = _sizes(arguments[2]), _sizes(arguments[3])
    if storage is None or shape is None or strides is None or not _is_size(first):
        return None
    if len(shape) != len(strides):
        return None
    dtype = storage.dtype
    if isinstance(call.function, Global) and call.function.name == "_rebuild_tensor_v3":
        named = arguments[6] if len(arguments) > 6 else None
        dtype = _DTYPES.get(named.name, named.name[:40]) if isinstance(named, Global) else "?"
    steps = sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    extent = 0 if 0 in shape else 1 + steps
    plain = extent == math.prod(shape) and _in_rows(shape, strides)
    place = folder + storage.key
    return _View(name, dtype, shape, place, first, extent, None if plain else strides)


def _in_rows(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether the elements lie one after another, the last dimension fastest."""
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size > 1 and stride != step:
            return False
        step *= size
    return True


def _sizes(value: Value) -> tuple[int, ...] | None:
    """A shape or strides: a tuple, a list, or `torch.Size((…))`."""
    if isinstance(value, Call) and value.function == Global("torch", "Size"):
        value = value.arguments[0] if isinstance(value.arguments, tuple) and value.arguments else ()
    listed = value.items if isinstance(value, Items) else value
    if not isinstance(listed, tuple | list) or len(listed) > MAX_DIMENSIONS:
        return None
    sizes = tuple(part for part in listed if _is_size(part))
    return sizes if len(sizes) == len(listed) else None


def _is_size(value: Value) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 1 << 63
