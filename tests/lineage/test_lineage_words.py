"""What a terminal says of a comparison, in English and in Chinese."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks import lineage_models as lm

from openassay.cli import main
from openassay.columns import width
from openassay.kinship import Means
from openassay.lineage.consequences import Consequence
from openassay.lineage.result import (
    Comparison,
    Kind,
    Match,
    Order,
    Outcome,
    Relation,
    Side,
    Verdict,
)
from openassay.lineage.words import render, render_many
from openassay.reports import Look

MICRO = lm.Sizes(width=64, layers=3, heads=2, hidden=96, vocabulary=256)
AGREED = (
    "two views agree on 10 of 64 columns (16%); pairs that cannot belong together reach 3.1%; "
    "which alone is no sign: put in that order, rows of layers are not in place"
)
NO_GAINS = (
    "no norm gains of X are shown to be of hidden units: where an index means something, "
    "agreement proves nothing"
)
FOUND = Comparison(
    a=Side("X", "m.gguf", "s", "GGUF", 5000, 4096, 3, whole=False),
    b=Side("Y", "m.npz", "t", "npz", 5000, 5000, 3, whole=True),
    verdict=Verdict.PART,
    because=("1 of 3 tensors have the same bytes",),
    parts=("embeddings", "2 of 4 sampled layers of h", "norm gains"),
    outcomes=(
        Outcome("T0", "equal tensors", True, True, "1 of 3 tensors have the same bytes"),
        Outcome("T1", "order of norm gains", False, sentence=NO_GAINS),
        Outcome("T2'", "embedding columns, matched freely", True, False, AGREED),
        Outcome("T3", "rows of layers in place", True, True,
                "2 of 4 sampled matrices of B have rows in the places of one of A's; best 32 of 32",
                -24.5, 2, 4, 9),
    ),
    matches=(Match("a.0.w", "b.0.w", ("a", 0, -1), ("b", 0, -1), "v", 32, 32, -24.5),),
    relations=(Relation(Kind.LAYERS_MOVED, "layers stand elsewhere: 1 from 2"),),
    order=Order.B_LATER,
    order_because=("dates given, not proved by the weights: A 2024-01-01, B 2025-01-01",),
    notes=("A was sampled: 4,096 of 5,000 bytes", "B: 1 of 2 shards are missing"),
)  # fmt: skip
FOLLOWS = (
    Consequence(
        Means.QUESTION, "undeclared-base",
        "The weights have an origin in common with X; the release names no base.", (),
    ),
)  # fmt: skip
CANNOT = replace(
    FOUND,
    verdict=Verdict.CANNOT,
    because=(f"T2' is unclear: {AGREED}", f"T1 could not be run: {NO_GAINS}",
             "T3 is unclear (p about 1e-5): no rows of layers could be sampled; read more rows",
             "nothing was found by T0, T3", "T4 was not run: embeddings and layers differ in width",
             "none of the tests could be run"),
)  # fmt: skip
ENGLISH = """\
A  X: m.gguf, GGUF, 3 tensors, 5,000 bytes, 4,096 bytes read
B  Y: m.npz, npz, 3 tensors, 5,000 bytes, read whole

COMMON ORIGIN, PART ONLY: parts share trained or initial weights; the rest is silent or not compared
Parts: embeddings; 2 of 4 sampled layers of h; norm gains

✔ T0  equal tensors: 1 of 3 tensors have the same bytes
  T1  order of norm gains: not run: no norm gains of X are shown to be of
      hidden units: where an index means something, agreement proves nothing
· T2' embedding columns, matched freely: two views agree on 10 of 64 columns
      (16%); pairs that cannot belong together reach 3.1%; which alone is no
      sign: put in that order, rows of layers are not in place
✔ T3  rows of layers in place: 2 of 4 sampled matrices of B have rows in the
      places of one of A's; best 32 of 32; p < 1e-24 over 9 comparisons

What kind of relation
  layers in another order: layers stand elsewhere: 1 from 2

Direction: B came after A
  dates given, not proved by the weights: A 2024-01-01, B 2025-01-01

What follows for the release
  The weights have an origin in common with X; the release names no base.

Rows in place (B from A)
  b.0.w from a.0.w: 32/32, p < 1e-24

note: A was sampled: 4,096 of 5,000 bytes
note: B: 1 of 2 shards are missing
"""
MANY = """\
common origin, part only     X (embeddings; 2 of 4 sampled layers of h; norm gains)
                             strongest T3: p < 1e-24

layers stand elsewhere: 1 from 2

What follows for the release
  The weights have an origin in common with X; the release names no base.
"""


def test_english_is_to_the_letter() -> None:
    assert render(FOUND, FOLLOWS, Look(width=78, detail=1)) == ENGLISH
    mixed = FOUND.relations[0].text
    assert render_many([FOUND], mixed, Look(width=78), FOLLOWS) == MANY


@pytest.mark.parametrize("columns", [60, 100])
@pytest.mark.parametrize("found", [FOUND, CANNOT, replace(FOUND, verdict=Verdict.STRONG)])
def test_people_read_chinese(found: Comparison, columns: int) -> None:
    """Nothing is left in English but names and formats; wrapped lines keep the width."""
    look = Look(width=columns, detail=1, lang="zh")
    one = render(found, FOLLOWS, look)
    many = render_many([found, CANNOT], "layers stand elsewhere: 1 from 2", look, FOLLOWS)
    bare = re.sub(r"m\.\w+|GGUF|npz|\btoken\b", "", one + many)
    assert not re.search(r"[A-Za-z]{3,}", bare), bare
    assert all(width(line) <= columns for line in one.splitlines()[5:])


def test_each_word_in_its_place() -> None:
    lines = render(FOUND, FOLLOWS, Look(detail=1, lang="zh")).splitlines()
    assert lines[0] == "A  X：m.gguf，GGUF，3 个张量，5,000 字节，已读取 4,096 字节"
    assert lines[3].startswith("部分同源：")
    assert lines[4] == "涉及部分：词嵌入；h 的 4 个抽样层中的 2 个；归一化增益"
    assert "  层序不同：层的位置不同：1 来自 2" in lines
    assert "先后：B 晚于 A" in lines
    assert "  b.0.w 来自 a.0.w：32/32，p < 1e-24" in lines
    assert "注：B：2 个分片中缺少 1 个" in lines


def test_text_of_a_release_cannot_reach_the_terminal() -> None:
    odd = "\x1b[2J\u202e"
    side = replace(FOUND.a, name=odd, label=odd)
    parts = (f"2 of 4 sampled layers of {odd}",)
    found = replace(FOUND, a=side, parts=parts, notes=(odd,), because=(odd,))
    for lang in ("en", "zh"):
        look = Look(detail=1, lang=lang)
        for shown in (render(found, (), look), render_many([found], odd, look)):
            assert "\x1b" not in shown
            assert "\u202e" not in shown


def test_the_command_speaks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terminal does, JSON and the picture are the same bytes."""
    monkeypatch.chdir(tmp_path)
    for name, seed in {"one": 5, "two": 6}.items():
        Path(name).mkdir()
        raw = lm.safetensors(lm.trained(seed, MICRO))
        Path(name, "model.safetensors").write_bytes(raw)

    def shown(*args: str) -> str:
        assert main(["lineage", "one", "two", *args]) == 0
        return capsys.readouterr().out

    assert shown() == shown("--lang", "en")
    told = shown("--lang", "zh", "-v")
    bare = re.sub(r"\bone\b|\btwo\b|model\.safetensors|safetensors|token", "", told)
    assert not re.search(r"[A-Za-z]{3,}", bare), bare
    for name in ("json", "svg"):
        assert shown("--format", name) == shown("--format", name, "--lang", "zh")
