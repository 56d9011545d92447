"""Commands of scripts, Makefiles and Dockerfiles with their lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats.shell import read_dockerfile, read_makefile, read_shell


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("python a.py --x 1", ("python", "a.py", "--x", "1")),
        ("A=1 B=2 python a.py", ("python", "a.py")),
        ("sudo nohup python a.py &", ("python", "a.py")),
        ("python 'a b.py' \"c d\"  # why", ("python", "a b.py", "c d")),
        ("M=foo/bar\nhf download $M", ("hf", "download", "foo/bar")),
        ("hf download ${M:-foo/bar}", ("hf", "download", "foo/bar")),
        ("for m in a/b a/c; do\n hf download $m\ndone", ("hf", "download", "a/b")),
        ("hf download '$M'", ("hf", "download", "$M")),
        ("wget https://h/a#b", ("wget", "https://h/a#b")),
        ("if true; then python a.py; fi", ("python", "a.py")),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert words in [command.words for command in read_shell(text)]


def test_continued_lines_are_one_command_with_both_lines() -> None:
    (command,) = read_shell("python a.py \\\n  --tasks x,y \\\n  --n=3")
    assert (command.start, command.end) == (1, 3)
    assert (command.option("--tasks"), command.option("--n"), command.option("--no")) == (
        "x,y",
        "3",
        "",
    )


def test_here_documents_are_no_commands() -> None:
    found = read_shell("cat <<EOF > f\nrm -rf x\nEOF\necho done")
    assert [command.program for command in found] == ["cat", "echo"]


def test_several_commands_on_a_line() -> None:
    found = read_shell("cd x && python a.py | tee log; ls")
    assert [command.program for command in found] == ["cd", "python", "tee", "ls"]


def test_makefile_recipes_only() -> None:
    found = read_makefile("all: data\n\t@python prepare.py \\\n\t  --x 1\nX = rm\n")
    assert [(command.words, command.start) for command in found] == [
        (("python", "prepare.py", "--x", "1"), 2)
    ]


def test_dockerfile_run_and_cmd() -> None:
    found = read_dockerfile(
        'FROM x\nRUN pip install y && \\\n  python d.py 1\nCMD ["python", "s.py"]'
    )
    assert [(command.words, command.start) for command in found] == [
        (("pip", "install", "y"), 2),
        (("python", "d.py", "1"), 2),
        (("python", "s.py"), 4),
    ]


@pytest.mark.parametrize(
    "piece", ["\\", "'", '"', "(", "$", "${", "a\\\n", "<<A\n", "&&", '"\\', "\0"]
)
def test_hostile_scripts_end(piece: str) -> None:
    for read in (read_shell, read_makefile, read_dockerfile):
        assert isinstance(read(piece * 50_000), tuple)


@given(st.text(alphabet="ab $={}'\"\\\n\t;&|#()<EOFRUN[],", max_size=300))
def test_lines_stay_inside(text: str) -> None:
    count = text.count("\n") + 1
    for read in (read_shell, read_makefile, read_dockerfile):
        for command in read(text):
            assert command.words
            assert 1 <= command.start <= command.end <= count
