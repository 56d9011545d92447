"""What is told: the command, JSON against its schema, the picture, and what follows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from benchmarks import lineage_models as lm
from tests.lineage.conftest import sketch_of

import openassay.lineage
from openassay.cli import main
from openassay.kinship import Means
from openassay.lineage import consequences as cq
from openassay.lineage import picture, words
from openassay.lineage.result import Comparison, Order, Verdict
from openassay.lineage.rule import compare
from openassay.reports import Look
from openassay.types import Derived, Digest, Dossier, Evidence, Relation, Span, Stated, Unit

MICRO = lm.Sizes(width=64, layers=3, heads=2, hidden=96, vocabulary=256)
SCHEMA = Path(openassay.lineage.__file__).parent / "schema" / "openassay-lineage-1.schema.json"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    base = lm.trained(5, MICRO)
    made = {
        "base": base, "rounded": lm.quantise(base, 4), "stranger": lm.trained(6, MICRO),
        "mixed": lm.average(base, lm.trained(6, MICRO), 0.6),
    }  # fmt: skip
    for name, weights in made.items():
        (folder / name).mkdir()
        (folder / name / "model.safetensors").write_bytes(lm.safetensors(weights))
    return folder


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = main(["lineage", *map(str, args)])
    out, err = capsys.readouterr()
    return code, out, err


def test_two_folders(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, models / "base", models / "rounded")
    assert (code, err) == (0, "")
    assert "COMMON ORIGIN:" in out
    assert "Direction: B came after A" in out
    assert "a rounding of these very values" in " ".join(out.split())


def test_the_same_input_gives_the_same_bytes(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = (models / "base", models / "stranger", "--format", "json")
    assert run(capsys, *args) == run(capsys, *args)


@pytest.mark.parametrize("other", ["rounded", "stranger", "base"])
def test_json_keeps_its_contract(
    other: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, models / "base", models / other, "--format", "json")
    document = json.loads(out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text("utf-8")))
    (comparison,) = document["comparisons"]
    assert comparison["a"]["evidence"][0]["path"] == "model.safetensors"
    expected = {"rounded": "common origin", "base": "identical"}
    if other in expected:
        assert comparison["verdict"] == expected[other]


def test_sketches_are_stored_and_compared(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("base", "stranger"):
        assert run(capsys, models / name, "--save", tmp_path / f"{name}.sketch")[0] == 0
    code, out, _ = run(capsys, models / "mixed", "--against", tmp_path)
    assert code == 0
    assert out.count("common origin ") == 2
    assert "rows are 0.60 of" in " ".join(out.split())
    code, out, _ = run(capsys, tmp_path / "base.sketch", models / "rounded")
    assert "COMMON ORIGIN" in out
    code, out, _ = run(capsys, tmp_path / "base.sketch", tmp_path / "stranger.sketch")
    assert "NO SIGN FOUND" in out or "CANNOT TELL" in out


def test_a_sketch_too_large_to_load_is_not_stored(
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("openassay.lineage.sketch.MAX_SKETCH", 1 << 10)
    code, _, err = run(capsys, models / "base", "--save", tmp_path / "base.sketch")
    assert code == 2
    assert "Leave --deep out" in err
    assert not list(tmp_path.iterdir())


def test_a_file_inside_a_target_and_sampling(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, f"{models}#base/model.safetensors", models / "base", "--sampled")
    assert code == 0
    assert "bytes read" in out
    assert "COMMON ORIGIN" in out  # sampled: equality of all bytes cannot be said


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["A"], 2, "nothing to be compared with"),
        (["A", "B", "--against", "D"], 2, "exclude each other"),
        (["A", "--against", "D", "--format", "svg"], 2, "one pair"),
        (["A", "B", "--save", "F"], 2, "of one model"),
        (["A", "B", "--published", "yesterday", "2026-01-01"], 2, "no date"),
        (["/nowhere/at-all", "/nowhere/else"], 3, "no such file"),
    ],
)
def test_wrong_calls(
    args: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, err = run(capsys, *args)
    assert (found, out) == (code, "")
    assert says in err


def test_a_folder_without_sketches(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, models / "base", "--against", models)
    assert code == 3
    assert "no stored sketch" in err


# --- the picture ----------------------------------------------------------------------------------


def test_the_picture_is_self_contained_and_sound() -> None:
    base = lm.trained(5, MICRO)
    found = compare(sketch_of(base, "a"), sketch_of(lm.relayer(base, [0, 2]), "b"))
    text = picture.svg(found)
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg")
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text
    assert text.count("<path") == 2  # two layers of B, each from one of A
    assert "from model 2" in text
    assert picture.svg(found) == text


def test_names_in_a_picture_are_escaped() -> None:
    base = lm.trained(5, MICRO)
    hostile = '</title><script>alert(1)</script>"\u202e'
    found = compare(sketch_of(base, hostile), sketch_of(base, "b"))
    text = picture.svg(found)
    ElementTree.fromstring(text)
    assert "<script" not in text
    assert "\u202e" not in text
    shown = words.render(found, (), Look(width=100, detail=1))
    assert "\u202e" not in shown
    assert "\u202e" not in words.render_json([found], ())


# --- what follows ---------------------------------------------------------------------------------


def evidence(quote: str, path: str = "README.md") -> Evidence:
    return Evidence("dir:b@1", path, Span(Unit.LINE, 1, 1), quote, Digest("sha256", "00"))


def dossier(*facts: Any) -> Dossier:
    return Dossier(schema="openassay-dossier/1", release="b", sources=(), facts=facts)


DECLARED = Derived(base="owner/Base-7B", relation=Relation.FINETUNE, evidence=(evidence("base"),))
SCRATCH = Stated(
    topic="own_training", value="from_scratch", evidence=(evidence("trained from scratch"),)
)


@pytest.fixture(scope="module")
def pair() -> Comparison:
    base = lm.trained(5, MICRO)
    return compare(sketch_of(base, "owner/base-7b"), sketch_of(lm.drift(base, 3, 0.9), "b"))


def kinds(found: Comparison, release: Dossier | None) -> dict[str, str]:
    return {one.id: str(one.kind) for one in cq.consequences(found, release)}


def test_a_declared_base_is_confirmed(pair: Comparison) -> None:
    assert kinds(pair, dossier(DECLARED)) == {"declared-base-found": "confirmed"}


def test_an_undeclared_one_is_a_question_without_direction(pair: Comparison) -> None:
    assert kinds(pair, dossier()) == {"undeclared-base": "question"}
    assert not cq.facts(cq.consequences(pair, dossier()))


def test_and_a_contradiction_and_a_fact_with_it(pair: Comparison) -> None:
    later = replace(pair, order=Order.B_LATER, order_because=("rounded",))
    made = cq.consequences(later, dossier())
    assert {one.id for one in made} == {"undeclared-base", "derived"}
    (fact,) = cq.facts(made)
    assert fact.base == "owner/base-7b"
    assert fact.evidence
    assert {one.id: one.kind for one in made} == {
        "undeclared-base": Means.CONTRADICTION, "derived": Means.DERIVED,
    }  # fmt: skip


def test_a_declared_base_without_a_sign(pair: Comparison) -> None:
    silent = replace(pair, verdict=Verdict.NONE)
    assert kinds(silent, dossier(DECLARED)) == {"declared-base-not-found": "contradiction"}
    distilled = replace(DECLARED, relation=Relation.DISTILLED)
    assert kinds(silent, dossier(distilled)) == {}
    idle = tuple(
        replace(one, ran=one.test in ("T1", "T3")) for one in silent.outcomes
    )  # embeddings and layers were not looked at: nobody is accused
    blind = replace(silent, outcomes=idle)
    assert kinds(blind, dossier(DECLARED)) == {"declared-base-not-shown": "question"}
    unsure = replace(pair, verdict=Verdict.CANNOT)
    assert kinds(unsure, dossier(DECLARED)) == {}


def test_trained_from_scratch_is_never_confirmed_and_needs_a_date_to_be_wrong(
    pair: Comparison,
) -> None:
    assert kinds(replace(pair, verdict=Verdict.NONE), dossier(SCRATCH)) == {}
    assert kinds(pair, dossier(SCRATCH))["from-scratch"] == "question"
    older = replace(pair, order=Order.B_LATER)
    assert kinds(older, dossier(SCRATCH))["from-scratch"] == "contradiction"
    younger = replace(pair, order=Order.A_LATER)
    assert "from-scratch" not in kinds(younger, dossier(SCRATCH))


def test_dates_give_a_direction_only_to_relatives() -> None:
    base = lm.trained(5, MICRO)
    a, b = sketch_of(base, "a"), sketch_of(lm.drift(base, 3, 0.9), "b")
    found = compare(a, b, dates=("2025-01-01", "2026-01-01"))
    assert found.order is Order.B_LATER
    assert "not proved by the weights" in found.order_because[0]
    stranger = sketch_of(lm.trained(6, MICRO), "c")
    assert compare(a, stranger, dates=("2025-01-01", "2026-01-01")).order is Order.UNKNOWN
