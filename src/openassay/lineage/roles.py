"""What a tensor is to a lineage test: its role, its layer, and whether its indices mean something.

A test that counts agreeing indices is exact only where an index carries no meaning: hidden units
and residual dimensions are interchangeable before training. What is listed here as denied is not:
fixed bases, tables of positions, recurrent matrices (a unit is row *and* column), rows of queries
and keys (rotary frequencies are ordered), positions. Names decide first, values where names are
lost (:func:`deterministic`). A new kind of layer needs its entry here before it is tested.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from openassay.arrays import Floats, np
from openassay.formats import weights_names


class Role(StrEnum):
    """The part a tensor plays."""

    EMBED = "embedding"  # rows are tokens: only its columns are ever tested
    HEAD = "output"
    NORM = "norm"
    GATE = "gate"
    UP = "up"
    FUSED = "gate and up"  # rows of the gate, then as many of up, in one matrix
    DOWN = "down"
    VALUE = "value"
    ATTENTION = "attention"  # queries, keys, fused projections, outputs: not tested by rows
    OTHER = "other"  # a matrix or kernel without a known name
    DENIED = "denied"
    PLAIN = "plain"  # vectors, scalars, what no test uses


POSITIONS: Final = "positions: their order means something"
#: Roles whose rows are units of a layer.
UNITS: Final = (Role.UP, Role.GATE, Role.FUSED, Role.VALUE, Role.OTHER)
MLP: Final = (Role.UP, Role.GATE, Role.FUSED, Role.DOWN)


def is_mlp(roles: Collection[Role]) -> bool:
    """Whether tensors of these roles make an MLP: up and down, with a gate or without."""
    return Role.DOWN in roles and (Role.UP in roles or Role.FUSED in roles)


_LAYER: Final = re.compile(
    r"(?:^|[./])(?P<stack>[a-z_]{0,40}?)[._]?"
    r"(?:layers?|h|blocks?|blk|resblocks|layer_module)[._](?P<number>\d{1,4})[._/]"
)
_EXPERT: Final = re.compile(r"experts?[._](\d{1,4})[._]")
_DENY: Final = (
    (re.compile(r"stft|[._]dft|fourier|(?:^|[._])mel(?:$|[._s])|fbank|filter_?bank|hann|hamming|"
                r"spectrogram|forward_basis|inverse_basis"), "a fixed basis of frequencies"),
    (re.compile(r"inv_freq|rotary|rope|sinusoid|(?:sin|cos)_cached|freqs_cis|alibi|slopes"),
     "a table of positions"),
    (re.compile(r"position|(?:^|[._])wpe[._]|pos_emb|embed_pos|relative_attention_bias|"
                r"relative_bias|bias_table|(?:^|[._])wpe$"), POSITIONS),
    (re.compile(r"mask(?:ed)?(?:$|[._])|causal"), "a mask"),
    (re.compile(r"weight_hh|recurrent|(?:^|[._/:])[wr]_?hh|lstm|(?:^|[._/:])gru|(?:^|[._/:])rnn"),
     "a recurrent matrix: row and column are the same unit"),
    (re.compile(r"[qk]_(?:layer)?norm|(?:query|key)_(?:layer)?norm"),
     "gains inside a head, in the order of rotary frequencies"),
    (re.compile(r"(?:^|[._])(?:crf|transitions?)(?:$|[._])"),
     "scores of labels, whose order is given"),
    (re.compile(r"(?:^|[._])(?:pca|lda|plda|whiten(?:ing)?)(?:$|[._])"),
     "components of data, in the order of their share"),
    (re.compile(r"(?:^|[._])(?:a_log|hippo)(?:$|[._])|seasonal|(?:^|[._])trend|token_?mix|"
                r"spatial_(?:gat|proj)|(?:^|[._])sgu(?:$|[._])"), "steps of time, or places"),
    (re.compile(r"(?:^|[._])rfft|(?:^|[._])window(?:$|[._])"), "a fixed window"),
    (re.compile(r"exp_avg|momentum_buffer|optimizer"), "the optimizer's state"),
)  # fmt: skip
#: Reasons of :data:`_DENY` for tables that any loader makes anew.
MADE_BY_FORMULA: Final = frozenset([
    "a fixed basis of frequencies", "a table of positions", "a mask", "a fixed window",
])  # fmt: skip
_INPUT_GATE: Final = re.compile(r"weight_ih")  # its rows are units, its columns inputs
_ROLES: Final = (
    (Role.EMBED, r"embed_tokens|word_embeddings?|(?:^|[./])wte|tok_embeddings|token_embd|embed_in|"
                 r"token_embedding|(?:^|[./])shared[./]|embedding_layer|"
                 r"(?:^|[./])(?:emb|embeddings?)[./]weight"),
    (Role.HEAD, r"lm_head|embed_out|predictions\.decoder|^output\.weight$"),
    (Role.ATTENTION, r"c_attn|query_key_value|in_proj|qkv|[._]q_proj|[._]k_proj|attn_q[._]|"
                     r"attn_k[._]|attention[./]w[qko]|[./]q_lin|[./]k_lin|query|[._/]key[._/]|"
                     r"o_proj|attn_output|attention[./]output|attn[./]c_proj|out_proj|out_lin|"
                     r"attn[./]proj|attention[./]dense|attn[./]q[./]|attn[./]k[./]|attn[./]o[./]|"
                     r"selfattention[./][qko][./]|q_[ab]_proj|kv_[ab]_proj"),
    (Role.VALUE, r"[._]v_proj|attn_v[._]|[./]value[./]|attention[./]wv|[./]v_lin|attn[./]v[./]|"
                 r"selfattention[./]v[./]"),
    (Role.DOWN, r"down_proj|ffn_down|[./]w2(?:$|[._/])|mlp[./]c_proj|[./]fc2|dense_4h_to_h|"
                r"linear2|[./]lin2|densereludense[./]wo|output[./]dense|mlp[./]fc_out|ffn_out"),
    (Role.GATE, r"gate_proj|ffn_gate(?!_inp)|[./]w1(?:$|[._/])|wi_0"),
    (Role.UP, r"up_proj|ffn_up|[./]w3(?:$|[._/])|c_fc|intermediate[./]dense|[./]fc1|dense_h_to_4h|"
              r"linear1|[./]lin1|wi_1|densereludense[./]wi[./]|mlp[./]fc_in|mlp[./]wi[./]"),
)  # fmt: skip
_COMPILED: Final = tuple((role, re.compile(pattern)) for role, pattern in _ROLES)
_NOT_WEIGHT: Final = re.compile(
    r"bias|running_|moving_(?:mean|var)|num_batches|beta|(?:^|[._])(?:mean|std|var|variance)$|scale$|"
    r"zero_point|[./]adam(?:_\d+)?$"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A tensor with what it is. ``unit`` groups tensors of one layer (or one expert of it)."""

    role: Role
    stack: str = ""
    layer: int | None = None
    expert: int | None = None
    denied: str = ""  # why its indices must not count


def part_of(name: str, shape: tuple[int, ...]) -> Part:
    """What a tensor's name and shape say of it."""
    name = name.lower()
    stack, layer = "", None
    if found := _LAYER.search(name):
        stack, layer = found["stack"], int(found["number"])
    expert = int(met.group(1)) if (met := _EXPERT.search(name)) else None
    for pattern, why in _DENY:
        if pattern.search(name) and not _INPUT_GATE.search(name):
            return Part(Role.DENIED, stack, layer, expert, why)
    dimensions = [n for n in shape if n > 1]
    if name.endswith("bias") and len(dimensions) == 2 and dimensions[0] == dimensions[1]:
        return Part(Role.DENIED, stack, layer, expert, "a mask")  # who sees whom, kept as a buffer
    if len(dimensions) == 1 and weights_names.NORM.search(name) and not _NOT_WEIGHT.search(name):
        return Part(Role.NORM, stack, layer, expert)
    if len(dimensions) < 2 or _NOT_WEIGHT.search(name):
        return Part(Role.PLAIN, stack, layer, expert)
    for role, named in _COMPILED:
        if named.search(name):
            return Part(role, stack, layer, expert)
    return Part(Role.OTHER, stack, layer, expert)


def deterministic(rows: Floats) -> str:
    """Why these rows (n, length) were made by a formula and not by training; empty if not.

    Constants, two values, sinusoids under any window (most of each row's energy in five
    frequencies), filters that are zero but for one band, rows that are all at right angles
    (wavelets, components of data, a random rotation: training leaves no such matrix).
    """
    if rows.size == 0 or float(rows.min()) == float(rows.max()):
        return "constant"
    if rows.size >= 64 and len(np.unique(rows)) <= 2:
        return "two values"
    if rows.shape[1] < 32:
        return ""
    with np.errstate(all="ignore"):  # hostile values may overflow
        return _shaped(rows)


def _shaped(rows: Floats) -> str:
    """Sinusoids, bands, rows at right angles; empty for anything else."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, axis=1)) ** 2
    total = power.sum(axis=1)
    alive = total > 0
    if alive.any():
        top = np.sort(power[alive], axis=1)[:, -5:].sum(axis=1) / total[alive]
        if float((top >= 0.9).mean()) >= 0.8:
            return "sinusoids"
    if _banded(rows):
        return "bands"
    return "rows at right angles" if _orthogonal(rows) else ""


def _banded(rows: Floats) -> bool:
    """Whether almost all is zero, nothing negative, and each row's rest lies side by side."""
    if float(rows.min()) < 0 or float((rows == 0).mean()) < 0.8:
        return False
    filled = rows != 0
    steps = np.abs(np.diff(filled.astype(np.int8), axis=1)).sum(axis=1)
    return bool((steps <= 2).all())


def _orthogonal(rows: Floats) -> bool:
    """Whether all rows, of which there are some, are at right angles up to rounding."""
    if not 16 <= len(rows) <= rows.shape[1]:
        return False
    length = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1))
    if not np.isfinite(length).all() or float(length.min()) == 0:
        return False
    unit = rows[:64] / length[:64, None]
    return float(np.abs(unit @ unit.T - np.eye(len(unit))).max()) < 2e-4
