"""What `--require` asks, and when a release meets it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay import frameworks, gate
from openassay.errors import UsageError
from openassay.judge import judge
from openassay.licenses.terms import COLUMNS
from openassay.types import Dossier

Make = Callable[..., Dossier]
LLAMA = "LicenseRef-Llama-3.1-Community"


def weigh(text: str, dossier: Dossier) -> gate.Outcome:
    required = gate.parse(text)
    chosen = {id: frameworks.load(id) for id in gate.frameworks_of([required])}
    gate.check(required, chosen)
    verdicts = {id: judge(framework, dossier) for id, framework in chosen.items()}
    return gate.weigh(required, dossier, chosen, verdicts)


# --- what may be asked


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("mof-1.0", "wants ID=LEVEL", "license.commercial_use=yes"),
        ("license.comercial_use=yes", "no term of a licence 'comercial_use'", "commercial_use?"),
        ("license.commercial_use=maybe", "cannot be 'maybe'", "yes, conditional, no"),
        ("license.share_alike=conditional", "cannot be 'conditional'", "yes, no"),
        ("license.weigths.open=yes", "'weigths'", "did you mean weights?"),
        ("license.=yes", "no term of a licence ''", "commercial_use"),
        ("component.training=present", "no component 'training'", "training_code"),
        ("component.training_code=open", "cannot be 'open'", "absent, partial, linked, present"),
        ("component.training_code=unknown", "cannot be 'unknown'", "present"),
        ("claims=true", "cannot be 'true'", "hold"),
        ("contradictions=some", "cannot be 'some'", "none"),
    ],
)
def test_an_error_lists_what_is_allowed(text: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        gate.parse(text)
    assert said in str(caught.value)
    assert hint in caught.value.hint


def test_every_column_of_the_licence_facts_can_be_asked_for() -> None:
    for column in COLUMNS:
        assert gate.parse(f"license.{column}=no").name == column


def test_licence_is_spelled_either_way() -> None:
    assert gate.parse("licence.weights.open=yes").subject is gate.Subject.LICENSE


@given(st.text(max_size=60))
def test_any_text_is_a_requirement_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert gate.parse(text).level


# --- licences: (requirement, parts, answer, and why it is that)

WEIGHTS = "model_parameters_final"
CASES: list[tuple[str, dict[str, tuple[str, str | None]], bool | None, str]] = [
    ("license.commercial_use=yes", {WEIGHTS: ("present", "MIT")}, True, "the grant is there"),
    (
        "license.commercial_use=yes",
        {WEIGHTS: ("present", "MIT"), "training_code": ("present", "CC-BY-NC-4.0")},
        False,
        "the strictest part decides",
    ),
    (
        "license.weights.commercial_use=yes",
        {WEIGHTS: ("present", "MIT"), "training_code": ("present", "CC-BY-NC-4.0")},
        True,
        "only the weights were asked for",
    ),
    (
        "license.training_code.commercial_use=yes",
        {WEIGHTS: ("present", "MIT"), "training_code": ("present", "CC-BY-NC-4.0")},
        False,
        "one component can be asked for",
    ),
    ("license.commercial_use=yes", {WEIGHTS: ("present", LLAMA)}, False, "it is conditional"),
    ("license.commercial_use=conditional", {WEIGHTS: ("present", LLAMA)}, True, "at least that"),
    ("license.commercial_use=conditional", {WEIGHTS: ("present", "MIT")}, True, "yes is more"),
    ("license.commercial_use=no", {WEIGHTS: ("present", "MIT")}, False, "no means no"),
    (
        "license.commercial_use=yes",
        {WEIGHTS: ("present", "LicenseRef-nobody-knows")},
        None,
        "an unknown licence leaves it open",
    ),
    (
        "license.commercial_use=yes",
        {WEIGHTS: ("present", "LicenseRef-nobody-knows"), "training_code": ("present", None)},
        False,
        "a part that fails settles it, whatever is unknown",
    ),
    ("license.commercial_use=yes", {WEIGHTS: ("present", None)}, False, "no licence, no grant"),
    ("license.commercial_use=yes", {WEIGHTS: ("linked", None)}, None, "it may say so there"),
    ("license.commercial_use=yes", {WEIGHTS: ("unknown", None)}, None, "it was not read"),
    ("license.commercial_use=yes", {}, False, "nothing is released"),
    ("license.data.share_alike=no", {WEIGHTS: ("present", "MIT")}, False, "no data is released"),
    (
        "license.commercial_use=yes",
        {WEIGHTS: ("linked", "MIT"), "datasets": ("linked", None)},
        True,
        "what lives elsewhere has terms of its own, the model's weights aside",
    ),
    (
        "license.data.commercial_use=yes",
        {WEIGHTS: ("linked", "MIT"), "datasets": ("linked", None)},
        None,
        "but it counts where its kind is asked for",
    ),
    (
        "license.weights.commercial_use=yes",
        {WEIGHTS: ("present", "MIT"), "base_model_parameters": ("linked", None)},
        True,
        "the base model is not this release's",
    ),
    (
        "license.commercial_use=yes",
        {WEIGHTS: ("present", "MIT"), "model_card": ("present", "CC-BY-NC-4.0")},
        True,
        "documents count only when they are asked for",
    ),
    (
        "license.document.commercial_use=yes",
        {WEIGHTS: ("present", "MIT"), "model_card": ("present", "CC-BY-NC-4.0")},
        False,
        "and then they do",
    ),
    ("license.commercial_use=yes", {WEIGHTS: ("present", "MIT OR CC-BY-NC-4.0")}, True, "choose"),
    ("license.commercial_use=yes", {WEIGHTS: ("present", "MIT AND CC-BY-NC-4.0")}, False, "both"),
    (
        "license.commercial_use=yes",
        {WEIGHTS: ("present", "MIT AND LicenseRef-nobody-knows")},
        None,
        "the other half is not known",
    ),
    (
        "license.commercial_use=yes",
        {WEIGHTS: ("present", "GPL-2.0-only WITH Classpath-exception-2.0")},
        True,
        "a known exception permits more",
    ),
    (
        "license.commercial_use=yes",
        {WEIGHTS: ("present", "MIT WITH LicenseRef-no-commerce")},
        None,
        "an unknown exception may forbid",
    ),
    ("license.share_alike=no", {WEIGHTS: ("present", "GPL-3.0-only")}, False, "copyleft"),
    ("license.user_threshold=no", {WEIGHTS: ("present", LLAMA)}, False, "a cap is a yes"),
    ("license.geographic_limit=no", {WEIGHTS: ("present", LLAMA)}, True, "it has none"),
    ("license.open=yes", {WEIGHTS: ("present", "MIT")}, True, "an open licence"),
    ("license.open=yes", {WEIGHTS: ("present", LLAMA)}, False, "a restricted one"),
    ("license.open=yes", {WEIGHTS: ("present", "LicenseRef-nobody-knows")}, None, "not shown"),
    ("license.commercial_use=yes", {WEIGHTS: ("present", "MIT AND (")}, None, "not readable"),
]


@pytest.mark.parametrize(("text", "parts", "expected", "why"), CASES, ids=lambda v: str(v)[:40])
def test_licence_terms(
    make: Make,
    text: str,
    parts: dict[str, tuple[str, str | None]],
    expected: bool | None,
    why: str,
) -> None:
    outcome = weigh(text, make(parts))
    assert outcome.met is expected, why
    assert bool(outcome.because) is (expected is not True)


def test_a_changed_text_is_not_the_licence_it_was(make: Make) -> None:
    dossier = make({WEIGHTS: ("present", "MIT")}, modified=(WEIGHTS,))
    assert weigh("license.commercial_use=yes", dossier).met is None


def test_a_sentence_that_limits_the_use_counts_beside_an_open_licence(
    make: Make, restriction: Callable[..., Any]
) -> None:
    facts = (restriction("non_commercial", "weights"),)
    dossier = make({WEIGHTS: ("present", "MIT"), "inference_code": ("present", "MIT")}, facts=facts)
    outcome = weigh("license.commercial_use=yes", dossier)
    assert outcome.met is False
    assert "non_commercial words" in outcome.because[0]
    assert weigh("license.code.commercial_use=yes", dossier).met is True


def test_a_sentence_of_a_known_licence_text_says_less_than_what_is_kept_of_the_whole(
    make: Make, restriction: Callable[..., Any]
) -> None:
    facts = (restriction("non_commercial", "weights", "LICENSE"),)
    assert weigh("license.commercial_use=yes", make({WEIGHTS: ("present", "MIT")}, facts=facts)).met
    unknown = make({WEIGHTS: ("present", "LicenseRef-own")}, facts=facts)
    assert weigh("license.commercial_use=yes", unknown).met is False


def test_a_limit_that_a_sentence_sets_is_one_that_can_be_asked_for(
    make: Make, restriction: Callable[..., Any]
) -> None:
    facts = (restriction("registration", "weights"),)
    dossier = make({WEIGHTS: ("present", "MIT")}, facts=facts)
    assert weigh("license.registration_required=yes", dossier).met is True
    assert weigh("license.registration_required=no", dossier).met is False


# --- components, claims, contradictions, frameworks


@pytest.mark.parametrize(
    ("status", "wanted", "expected"),
    [
        ("present", "present", True),
        ("linked", "present", False),
        ("linked", "linked", True),
        ("present", "linked", True),
        ("partial", "linked", False),
        ("partial", "partial", True),
        ("absent", "partial", False),
        ("absent", "absent", True),
        ("present", "absent", False),
        ("unknown", "absent", None),
        ("unknown", "present", None),
    ],
)
def test_components(make: Make, status: str, wanted: str, expected: bool | None) -> None:
    dossier = make({"training_code": (status, None)})
    assert weigh(f"component.training_code={wanted}", dossier).met is expected


def test_a_component_that_was_not_looked_for_is_unknown(make: Make) -> None:
    assert weigh("component.datasets=present", replace(make({}), components=())).met is None


@pytest.mark.parametrize(
    ("holds", "kind", "expected"),
    [
        (True, "open_source", True),
        (None, "open_source", None),
        (False, "open_source", False),
        (None, "promise", True),  # nothing in a promise can hold
        (None, "license_terms", True),
    ],
)
def test_claims(
    make: Make,
    claim: Callable[..., Any],
    holds: bool | None,
    kind: str,
    expected: bool | None,
) -> None:
    outcome = weigh("claims=hold", make({}, claims=(claim("fully open", holds, kind),)))
    assert outcome.met is expected
    assert expected or "fully open" in outcome.because[0]


def test_contradictions(make: Make, contradiction: Callable[[str], Any]) -> None:
    assert weigh("contradictions=none", make({})).met is True
    outcome = weigh("contradictions=none", make({}, contradictions=(contradiction("A is B"),)))
    assert (outcome.met, outcome.because) == (False, ("A is B",))


def test_reasons_are_few(make: Make, contradiction: Callable[[str], Any]) -> None:
    every = tuple(contradiction(f"number {n}") for n in range(40))
    because = weigh("contradictions=none", make({}, contradictions=every)).because
    assert because[-1] == "and 35 more"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("mof-1.0=none", True), ("mof-1.0=III", False), ("dl-table=14", False), ("dl-table=0", True)],
)
def test_frameworks(make: Make, text: str, expected: bool) -> None:
    assert weigh(text, make({})).met is expected


def test_what_was_not_read_leaves_a_level_undecided(make: Make) -> None:
    assert weigh("osaid-1.0=may pass", make(dict.fromkeys(IDS, ("unknown", None)))).met is None


IDS = tuple(
    part for rule in frameworks.load("osaid-1.0").criteria if rule.required for part in rule.parts
)
