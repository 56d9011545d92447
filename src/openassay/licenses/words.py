"""Texts to words: the one normalisation that the index and every question share.

A word is a run of letters and digits in lower case; a Chinese character is a word of its own.
Markup, addresses and single Latin letters (list markers, articles, ``(s)``) are not words.
Everything is replaced by blanks of equal length first, so that offsets stay those of the input.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from zlib import crc32

MAX_CHARS = 600_000
"""How much of one text is read. The longest licence known has 130,000 characters."""

CJK = "\u3400-\u9fff\uf900-\ufaff"

# Fullwidth Latin letters and digits, as Chinese texts set them, one character for one.
_FOLD = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)}
# Characters that are not seen: soft hyphen, zero-width ones, direction marks, byte order mark.
_UNSEEN = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, with the character offset each starts at in ``text``."""

    text: str
    words: list[str]
    starts: list[int]
    truncated: bool

    def __len__(self) -> int:
        return len(self.words)

    def line_of(self, word: int) -> int:
        """Line (from 1) on which the word at that position starts."""
        return self.text.count("\n", 0, self.starts[word]) + 1

    def slice(self, first: int, last: int) -> str:
        """The input's own characters from word ``first`` to word ``last``, included."""
        begin = self.starts[first]
        end = self.starts[last] + len(self.words[last])
        return self.text[begin:end]


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    noise = re.compile(
        r"<[A-Za-z/!][^<>\n]{0,200}(?:\n[^<>\n]{0,200}){0,2}>"  # markup, over three lines at most
        r"|(?i:\bhttps?)://[^\s<>)\]\"'，。）》]{1,400}|(?i:\bwww)\.[^\s<>)\]\"']{1,200}"
        r"|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}"
        r"|&[a-z]{2,8};|&#\d{1,6};"
    )
    word = re.compile(f"[{CJK}]|[^\\W_{CJK}]+")
    return noise, word


def clean(text: str) -> tuple[str, bool]:
    """The text as it is seen (unseen characters gone), cut at `MAX_CHARS`; and whether it was."""
    cut = len(text) > MAX_CHARS
    text = text[:MAX_CHARS] if cut else text
    if not text.isascii():
        text = text.translate(_UNSEEN).translate(_FOLD)
    return text.replace("\r\n", "\n").replace("\r", "\n"), cut


def split(text: str) -> Words:
    """Cut a text into words. Linear in the text, which is cut at `MAX_CHARS` characters."""
    seen, cut = clean(text)
    noise, word = _patterns()
    bare = noise.sub(_blank, seen) if ("<" in seen or "://" in seen or "@" in seen) else seen
    bare = bare.lower() if len(bare.lower()) == len(bare) else bare
    words: list[str] = []
    starts: list[int] = []
    for found in word.finditer(bare):
        token = found.group()
        if len(token) == 1 and token.isascii() and not token.isdigit():
            continue
        words.append(token[:40])
        starts.append(found.start())
    return Words(seen, words, starts, cut)


def _blank(found: re.Match[str]) -> str:
    # Line ends stay, or the line numbers of everything after would be wrong.
    return "".join("\n" if c == "\n" else " " for c in found.group())


def word_hash(word: str) -> int:
    """CRC-32 of the word's UTF-8, the only form in which words are stored."""
    return crc32(word.encode("utf-8", "surrogatepass"))
