"""The index of known texts: one file, opened on the first question.

Layout (little-endian; written by ``tools/build_license_index.py``)::

    8 bytes   magic "OALIC\\0" and the format number
    u32 x 6   counts: words, documents, postings, blocks; bytes of head, bytes of body
    head      zlib: u32 word hashes, sorted · u32 posting hashes, sorted · u16 posting documents
              · u32 document lengths · u16 postings per document
              · u16 words at the head, u16 words at the tail that may be absent
              · u32 block ends · u16 block and u32 offset per document
              · document names, one a line, ``id#flag`` (see `regions`)
    body      zlib blocks of u16 word numbers, one document after the other, about 32,000 a block

No text is stored: a word is its place in a sorted list of CRC-32 values.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from bisect import bisect_left
from functools import cache

from . import store

MAGIC = b"OALIC\x00\x00\x02"
BLOCK = 32_000
UNKNOWN = 0xFFFF
SHINGLE = 5
_YEARS = frozenset(str(y) for y in range(1900, 2100))
_DIGITS = frozenset(str(n) for n in range(1000)) | _YEARS
_MIX = 0x9E3779B1
_MASK = 0xFFFFFFFF


def shingles(ids: list[int]) -> list[int]:
    """A hash for every five words in a row. Same function when building and when asking."""
    out = []
    for a, b, c, d, e in zip(ids, ids[1:], ids[2:], ids[3:], ids[4:], strict=False):
        h = ((((a * 31 + b) * 8191 + c) * 131071 + d) * 524287 + e) * _MIX & _MASK
        out.append(h ^ h >> 15)
    return out


def rate(length: int) -> int:
    """Of a document's shingles one in ``rate`` is kept: long texts need a smaller share."""
    for longest, kept in ((130, 1), (400, 2), (1200, 4), (4000, 8)):
        if length < longest:
            return kept
    return 16


class Index:
    """Known documents: their names, their shingles and, on demand, their words by number."""

    def __init__(self, raw: bytes) -> None:
        if raw[:8] != MAGIC:
            raise ValueError("not a licence index of this version")
        words, docs, posts, blocks, head_size, _ = _array("I", raw[8:32])
        head = zlib.decompress(raw[32 : 32 + head_size])
        at = 0

        def take(kind: str, count: int) -> array[int]:
            nonlocal at
            size = count * (4 if kind == "I" else 2)
            at += size
            return _array(kind, head[at - size : at])

        self.vocabulary = take("I", words)
        self.hashes = take("I", posts)
        self.documents = take("H", posts)
        self.lengths = take("I", docs)
        self.kept = take("H", docs)
        self.optional_head = take("H", docs)
        self.optional_tail = take("H", docs)
        self._block_ends = take("I", blocks)
        self._block_of = take("H", docs)
        self._offset = take("I", docs)
        self.names = head[at:].decode("utf-8").split("\n")
        self._body = memoryview(raw)[32 + head_size :]
        self._blocks: dict[int, array[int]] = {}
        self._numbers: dict[str, int] = {}
        self._sets: dict[frozenset[str], frozenset[int]] = {}

    def number(self, word: str) -> int:
        """The word's number, `UNKNOWN` for a word no known text has."""
        found = self._numbers.get(word)
        if found is None:
            hashed = zlib.crc32(word.encode("utf-8", "surrogatepass"))
            at = bisect_left(self.vocabulary, hashed)
            known = at < len(self.vocabulary) and self.vocabulary[at] == hashed
            found = at if known else UNKNOWN
            if len(self._numbers) < 100_000:
                self._numbers[word] = found
        return found

    def numbers(self, words: frozenset[str]) -> frozenset[int]:
        """The numbers of a set of words, those no known text has left out."""
        if words not in self._sets:
            self._sets[words] = frozenset(self.number(w) for w in words) - {UNKNOWN}
        return self._sets[words]

    def is_number(self, number: int) -> bool:
        """Whether a word number stands for digits up to four places (versions, days, years)."""
        return number in self._digits()

    def is_year(self, number: int) -> bool:
        """Whether a word number stands for a year from 1900 to 2099."""
        return number in self._years()

    def _digits(self) -> frozenset[int]:
        return self.numbers(_DIGITS)

    def _years(self) -> frozenset[int]:
        return self.numbers(_YEARS)

    def sequence(self, document: int) -> list[int]:
        """The word numbers of a known document, in order."""
        block = self._block_of[document]
        if block not in self._blocks:
            if len(self._blocks) > 64:
                self._blocks.clear()
            begin = self._block_ends[block - 1] if block else 0
            data = zlib.decompress(self._body[begin : self._block_ends[block]])
            self._blocks[block] = _array("H", data)
        start = self._offset[document]
        return self._blocks[block][start : start + self.lengths[document]].tolist()

    def hits(self, hashed: set[int]) -> dict[int, int]:
        """How many of a document's kept shingles are among the given ones."""
        found: dict[int, int] = {}
        stored, documents, end = self.hashes, self.documents, len(self.hashes)
        at = 0
        for value in sorted(hashed):
            at = bisect_left(stored, value, at)
            if at == end:
                break
            while at < end and stored[at] == value:
                document = documents[at]
                found[document] = found.get(document, 0) + 1
                at += 1
        return found


def _array(kind: str, data: bytes) -> array[int]:
    out = array(kind)
    out.frombytes(data)
    if sys.byteorder == "big":
        out.byteswap()
    return out


@cache
def load() -> Index:
    """The shipped index, read once."""
    return Index(store.read("index.bin"))
