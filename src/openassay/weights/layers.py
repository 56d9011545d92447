"""The layers that a configuration and the other layers imply, against those that are there.

No table of architectures: a stack's layers are held against each other, and widths against the
configuration's own numbers. Where layers differ in kind (a first one without a norm, experts from
the fourth on) nothing is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from openassay.files import File
from openassay.formats.bounded import Tensor
from openassay.weights.checkpoints import Checkpoint
from openassay.weights.findings import Finding, Level, Place
from openassay.weights.settings import Settings

_LAYER: Final = re.compile(
    r"^(.{0,120}?(?:^|[._/])(?:layers?|h|blocks?|blk|resblocks))[._](\d{1,4})[._](.{1,400})$"
)
_EXPERT: Final = re.compile(r"(experts?[._])\d{1,5}([._])")
_MLP: Final = re.compile(r"(?:gate_proj|up_proj|down_proj|c_fc|fc1|dense_h_to_4h)\.weight$")
_KEYS: Final = re.compile(r"self_attn\.k_proj\.weight$")
_OUTPUT: Final = re.compile(r"(?:lm_head|embed_out|output_layer|(?:^|\.)output)\.weight$")
_MIN_LAYERS: Final = 4  # fewer say nothing about what is usual
_MIN_PARTS: Final = 4  # tensors of a layer; two are a line of plain matrices, which may have gaps


def findings(checkpoint: Checkpoint, settings: Settings, config: File | None) -> Iterator[Finding]:
    """Gaps in the numbering, tensors that one layer lacks, a missing output matrix."""
    found = stacks(checkpoint)
    first, weights = checkpoint.parts[0]
    place = Place(first, f"header of {first.name}", start=0, end=max(1, weights.header[1]))
    for name, layers in sorted(found.items()):
        if len(layers) < _MIN_LAYERS or max(map(len, layers.values())) < _MIN_PARTS:
            continue
        missing = sorted(set(range(max(layers) + 1)) - set(layers))
        if missing and min(layers) == 0:
            shown = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
            text = f"layers {shown} of {name} are missing between 0 and {max(layers)}"
            yield Finding("layer_missing", Level.BROKEN, text, (place,))
        yield from _incomplete(name, layers, place)
    if settings.tied is False and config is not None and _writes_text(settings):
        names = [tensor.name for tensor in checkpoint.tensors()]
        if found and not any(_OUTPUT.search(name) for name in names):
            text = "the configuration says that the output matrix is not tied, and there is none"
            yield Finding("output_missing", Level.BROKEN, text, (place,))


def _writes_text(settings: Settings) -> bool:
    return any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in settings.architectures)


def stacks(checkpoint: Checkpoint) -> dict[str, dict[int, frozenset[str]]]:
    """For each stack its layers, and for each layer the names of its tensors; experts as one."""
    found: dict[str, dict[int, set[str]]] = {}
    for tensor in checkpoint.tensors():
        match = _LAYER.match(tensor.name)
        if match:
            rest = _EXPERT.sub(r"\1#\2", match[3])
            found.setdefault(match[1], {}).setdefault(int(match[2]), set()).add(rest)
    return {
        stack: {number: frozenset(names) for number, names in layers.items()}
        for stack, layers in found.items()
    }


def _incomplete(name: str, layers: dict[int, frozenset[str]], place: Place) -> Iterator[Finding]:
    """Inner layers that lack what every other layer has. The ends of a stack often differ."""
    usual, times = Counter(layers.values()).most_common(1)[0]
    others = [number for number, names in layers.items() if names != usual]
    inner = [number for number in others if min(layers) < number < max(layers)]
    if times < len(layers) - 2 or len(inner) != len(others):
        return
    for number in inner:
        lacks = sorted(usual - layers[number])
        if lacks and layers[number] < usual:
            text = f"layer {number} of {name} lacks {lacks[0]}, which all other layers have"
            yield Finding("layer_incomplete", Level.BROKEN, text, (place,))


def widths(checkpoint: Checkpoint, settings: Settings) -> list[tuple[str, str]]:
    """(key, sentence) where a width of the configuration stands in no matrix it describes."""
    listed: list[tuple[str, str]] = []
    inner = settings.number("intermediate_size", "n_inner", "ffn_dim")
    allowed = {
        value * factor
        for key, value in settings.values.items()
        if "intermediate" in key and type(value) is int
        for factor in (1, 2)
    }
    if inner:
        allowed |= {inner[1], 2 * inner[1]}
        odd = _odd(_meant(checkpoint, settings, _MLP), allowed)
        if odd is not None:
            shape = " × ".join(map(str, odd.shape))
            listed.append((inner[0], f"{inner[0]} is {inner[1]}, {odd.name} is {shape}"))
    heads, keys = settings.number("num_attention_heads"), settings.number("num_key_value_heads")
    width, each = settings.number("hidden_size"), settings.number("head_dim")
    if heads and keys and width and (each or width[1] % heads[1] == 0):
        rows = keys[1] * (each[1] if each else width[1] // heads[1])
        odd = _odd(_meant(checkpoint, settings, _KEYS), {rows})
        if odd is not None:
            shape = " × ".join(map(str, odd.shape))
            said = f"{keys[1]} key heads of {rows // keys[1]}"
            listed.append((keys[0], f"the configuration asks {said}, {odd.name} is {shape}"))
    return listed


def _odd(stacks: list[list[Tensor]], allowed: set[int]) -> Tensor | None:
    """A matrix without any of these sides, where no stack has them in all of its matrices."""
    odd = [next((t for t in stack if allowed.isdisjoint(t.shape)), None) for stack in stacks]
    return None if None in odd else next(iter(odd), None)


def _meant(
    checkpoint: Checkpoint, settings: Settings, pattern: re.Pattern[str]
) -> list[list[Tensor]]:
    """The matrices of such a name, stack by stack, that the configuration's numbers are about.

    A model may have towers of other widths, with numbers of their own. Of several stacks those are
    meant that have ``hidden_size``, and of these the ones with as many layers as are promised.
    """
    towers = stacks(checkpoint)
    named: dict[str, list[Tensor]] = {}
    for tensor in _plain(checkpoint, pattern):
        match = _LAYER.match(tensor.name)
        named.setdefault(match[1] if match else "", []).append(tensor)
    if len(towers) < 2 and not _has_towers(settings):
        return list(named.values())
    width, depth = settings.number("hidden_size"), settings.number("num_hidden_layers")
    if width is None:
        return []
    fits = {
        stack: found for stack, found in named.items()
        if any(width[1] in tensor.shape for tensor in found)
    }  # fmt: skip
    deep = [
        found for stack, found in fits.items()
        if depth is not None and len(towers.get(stack, ())) == depth[1]
    ]  # fmt: skip
    return deep or list(fits.values())


def _has_towers(settings: Settings) -> bool:
    """Whether the configuration has the numbers of several networks, one inside the other."""
    return any(
        key.endswith("_config") and isinstance(value, dict) and "hidden_size" in value
        for key, value in settings.values.items()
    )


def _plain(checkpoint: Checkpoint, pattern: re.Pattern[str]) -> Iterator[Tensor]:
    """Matrices of floating point that bear such a name; packed ones have other shapes."""
    for tensor in checkpoint.tensors():
        plain = len(tensor.shape) == 2 and tensor.dtype in ("F32", "F16", "BF16")
        if plain and pattern.search(tensor.name) and "expert" not in tensor.name:
            yield tensor
