"""Reading: what an inspector yields, what it raises, and that the same bytes give the same file."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from openassay import dossier as codec
from openassay import read as reading
from openassay.errors import ReadError
from openassay.files import MAX_TEXT, File, FileKind
from openassay.formats.bounded import Fault, FormatError
from openassay.read import SCHEMA, inspectors, read
from openassay.release import Release, Source
from openassay.types import Dossier, Extent, Fact, Found, Gap, Status
from openassay.vocabulary import by_id

SOURCE = "dir:m@0"
Item = Fact | Gap
Inspect = Callable[[File, Release], Iterable[Item]]


def make(path: str, content: str | bytes = "text\n") -> File:
    raw = content.encode() if isinstance(content, str) else content
    return File(SOURCE, path, len(raw), lambda at, length: raw[at : at + length])


def source(*files: File, gaps: tuple[Gap, ...] = (), id: str = SOURCE) -> Source:
    return Source(id, "dir", "/m", "0", "acme/m", files, gaps)


def found(file: File, component: str = "training_code", detail: str = "") -> Found:
    return Found(evidence=(file.cite_lines(1),), component=component, detail=detail)


def inspector(
    name: str,
    inspect: Inspect | None = None,
    survey: Callable[[Release], Iterable[Item]] | None = None,
    components: tuple[str, ...] = ("training_code",),
    wants: Callable[[File, Release], bool] = lambda *_: True,
) -> ModuleType:
    """A stand-in for a module of the folder of inspectors, with only what it offers."""
    offered: dict[str, object] = {"NAME": name, "COMPONENTS": components}
    if inspect is not None:
        offered |= {"inspect": inspect, "wants": wants}
    if survey is not None:
        offered["survey"] = survey
    return cast(ModuleType, SimpleNamespace(**offered))


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``only(a, b)``: these are all the inspectors there are."""

    def install(*modules: ModuleType) -> None:
        monkeypatch.setattr(reading, "inspectors", lambda: modules)

    return install


Only = Callable[..., None]


def of(dossier: Dossier, by: str) -> list[Gap]:
    return [gap for gap in dossier.gaps if gap.by == by]


# -- the inspectors there are ------------------------------------------------------------------


def test_every_inspector_offers_what_read_asks_for() -> None:
    assert len(inspectors()) > 10
    names = [module.NAME for module in inspectors()]
    assert len(names) == len(set(names))
    for module in inspectors():
        assert hasattr(module, "inspect") or hasattr(module, "survey"), module.NAME
        assert hasattr(module, "inspect") == hasattr(module, "wants"), module.NAME
        assert set(module.COMPONENTS) <= set(by_id()), module.NAME


def test_a_fact_is_stamped_with_the_inspector_that_made_it(only: Only) -> None:
    only(inspector("first", lambda file, _: [found(file)]))
    dossier = read([source(make("a.py"))])
    assert [fact.inspector for fact in dossier.facts] == ["first"]
    assert dossier.schema == SCHEMA
    assert dossier.component("training_code").status is Status.PRESENT


def test_an_inspector_sees_the_files_it_wants_and_no_links(only: Only) -> None:
    seen: list[str] = []

    def note(file: File, _: Release) -> Iterator[Item]:
        seen.append(file.path)
        return iter(())

    link = File(SOURCE, "link.py", 0, lambda *_: b"", kind=FileKind.SYMLINK, target="a.py")
    only(inspector("first", note, wants=lambda file, _: file.suffix == ".py"))
    read([source(make("a.md"), make("a.py"), link)])
    assert seen == ["a.py"]


def test_a_survey_runs_once_over_all_sources(only: Only) -> None:
    runs: list[int] = []

    def survey(release: Release) -> Iterator[Item]:
        runs.append(len(release.files))
        yield found(release.files[0])

    only(inspector("first", survey=survey))
    other = File("git:w@1", "b", 2, lambda *_: b"b\n")
    read([source(make("a")), source(other, id="git:w@1")])
    assert runs == [2]


# -- what goes wrong becomes a gap -------------------------------------------------------------


class Odd(Exception):
    pass


RAISED = [
    (FormatError(Fault.HEADER_LENGTH_LIES, "too long", 8), "header_length_lies", "too long"),
    (ReadError("a.py: not here", reason="missing_blob"), "missing_blob", "not here"),
    (RecursionError("deep"), "too_deep", "nested"),
    (MemoryError(), "too_large", "memory"),
    (ValueError("odd value"), "crashed", "ValueError: odd value"),
    (KeyError("key"), "crashed", "KeyError"),
    (Odd("own kind"), "crashed", "own kind"),
    (AssertionError(), "crashed", "AssertionError"),
]


@pytest.mark.parametrize(("error", "reason", "words"), RAISED)
def test_what_an_inspector_raises_is_a_gap_that_names_file_and_inspector(
    only: Only, error: Exception, reason: str, words: str
) -> None:
    def fail(file: File, _: Release) -> Iterator[Item]:
        if file.path == "b.py":
            raise error
        yield found(file)

    only(
        inspector("broken", fail, components=("training_code", "datasets")),
        inspector("whole", lambda file, _: [found(file, "model_card")]),
    )
    dossier = read([source(make("a.py"), make("b.py"), make("c.py"))])
    (gap,) = of(dossier, "broken")
    assert (gap.source, gap.path, gap.reason) == (SOURCE, "b.py", reason)
    assert words in gap.detail
    assert gap.components == ("training_code", "datasets")
    told = [(fact.inspector, fact.evidence[0].path) for fact in dossier.facts]
    assert sorted(told) == [
        ("broken", "a.py"), ("broken", "c.py"),
        ("whole", "a.py"), ("whole", "b.py"), ("whole", "c.py"),
    ]  # fmt: skip
    assert dossier.component("datasets").status is Status.UNKNOWN
    assert dossier.component("model_card").status is Status.PRESENT
    assert dossier.component("data_card").status is Status.ABSENT


def test_facts_yielded_before_a_crash_are_kept(only: Only) -> None:
    def half(file: File, _: Release) -> Iterator[Item]:
        yield found(file)
        raise ValueError("half way")

    only(inspector("half", half))
    dossier = read([source(make("a.py"))])
    assert len(dossier.facts) == 1
    assert [gap.reason for gap in of(dossier, "half")] == ["crashed"]


def test_a_crash_is_called_our_fault_and_its_message_is_bounded(only: Only) -> None:
    def fail(*_: object) -> Iterator[Item]:
        raise ValueError("x" * 10_000)

    only(inspector("broken", fail))
    (gap,) = of(read([source(make("a.py"))]), "broken")
    assert "openassay" in gap.detail
    assert len(gap.detail) < 500


def test_a_crash_of_a_survey_names_the_inspector(only: Only) -> None:
    def survey(release: Release) -> Iterator[Item]:
        yield found(release.files[0], "model_card")
        raise ValueError("late")

    only(inspector("broken", survey=survey), inspector("whole", lambda f, _: [found(f)]))
    dossier = read([source(make("a.py"))])
    assert [(gap.reason, gap.path) for gap in of(dossier, "broken")] == [("crashed", "")]
    assert dossier.component("model_card").status is Status.PRESENT
    assert dossier.component("training_code").status is Status.PRESENT


def test_a_readme_that_breaks_on_reading_earns_no_absence() -> None:
    def broken(*_: int) -> bytes:
        raise ReadError("README.md: wrong checksum", reason="broken")

    dossier = read([source(make("notes.txt"), File(SOURCE, "README.md", 500, broken))])
    assert "README.md" in [gap.path for gap in dossier.gaps]
    for id in ("model_card", "research_paper", "model_parameters_final", "evaluation_results"):
        assert dossier.component(id).status is Status.UNKNOWN


def test_a_crash_in_choosing_files_hides_nothing_else(only: Only) -> None:
    """``wants`` is the inspector's own code too."""

    def choose(file: File, _: Release) -> bool:
        if file.path == "b.py":
            raise ValueError("cannot choose")
        return True

    only(
        inspector("broken", lambda file, _: [found(file)], wants=choose),
        inspector("whole", lambda file, _: [found(file, "model_card")]),
    )
    dossier = read([source(make("a.py"), make("b.py"))])
    assert dossier.component("model_card").status is Status.PRESENT
    assert dossier.component("training_code").status is Status.PRESENT
    assert [(gap.path, gap.reason) for gap in of(dossier, "broken")] == [("b.py", "crashed")]


def test_ctrl_c_is_no_crash_of_an_inspector(only: Only) -> None:
    def stop(*_: object) -> Iterator[Item]:
        raise KeyboardInterrupt

    only(inspector("broken", stop))
    with pytest.raises(KeyboardInterrupt):
        read([source(make("a.py"))])


def test_an_inspector_without_end_is_cut_with_a_gap(
    only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_FACTS", 100)

    def endless(file: File, _: Release) -> Iterator[Item]:
        number = 0
        while True:
            yield found(file, detail=str(number))
            number += 1

    only(inspector("endless", endless), inspector("whole", lambda f, _: [found(f, "model_card")]))
    dossier = read([source(make("a.py"))])
    assert sum(fact.inspector == "endless" for fact in dossier.facts) == 100
    assert [gap.reason for gap in of(dossier, "endless")] == ["too_many_facts"]
    assert dossier.component("model_card").status is Status.PRESENT


def test_an_inspector_that_does_not_import_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never skipped: a report that silently lacks one reader would be a false report."""

    def fail(name: str) -> ModuleType:
        raise ImportError(name)

    monkeypatch.setattr("openassay.read.importlib.import_module", fail)
    with pytest.raises(ImportError):
        inspectors.__wrapped__()


# -- gaps that do not come from inspectors -----------------------------------------------------


def test_gaps_of_sources_are_kept(only: Only) -> None:
    only()
    gap = Gap(source=SOURCE, path="fifo", by="sources.local", reason="special_file")
    assert read([source(make("a"), gaps=(gap,))]).gaps == (gap,)


def test_a_listed_file_without_bytes_names_what_it_may_hide(only: Only) -> None:
    gone = File(SOURCE, "train.py", 9, lambda *_: b"", problem="missing_blob")
    only(
        inspector("code", lambda *_: [], components=("training_code",)),
        inspector("card", lambda *_: [], components=("model_card",), wants=lambda *_: False),
    )
    dossier = read([source(make("a.md"), gone)])
    (gap,) = of(dossier, "read")
    assert (gap.path, gap.reason, gap.components) == (
        "train.py",
        "missing_blob",
        ("training_code",),
    )
    assert dossier.component("training_code").status is Status.UNKNOWN
    assert dossier.component("model_card").status is Status.ABSENT


def test_a_text_cut_for_its_length_is_a_gap_of_the_dossier(only: Only) -> None:
    only(inspector("first", lambda file, _: [found(file)] if file.text() else []))
    dossier = read([source(make("big.md", "a\n" * (MAX_TEXT // 2 + 10)))])
    assert [(gap.path, gap.reason) for gap in of(dossier, "files")] == [("big.md", "too_long")]


def test_the_same_gap_is_told_once(only: Only) -> None:
    gap = Gap(source=SOURCE, path="a", by="x", reason="y")
    only(inspector("first", lambda *_: [gap, gap]), inspector("second", lambda *_: [gap]))
    assert read([source(make("a"))]).gaps == (gap,)


def test_no_files_at_all_is_still_a_dossier() -> None:
    dossier = read([source()])
    assert dossier.facts == ()
    assert {part.status for part in dossier.components} == {Status.ABSENT}
    assert dossier.release


def test_a_name_can_be_given(only: Only) -> None:
    only()
    assert read([source(make("a"))], name="acme/other").release == "acme/other"


def test_progress_is_told_of_every_inspector(only: Only) -> None:
    told: list[str] = []
    only(inspector("first", lambda *_: []), inspector("second", lambda *_: []))
    read([source(make("a"))], progress=told.append)
    assert "first" in told
    assert "second" in told


# -- the same bytes in, the same bytes out -----------------------------------------------------


def test_the_order_in_which_facts_are_found_does_not_show(only: Only) -> None:
    files = [make(f"{name}.py") for name in "abcdef"]
    facts = [
        Found(evidence=(file.cite_lines(1),), component=component, extent=extent)
        for file in files
        for component in ("training_code", "model_card", "datasets")
        for extent in Extent
    ]
    texts = set()
    for seed in range(5):
        shuffled = random.Random(seed).sample(facts, len(facts))
        only(inspector("first", survey=lambda _, told=shuffled: told))  # type: ignore[misc]
        texts.add(codec.dump(read([source(*files)])))
    assert len(texts) == 1


def test_facts_nearest_the_root_come_first(only: Only) -> None:
    only(inspector("first", lambda file, _: [found(file)]))
    paths = ["a/b/c.py", "z.py", "a/b.py", "b.py"]
    facts = read([source(*(make(path) for path in paths))]).facts
    assert [fact.evidence[0].path for fact in facts] == ["b.py", "z.py", "a/b.py", "a/b/c.py"]


FILES = {
    "README.md": "---\nlicense: mit\n---\n# Foo-7B\n\nFoo-7B is open source. [w](https://hf.co/acme/Foo-7B)\n"
    "\n## Results\n\n| Model | MMLU |\n|---|---|\n| Foo-7B | 61.2 |\n",
    "LICENSE": "MIT License\n\nPermission is hereby granted, free of charge, to any person\n",
    "train.py": "import torch\nfrom datasets import load_dataset\nd = load_dataset('acme/c')\n"
    "class Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n",
    "requirements.txt": "torch==2.1\n",
    "config.json": '{"architectures": ["FooForCausalLM"], "hidden_size": 64}',
}


@pytest.mark.slow
def test_two_runs_are_byte_equal_whatever_the_seed_of_hashing(tmp_path: Path) -> None:
    folder = tmp_path / "acme" / "Foo-7B"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    outputs = set()
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-m", "openassay", "read", "."],
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        outputs.add(done.stdout)
    (written,) = outputs
    dossier = codec.load(written)
    assert dossier.facts
    assert codec.dump(dossier).encode() == written
