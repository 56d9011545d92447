"""Who a release is about: its names, its version, its owners, and what is not its own.

One release is one model (or one family in its newest generation). Repositories also hold older
generations, other models of the same house, vendored libraries, tests and demos; their parts must
not count. Everything here is decided from names alone: model names are a family of letters, a
version, and sizes or variants (``Foo2-7B-Chat`` is family ``foo``, version ``2``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache


class Whose(StrEnum):
    """Whose a named thing is, seen from the release."""

    OWN = "own"
    SIBLING = "sibling"  # same family, another generation; or another model of the same house
    OTHER = "other"


class Place(StrEnum):
    """What a path of the release is part of."""

    OWN = "own"
    SIBLING = "sibling"
    VENDORED = "vendored"
    FIXTURE = "fixture"  # tests and their data


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model name taken apart. ``version`` is () when the name carries none."""

    family: str
    version: tuple[int, ...] = ()
    rest: str = ""


# Sizes, variants and file kinds are not part of the family.
_SIZE = re.compile(r"^\d+(?:\.\d+)?[bmkt]$|^\d+x\d+b$|^a\d+(?:\.\d+)?b$|^\d+e$", re.I)
_VERSION = re.compile(r"^(?:v|ver|version)?(\d{1,2}(?:\.\d{1,2}){0,2})$", re.I)
_GLUED = re.compile(r"^([a-z][a-z_]*?[a-z])[_]?(?:v)?(\d{1,2}(?:\.\d{1,2}){0,2})$", re.I)
_LETTER_VERSION = re.compile(r"^[a-z](\d{1,2}(?:\.\d)?)$", re.I)
_TOKEN = re.compile(r"[^\W_]+(?:\.\d+[^\W_]*)*", re.UNICODE)
_SPLIT_SIZE = re.compile(r"(?<=\d)_(?=\d+[bm]\b)", re.I)  # "1_8B" is 1.8B
_SPLIT_VERSION = re.compile(r"(?<=[a-z]\d)_(?=\d(?![\d]))", re.I)  # "foo3_1" is Foo 3.1
_SUFFIX = (
    r"(?:[\s_-]?v?(?P<version>\d{1,2}(?:\.\d{1,2})?)(?![\d.]*[bmk%x]|\d))?"
    r"(?:base|chat|instruct|s)?(?![a-z])"
)
MAX_FAMILY = 40  # letters of a family's name that are looked for in texts
MAX_NAMES = 60  # families looked for
_VARIANTS = frozenset(
    """base chat instruct it sft rlhf dpo hf gguf ggml gptq awq int4 int8 fp16 bf16 fp8 mlx onnx
    deduped model models weights checkpoint checkpoints intermediate small medium large xl xxl tiny
    mini nano micro pro plus max ultra preview beta alpha final release original main repo official
    code demo en zh cn the with for from and of a an""".split()
)
_VENDORED = frozenset(
    """third_party thirdparty third-party 3rdparty vendor vendored external extern externals
    node_modules site-packages deps submodules contrib_external""".split()
)
_FIXTURES = frozenset("test tests testing test_data testdata fixtures __tests__ unittest".split())


@lru_cache(maxsize=1 << 16)  # the same folders and words are asked about again and again
def parse_name(name: str) -> ModelName | None:
    """Take a model or repository name apart; None when nothing like a family is in it.

    >>> parse_name("org/Foo2-7B-Chat")
    ModelName(family='foo', version=(2,), rest='7b chat')
    """
    stem = name.rsplit("/", 1)[-1]
    words = [word.lower() for word in _TOKEN.findall(_whole_numbers(stem))]
    family: list[str] = []
    version: tuple[int, ...] = ()
    rest: list[str] = []
    for word in words:
        if _SIZE.match(word) or (word in _VARIANTS and family):
            rest.append(word)
        elif found := _VERSION.match(word):
            if family and not version and not rest:
                version = _numbers(found.group(1))
            else:
                rest.append(word)
        elif not version and not rest and (glued := _GLUED.match(word)):
            family.append(glued.group(1).strip("_"))
            version = _glued(glued.group(2))
        elif family and not version and not rest and (lettered := _LETTER_VERSION.match(word)):
            version = _numbers(lettered.group(1))
        elif not version and not rest:
            family.append(word)
        else:
            rest.append(word)
    return ModelName("".join(family), version, " ".join(rest)) if family else None


def _whole_numbers(stem: str) -> str:
    return _SPLIT_VERSION.sub(".", _SPLIT_SIZE.sub(".", stem))


def _glued(text: str) -> tuple[int, ...]:
    """A version stuck to a name: two digits are a point release (``foo25`` is Foo 2.5)."""
    if len(text) == 2 and text.isdigit() and text[0] != "0":
        return _numbers(f"{text[0]}.{text[1]}")
    return _numbers(text)


def _numbers(text: str) -> tuple[int, ...]:
    parts = [int(part) for part in text.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


@dataclass(frozen=True)
class Subject:
    """The model this release is about.

    ``names`` are the names it goes by, the best first; ``owners`` the accounts that publish it.
    ``bundled_folders`` hold somebody else's package that the release runs, changed or not: its code
    does the release's work, but the data and results that came along are not the release's.
    """

    names: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()
    siblings: tuple[str, ...] = ()  # names of other models of the same house
    foreign_folders: frozenset[str] = field(default_factory=frozenset)
    bundled_folders: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def families(self) -> dict[str, set[tuple[int, ...]]]:
        """Own families, each with the versions the release's own names carry."""
        found: dict[str, set[tuple[int, ...]]] = {}
        for name in self.names:
            if parsed := parse_name(name):
                found.setdefault(parsed.family, set()).add(parsed.version)
        return found

    @property
    def versions(self) -> frozenset[tuple[int, ...]]:
        """The generations that own names carry; empty where they carry none."""
        return frozenset(v for versions in self.families.values() for v in versions if v)

    @property
    def name(self) -> str:
        return self.names[0] if self.names else ""

    def whose(self, name: str) -> Whose:
        """Whose a model name is: own, a sibling generation, or somebody else's."""
        parsed = parse_name(name)
        if parsed is None:
            return Whose.OTHER
        versions = self.families.get(parsed.family)
        if versions is None:
            owner = name.split("/", 1)[0].lower() if "/" in name else ""
            known = self._sibling_families
            if parsed.family in known or owner in self.owners:
                return Whose.SIBLING
            return Whose.OTHER
        if not parsed.version or parsed.version in versions:
            return Whose.OWN
        numbered = {version for version in versions if version}
        return Whose.SIBLING if numbered else Whose.OWN

    @cached_property
    def _sibling_families(self) -> frozenset[str]:
        parsed = (parse_name(name) for name in self.siblings)
        return frozenset(found.family for found in parsed if found)

    def owns(self, account: str) -> bool:
        """Whether a hub or Git account is one of the publishers."""
        return account.lower() in self.owners

    @cached_property
    def _patterns(self) -> tuple[tuple[Whose, re.Pattern[str]], ...]:
        found = []
        by_whose = {Whose.OWN: set(self.families), Whose.SIBLING: set(self._sibling_families)}
        for whose, families in by_whose.items():
            short = sorted(family for family in families if 0 < len(family) <= MAX_FAMILY)
            spelled = sorted(
                (r"[\s_-]?".join(map(re.escape, f)) for f in short[:MAX_NAMES]), key=len
            )
            if spelled:
                words = "|".join(reversed(spelled))
                found.append((whose, re.compile(rf"(?<![a-z])(?:{words}){_SUFFIX}", re.I)))
        return tuple(found)

    def mentioned(self, text: str) -> frozenset[Whose]:
        """Which kinds of model names stand in a text: own, a sibling's, or neither (empty)."""
        found: set[Whose] = set()
        for whose, pattern in self._patterns:
            for hit in pattern.finditer(text[:20_000]):
                if whose is Whose.SIBLING:
                    found.add(Whose.SIBLING)
                    continue
                version = _numbers(hit.group("version")) if hit.group("version") else ()
                own = {v for versions in self.families.values() for v in versions if v}
                other = bool(version) and bool(own) and version not in own
                found.add(Whose.SIBLING if other else Whose.OWN)
        return frozenset(found)

    def nearest(self, text: str, trail: str = "") -> frozenset[Whose]:
        """Whose models a text names or, where it names none, the innermost heading that does.

        ``trail`` is a section's headings from the outermost in, joined by `` / ``.
        """
        if named := self.mentioned(text):
            return named
        for heading in reversed(trail.split(" / ")):
            if named := self.mentioned(heading):
                return named
        return frozenset()

    def is_foreign(self, text: str, trail: str = "") -> bool:
        """Whether a text speaks only of an older generation or another model of the house."""
        return self.nearest(text, trail) == {Whose.SIBLING}

    def place(self, path: str) -> Place:
        """What a path is part of, by its folders' names and the file's own."""
        *folders, name = path.lower().split("/")
        for part in folders:
            if part in _VENDORED:
                return Place.VENDORED
            if part in _FIXTURES:
                return Place.FIXTURE
        if name.startswith("test_") or name.endswith(("_test.py", ".test.js", "conftest.py")):
            return Place.FIXTURE
        prefix = ""
        for part in folders:
            prefix = f"{prefix}/{part}" if prefix else part
            if prefix in self.foreign_folders or self._is_sibling_word(part):
                return Place.SIBLING
        stem = name.rsplit(".", 1)[0]
        return Place.SIBLING if self._is_sibling_word(stem) else Place.OWN

    def is_bundled(self, path: str) -> bool:
        """Whether a path lies in somebody else's package that the release brings along."""
        parts = path.lower().split("/")
        return any("/".join(parts[:n]) in self.bundled_folders for n in range(1, len(parts)))

    def _is_sibling_word(self, word: str) -> bool:
        parsed = parse_name(word)
        if parsed is None:
            return False
        versions = self.families.get(parsed.family)
        if versions is not None:
            numbered = {version for version in versions if version}
            return bool(parsed.version and numbered and parsed.version not in numbered)
        return parsed.family in self._sibling_families


def newest(names: Iterable[str]) -> tuple[int, ...]:
    """The highest version among names, or ()."""
    versions = [parsed.version for name in names if (parsed := parse_name(name))]
    return max(versions, default=())
