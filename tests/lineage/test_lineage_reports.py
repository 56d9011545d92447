"""From weights to what a reader sees: bases with their terms, claims, pages, and what is verified.

The releases hold tiny models; the sketches of the bases lie in a folder, as a user keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from benchmarks import lineage_models as lm
from tests.lineage.conftest import sketch_of

from openassay import config, overrides
from openassay import dossier as codec
from openassay.cli import main
from openassay.kinship import Compared, Kinship, Order, Unmatched
from openassay.lineage import index_tests
from openassay.lineage.prepared import Prepared
from openassay.lineage.relations import mixture
from openassay.lineage.result import Relation as Relation_
from openassay.lineage.sketch import SCHEMA, dump, load
from openassay.types import Derived, Dossier, Relation, Status

MICRO = lm.Sizes(width=64, layers=3, heads=2, hidden=96, vocabulary=256)
OPEN = "---\nlicense: apache-2.0\n---\n# Nova-1B\n\nWe present Nova-1B.\n\n{}\n"
BASE = "---\nlicense: llama2\n---\n# Onyx\n\nOnyx is a base model.\n"
Audit = Callable[..., Dossier]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases made from one base, strangers, and sketches of all bases."""
    root = tmp_path_factory.mktemp("reports")
    base, other, third = (lm.trained(seed, MICRO) for seed in (5, 6, 9))
    releases = {
        "onyx": (base, BASE),
        "llama-2-7b": (base, "# Llama\n"),
        "beta": (other, "# Beta\n"),
        "gamma": (third, "# Gamma\n"),
        "rounded": (lm.quantise(base, 4), OPEN.format("It was trained from scratch.")),
        "pruned": (lm.prune(base, 0.4), OPEN.format("Nova-1B is fully self-developed.")),
        "declared": (
            lm.quantise(base, 4),
            OPEN.replace("license:", "base_model: a/onyx\nlicense:"),
        ),
        "tuned": (lm.drift(base, 3, 0.9), OPEN.format("It was trained from scratch.")),
        "mixed": (lm.average(base, other, 0.6), OPEN),
    }
    for name, (weights, text) in releases.items():
        (root / name).mkdir()
        (root / name / "README.md").write_text(text)
        (root / name / "model.safetensors").write_bytes(lm.safetensors(weights))
    for folder, names in {
        "plain": ("onyx", "beta"), "family": ("llama-2-7b",), "known": ("onyx",),
        "two": ("onyx", "beta"), "strangers": ("beta", "gamma"),
    }.items():  # fmt: skip
        (root / folder).mkdir()
        for name in names:
            file = root / folder / f"{name}.sketch"
            assert main(["lineage", str(root / name), "--save", str(file)]) == 0
    beside = root / "known" / "onyx.dossier.json"
    assert main(["read", str(root / "onyx"), "-o", str(beside)]) == 0
    return root


@pytest.fixture
def audit(made: Path, tmp_path: Path) -> Audit:
    def audited(name: str, sketches: str) -> Dossier:
        out = tmp_path / "dossier.json"
        asked = ["read", str(made / name), "--lineage", str(made / sketches), "-o", str(out)]
        assert main(asked) == 0
        return codec.load(out.read_bytes())

    return audited


def ids(dossier: Dossier) -> set[str]:
    return {one.id for one in dossier.contradictions}


def pairs(dossier: Dossier) -> dict[str, Compared]:
    return {fact.other: fact for fact in dossier.facts if isinstance(fact, Compared)}


# --- bases, their terms, claims -------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [("rounded", "quantised"), ("pruned", "pruned")])
def test_a_base_that_nobody_names_questions_the_open_label(
    name: str, kind: str, audit: Audit
) -> None:
    """The base's terms were not read: an open label is not shown to be right, nor to be wrong."""
    dossier = audit(name, "plain")
    weights = dossier.component("model_parameters_final")
    assert weights.status is Status.PRESENT
    assert weights.license_open is None
    assert "onyx" in weights.license_reason
    assert "terms were not read" in weights.license_reason
    assert {"undeclared-base", "from-scratch"} <= ids(dossier)
    (fact,) = (f for f in dossier.facts if isinstance(f, Derived))
    assert fact.base == "onyx"
    assert fact.inspector == "lineage"
    assert [str(one.kind) for one in pairs(dossier)["onyx"].altered] == [kind]


def test_the_name_of_a_family_tells_its_licence(audit: Audit) -> None:
    dossier = audit("rounded", "family")
    weights = dossier.component("model_parameters_final")
    assert weights.license_open is False
    assert weights.license == "Apache-2.0 AND LicenseRef-Llama-2-Community"
    assert "open_label_on_restricted_base" in ids(dossier)


@pytest.mark.parametrize("name", ["rounded", "declared"])
def test_a_dossier_beside_the_sketch_tells_the_bases_licence(name: str, audit: Audit) -> None:
    """Of a base that the weights show, and of one that is declared and that they confirm."""
    dossier = audit(name, "known")
    weights = dossier.component("model_parameters_final")
    assert weights.license_open is False
    assert "LicenseRef-Llama-2-Community" in (weights.license or "")
    assert "open_label_on_restricted_base" in ids(dossier)
    confirmed = {one.id for one in pairs(dossier)["onyx"].follows}
    assert ("declared-base-found" in confirmed) is (name == "declared")


def test_a_common_origin_alone_changes_no_licence(audit: Audit) -> None:
    """Trained further: which came first is not shown, so there is a question and nothing more."""
    dossier = audit("tuned", "known")
    fact = pairs(dossier)["onyx"]
    assert fact.verdict is Kinship.COMMON
    assert fact.order is Order.UNKNOWN
    assert {str(one.means) for one in fact.follows} == {"question"}
    assert dossier.component("model_parameters_final").license_open is True
    assert not ids(dossier)


def test_a_mixture_of_two_bases_is_said_of_both(audit: Audit) -> None:
    dossier = audit("mixed", "two")
    for name in ("onyx", "beta"):
        assert any("rows are 0.60 of" in one.text or "0.40 of" in one.text
                   for one in pairs(dossier)[name].altered)  # fmt: skip
        assert pairs(dossier)[name].order is Order.B_LATER
    derived = {f.base: f.relation for f in dossier.facts if isinstance(f, Derived)}
    assert derived == {"onyx": Relation.MERGE, "beta": Relation.MERGE}


def mixed_with(target: lm.Weights, one: lm.Weights, two: lm.Weights) -> Relation_ | None:
    found = [sketch_of(weights, name) for weights, name in ((one, "one"), (two, "two"))]
    audited = Prepared(sketch_of(target, "target"))
    bases = [Prepared(sketch) for sketch in found]
    return mixture(audited, [(base, index_tests.rows(base, audited)[1]) for base in bases])


def test_a_step_between_two_checkpoints_is_no_mixture_of_them() -> None:
    """Near to both, as all of one family are; what it differs in is not between them."""
    start = lm.trained(5, MICRO)
    middle = lm.drift(start, 3, 0.95)
    assert mixed_with(middle, start, lm.drift(middle, 4, 0.95)) is None
    assert mixed_with(lm.drift(start, 8, 0.95), start, middle) is None


def test_a_mixture_of_relatives_has_no_direction() -> None:
    start = lm.trained(5, MICRO)
    one, two = lm.drift(start, 3, 0.9), lm.drift(start, 4, 0.9)
    found = mixed_with(lm.average(one, two, 0.5), one, two)
    assert found is not None
    assert not found.loses
    assert "it may be a step between them" in found.text


def test_strangers_are_a_count_with_their_names(audit: Audit) -> None:
    dossier = audit("rounded", "strangers")
    assert not pairs(dossier)
    rest = [fact for fact in dossier.facts if isinstance(fact, Unmatched)]
    assert sum(fact.count for fact in rest) == 2
    assert sorted(name for fact in rest for name in fact.names) == ["beta", "gamma"]
    assert dossier.component("model_parameters_final").license_open is True


def test_a_contradiction_of_the_weights_outlives_a_review(audit: Audit) -> None:
    """As reviewed, contradictions are worked out anew: those of the weights with them."""
    text = (
        '[[override]]\ncomponent = "training_code"\nstatus = "present"\nby = "A. Reader"\n'
        'on = "2026-01-01"\nreason = "It is elsewhere."\nevidence = ["https://example.org/x"]\n'
    )
    asked = config.parse(text.encode(), "openassay.toml", frameworks=(), formats=())
    reviewed, (item,) = overrides.apply(audit("rounded", "plain"), asked.overrides)
    assert item.applied
    assert {"undeclared-base", "from-scratch"} <= ids(reviewed)


# --- what a reader sees ---------------------------------------------------------------------------


def page_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main([str(one) for one in arguments]) == 0
    return capsys.readouterr().out


def test_the_page_shows_verdict_numbers_picture_and_consequences(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page_of("audit", str(made / "rounded"), "--lineage", str(made / "plain"),
                   "--format", "html", capsys=capsys)  # fmt: skip
    root = ET.fromstring(text.partition("\n")[2])
    (section,) = (one for one in root.iter("section") if one.get("id") == "lineage")
    said = " ".join("".join(section.itertext()).split())
    for part in (
        "common origin", "This release came after onyx", "trained from scratch",
        "does not show that one was copied", "quantised: B's values are rounded", "64 / 64",
        "No sign of 1 other model: beta",
    ):  # fmt: skip
        assert part in said, part
    (picture,) = (one for one in section.iter("svg") if one.get("role") == "img")
    assert "A is onyx, B is rounded" in (picture.get("aria-label") or "")
    assert not list(picture.iter("style"))  # the policy of the page lets no other in
    assert len(list(picture.iter("path"))) == MICRO.layers
    cited = {a.get("href") for a in section.iter("a") if a.get("class") == "cite"}
    assert cited <= {f"#{one.get('id')}" for one in root.iter("li")}
    assert cited


@pytest.mark.parametrize("name", ["html", "markdown", "svg", "json"])
def test_one_comparison_by_itself(
    name: str, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("lineage", str(made / "onyx"), str(made / "rounded"), "--format", name)
    text = page_of(*asked, capsys=capsys)
    assert page_of(*asked, capsys=capsys) == text
    assert "common origin" in text.lower()
    assert "onyx" in text
    if name == "html":
        ET.fromstring(text.partition("\n")[2])
        assert "Content-Security-Policy" in text
    if name == "markdown":
        assert "| T2: embedding columns in place | found | 64 / 64 |" in text


def test_one_against_many_as_a_page(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("lineage", str(made / "rounded"), "--against", str(made / "plain"))
    text = page_of(*asked, "--format", "html", capsys=capsys)
    assert "No sign of 1 other model: beta" in text
    assert page_of(*asked, "--format", "markdown", capsys=capsys).count("\n### ") == 1


def test_a_report_needs_no_numpy(audit: Audit, tmp_path: Path) -> None:
    """A stored dossier is shown on a machine with the base install alone."""
    import subprocess
    import sys

    audit("rounded", "plain")
    code = (
        "import sys; sys.modules['numpy'] = None; from openassay.cli import main;"
        f"sys.exit(main(['report', {str(tmp_path / 'dossier.json')!r}, '--format', 'html']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b'class="kin"' in done.stdout


# --- verify ---------------------------------------------------------------------------------------


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A release of its own, whose header a test may edit."""
    for name in ("onyx", "rounded"):
        (tmp_path / name).mkdir()
        for file in (made / name).iterdir():
            (tmp_path / name / file.name).write_bytes(file.read_bytes())
    return tmp_path


def edit(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    at = raw.index(b"layers")
    raw[at : at + 6] = b"LAYERS"
    file.write_bytes(bytes(raw))


def written(folder: Path, *arguments: str) -> Path:
    out = folder / "document.json"
    assert main([*arguments, "--format", "json", "-o", str(out)]) == 0
    return out


def test_a_lineage_is_verified_and_an_edited_header_found(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = written(copied, "lineage", str(copied / "onyx"), str(copied / "rounded"))
    assert main(["verify", str(document)]) == 0
    assert "2 pieces of evidence: 2 stands" in capsys.readouterr().out
    edit(copied / "rounded" / "model.safetensors")
    assert main(["verify", str(document)]) == 12
    assert "model.safetensors" in capsys.readouterr().out


def test_weights_are_verified_and_an_edited_header_found(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "onyx" / "config.json").write_text('{"num_hidden_layers": 9, "hidden_size": 64}')
    document = written(copied, "weights", str(copied / "onyx"), "--full")
    assert "sha256" in json.loads(document.read_text())["checkpoints"][0]["files"][0]
    assert main(["verify", str(document)]) == 0
    edit(copied / "onyx" / "model.safetensors")
    assert main(["verify", str(document)]) == 12
    assert "the bytes are not those that were cited" in capsys.readouterr().out


def test_an_audit_with_lineage_is_verified(made: Path, copied: Path) -> None:
    out = copied / "dossier.json"
    asked = ["--lineage", str(made / "plain"), "-o", str(out)]
    assert main(["read", str(copied / "rounded"), *asked]) == 0
    assert main(["verify", str(out)]) == 0
    edit(copied / "rounded" / "model.safetensors")
    assert main(["verify", str(out)]) == 12


def test_what_cannot_be_verified_says_what_to_do(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = [str(made / "plain" / f"{name}.sketch") for name in ("onyx", "beta")]
    document = written(tmp_path, "lineage", *stored)
    assert main(["verify", str(document)]) == 2
    assert "verify FILE TARGET" in capsys.readouterr().err
    assert main(["verify", str(document), str(made / "onyx"), str(made / "beta")]) == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "x.txt").write_text("x")
    main(["weights", str(empty), "--format", "json", "-o", str(document)])
    capsys.readouterr()
    assert main(["verify", str(document)]) == 3
    assert "cites nothing" in capsys.readouterr().err
    document.write_text('{"schema": "openassay-compare/1"}')
    assert main(["verify", str(document)]) == 3
    assert "Verify the dossiers or reports that were compared" in capsys.readouterr().err


# --- damaged sketches -----------------------------------------------------------------------------


def other_seed(raw: bytes) -> bytes:
    from dataclasses import replace

    return dump(replace(load(raw), seed="another"))


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut short": (lambda raw: raw[: len(raw) // 2], "no stored sketch"),
    "another schema": (lambda raw: raw.replace(SCHEMA.encode(), b"openassay-sketch/0", 1),
                       "its schema is"),
    "empty": (lambda _: b"", "no stored sketch"),
    "something else": (lambda raw: b"PK\x03\x04" + raw, "no stored sketch"),
    "a broken table": (lambda raw: raw.replace(b'"table": [[', b'"table": [7,'),
                       "no stored sketch"),
    "another draw": (other_seed, "rows of other places"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_sketch_is_told_before_anything_is_read(
    case: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A gate that went on without it would pass for the wrong reason."""
    from openassay.sources import Sources

    bend, text = DAMAGE[case]
    sound = (made / "plain" / "onyx.sketch").read_bytes()
    (tmp_path / "sound.sketch").write_bytes(sound)
    (tmp_path / "worn.sketch").write_bytes(bend(sound))

    def nothing_is_read(*_: Any, **__: Any) -> None:
        raise AssertionError("a target was opened")

    monkeypatch.setattr(Sources, "open_all", nothing_is_read)
    assert main(["audit", str(made / "rounded"), "--lineage", str(tmp_path)]) == 3
    err = capsys.readouterr().err
    assert "worn.sketch" in err
    assert text in err
    assert "openassay lineage TARGET --save" in err


def test_a_damaged_dossier_beside_a_sketch(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "onyx.sketch").write_bytes((made / "plain" / "onyx.sketch").read_bytes())
    (tmp_path / "onyx.dossier.json").write_text('{"schema": "openassay-dossier/1"}')
    assert main(["audit", str(made / "rounded"), "--lineage", str(tmp_path)]) == 3
    err = capsys.readouterr().err
    assert "onyx.dossier.json" in err
    assert "openassay read TARGET" in err
