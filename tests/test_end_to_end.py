"""Whole releases through the command line: small real Git repositories, and inputs that are bad."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from openassay.cli import Exit, main

RELEASES = Path(__file__).parent / "releases"
README = (RELEASES / "open" / "README.md").read_text("utf-8")


def release(name: str) -> dict[str, str | bytes]:
    """The files of a folder beside this test; Python is kept there as ``.py.txt``."""
    folder = RELEASES / name
    found = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    return {path.replace(".py.txt", ".py"): content for path, content in sorted(found.items())}


def safetensors(header: dict[str, Any], length: int | None = None) -> bytes:
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw


def weights() -> bytes:
    tensor = {"dtype": "F32", "shape": [256, 256], "data_offsets": [0, 1 << 18]}
    return safetensors({"model.embed.weight": tensor}) + bytes(1 << 18)


# -- making and auditing -----------------------------------------------------------------------

Git = Callable[..., None]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": "A", f"GIT_{who}_EMAIL": "a@example.org"}
        env[f"GIT_{who}_DATE"] = "2024-01-02T03:04:05+0000"

    def run(folder: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, check=True)

    return run


@pytest.fixture
def commit(tmp_path: Path, git: Git) -> Callable[[str, dict[str, str | bytes]], Path]:
    """``commit("owner/name", files)``: a repository with one commit."""

    def make(name: str, content: dict[str, str | bytes]) -> Path:
        root = tmp_path / name
        fill(root, content)
        git(root, "init", "-q", "-b", "main")
        git(root, "remote", "add", "origin", f"https://github.com/{name}.git")
        git(root, "add", ".")
        git(root, "commit", "-q", "-m", "release")
        return root

    return make


Commit = Callable[[str, dict[str, str | bytes]], Path]


def fill(root: Path, content: dict[str, str | bytes]) -> Path:
    for path, data in content.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
    return root


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def audit(run: Run) -> Callable[[Path], dict[str, Any]]:
    """The JSON report, checked against its schema, and every quote against its file."""
    schema = files("openassay.reports") / "schema" / "openassay-1.schema.json"
    validator = Draft202012Validator(json.loads(schema.read_text("utf-8")))

    def call(root: Path) -> dict[str, Any]:
        code, out, err = run("audit", root, "--format", "json")
        assert code == Exit.FINE, err
        report: dict[str, Any] = json.loads(out)
        validator.validate(report)
        for evidence in every_evidence(report):
            assert_stands(root, evidence)
        return report

    return call


Audit = Callable[[Path], dict[str, Any]]


def every_evidence(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if {"path", "quote", "sha256"} <= value.keys():
            yield value
        for inner in value.values():
            yield from every_evidence(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from every_evidence(inner)


def assert_stands(root: Path, evidence: dict[str, Any]) -> None:
    """The path is there, and the quote begins on its line."""
    file = root / evidence["path"]
    assert file.exists(), evidence
    start = evidence.get("start")
    if file.is_file() and isinstance(start, int) and start > 0 and file.suffix != ".safetensors":
        lines = file.read_bytes().decode("utf-8").split("\n")
        assert start <= len(lines), evidence
        text = " ".join(" ".join(lines[start - 1 :]).split())
        assert (
            text.startswith(evidence["quote"].rstrip("…"))
            or evidence["quote"].rstrip("…") in (text[:2000])
        ), evidence


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {part["id"]: part["status"] for part in report["components"]}


def component(report: dict[str, Any], id: str) -> dict[str, Any]:
    (found,) = (part for part in report["components"] if part["id"] == id)
    assert isinstance(found, dict)
    return found


def verdict(report: dict[str, Any], framework: str) -> dict[str, Any]:
    (found,) = (one for one in report["verdicts"] if one["framework"] == framework)
    assert isinstance(found, dict)
    return found


# -- three releases ----------------------------------------------------------------------------

OPEN = release("open")


def test_an_open_release(commit: Commit, audit: Audit) -> None:
    report = audit(commit("acme/Foo-1B", OPEN))
    assert report["release"]["name"].lower().endswith("foo-1b")
    found = statuses(report)
    for id in ("model_architecture", "training_code", "inference_code", "evaluation_results"):
        assert found[id] == "present", id
    for id in ("model_parameters_final", "datasets", "research_paper"):
        assert found[id] == "linked", id
    assert found["supporting_libraries"] == "partial"
    for id in ("sample_outputs", "training_logs", "model_parameters_intermediate"):
        assert found[id] == "absent", id
    assert component(report, "training_code")["license"] == "MIT"
    assert component(report, "training_code")["license_open"] is True
    assert component(report, "datasets")["license"] is None  # nothing is inherited by a link
    assert verdict(report, "mof-1.0")["floor"] in ("none", "III", "II")
    assert report["gaps"] == []


def test_the_open_release_s_weights_stand_under_the_sentence_about_them(
    commit: Commit, audit: Audit
) -> None:
    weights = component(audit(commit("acme/Foo-1B", OPEN)), "model_parameters_final")
    assert weights["license"] == "MIT"
    assert weights["license_open"] is True


def test_a_full_claim_is_found_and_weighed(commit: Commit, audit: Audit) -> None:
    claims = audit(commit("acme/Foo-1B", OPEN))["claims"]
    (claim,) = (one for one in claims if one["path"] == "README.md" and one["start"] == 3)
    assert "fully open source" in claim["quote"]
    assert claim["holds"] is not False
    assert claim["because"]


RESTRICTED = release("community")


def test_open_weights_under_a_community_licence(commit: Commit, audit: Audit) -> None:
    report = audit(commit("barlab/Bar-13B", RESTRICTED))
    found = statuses(report)
    assert found["model_parameters_final"] == "linked"
    assert found["inference_code"] == "partial"  # a snippet
    assert found["training_code"] == "absent"  # it is said to come
    assert found["datasets"] == "absent"
    weights = component(report, "model_parameters_final")
    assert weights["license"] != "MIT"
    assert weights["license_open"] is not True
    claims = [one for one in report["claims"] if "开源大语言模型" in one["quote"]]
    assert claims
    assert {claim["holds"] for claim in claims} == {False}
    assert verdict(report, "mof-1.0")["floor"] == "none"
    assert verdict(report, "osaid-1.0")["floor"] != "met"


TUNED = {**release("tuned"), "model.safetensors": weights()}


def test_a_fine_tune_with_front_matter(commit: Commit, audit: Audit) -> None:
    report = audit(commit("tunelab/Zap-Chat", TUNED))
    found = statuses(report)
    assert found["model_parameters_final"] == "present"
    assert found["training_code"] == "present"  # of a fine-tune, its tuning code
    assert found["datasets"] == "linked"
    weights = component(report, "model_parameters_final")
    assert weights["license"] == "CC-BY-NC-4.0"
    assert weights["license_open"] is False
    (claim,) = (one for one in report["claims"] if "open source" in one["quote"])
    assert claim["holds"] is False
    assert "claim_against_license" in [one["id"] for one in report["contradictions"]]
    assert verdict(report, "mof-1.0")["floor"] == "none"


def test_the_base_of_a_fine_tune_is_not_its_own_weights(commit: Commit, audit: Audit) -> None:
    files = {
        path: content.decode().replace("Zap-Chat", "Foo-1B-Chat")
        for path, content in TUNED.items()
        if isinstance(content, bytes) and path.endswith((".md", ".py"))
    }
    report = audit(commit("tunelab/Foo-1B-Chat", {**files}))
    assert statuses(report)["base_model_parameters"] == "linked"
    assert statuses(report)["model_parameters_final"] == "absent"


def test_two_runs_are_byte_equal(commit: Commit, run: Run) -> None:
    root = commit("acme/Foo-1B", OPEN)
    first = run("audit", root, "--format", "json")
    assert run("audit", root, "--format", "json") == first


@pytest.mark.parametrize("form", ["audit", "read"])
def test_verify_finds_one_edited_line(
    commit: Commit, git: Git, run: Run, tmp_path: Path, form: str
) -> None:
    root = commit("acme/Foo-1B", OPEN)
    kept = tmp_path / "kept.json"
    options = ["--format", "json"] if form == "audit" else []
    assert run(form, root, *options, "-o", kept)[0] == Exit.FINE
    assert run("verify", kept, root)[0] == Exit.FINE
    readme = root / "README.md"
    readme.write_text(readme.read_text("utf-8").replace("| 31.2 |", "| 91.2 |"), "utf-8")
    git(root, "commit", "-q", "-a", "-m", "a better number")
    code, out, _ = run("verify", kept, root)
    assert code == Exit.EVIDENCE_GONE
    assert "README.md" in out


def test_only_what_is_committed_counts(commit: Commit, audit: Audit) -> None:
    root = commit("barlab/Bar-13B", RESTRICTED)
    fill(root, {path: OPEN[path] for path in ("train.py", "model.py")})
    report = audit(root)
    assert statuses(report)["training_code"] == "absent"
    assert "uncommitted_changes" in [gap["reason"] for gap in report["gaps"]]


# -- bad input ---------------------------------------------------------------------------------

GOOD = OPEN


def bad(run: Run, root: Path) -> dict[str, Any]:
    """The report of a release with something bad beside good files, which must all be found."""
    code, out, err = run("audit", root, "--format", "json")
    assert code == Exit.FINE, err
    assert "Traceback" not in err
    report: dict[str, Any] = json.loads(out)
    assert statuses(report)["model_parameters_final"] == "linked"
    assert component(report, "training_code")["license"] == "MIT"
    assert "crashed" not in [gap["reason"] for gap in report["gaps"]]
    return report


def reasons(report: dict[str, Any], path: str) -> list[str]:
    return [gap["reason"] for gap in report["gaps"] if gap["path"] == path]


def test_an_empty_folder_can_not_be_read(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    code, out, err = run("audit", empty, "--format", "json")
    assert (code, out) == (Exit.NOTHING_READ, "")
    assert "empty" in err
    assert len(err.strip().split("\n")) <= 3


@pytest.mark.parametrize("target", ["nothing-here", "nothing.zip", "x\0y"])
def test_a_target_that_is_not_there(run: Run, tmp_path: Path, target: str) -> None:
    code, out, err = run("audit", f"{tmp_path}/{target}")
    assert code in (Exit.NOTHING_READ, Exit.USAGE)
    assert out == ""
    assert err


def test_binary_junk_under_every_telling_name(run: Run, tmp_path: Path) -> None:
    junk = bytes(range(256)) * 40
    names = ("a.md", "b.json", "c.yaml", "d.py", "e.ipynb", "f.pdf", "g.bin", "h.gguf", "i.onnx",
             "j.pt", "k.npz", "l.jsonl", "m.sh", "COPYING", "n.csv", "Makefile", "pyproject.toml",
             "n.parquet", "o.safetensors", "config.json", "trainer_state.json", "CITATION.cff",
             "o.npy")  # fmt: skip
    bad(run, fill(tmp_path / "acme" / "Foo-1B", {**GOOD, **dict.fromkeys(names, junk)}))


def test_a_folder_of_nothing_but_junk_is_read_and_finds_nothing(run: Run, tmp_path: Path) -> None:
    root = fill(tmp_path / "junk", {"a.bin": bytes(range(256)), "b": b"\xff" * 999})
    code, out, _ = run("audit", root, "--format", "json")
    assert code == Exit.FINE
    assert "present" not in statuses(json.loads(out)).values()


def test_a_sparse_file_of_a_gigabyte(run: Run, tmp_path: Path) -> None:
    root = fill(tmp_path / "acme" / "Foo-1B", GOOD)
    for name in ("big.safetensors", "big.md", "big.py", "big.json", "big.gguf"):
        with (root / name).open("wb") as stream:
            stream.truncate(1 << 30)
    bad(run, root)


def test_names_that_are_no_utf8(run: Run, tmp_path: Path) -> None:
    root = fill(tmp_path / "acme" / "Foo-1B", GOOD)
    try:
        Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.md")).write_text("# x\n", "utf-8")
    except OSError:
        pytest.skip("this file system takes no such names")
    bad(run, root)


def test_links_in_a_circle_and_out_of_the_root(run: Run, tmp_path: Path) -> None:
    root = fill(tmp_path / "acme" / "Foo-1B", {**GOOD, "docs/a.md": "# a\n"})
    (tmp_path / "secret.md").write_text("# Secret\n\ntop secret words\n", "utf-8")
    (root / "loop").symlink_to("loop")
    (root / "docs" / "up").symlink_to("..")
    (root / "out.md").symlink_to("../../secret.md")
    report = bad(run, root)
    assert "top secret words" not in json.dumps(report)
    assert not any(path["path"].startswith("docs/up/") for path in every_evidence(report))


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_yaml_that_multiplies(run: Run, tmp_path: Path) -> None:
    card = f"---\nlicense: mit\n{BOMB}---\n{README}"
    files: dict[str, str | bytes] = {
        **GOOD,
        "README.md": card,
        "config/train.yaml": BOMB,
        "CITATION.cff": BOMB,
    }
    bad(run, fill(tmp_path / "acme" / "Foo-1B", files))


LIES = [0, 1 << 20, 1 << 40, (1 << 64) - 1]


def lying(length: int) -> bytes:
    header = {"w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4]}}
    return safetensors(header, length)


@pytest.mark.parametrize("length", LIES)
def test_a_safetensors_header_that_lies_is_no_weights(
    run: Run, tmp_path: Path, length: int
) -> None:
    root = fill(tmp_path / "acme" / "Foo-1B", {**GOOD, "model.safetensors": lying(length)})
    report = bad(run, root)
    assert component(report, "model_parameters_final")["status"] == "linked"
    assert "model.safetensors" not in component(report, "model_parameters_final")["evidence"]


@pytest.mark.parametrize("length", LIES)
def test_weights_that_cannot_be_read_are_not_absent_without_a_word(
    run: Run, tmp_path: Path, length: int
) -> None:
    files: dict[str, str | bytes] = {
        "README.md": "# Foo-1B\n\nA model.\n",
        "model.safetensors": lying(length),
    }
    root = fill(tmp_path / "acme" / "Foo-1B", files)
    report = json.loads(run("audit", root, "--format", "json")[1])
    part = component(report, "model_parameters_final")
    assert part["status"] == "unknown"
    assert reasons(report, "model.safetensors")


@pytest.mark.slow
def test_a_card_of_fifty_megabytes(run: Run, tmp_path: Path) -> None:
    card = README + "More words about Foo-1B and [a link](https://a.org/x). \n" * 900_000
    root = fill(tmp_path / "acme" / "Foo-1B", {**GOOD, "README.md": card})
    assert reasons(bad(run, root), "README.md") == ["too_long"]


def test_a_file_one_may_not_read(run: Run, tmp_path: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may read everything")
    root = fill(tmp_path / "acme" / "Foo-1B", {**GOOD, "MODEL_CARD.md": "# Card\n"})
    (root / "MODEL_CARD.md").chmod(0)
    assert reasons(bad(run, root), "MODEL_CARD.md") == ["permission_denied"]


def test_a_file_that_git_has_lost(commit: Commit, run: Run) -> None:
    root = commit("acme/Foo-1B", {**GOOD, "MODEL_CARD.md": "# Model card\n\nlost words\n"})
    oid = subprocess.run(
        ["git", "rev-parse", "HEAD:MODEL_CARD.md"], cwd=root, capture_output=True, check=True
    ).stdout.decode().strip()  # fmt: skip
    (root / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    report = bad(run, root)
    assert "missing_blob" in reasons(report, "MODEL_CARD.md")
    assert statuses(report)["model_card"] in ("present", "partial", "unknown")


def test_a_file_whose_git_object_is_broken(commit: Commit, run: Run) -> None:
    root = commit("acme/Foo-1B", {**GOOD, "MODEL_CARD.md": "# Model card\n\nbroken words\n"})
    oid = subprocess.run(
        ["git", "rev-parse", "HEAD:MODEL_CARD.md"], cwd=root, capture_output=True, check=True
    ).stdout.decode().strip()  # fmt: skip
    file = root / ".git" / "objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.write_bytes(b"not zlib at all")
    assert reasons(bad(run, root), "MODEL_CARD.md")


def test_a_commit_that_git_has_lost_ends_with_a_clear_error(commit: Commit, run: Run) -> None:
    root = commit("acme/Foo-1B", GOOD)
    (root / ".git" / "refs" / "heads" / "main").write_text("0" * 39 + "1\n", "ascii")
    code, out, err = run("audit", root)
    assert (code, out) == (Exit.NOTHING_READ, "")
    assert "Traceback" not in err
    assert "git" in err.lower()


def test_json_nested_without_end(run: Run, tmp_path: Path) -> None:
    deep = "[" * 100_000
    names = ("config.json", "trainer_state.json", "a.ipynb", "data/train.json", "x.jsonl")
    bad(run, fill(tmp_path / "acme" / "Foo-1B", {**GOOD, **dict.fromkeys(names, deep)}))


def test_python_nested_without_end(run: Run, tmp_path: Path) -> None:
    deep = {"deep.py": "x = " + "(" * 5_000, "long.py": "x = 1" + " + 1" * 50_000 + "\n"}
    bad(run, fill(tmp_path / "acme" / "Foo-1B", {**GOOD, **deep}))
