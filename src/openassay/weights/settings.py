"""What a configuration beside the weights, or a GGUF's own metadata, says of the model.

Only what can be held against tensors is taken: layers, widths, vocabulary, heads, experts, ties,
bits of a quantisation. Values nested under ``text_config`` and its like count as the model's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

_NESTED: Final = ("text_config", "llm_config", "language_config", "thinker_config")
_EXPERTS: Final = (
    "num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts", "num_moe_experts",
)  # fmt: skip
_USED: Final = (
    "num_experts_per_tok", "num_experts_per_token", "moe_top_k", "moe_topk", "top_k_experts",
    "experts_per_token", "moe_k",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """``values`` are the configuration's own keys, flat; None and empty where it does not say."""

    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    architectures: tuple[str, ...] = ()
    tied: bool | None = None
    experts: tuple[int, int] | None = None
    quantised_bits: int | None = None
    model_type: str = ""

    def number(self, *keys: str) -> tuple[str, int] | None:
        """The first of these keys that holds a whole number above 0, with its name."""
        for key in keys:
            value = self.values.get(key)
            if type(value) is int and value > 0:
                return key, value
        return None


def of_config(config: Mapping[str, Any]) -> Settings:
    """From the object of a ``config.json``."""
    nested = (config[key] for key in _NESTED if isinstance(config.get(key), dict))
    inner: dict[str, Any] = next(nested, {})
    values = {**config, **inner}
    named = config.get("architectures")
    tied = values.get("tie_word_embeddings", config.get("tie_word_embeddings"))
    return Settings(
        MappingProxyType(values),
        tuple(str(name) for name in named[:8]) if isinstance(named, list) else (),
        tied if isinstance(tied, bool) else None,
        _pair(values, _EXPERTS, _USED),
        _bits(config),
        str(config.get("model_type", ""))[:80],
    )


def of_gguf(metadata: Mapping[str, str]) -> Settings:
    """From the key-values of a GGUF, whose numbers come as texts."""
    prefix = f"{metadata.get('general.architecture', '')}."
    values: dict[str, Any] = {}
    for key, value in metadata.items():
        if key.startswith(prefix) and value.isascii() and value.isdigit() and len(value) < 16:
            values[key.removeprefix(prefix)] = int(value)
    names = {
        "block_count": "num_hidden_layers", "embedding_length": "hidden_size",
        "feed_forward_length": "intermediate_size", "vocab_size": "vocab_size",
        "expert_count": "num_experts", "expert_used_count": "num_experts_per_tok",
    }  # fmt: skip
    flat = {ours: values[theirs] for theirs, ours in names.items() if theirs in values}
    return Settings(MappingProxyType(flat), experts=_pair(flat, _EXPERTS, _USED))


def _pair(
    values: Mapping[str, Any], first: tuple[str, ...], second: tuple[str, ...]
) -> tuple[int, int] | None:
    """How many experts there are and how many are used; None unless that is fewer."""
    found = Settings(values)
    there, used = found.number(*first), found.number(*second)
    if there is None or used is None or used[1] >= there[1]:
        return None
    return there[1], used[1]


def _bits(config: Mapping[str, Any]) -> int | None:
    """Bits of one packed weight, from any of the usual descriptions of a quantisation."""
    for key in ("quantization_config", "quantization", "compression_config"):
        about = config.get(key)
        if not isinstance(about, dict):
            continue
        for name in ("bits", "w_bit", "num_bits"):
            if type(about.get(name)) is int and 1 <= about[name] <= 16:
                return int(about[name])
        groups = about.get("config_groups")
        for group in groups.values() if isinstance(groups, dict) else ():
            weights = group.get("weights") if isinstance(group, dict) else None
            bits = weights.get("num_bits") if isinstance(weights, dict) else None
            if type(bits) is int and 1 <= bits <= 16:
                return bits
    return None
