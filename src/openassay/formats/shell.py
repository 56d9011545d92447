"""Commands in shell scripts, Makefiles and Dockerfiles: words with their line, variables filled in.

No shell is run. Lines that end in a backslash are joined, quotes and comments understood, bodies of
here-documents skipped; ``NAME=value`` and ``for NAME in a b`` give the values for ``$NAME`` (of
several the first). What stays unknown keeps its dollar sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_TEXT: Final = 1 << 20  # characters
MAX_COMMANDS: Final = 5_000
MAX_LOGICAL: Final = 20_000  # characters of one command with its continuation lines
MAX_WORDS: Final = 400
MAX_VALUE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command. ``start`` and ``end`` are its 1-based lines."""

    words: tuple[str, ...]
    start: int
    end: int

    @property
    def program(self) -> str:
        """The name of what is run, without its folder."""
        return self.words[0].rpartition("/")[2] if self.words else ""

    def option(self, *names: str) -> str:
        """The value of ``--name value`` or ``--name=value``, or ""."""
        for index, word in enumerate(self.words):
            head, equals, value = word.partition("=")
            if head in names:
                if equals:
                    return value
                return self.words[index + 1] if index + 1 < len(self.words) else ""
        return ""


_TOKEN = re.compile(
    r"(?P<space>[ \t]+)|(?P<comment>(?<![^\s;|&(])\#[^\n]*)"
    r"|(?P<end>;;?|&&|\|\|?|&(?!>)|\n|[()](?=\s|$|\())"
    r"|'(?P<single>[^']{0,4000})'|\"(?P<double>(?:[^\"\\]|\\.){0,4000})\""
    r"|(?P<plain>(?:\\.|[^\s;|&'\"\\\n])(?:\\.|[^\s;|&'\"\\\n])*)|(?P<other>.)",
    re.S,
)
_ASSIGN = re.compile(r"^(?:export\s+)?([A-Za-z_]\w{0,80})=(.{0,1000})$", re.S)
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w{0,80})(?::?[-=]([^{}]{0,300}))?\}|\$([A-Za-z_]\w{0,80})")
_HEREDOC = re.compile(r"<<-?\s{0,4}['\"]?([A-Za-z_]\w{0,60})['\"]?")
_WRAPPERS = frozenset(  # words before a command that leave it what it is
    ("sudo", "time", "nohup", "env", "exec", "eval", "then", "do", "else", "srun", "if", "while",
     "!", "{", "stdbuf", "nice", "-", "@")
)  # fmt: skip
_DOCKER = re.compile(r"^\s{0,20}(?:RUN|CMD|ENTRYPOINT)\s", re.I)


def read_shell(text: str) -> tuple[Command, ...]:
    """The commands of a script in order. Never raises."""
    return tuple(_commands(_joined(text[:MAX_TEXT])))


def read_makefile(text: str) -> tuple[Command, ...]:
    """The recipe lines of a Makefile (those that begin with a tab)."""
    lines = [line if line.startswith("\t") else "" for line in _continued(text[:MAX_TEXT])]
    plain = [re.sub(r"^\t[@\-+]{0,3}", "", line) for line in lines]
    return tuple(_commands(_joined("\n".join(plain).replace("$(", "${").replace("$$", "$"))))


def read_dockerfile(text: str) -> tuple[Command, ...]:
    """What RUN, CMD and ENTRYPOINT run; the list form is read as words."""
    kept: list[str] = []
    running = False
    for line in text[:MAX_TEXT].split("\n"):
        running = running or bool(_DOCKER.match(line))
        shown = _DOCKER.sub("", line) if running else ""
        if shown.lstrip().startswith("["):
            shown = re.sub(r"[\[\],]", " ", shown)
        kept.append(shown)
        running = running and line.rstrip().endswith("\\")
    return tuple(_commands(_joined("\n".join(kept))))


def _continued(text: str) -> Iterator[str]:
    """Lines, where one that goes on from a recipe line counts as a recipe line too."""
    inside = False
    for line in text.split("\n"):
        yield f"\t{line}" if inside and not line.startswith("\t") else line
        inside = (inside or line.startswith("\t")) and line.endswith("\\")


def _joined(text: str) -> Iterator[tuple[str, int, int]]:
    """Logical lines with their first and last line; here-documents left out."""
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        start = index
        parts: list[str] = []
        size = 0
        while index < len(lines):
            line = lines[index].rstrip("\r")
            index += 1
            size += len(line)
            more = line.endswith("\\") and not line.lstrip().startswith("#")
            parts.append(line[:-1] if more else line)
            if not more or size > MAX_LOGICAL:
                break
        logical = " ".join(parts)[:MAX_LOGICAL]
        yield logical, start + 1, index
        if found := _HEREDOC.search(logical):
            while index < len(lines) and lines[index].strip() != found.group(1):
                index += 1
            index += 1


def _commands(logical: Iterator[tuple[str, int, int]]) -> Iterator[Command]:
    values: dict[str, str] = {}
    count = 0
    for text, start, end in logical:
        for words in _split(text):
            kept = _settle(words, values)
            if kept:
                yield Command(kept, start, end)
                count += 1
                if count >= MAX_COMMANDS:
                    return


def _split(text: str) -> Iterator[list[tuple[str, bool]]]:
    """Simple commands of one logical line: words, each with whether it may hold variables."""
    words: list[tuple[str, bool]] = []
    glued = False
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind in ("space", "comment"):
            glued = False
        elif kind == "end":
            if words:
                yield words
            words, glued = [], False
        elif len(words) < MAX_WORDS:
            value = found.group(kind) if kind else ""
            open_ = kind != "single"
            if kind == "plain":
                value = re.sub(r"\\(.)", r"\1", value, flags=re.S)
            if glued:
                before, was_open = words[-1]
                words[-1] = (before + value, was_open and open_)
            else:
                words.append((value, open_))
            glued = True
    if words:
        yield words


def _settle(words: list[tuple[str, bool]], values: dict[str, str]) -> tuple[str, ...]:
    """Fill variables in, note assignments, drop what only wraps the command."""
    filled = [_fill(word, values) if open_ else word for word, open_ in words]
    if len(filled) >= 4 and filled[0] == "for" and filled[2] == "in":
        values[filled[1]] = filled[3][:MAX_VALUE]
        return ()
    while filled:
        if filled[0] == "export" and len(filled) > 1:
            filled = filled[1:]
        elif found := _ASSIGN.match(filled[0]):
            values[found.group(1)] = found.group(2)[:MAX_VALUE]
            filled = filled[1:]
        elif filled[0] in _WRAPPERS:
            filled = filled[1:]
        else:
            break
    return tuple(filled)


def _fill(word: str, values: dict[str, str]) -> str:
    if "$" not in word:
        return word

    def value(found: re.Match[str]) -> str:
        known = values.get(found.group(1) or found.group(3))
        return known or found.group(2) or found.group(0)

    return _VARIABLE.sub(value, word)[: MAX_VALUE * 4]
