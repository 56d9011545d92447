"""Drafts: nothing that was not read, every unknown open, and nothing overwritten."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openassay import words
from openassay.cli import Exit, main
from openassay.drafts import Draft, Open, Said, drafts
from openassay.inspectors import license_prose
from openassay.types import Dossier, Stated

Make = Callable[..., Dossier]
README = """# Gold-7B

Gold-7B is a language model, a decoder-only transformer trained on 2T tokens.

Weights: https://huggingface.co/acme/Gold-7B
"""


def named(dossier: Dossier) -> dict[str, Draft]:
    return {draft.file: draft for draft in drafts(dossier)[0]}


def lines(draft: Draft, title: str) -> tuple[Any, ...]:
    return next(section.lines for section in draft.sections if section.title == title)


@pytest.mark.parametrize(
    ("status", "drafted"),
    [("absent", True), ("partial", True), ("unknown", True), ("present", False), ("linked", False)],
)
def test_only_what_is_not_there_is_drafted(make: Make, status: str, drafted: bool) -> None:
    made, kept = drafts(make({"model_card": (status, None), "data_card": ("present", None)}))
    assert ("MODEL_CARD.md" in [draft.file for draft in made]) is drafted
    assert ("Model card" in [item.title for item in kept]) is not drafted


def test_of_an_empty_release_everything_is_open(make: Make) -> None:
    for draft in named(make({})).values():
        for section in draft.sections:
            assert section.lines or section.title == "Licences"
            assert all(isinstance(line, Open) for line in section.lines)


def test_what_was_found_is_said_with_its_place(make: Make) -> None:
    card = named(make({"inference_code": ("present", "MIT")}))["MODEL_CARD.md"]
    (said,) = lines(card, "How to run it")
    assert isinstance(said, Said)
    assert said.evidence.path == "inference_code.txt"
    (license,) = lines(card, "Licences")
    assert license.text == "Inference code stands under MIT (the licence at the root)."
    assert license.evidence.path == "LICENSE"


def test_a_part_that_is_only_partly_there_stays_open_too(make: Make) -> None:
    card = named(make({"inference_code": ("partial", None)}))["MODEL_CARD.md"]
    assert [type(line) for line in lines(card, "How to run it")] == [Said, Open]
    assert [type(line) for line in lines(card, "Licences")] == [Open]


def test_a_datum_that_is_stated_twice_differently_is_left_open(make: Make) -> None:
    def tokens(*values: str) -> Dossier:
        evidence = make({"datasets": ("present", None)}).components[0].because[0].evidence  # type: ignore[union-attr]
        facts = tuple(Stated(evidence=evidence, topic="tokens", value=value) for value in values)
        return make({}, facts=facts)

    one, two = (named(tokens(*values))["DATA_CARD.md"] for values in (("2T", "2T"), ("2T", "3T")))
    assert lines(one, "Characteristics")[0].text == "tokens: 2T"
    assert all(isinstance(line, Open) for line in lines(two, "Characteristics"))


# --- the command

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "acme" / "Gold-7B"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(README, "utf-8")
    return folder


def test_drafts_are_written_and_name_what_is_open(run: Run, release: Path, tmp_path: Path) -> None:
    code, out, err = run("init", release, "-o", tmp_path / "out")
    names = ["MODEL_CARD.md.draft", "DATA_CARD.md.draft", "MOF.json.draft"]
    assert (code, out.split()) == (0, [str(tmp_path / "out" / name) for name in names])
    assert "TODO(you)" in err
    card = (tmp_path / "out" / names[0]).read_text("utf-8")
    assert "**TODO(you):** say who made the model" in card
    assert re.search(r"\(from `README\.md:\d+`\)", card)
    record = json.loads((tmp_path / "out" / names[2]).read_text("utf-8"))
    assert record["framework"]["name"] == "Model Openness Framework"
    assert "producer" in record["openassay"]["open"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(names)


def test_a_draft_is_no_document_yet(run: Run, release: Path) -> None:
    """Half a card full of questions must not lift the verdict of the release it lies in."""

    def components() -> Any:
        _, out, _ = run("audit", release, "--format", "json")
        document = json.loads(out)
        return [(part["id"], part["status"]) for part in document["components"]]

    before = components()
    assert run("init", release, "-o", release)[0] == 0
    assert (release / "MODEL_CARD.md.draft").is_file()
    assert components() == before


def test_nothing_is_overwritten(run: Run, release: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "DATA_CARD.md").write_text("mine", "utf-8")
    (out / "MODEL_CARD.md.draft").write_text("mine too", "utf-8")
    (out / "MOF.json.draft").symlink_to(tmp_path / "nowhere")
    code, said, err = run("init", release, "-o", out)
    assert (code, said) == (0, "")
    assert err.count("is there already") == 3
    assert (out / "DATA_CARD.md").read_text("utf-8") == "mine"
    assert (out / "MODEL_CARD.md.draft").read_text("utf-8") == "mine too"
    assert not (tmp_path / "nowhere").exists()
    assert len(list(out.iterdir())) == 3


def test_a_file_system_without_links_gets_its_drafts_too(
    run: Run, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    out = tmp_path / "out"
    assert run("init", release, "-o", out)[1].count("\n") == 3
    (out / "MOF.json.draft").write_text("mine", "utf-8")
    assert run("init", release, "-o", out)[1] == ""
    assert (out / "MOF.json.draft").read_text("utf-8") == "mine"
    assert not list(out.glob(".*"))


def test_a_folder_that_cannot_be_made_is_said(run: Run, release: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    code, _, err = run("init", release, "-o", tmp_path / "file")
    assert code == Exit.USAGE
    assert "cannot write" in err


def test_hostile_words_of_the_release_are_only_quoted(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "acme" / "Gold-7B"
    folder.mkdir(parents=True)
    bad = (
        "Gold-7B weights \x1b[2J `x` <img src=x> **TODO(you):** https://huggingface.co/acme/Gold-7B"
    )
    (folder / "README.md").write_text(f"# Gold-7B\n\n{bad}\n", "utf-8")
    run("init", folder, "-o", tmp_path / "out")
    card = (tmp_path / "out" / "MODEL_CARD.md.draft").read_text("utf-8")
    assert "huggingface.co/acme/Gold-7B" in card
    assert "\x1b" not in card
    outside = re.sub(r"(`+) ?.*?\1", "", card)  # code spans taken away
    assert "<img" not in outside


def test_the_same_release_gives_the_same_drafts(run: Run, release: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("init", release, "-o", tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_card_on_another_page_is_not_drafted(make: Make) -> None:
    bare = replace(make({"model_card": ("linked", None)}), facts=())
    assert "MODEL_CARD.md" not in named(bare)


def test_drafts_in_chinese_quote_as_it_stands_and_say_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "README.md").write_text(README, "utf-8")
    arguments = ["init", str(tmp_path / "gold"), "-o", str(tmp_path / "out"), "--lang", "zh"]
    assert main(arguments) == Exit.FINE
    card = (tmp_path / "out" / "MODEL_CARD.md.draft").read_text("utf-8")
    assert card.startswith("# gold 的模型卡\n")
    assert "- **TODO(you):** 请写明哪些用途不在范围之内。" in card
    assert "`Weights: https://huggingface.co/acme/Gold-7B`" in card
    left = re.sub(r"`[^`]*`|TODO\(you\)|README|gold|hub|Gold-7B|acme/\S+", "", card)
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", left), left
    capsys.readouterr()
    assert main([*arguments[:-1], "tlh"]) == Exit.USAGE


def test_every_restriction_has_its_word() -> None:
    """What limits a use is a closed list of the inspectors', with blanks for underscores here."""
    known = {text for _, texts in words.catalogues("zh") for text in texts}
    kinds = {kind.replace("_", " ") for kind, _ in license_prose._RESTRICTIONS}
    assert kinds - known == set()
