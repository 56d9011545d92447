"""How many parameters a checkpoint holds, told apart from everything else that is stored.

Buffers (masks, rotary tables, position ids, running means), the scales of quantised weights and an
optimizer's moments are counted apart. Integers that hold several weights each are unpacked where
the layout says how many; where it does not, the number is not known and says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from openassay.formats.bounded import DTYPE_BITS, MAX_RATIO, RATIO_FLOOR, Tensor, stored_bytes
from openassay.formats.gguf import GGML_TYPES
from openassay.weights.settings import Settings

_BUFFER: Final = re.compile(
    r"(?:^|[./])(?:inv_freq|rope_freqs\.weight|rope_factors_(?:long|short)\.weight|rotary_emb\.\w+|"
    r"masked_bias|causal_mask|attn_mask|position_ids|num_batches_tracked|running_(?:mean|var)|"
    r"moving_(?:mean|variance)(?::0)?|relative_position_index)$"
)
_MASK: Final = re.compile(r"(?:^|[./])(?:attn|attention|self_attention)\.bias$")
_SCALE: Final = re.compile(
    r"(?:^|[._/])(?:qzeros|scales|g_idx|weight_scale(?:_inv|_2)?|input_scale|output_scale|absmax|"
    r"quant_map|nested_absmax|nested_quant_map|SCB|weight_format|zero_?points?|weight_zero_point|"
    r"weight_shape|weight_g_idx|[kv]_scale|quant_state\.\w+|scale_inv|zp|input_global_scale|"
    r"weight_global_scale)$"
)
_OPTIMIZER: Final = re.compile(
    r"(?:^|[._/])(?:exp_avg(?:_sq)?|momentum_buffer|max_exp_avg_sq|optimizer_state\w*|"
    r"optimizer_weights|\.OPTIMIZER_SLOT|Adam(?:_1)?|RMSProp(?:_1)?|Momentum|beta[12]_power|"
    r"global_step|save_counter)(?:[./]|$)|^(?:optimizer|keras_api/metrics)/"
)
_EXPERT: Final = re.compile(
    r"(?:^|[./])experts?[._]\d{1,5}[._]|(?:^|[._/])(?:experts[._]|\w+_exps\.)"
)
_EMBEDDING: Final = re.compile(
    r"(?:^|[./])(?:embed_tokens|word_embeddings|wte|tok_embeddings|embed_in|token_embd|shared)"
    r"\.weight$"
)
_OUTPUT: Final = re.compile(r"(?:^|[./])(?:lm_head|output|embed_out|output_layer)\.weight$")
_ONNX_LIKE: Final = frozenset(["ONNX", "TensorFlow Lite"])
# Texts, records and handles: nothing in them is a weight, whatever their size.
_NOT_NUMBERS: Final = re.compile(
    r"STRING|RESOURCE|VARIANT|record|reference|enumeration|variable|array|shared type|[SUVMma]\d*"
)
_BLOCKS: Final = frozenset(name for name, _, _ in GGML_TYPES.values())


class Role(StrEnum):
    """What a stored tensor is for."""

    PARAMETER = "parameter"
    BUFFER = "buffer"
    SCALE = "scale"  # belongs to quantised weights
    OPTIMIZER = "optimizer"
    UNKNOWN = "unknown"  # a type, or a packing of several weights in an integer, not known
    ABSENT = "absent"  # described, and its bytes are not there


@dataclass(frozen=True, slots=True)
class Counted:
    """One tensor with its role; ``parameters`` is 0 for what is none.

    ``stored_as`` is its type, with the bits of one weight where an integer holds several.
    """

    tensor: Tensor
    role: Role
    parameters: int
    stored_as: str


@dataclass(frozen=True, slots=True)
class Precision:
    """What is stored at one dtype. ``bytes`` is None where places are not known."""

    dtype: str
    tensors: int
    parameters: int
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Count:
    """``total`` is None where packed integers could not be unpacked; ``active`` for experts only.

    ``tied`` are parameters stored twice and counted once; ``bits_per_weight`` counts scales too.
    """

    total: int | None
    at_least: int
    active: int | None
    tied: int
    buffers: int
    scales: int
    optimizer: int
    experts: tuple[int, int] | None  # how many there are, how many are used for a token
    precision: tuple[Precision, ...]
    bits_per_weight: float | None
    why_unknown: str
    notes: tuple[str, ...]
    absent: int = 0  # tensors that are described and not stored in full


def classify(
    tensors: Sequence[Tensor],
    format: str,
    settings: Settings,
    size: int | None = None,
    lost: Set[str] = frozenset(),
) -> Iterator[Counted]:
    """Every tensor once (views of the same bytes count once), with its role.

    ``size`` is the file's: what reaches beyond is not there, nor are those whose names are
    ``lost``, which lie in files that are missing or too short. ``size`` is None where they lie
    beside it.
    """
    # Names beside each other matter only where integers hold weights.
    packed = any(not _is_float(tensor.dtype) for tensor in tensors)
    shapes = {tensor.name: tensor.shape for tensor in tensors} if packed else {}
    names = shapes.keys()
    seen: set[tuple[int, int]] = set()
    for tensor in tensors:
        if tensor.dtype not in DTYPE_BITS and _NOT_NUMBERS.fullmatch(tensor.dtype):
            continue
        if format == "PyTorch" and tensor.start is not None and tensor.end is not None:
            place = (tensor.start, tensor.end)
            if place in seen and tensor.end > tensor.start:
                continue
            seen.add(place)
        role, each = _role(tensor, format, names, shapes, settings)
        if role is Role.PARAMETER and (tensor.name in lost or not _is_stored(tensor, size)):
            role = Role.ABSENT  # what lies in other files and is not lost was measured there
        parameters, stored_as = 0, tensor.dtype
        if role is Role.PARAMETER:
            parameters = round(_elements(tensor) * each)
        if each > 1 and tensor.dtype in DTYPE_BITS:
            stored_as = f"{DTYPE_BITS[tensor.dtype] / each:.3g} bits in {tensor.dtype}"
        yield Counted(tensor, role, parameters, stored_as)


def _is_stored(tensor: Tensor, size: int | None) -> bool:
    """Whether a file of ``size`` bytes holds it; where its place is not known, whether it could.

    No packing in use stores an array in a thousandth of its bytes.
    """
    needed = stored_bytes(tensor.dtype, tensor.parameters) or 0
    if tensor.start is None or tensor.end is None:
        return size is None or needed <= max(RATIO_FLOOR, MAX_RATIO * size)
    if tensor.strides is None and needed > tensor.end - tensor.start:
        return False
    return size is None or tensor.end <= size


def _elements(tensor: Tensor) -> int:
    """Elements that are stored: a view may show one of them many times."""
    if tensor.strides is None or tensor.nbytes is None or tensor.dtype not in DTYPE_BITS:
        return tensor.parameters
    return min(tensor.parameters, tensor.nbytes * 8 // DTYPE_BITS[tensor.dtype])


def is_beside(name: str) -> bool:
    """Whether a name is that of a buffer, a scale or an optimizer's state, and no weight."""
    return any(pattern.search(name) for pattern in (_OPTIMIZER, _SCALE, _BUFFER))


def _role(
    tensor: Tensor,
    format: str,
    names: Set[str],
    shapes: Mapping[str, tuple[int, ...]],
    settings: Settings,
) -> tuple[Role, float]:
    """The role, and how many weights one stored element holds."""
    name, dtype = tensor.name, tensor.dtype
    if _OPTIMIZER.search(name):
        return Role.OPTIMIZER, 0
    if _SCALE.search(name) or (name.endswith("_scales") and f"{name[:-7]}_blocks" in names):
        return Role.SCALE, 0
    if name.endswith(".biases") and f"{name[:-7]}.scales" in names:
        return Role.SCALE, 0
    if name.endswith(".scale") and f"{name[:-6]}.qweight" in names:
        return Role.SCALE, 0
    if _BUFFER.search(name) or (_MASK.search(name) and len(tensor.shape) == 4):
        return Role.BUFFER, 0
    if dtype not in DTYPE_BITS and dtype not in _BLOCKS:
        return Role.UNKNOWN, 0
    if _is_float(dtype):
        if format in _ONNX_LIKE and tensor.parameters <= 1:
            return Role.BUFFER, 0  # constants of the graph
        return Role.PARAMETER, 1
    each = _weights_in_each(tensor, names, shapes, settings)
    if each is not None:
        return (Role.PARAMETER, each) if each else (Role.UNKNOWN, 0)
    if format in _ONNX_LIKE and dtype in ("I8", "U8", "I4", "U4", "I2", "U2"):
        packed = re.search(r"_Q4(?:G\d{1,4})?$|_quantized_4", name, re.IGNORECASE)
        return (Role.PARAMETER, 2.0 if packed else 1.0) if tensor.parameters > 1 else (
            Role.BUFFER, 0.0)  # fmt: skip
    if dtype in ("I8", "I4", "U4", "QI8", "QU8") and len(tensor.shape) >= 2:
        return Role.PARAMETER, 1
    return Role.BUFFER, 0


def _is_float(dtype: str) -> bool:
    """Floating point, or one of GGUF's block-quantised types."""
    if dtype not in DTYPE_BITS:
        return dtype in _BLOCKS
    return dtype[0] in "FC" or dtype == "BF16"


def _weights_in_each(
    tensor: Tensor,
    names: Set[str],
    shapes: Mapping[str, tuple[int, ...]],
    settings: Settings,
) -> float | None:
    """Weights in one stored integer of a known packing; 0 where its width is not known."""
    name = tensor.name
    width = DTYPE_BITS.get(tensor.dtype, 0)
    stem, _, last = name.rpartition(".")
    if last == "qweight" and f"{stem}.scales" in names:
        return _gptq_or_awq(tensor.shape, shapes, stem, settings)
    if last == "qweight" and tensor.dtype == "I8" and f"{stem}.scale" in names:
        return 1
    if last == "weight_packed":
        if tensor.dtype == "U8":
            return 2
        return width / settings.quantised_bits if settings.quantised_bits else 0
    if name.endswith("_blocks") and f"{name[:-7]}_scales" in names:
        return 2
    if last == "weight":
        beside = (f"{stem}.weight_scale", f"{stem}.SCB", f"{stem}.scale")
        if tensor.dtype == "U8" and not names.isdisjoint(
            (f"{name}.absmax", f"{stem}.weight_scale_2")
        ):
            return 2
        if tensor.dtype in ("I8", "U8") and not names.isdisjoint(beside):
            return 1
    if last == "weight" and tensor.dtype == "U32" and f"{stem}.scales" in names:
        return width / settings.quantised_bits if settings.quantised_bits else 0
    if (
        last in ("weight", "qweight")
        and tensor.dtype in ("I32", "U32", "U8")
        and (len(tensor.shape) >= 2 and tensor.parameters > 4096 and "embed" not in name)
    ):
        return 0
    return None


def _gptq_or_awq(
    packed: tuple[int, ...],
    shapes: Mapping[str, tuple[int, ...]],
    stem: str,
    settings: Settings,
) -> float:
    """Weights in one 32-bit word: from the shapes where they say, else from the configuration."""
    scales = shapes[f"{stem}.scales"]
    if len(packed) < 2 or not scales or not packed[-1]:
        return 0
    if packed[-1] != scales[-1]:
        return scales[-1] / packed[-1]
    inputs = math.prod(shapes.get(f"{stem}.g_idx", ()))
    if inputs > 1 and packed[0]:
        return inputs / packed[0]
    return 32 / settings.quantised_bits if settings.quantised_bits else 0


def count(found: Iterable[Counted], settings: Settings, unread: str = "") -> Count:
    """All parameters of one checkpoint; ``unread`` says why some tensors were not listed.

    One pass without a list: there may be hundreds of thousands of tensors.
    """
    sums = _Sums(settings)
    for item in found:
        sums.add(item)
    tied = sums.tied_parameters()
    total = sums.total - tied
    experts = settings.experts if sums.inside else None
    active = None
    if experts and not sums.unknown and not sums.odd:
        active = total - round(sums.inside * (1 - experts[1] / experts[0]))
    bits = None
    if sums.bytes is not None and total and not sums.unknown:
        bits = round(sums.bytes * 8 / sums.total, 3)
    why = unread
    if sums.unknown:
        why = (
            f"{sums.unknown} tensors are of a type or a packing that is not known, first "
            f"{sums.first_unknown}"
        )
    if sums.unknown == 1:
        why = f"1 tensor is of a type or a packing that is not known: {sums.first_unknown}"
    if sums.absent:
        why = (
            f"{sums.absent} tensors are described and not stored in full, first "
            f"{sums.first_absent}; the header describes {total + sums.described:,}"
        )
    if sums.absent == 1:
        why = (
            f"1 tensor is described and not stored in full: {sums.first_absent}; "
            f"the header describes {total + sums.described:,}"
        )
    return Count(
        total=None if why else total,
        at_least=total,
        active=active,
        tied=tied,
        buffers=sums.by_role[Role.BUFFER],
        scales=sums.by_role[Role.SCALE],
        optimizer=sums.by_role[Role.OPTIMIZER],
        experts=experts,
        precision=sums.precision(),
        bits_per_weight=bits,
        why_unknown=why,
        notes=(f"{sums.out[0].tensor.name} is tied and counted once",) if tied else (),
        absent=sums.absent,
    )


class _Sums:
    """What is added up over the tensors of one checkpoint."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.by_role = dict.fromkeys(Role, 0)
        self.total = self.inside = self.unknown = 0
        self.absent = self.described = 0  # tensors whose bytes are not there, their elements
        self.odd = False  # experts in a layout that does not say how many stand in a tensor
        self.bytes: int | None = 0  # of weights and their scales
        self.first_unknown = self.first_absent = ""
        self.embedded: list[Counted] = []
        self.out: list[Counted] = []
        self._rows: dict[str, tuple[int, int, int | None]] = {}

    def add(self, item: Counted) -> None:
        tensor, role = item.tensor, item.role
        self.by_role[role] += tensor.parameters
        self.total += item.parameters
        if role is Role.UNKNOWN:
            self.unknown += 1
            self.first_unknown = self.first_unknown or f"{tensor.name} ({tensor.dtype})"
        if role is Role.ABSENT:
            self.absent += 1
            self.described += tensor.parameters
            self.first_absent = self.first_absent or tensor.name
        if role in (Role.PARAMETER, Role.SCALE):
            self.bytes = _plus(self.bytes, _size(tensor))
        if role in (Role.PARAMETER, Role.UNKNOWN):
            tensors, parameters, size = self._rows.get(item.stored_as, (0, 0, 0))
            row = tensors + 1, parameters + item.parameters, _plus(size, _size(tensor))
            self._rows[item.stored_as] = row
        if role is Role.PARAMETER:
            if _is_expert(tensor, self.settings.experts):
                self.inside += item.parameters
            elif self.settings.experts and _of_experts(tensor):
                self.odd = True
            if self.settings.tied and len(tensor.shape) == 2:
                self._maybe_tied(item)

    def _maybe_tied(self, item: Counted) -> None:
        for pattern, kept in ((_EMBEDDING, self.embedded), (_OUTPUT, self.out)):
            if len(kept) < 2 and pattern.search(item.tensor.name):
                kept.append(item)

    def tied_parameters(self) -> int:
        """Of an output matrix that is stored beside the embedding it is tied to."""
        if len(self.embedded) != 1 or len(self.out) != 1:
            return 0
        same = self.embedded[0].tensor.shape == self.out[0].tensor.shape
        return self.out[0].parameters if same else 0

    def precision(self) -> tuple[Precision, ...]:
        """Parameters by dtype, most bytes first."""
        listed = [Precision(dtype, *row) for dtype, row in self._rows.items()]
        return tuple(sorted(listed, key=lambda row: (-(row.bytes or row.parameters), row.dtype)))


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _size(tensor: Tensor) -> int | None:
    """Bytes stored, by its place or else by its type."""
    return stored_bytes(tensor.dtype, tensor.parameters) if tensor.nbytes is None else tensor.nbytes


def _is_expert(tensor: Tensor, experts: tuple[int, int] | None) -> bool:
    """Whether a tensor belongs to experts of which only some are used, alone or stacked."""
    if experts is None or not _of_experts(tensor):
        return False
    numbered = re.search(r"experts?[._]\d", tensor.name) is not None
    return numbered or experts[0] in tensor.shape


def _of_experts(tensor: Tensor) -> bool:
    """Whether a name is that of experts among which a router chooses; shared ones always run."""
    return _EXPERT.search(tensor.name) is not None and "shared" not in tensor.name
