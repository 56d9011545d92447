"""Data that a release states about itself, and that a rule can ask for by name.

A topic is that of a ``Stated`` fact; ``license`` and ``base_model`` are those facts' own kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from openassay import licenses
from openassay.types import Derived, Fact, Licensed, Stated
from openassay.words import mark

TOPICS: Mapping[str, str] = MappingProxyType(
    {
        "accelerator_hours": mark("the accelerator hours of the training"),
        "active_parameters": mark("the number of parameters active per token"),
        "architecture": mark("the kind of network"),
        "base_model": mark("the model this one was made from"),
        "carbon": mark("the carbon emitted by the training"),
        "compute": mark("the training compute in floating-point operations"),
        "context_length": mark("the length of the context"),
        "copyright_policy": mark("a copyright policy"),
        "dtype": mark("the precision of the weights"),
        "energy": mark("the energy used by the training"),
        "hardware": mark("the hardware of the training"),
        "license": mark("the terms of use"),
        "parameters": mark("the number of parameters"),
        "tokens": mark("the number of training tokens"),
        "training_summary": mark("a public summary of the training content"),
    }
)

# Where a licence is said of the model; that of a folder or of other parts is no terms of its use.
_OF_THE_MODEL = frozenset(("release", "path:", "weights", "model_parameters_final"))


def stated(facts: Iterable[Fact], topic: str) -> list[tuple[Fact, str]]:
    """The facts that state a topic, each with the value it states, in the facts' order."""
    found: list[tuple[Fact, str]] = []
    for fact in facts:
        if isinstance(fact, Stated) and fact.topic == topic:
            found.append((fact, fact.value))
        elif isinstance(fact, Derived) and topic == "base_model":
            found.append((fact, fact.base))
        elif isinstance(fact, Licensed) and topic == "license" and fact.scope in _OF_THE_MODEL:
            found.append((fact, licenses.display(fact.license)))
    return found
