"""The command, its document and its screen; and what enters a dossier."""

from __future__ import annotations

import json
import re
import struct
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from openassay.cli import main
from openassay.files import File
from openassay.read import read
from openassay.release import Release, Source
from openassay.reports import Look
from openassay.reports.weights import render_terminal
from openassay.sources import open_targets
from openassay.types import Stated
from openassay.weights.holes import FAR
from openassay.weights.report import Asked
from openassay.weights.report import build as build_report
from openassay.weights.samples import READS

Build = Any


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    path = files("openassay.reports") / "schema" / "openassay-weights-1.schema.json"
    loaded = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(loaded)
    return Draft202012Validator(loaded)


def release(build: Build, tmp_path: Path) -> Path:
    root = tmp_path / "model-7b"
    root.mkdir()
    spec = {
        "model.embed_tokens.weight": ("F32", (300, 64)),
        **{f"model.layers.{n}.w.weight": ("F32", (64, 64)) for n in range(3)},
    }
    (root / "model.bf16.safetensors").write_bytes(build.safetensors(spec))
    (root / "config.json").write_text(json.dumps({"hidden_size": 96}, indent=1), "utf-8")
    (root / "broken.safetensors").write_bytes(struct.pack("<Q", 9999) + b"{}")
    return root


@pytest.mark.parametrize("options", [[], ["--full", "--tensors"], ["--headers-only"]])
def test_the_document_keeps_its_contract(
    options: list[str], build: Build, tmp_path: Path, schema: Draft202012Validator, capfd: Any
) -> None:
    root = release(build, tmp_path)
    assert main(["weights", str(root), "--format", "json", *options]) == 0
    first = capfd.readouterr().out
    document = json.loads(first)
    schema.validate(document)
    assert main(["weights", str(root), "--format", "json", *options]) == 0
    assert capfd.readouterr().out == first, "same bytes in, same bytes out"
    by_path = {row["path"]: row for row in document["checkpoints"]}
    good = by_path["model.bf16.safetensors"]
    assert good["parameters"]["total"] == 300 * 64 + 3 * 64 * 64
    found = {finding["id"] for finding in good["findings"]}
    assert {"name_against_content", "config_hidden_size"} <= found
    assert by_path["broken.safetensors"]["status"] == "incomplete"


def test_the_screen(build: Build, tmp_path: Path, capfd: Any) -> None:
    assert main(["weights", str(release(build, tmp_path)), "-vv"]) == 0
    out = capfd.readouterr().out
    assert "whole, by its header" in out
    assert "31,488" in out
    assert "the name says BF16, 100 % of the parameters are F32" in out
    assert "model.layers.0.w.weight" in out, "-vv lists tensors"


def test_what_a_journal_knows_is_not_read_again(build: Build, tmp_path: Path, capfd: Any) -> None:
    root, kept = release(build, tmp_path), tmp_path / "journal.json"
    call = ["weights", str(root), "--full", "--format", "json", "--journal", str(kept)]
    assert main(call) == 0
    first = capfd.readouterr().out
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr("openassay.weights.full.read_file")
        assert main(call) == 0
    assert capfd.readouterr().out == first


def test_nothing_to_read(tmp_path: Path, capfd: Any) -> None:
    (tmp_path / "README.md").write_text("# none", "utf-8")
    assert main(["weights", str(tmp_path)]) == 3
    assert "No weights found" in capfd.readouterr().out
    assert main(["weights", str(tmp_path), "--journal", "x"]) == 2


@pytest.mark.parametrize("detail", [0, 2])
def test_people_read_chinese(build: Build, detail: int) -> None:
    """Names, formats and digests aside, nothing is left in English; parsers' own words would be."""
    files = {
        "model.safetensors": build.safetensors({"layers.0.weight": ("F32", (4, 4))}),
        "notes.bin": bytes(range(256)) * 40,
    }
    document = build_report(build.release(files), Asked(tensors=True))
    shown = render_terminal(document, Look(detail=detail, lang="zh"))
    assert "参数量" in shown
    bare = re.sub(
        r"[\w/.-]+\.(?:safetensors|bin|weight)\S*|numpy|pip install \S+|sha256 \w+", "", shown
    )
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", bare), bare


def test_text_of_a_release_cannot_reach_the_terminal(build: Build) -> None:
    data = build.safetensors({"a\x1b[2Jb": ("F32", (4, 4))})
    document = build_report(build.release({"model.safetensors": data}), Asked(tensors=True))
    assert "\x1b" not in render_terminal(document, Look(detail=2))


def far(count: int) -> tuple[Any, list[tuple[int, int]]]:
    """A sharded model of which only headers exist; every read is noted."""
    asked: list[tuple[int, int]] = []

    def shard(number: int) -> File:
        tensors: dict[str, Any] = {}
        at = 0
        for part in range(28):
            tensors[f"model.layers.{number}.part{part}.weight"] = {
                "dtype": "BF16", "shape": [8192, 10240], "data_offsets": [at, at + 167772160],
            }  # fmt: skip
            at += 167772160
        text = json.dumps(tensors).encode()
        head = struct.pack("<Q", len(text)) + text

        def reader(offset: int, length: int) -> bytes:
            asked.append((offset, length))
            return head[offset : offset + length].ljust(length, b"\1")

        name = f"model-{number + 1:05d}-of-{count:05d}.safetensors"
        return File("hf:a/b@1", name, len(head) + at, reader)

    source = Source("hf:a/b@1", "hf", "a/b", "1", "a/b")
    source.files = tuple(shard(number) for number in range(count))

    return Release([source]), asked


def test_a_hundred_gigabytes_far_away_take_few_reads() -> None:
    remote, asked = far(22)
    size = sum(file.size for file in remote.files)
    document = build_report(remote, Asked())
    assert size > 100e9
    assert document["checkpoints"][0]["status"] == "whole"
    assert document["read"]["requests"] == len(asked) <= 60
    assert document["read"]["bytes"] <= 0.0003 * size
    assert document["not_checked"], "values are not read from far away unless asked"
    remote, asked = far(22)
    build_report(remote, Asked(samples=True))
    assert len(asked) <= 22 + READS + FAR + 24, "headers, ranges, ends of tensors, citations"


def test_facts_enter_the_dossier(build: Build, tmp_path: Path) -> None:
    dossier = read(open_targets([str(release(build, tmp_path))]))
    stated = [fact for fact in dossier.facts if isinstance(fact, Stated)]
    values = {fact.value for fact in stated if fact.topic == "mismatch"}
    assert any("the name says BF16" in value for value in values)
    texts = {contradiction.text for contradiction in dossier.contradictions}
    assert values <= texts
