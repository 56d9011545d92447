"""``audit --lineage DIR``: what a release declares of its base, held against its weights."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks import lineage_models as lm

from openassay import arrays
from openassay import dossier as codec
from openassay.cli import main
from openassay.kinship import Compared, Unmatched
from openassay.lineage import sketch
from openassay.types import Derived, Dossier, Relation

MICRO = lm.Sizes(width=64, layers=3, heads=2, hidden=96, vocabulary=256)


def card(base: str) -> str:
    return f"---\nlicense: apache-2.0\nbase_model: {base}\n---\n# Model\n\nFinetuned from {base}.\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bases with their sketches, and releases of the first one."""
    root = tmp_path_factory.mktemp("audit")
    base, stranger = lm.trained(5, MICRO), lm.trained(6, MICRO)
    rounded = lm.safetensors(lm.quantise(base, 4))
    releases = {
        "alpha": (lm.safetensors(base), "# Alpha\n"),
        "beta": (lm.safetensors(stranger), "# Beta\n"),
        "true": (rounded, card("someone/alpha")),
        "false": (rounded, card("someone/beta")),
        "silent": (rounded, "# Model\n"),
        "empty": (b"", "# Model\n"),
    }
    for name, (weights, text) in releases.items():
        (root / name).mkdir()
        (root / name / "README.md").write_text(text)
        if weights:
            (root / name / "model.safetensors").write_bytes(weights)
    (root / "sketches").mkdir()
    for name in ("alpha", "beta"):
        file = root / "sketches" / f"{name}.sketch"
        assert main(["lineage", str(root / name), "--save", str(file)]) == 0
    return root


def audited(made: Path, name: str, *more: str) -> Dossier:
    out = made / f"{name}.json"
    asked = ["--lineage", str(made / "sketches"), *more]
    assert main(["read", str(made / name), "-o", str(out), *asked]) == 0
    return codec.load(out.read_bytes())


def ids(dossier: Dossier) -> set[str]:
    return {one.id for one in dossier.contradictions}


def compared(dossier: Dossier) -> dict[str, Compared]:
    """The comparisons that were kept in full, by the other's name."""
    return {fact.other: fact for fact in dossier.facts if isinstance(fact, Compared)}


def follows(dossier: Dossier, other: str) -> dict[str, str]:
    return {one.id: str(one.means) for one in compared(dossier)[other].follows}


def rest(dossier: Dossier) -> dict[str, tuple[str, ...]]:
    """The names of all others, by verdict."""
    return {str(f.verdict): f.names for f in dossier.facts if isinstance(f, Unmatched)}


def shown(dossier: Dossier) -> list[Derived]:
    """Bases that the weights show."""
    return [f for f in dossier.facts if isinstance(f, Derived) and f.inspector == "lineage"]


def test_a_declared_base_is_found(made: Path) -> None:
    dossier = audited(made, "true")
    assert follows(dossier, "alpha") == {"declared-base-found": "confirmed"}
    assert not shown(dossier)
    assert not ids(dossier) & {"declared-base-not-found", "undeclared-base"}


def test_reading_a_base_leaves_its_sketch_beside_the_dossier(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same sketch as ``lineage --save`` stores; without weights there is nothing to store."""
    file, out = tmp_path / "alpha.sketch", tmp_path / "alpha.dossier.json"
    assert main(["read", str(made / "alpha"), "-o", str(out), "--sketch", str(file)]) == 0
    stored = sketch.load(file.read_bytes())
    assert replace(stored, name="") == replace(
        sketch.load((made / "sketches" / "alpha.sketch").read_bytes()), name=""
    )
    asked = ["--lineage", str(tmp_path)]
    assert main(["read", str(made / "true"), "-o", str(tmp_path / "true.json"), *asked]) == 0
    dossier = codec.load((tmp_path / "true.json").read_bytes())
    assert follows(dossier, "alpha") == {"declared-base-found": "confirmed"}
    empty = tmp_path / "empty.sketch"
    assert main(["read", str(made / "empty"), "-o", str(out), "--sketch", str(empty)]) == 3
    assert not empty.exists()
    assert "no file of weights was found" in capsys.readouterr().err


def test_a_declared_base_is_not_found_and_another_is(made: Path) -> None:
    dossier = audited(made, "false")
    assert "declared-base-not-found" in ids(dossier)
    (one,) = (c for c in dossier.contradictions if c.id == "declared-base-not-found")
    assert {e.path for e in one.evidence} == {"README.md", "model.safetensors"}
    assert follows(dossier, "beta") == {"declared-base-not-found": "contradiction"}
    assert follows(dossier, "alpha") == {"undeclared-base": "question", "derived": "derived"}
    (fact,) = shown(dossier)
    assert fact.base == "alpha"
    assert fact.relation is Relation.QUANTIZED


def test_a_base_that_is_not_declared(made: Path) -> None:
    dossier = audited(made, "silent")
    assert "undeclared-base" in ids(dossier)
    (fact,) = shown(dossier)
    assert fact.evidence[0].path == "model.safetensors"
    assert "a rounding of these very values" in fact.detail
    assert rest(dossier).keys() == {"no sign found"}
    assert rest(dossier)["no sign found"] == ("beta",)


def test_the_report_shows_it(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(made / "silent"), "--lineage", str(made / "sketches")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "The weights have an origin in common with" in out


def test_a_stored_dossier_keeps_it_and_the_bytes_are_the_same(made: Path) -> None:
    once = audited(made, "silent")
    assert codec.load(codec.dump(once).encode()) == once
    assert audited(made, "silent") == once


def test_the_release_itself_among_the_sketches_says_nothing(made: Path) -> None:
    dossier = audited(made, "alpha")
    assert not compared(dossier)
    assert not shown(dossier)
    assert not ids(dossier)


def test_a_release_without_weights_has_a_gap(made: Path) -> None:
    (gap,) = (gap for gap in audited(made, "empty").gaps if gap.by == "lineage")
    assert gap.reason == "no_weights"


def test_only_when_asked(made: Path) -> None:
    out = made / "plain.json"
    assert main(["read", str(made / "silent"), "-o", str(out)]) == 0
    dossier = codec.load(out.read_bytes())
    assert not shown(dossier)
    assert not ids(dossier)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["true", "--lineage", "true"], 3, "holds no stored sketch"),
        (["true", "--lineage", "sketches", "--against", "x.yml"], 2, "--lineage takes neither"),
        (["--lineage", "sketches", "--from", "x", "--out", "y"], 2, "--lineage takes neither"),
    ],
)
def test_wrong_calls(
    arguments: list[str], code: int, text: str, made: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(made)
    assert main(["audit", *arguments]) == code
    assert text in capsys.readouterr().err


def test_without_numpy(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(arrays, "np", type(arrays.np)())  # type: ignore[call-arg]
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert main(["audit", str(made / "true"), "--lineage", str(made / "sketches")]) == 2
    err = capsys.readouterr().err
    assert "needs NumPy" in err
    assert "openassay[weights]" in err
