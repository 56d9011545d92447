"""Evidence is compared with its sources opened again: what stands, moved, changed or went."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openassay.files import File
from openassay.release import Release, Source
from openassay.reports import Look
from openassay.reports.verification import OUTCOMES, Fallen, render
from openassay.sources import open_target
from openassay.types import Digest, Evidence, Span, Unit
from openassay.verify import Check, Outcome, verify

README = "# Model\n\nThe weights are   open source\nand free for research use.\n\nLicense: MIT\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "release"
    (root / "data").mkdir(parents=True)
    (root / "README.md").write_text(README, encoding="utf-8")
    (root / "config.json").write_text('{"torch_dtype": "bfloat16"}', encoding="utf-8")
    (root / "weights.bin").write_bytes(b"HEAD" + bytes(1000))
    for number in range(3):
        (root / "data" / f"{number}.jsonl").write_text("{}\n", encoding="utf-8")
    return root


def at(source: Source, path: str) -> File:
    return next(file for file in source.files if file.path == path)


def again(folder: Path, evidence: Evidence) -> Check:
    """One piece of evidence, checked against the folder as it is now."""
    (check,) = verify([evidence], [open_target(str(folder))]).checks
    return check


def cite(folder: Path, how: Callable[[Source], Evidence]) -> Evidence:
    return how(open_target(str(folder)))


CITATIONS: dict[str, Callable[[Source], Evidence]] = {
    "line": lambda source: at(source, "README.md").cite_lines(6),
    "lines": lambda source: at(source, "README.md").cite_lines(3, 4),
    "part of lines": lambda source: at(source, "README.md").cite_lines(
        3, 4, "open source and free for"
    ),
    "pointer": lambda source: at(source, "config.json").cite_pointer("/torch_dtype", "bfloat16"),
    "bytes": lambda source: at(source, "weights.bin").cite_bytes(0, 4, "HEAD"),
    "whole": lambda source: at(source, "weights.bin").cite_whole("1,004 bytes"),
    "listing": lambda source: Release([source]).cite_listing(
        source.id, "data", [file for file in source.files if file.folder == "data"], "3 files"
    ),
}


@pytest.mark.parametrize("name", CITATIONS)
def test_what_was_not_touched_stands(folder: Path, name: str) -> None:
    check = again(folder, cite(folder, CITATIONS[name]))
    assert (check.outcome, check.same_bytes, check.detail) == (Outcome.STANDS, True, "")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("line", "README.md"),
        ("lines", "README.md"),
        ("part of lines", "README.md"),
        ("pointer", "config.json"),
        ("bytes", "weights.bin"),
        ("whole", "weights.bin"),
    ],
)
def test_edited_and_removed_files_are_found(folder: Path, name: str, path: str) -> None:
    evidence = cite(folder, CITATIONS[name])
    content = (folder / path).read_bytes()
    for old, new in ((b"open", b"closed"), (b"MIT", b"NC"), (b"bfl", b"fl"), (b"HEAD", b"TAIL")):
        content = content.replace(old, new)
    (folder / path).write_bytes(content)
    check = again(folder, evidence)
    assert (check.outcome, check.same_bytes) == (Outcome.CHANGED, False)
    assert check.detail
    (folder / path).unlink()
    assert again(folder, evidence).outcome is Outcome.MISSING


def test_one_edited_line_is_found_among_many(folder: Path) -> None:
    source = open_target(str(folder))
    readme = at(source, "README.md")
    evidence = [readme.cite_lines(number) for number in (1, 3, 4, 6)]
    evidence.append(at(source, "config.json").cite_whole("settings"))
    (folder / "README.md").write_text(README.replace("research", "any"), encoding="utf-8")
    report = verify(evidence, [open_target(str(folder))])
    outcomes = [check.outcome for check in report.checks]
    stands = Outcome.STANDS
    assert outcomes == [stands, stands, Outcome.CHANGED, stands, stands]
    assert report.checks[2].detail == "line 4 reads: and free for any use."
    assert report.counts()[Outcome.CHANGED] == 1
    assert not report.all_stand
    assert report.edited == ((source.id, "README.md"),)


def test_a_quote_that_moved_is_found_where_it_is(folder: Path) -> None:
    evidence = cite(folder, CITATIONS["lines"])
    (folder / "README.md").write_text("# New\n\n" + README, encoding="utf-8")
    check = again(folder, evidence)
    assert (check.outcome, check.line, check.same_bytes) == (Outcome.MOVED, 5, False)


def test_of_two_places_the_nearer_is_named(folder: Path) -> None:
    lines = ["x"] * 50
    lines[9] = "License: MIT"
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")
    evidence = cite(folder, lambda source: at(source, "README.md").cite_lines(10))
    lines[9], lines[0], lines[11] = "y", "License: MIT", "License: MIT"
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")
    assert again(folder, evidence).line == 12


def test_white_space_does_not_count_for_a_quote(folder: Path) -> None:
    evidence = cite(folder, CITATIONS["lines"])
    text = README.replace("The weights are   open", "  The weights\tare open")
    (folder / "README.md").write_text(text.replace("\n", "\r\n"), encoding="utf-8")
    check = again(folder, evidence)
    assert (check.outcome, check.same_bytes) == (Outcome.STANDS, False)


def test_a_cut_quote_stands_as_far_as_it_goes(folder: Path) -> None:
    long = " ".join(f"word{number}" for number in range(200))
    (folder / "README.md").write_text(f"{long}\nnext\n", encoding="utf-8")
    evidence = cite(folder, lambda source: at(source, "README.md").cite_lines(1))
    assert evidence.quote.endswith("…")
    assert again(folder, evidence).outcome is Outcome.STANDS
    (folder / "README.md").write_text(f"{long} other end\nnext\n", encoding="utf-8")
    check = again(folder, evidence)
    assert (check.outcome, check.same_bytes) == (Outcome.STANDS, False)
    (folder / "README.md").write_text(f"{long[:100]}other {long[100:]}\n", encoding="utf-8")
    assert again(folder, evidence).outcome is not Outcome.STANDS


def test_listings_are_compared_by_name(folder: Path) -> None:
    evidence = cite(folder, CITATIONS["listing"])
    (folder / "README.md").write_text("edited", encoding="utf-8")
    assert again(folder, evidence).outcome is Outcome.STANDS  # another pin, the same names
    (folder / "data" / "0.jsonl").unlink()
    assert again(folder, evidence).outcome is Outcome.CHANGED


def test_a_listing_of_some_names_that_are_no_longer_told_is_not_judged(folder: Path) -> None:
    source = open_target(str(folder))
    some = [file for file in source.files if file.path in ("data/1.jsonl", "README.md")]
    evidence = Release([source]).cite_listing(source.id, "", some, "two files")
    assert again(folder, evidence).outcome is Outcome.STANDS  # the very same pin
    (folder / "README.md").write_text("edited", encoding="utf-8")
    assert again(folder, evidence).outcome is Outcome.NOT_CHECKABLE


def test_evidence_of_other_sources_is_not_judged(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.md").write_text(README, encoding="utf-8")
    evidence = [
        cite(folder, CITATIONS["line"]),
        Evidence("hf:org/name@1", "README.md", Span(Unit.LINE, 1, 1), "x", Digest("sha256", "0")),
    ]
    report = verify(evidence, [open_target(str(folder)), open_target(str(other))])
    assert [check.outcome for check in report.checks] == [Outcome.STANDS, Outcome.NOT_CHECKABLE]
    assert report.replaced == ()


def test_a_source_with_another_pin_stands_in_and_is_named(folder: Path, tmp_path: Path) -> None:
    evidence = cite(folder, CITATIONS["line"])
    (folder / "new.txt").write_text("x", encoding="utf-8")
    edited = open_target(str(folder))
    report = verify([evidence], [edited])
    assert report.replaced == ((evidence.source, edited.id),)
    assert report.all_stand
    folder.rename(tmp_path / "renamed")
    report = verify([evidence], [open_target(str(tmp_path / "renamed"))])
    assert report.all_stand  # one cited, one opened: no other can be meant
    assert report.replaced[0][1].startswith("dir:renamed@")


def test_commits_are_compared_with_later_ones(folder: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{
            f"GIT_{who}_{what}": "a@b"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, env=env, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    evidence = cite(folder, CITATIONS["lines"])
    assert evidence.source.startswith("git:release@")
    (folder / "README.md").write_text(README.replace("research", "any"), encoding="utf-8")
    assert again(folder, evidence).outcome is Outcome.STANDS  # not committed yet
    git("commit", "-q", "-a", "-m", "two")
    assert again(folder, evidence).outcome is Outcome.CHANGED
    first = open_target(f"{folder}@HEAD~1")
    assert verify([evidence], [first]).all_stand


def test_what_can_no_longer_be_read_is_told_apart(folder: Path) -> None:
    evidence = cite(folder, CITATIONS["line"])
    source = open_target(str(folder))
    (folder / "README.md").unlink()
    (check,) = verify([evidence], [source]).checks
    assert (check.outcome, check.same_bytes) == (Outcome.UNREADABLE, None)


def test_a_digest_of_an_unknown_kind_is_not_judged(folder: Path) -> None:
    source = open_target(str(folder))
    evidence = Evidence(source.id, "README.md", Span(Unit.WHOLE), "", Digest("sha3", "0"))
    (check,) = verify([evidence], [source]).checks
    assert check.outcome is Outcome.NOT_CHECKABLE


def test_a_line_beyond_the_end_is_changed_not_an_error(folder: Path) -> None:
    source = open_target(str(folder))
    for line in (0, 99):
        evidence = Evidence(
            source.id, "README.md", Span(Unit.LINE, line, line), "nothing", Digest("sha256", "0")
        )
        (check,) = verify([evidence], [source]).checks
        assert check.outcome is Outcome.CHANGED


LINES = st.lists(st.text(alphabet="ab …\t.", max_size=12), min_size=1, max_size=12)


@settings(max_examples=200)
@given(LINES, st.data())
def test_every_citation_of_any_text_stands(lines: list[str], data: st.DataObject) -> None:
    content = "\n".join(lines).encode()

    def read(offset: int, length: int) -> bytes:
        return content[offset : offset + length]

    file = File("dir:x@1", "f.txt", len(content), read)
    source = Source("dir:x@1", "dir", "x", "1", "x", (file,))
    start = data.draw(st.integers(1, len(lines)))
    end = data.draw(st.integers(start, len(lines)))
    evidence = file.cite_lines(start, end)
    (check,) = verify([evidence], [source]).checks
    blank_start = evidence.quote == "" or not lines[start - 1].strip()
    assert check.outcome is Outcome.STANDS or blank_start


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_word_in_every_language(outcome: Outcome) -> None:
    assert str(outcome) in OUTCOMES


def test_people_read_chinese() -> None:
    place = Evidence("dir:a@1", "a.py", Span(Unit.LINE, 3, 3), "x = 1", Digest("sha256", "0"))
    fallen = [Fallen(place, "missing", "there is no such file now")]
    pins = [("dir:a@1", "dir:a@2")]
    shown = render(fallen, {"stands": 2, "missing": 1}, ["b.py"], pins, Look(lang="zh"))
    assert "✘ 缺失：a.py:3" in shown
    assert "现在没有这个文件" in shown
    assert "3 条证据：2 条仍成立、1 条缺失" in shown
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", shown)
