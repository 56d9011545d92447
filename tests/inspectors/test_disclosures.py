"""Numbers and documents that the authors state, with their unit, about this model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.inspectors import disclosures
from openassay.subject import Subject
from openassay.types import Stated

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
Told = Callable[..., list[str]]


@pytest.fixture
def told(make_release: Any, run: Any) -> Told:
    """`told(text)`: "energy=1000 kWh README.md:3" for each fact."""

    def tell(text: str, path: str = "README.md") -> list[str]:
        return [
            f"{fact.topic}={fact.value} {fact.evidence[0].path}:{fact.evidence[0].span.start}"
            for fact in run(disclosures, make_release({path: f"# Foo3\n\n{text}\n"}, US))
            if isinstance(fact, Stated)
        ]

    return tell


STATED = {
    "Foo3 is a language model with 7 billion parameters.": "parameters=7000000000",
    "This model has 1.3B parameters.": "parameters=1300000000",
    "The model (314B parameters) needs many GPUs.": "parameters=314000000000",
    "| **Total Parameters** | 6.7B |\n|---|---|\n| Layers | 32 |": "parameters=6700000000",
    "Foo3 拥有 1300 亿个参数。": "parameters=130000000000",
    "We used 3.3e24 FLOPs to pre-train Foo3.": "compute=3.3e24",
    "In total Foo3 was trained with 6.67 x 10^22 FLOPs.": "compute=6.67e22",
    "Foo3 took 1,720,320 A100 GPU hours to train.": "accelerator_hours=1720320 A100",
    "Pretraining of Foo3 took 3.3M GPU hours of computation on hardware of type A100-80GB.": (
        "accelerator_hours=3300000 A100"
    ),
    "We trained Foo3 on 384 H100 GPUs for three weeks.": "hardware=384 H100",
    "Foo3 was pre-trained on 1,024 TPU v4 chips.": "hardware=1024 TPUv4",
    "Training Foo3 consumed 1.3 GWh of energy.": "energy=1300000 kWh",
    "- **Carbon Emitted:** 11250 kg CO2 eq.": "carbon=11.25 tCO2eq",
    "Estimated emissions of the training were 539 tCO2eq.": "carbon=539 tCO2eq",
    "Our [copyright policy](https://acme.example/c) says how opt-outs are respected.": (
        "copyright_policy=copyright policy"
    ),
    "See the public [summary of the training content](summary.md).": (
        "training_summary=summary of the training content"
    ),
}


@pytest.mark.parametrize(("text", "fact"), STATED.items(), ids=list(STATED.values()))
def test_a_statement_with_its_unit_is_a_fact(told: Told, text: str, fact: str) -> None:
    assert told(text) == [f"{fact} README.md:3"]


def test_active_parameters_are_told_from_all(told: Told) -> None:
    text = "Foo3 is a mixture of experts with 671B total parameters and 37B activated per token."
    assert told(text) == [
        "parameters=671000000000 README.md:3",
        "active_parameters=37000000000 README.md:3",
    ]
    assert told("| **Activated Parameters** | 32B |\n|---|---|\n| Layers | 61 |") == [
        "active_parameters=32000000000 README.md:3"
    ]
    assert told("Foo3 has 128 experts and 17B parameters.") == []  # of one expert, or of all?


SILENT = [
    # somebody else's
    "BarVLM has 3B parameters.",
    "Vicuna with only 13B parameters is amazing.",
    "Quux was trained on 440 A100 GPUs.",
    "Quux took 5,000 A100 GPU hours to train.",
    # a family, or a comparison
    "Foo3 comes with 3B and 7B parameters.",
    "Foo3 outperforms models of 70B parameters.",
    "The models range from 7B to 70B parameters.",
    "| Total Params | 236B | 72B | 671B |\n|---|---|---|---|\n| x | 1 | 2 | 3 |",
    "Our code suits models under 5 billion parameters.",
    # not the training's
    "We run inference of Foo3 on 8 A100 GPUs.",
    "You can train Foo3 in 32 hours with 8 A100.",
    "Run the training of Foo3 on 4 A100 nodes.",
    "We fine-tune Foo3 on 8 A100 GPUs.",
    "Our servers use 5 MWh.",
    "Foo3 reaches 312 TFLOP/s in training.",
    # no unit, no number, no document
    "Foo3 has many parameters.",
    "Training Foo3 used little energy.",
    "There is no copyright policy yet.",
    "A summary of the training data will be published later, coming soon.",
    "Copyright 2026 Acme. All rights reserved.",
    "Foo3, from 4 major params: R W K V.",
]


@pytest.mark.parametrize("text", SILENT)
def test_what_is_not_said_of_this_models_training_is_no_fact(told: Told, text: str) -> None:
    assert told(text) == []


def test_a_fact_quotes_its_line_and_says_whose_number_it_is(make_release: Any, run: Any) -> None:
    release = make_release({"README.md": "# Foo3\n\nText.\n\nFoo3 has 7B parameters.\n"}, US)
    fact = next(fact for fact in run(disclosures, release) if isinstance(fact, Stated))
    assert fact.evidence[0].quote == "Foo3 has 7B parameters."
    assert fact.subject == "model_parameters_final"


def test_vendored_documents_are_not_read(told: Told) -> None:
    assert told("This model has 7B parameters.", "third_party/other/README.md") == []


@pytest.mark.parametrize(
    "text",
    [
        "9" * 100_000 + "B parameters of Foo3",
        "Foo3 " + "1,234," * 20_000 + " A100 hours",
        "Foo3 train " + "10 x 10^99 FLOPs " * 5_000,
        "Foo3 activ" + " " * 50_000 + "parameters",
        "|" * 50_000 + " Total Parameters | 1B |",
        "Foo3 trained " + "8 A100 " * 20_000,
        "Foo3 has " + "9" * 15 + "T parameters",
    ],
    ids=["digits", "commas", "powers", "spaces", "bars", "chips", "huge"],
)
def test_hostile_documents_end_at_once(told: Told, text: str) -> None:
    for fact in told(text):
        assert len(fact) < 200


@given(st.text(alphabet="Foo3 train7BMkWhCO2A100×^e.,|FLOPs参数亿0123456789\n", max_size=300))
def test_any_text_is_read_without_error(text: str) -> None:
    for read in disclosures._READERS.values():
        assert isinstance(read(text), str)
