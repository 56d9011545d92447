"""What is said in which language. English is the source; other languages are catalogues.

A catalogue (``words/zh/*.toml``) maps an English text to the same in its language. A text may hold
placeholders: ``"{n} files" = "{n} 个文件"``. There are two ways in:

- a report says something of its own: ``words.say("{n} files", n=3)``;
- a sentence was built elsewhere and stands in a dossier or a verdict, which stay English: then
  ``words.told(sentence)`` finds the template it was built from and says that in the language.
  Those templates stand in all files of a catalogue but ``reports.toml`` and ``reports/*.toml``.

So nothing but the edge of a report knows of languages. A placeholder of a translation may say how
its value is put: ``{text:told}`` is itself told, ``{names:list}`` is a row of such, and
``{part:name}`` is the name of a component in the language alone, ``{n:number}`` a number; where it
is none, the template does not fit.

``tests/words`` collects from the source every text that can be said, and fails for those that a
catalogue lacks. A sentence that no template explains is shown as it stands, in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter

from openassay.errors import UsageError

SOURCE = "en"
OF_REPORTS = "reports.toml"  # what reports say themselves, in every catalogue
OF_ONE_REPORT = "reports/"  # the same of one command's report: a file each
OF_COMPONENTS = "components.toml"  # the names of components
_HERE = Path(__file__).parent
_MAX_TOLD = 4000  # characters of a sentence that is looked for; a longer one holds a quote
_MAX_DEPTH = 4  # sentences inside sentences
_MAX_ROW = 12  # sentences in a row, and items of a list
_HOLE = re.compile(r"\{(\w{0,40})(?::\w{1,10})?\}")
_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,20})?")
_ROW = re.compile(r", | and ")
_NEXT_SENTENCE = re.compile(r"(?<=[.?!]) (?=[A-Z])")


def mark(text: str) -> str:
    """``text`` itself: marks a text that a report says later, so that the tests collect it."""
    return text


def languages() -> tuple[str, ...]:
    """Every language there is, English first."""
    folders = (entry.name for entry in _HERE.iterdir() if any(entry.glob("*.toml")))
    return (SOURCE, *sorted(folders))


@cache
def speaker(lang: str) -> Words:
    """The words of one language; UsageError when there is none of that name."""
    if lang == SOURCE:
        return ENGLISH
    if lang not in languages():
        raise UsageError(
            f"there is no language {lang!r}", hint=f"there are: {', '.join(languages())}"
        )
    every: dict[str, str] = {}
    built: list[str] = []
    names: Mapping[str, str] = {}
    for name, texts in catalogues(lang):
        every.update(texts)
        built += texts if name != OF_REPORTS and not name.startswith(OF_ONE_REPORT) else ()
        names = texts if name == OF_COMPONENTS else names
    return Words(lang, every, _templates(built), names)


def catalogues(lang: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """(file, its texts) of one language, in the order of their paths."""
    import tomllib  # only who asks for another language than English pays for it

    root = _HERE / lang
    for path in sorted(root.rglob("*.toml")):
        yield path.relative_to(root).as_posix(), tomllib.loads(path.read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class _Template:
    """An English text with holes: ``literals`` stand around ``names``, one more than those."""

    text: str
    literals: tuple[str, ...]
    names: tuple[str, ...]

    def read(self, sentence: str) -> dict[str, str] | None:
        """What stood in the holes; the first fit of each literal counts, so time is linear."""
        first, *middle, last = self.literals
        if not sentence.startswith(first) or not sentence.endswith(last):
            return None
        at, end = len(first), len(sentence) - len(last)
        values = []
        for literal in middle:
            place = sentence.find(literal, at, end)
            if place < 0:
                return None
            values.append(sentence[at:place])
            at = place + len(literal)
        if at > end:
            return None
        return dict(zip(self.names, [*values, sentence[at:end]], strict=True))


def _templates(texts: Iterable[str]) -> dict[str, tuple[_Template, ...]]:
    """Texts with holes by their first word ("" where a hole comes first), the longest first."""
    grouped: dict[str, list[_Template]] = {}
    for text in texts:
        if _HOLE.search(text):
            parts = _HOLE.split(text)
            template = _Template(text, tuple(parts[::2]), tuple(parts[1::2]))
            grouped.setdefault(_first_word(template.literals[0]), []).append(template)
    return {
        word: tuple(sorted(found, key=lambda t: (-sum(map(len, t.literals)), t.text)))
        for word, found in grouped.items()
    }


def _first_word(text: str) -> str:
    """The first word where it is whole, that is, where a space follows."""
    word, space, _ = text.partition(" ")
    return word if space else ""


@dataclass(frozen=True, slots=True)
class Words:
    """One language. English says its texts as they stand."""

    lang: str
    catalogue: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, tuple[_Template, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def say(self, text: str, /, **values: object) -> str:
        """A text of a report with its values. A text without values is not formatted."""
        text = self.catalogue.get(text, text)
        if not values:
            return text
        return self._filled(text, {k: str(v) for k, v in values.items()}, 0) or text

    def many(self, count: int, one: str, more: str, /, **values: object) -> str:
        """``one`` or ``more`` with ``{n}``: languages without a plural translate ``more``."""
        if self.lang == SOURCE and count == 1:
            return one.format(n=count, **values)
        return self.say(more, n=count, **values)

    def told(self, sentence: str) -> str:
        """A sentence of a dossier or verdict in this language; as it stands if not known."""
        if self.lang == SOURCE or not sentence:
            return sentence
        return self._told(sentence, 0) or sentence

    def knows(self, sentence: str) -> bool:
        """Whether :meth:`told` finds the sentence."""
        return self.lang == SOURCE or self._told(sentence, 0) is not None

    def name(self, title: str) -> str:
        """The name of a component, criterion or framework, its official English beside it."""
        own = self.catalogue.get(title)
        if self.lang == SOURCE or own is None or own == title:
            return title
        return f"{own} {title}"

    def short_name(self, title: str) -> str:
        """The name in this language alone."""
        return self.catalogue.get(title, title)

    def _name(self, title: str) -> str | None:
        """A component's name as it stands in a sentence: ``the model card``."""
        bare = title.removeprefix("the ")
        return self.names.get(bare) or self.names.get(_capital(bare))

    def listed(self, items: list[str]) -> str:
        """Names in a row."""
        return self.say(", ").join(items)

    def _told(self, sentence: str, depth: int) -> str | None:
        own = self.catalogue.get(sentence) or self.catalogue.get(_capital(sentence))
        if own is not None:
            return own
        if depth > _MAX_DEPTH or len(sentence) > _MAX_TOLD:
            return None
        for again in dict.fromkeys((sentence, _capital(sentence))):
            for word in (again.partition(" ")[0], ""):
                for template in self.templates.get(word, ()):
                    values = template.read(again)
                    told = values and self._filled(self.catalogue[template.text], values, depth + 1)
                    if told:
                        return told
        return self._piecewise(sentence, depth)

    def _piecewise(self, sentence: str, depth: int) -> str | None:
        """Several sentences in a row, each on its own; None if one of them is not known."""
        parts = _NEXT_SENTENCE.split(sentence)
        if not 1 < len(parts) <= _MAX_ROW:
            return None
        told = [self._told(part, depth + 1) for part in parts]
        return None if None in told else "".join(part or "" for part in told)

    def _filled(self, text: str, values: Mapping[str, str], depth: int) -> str | None:
        """The text with its values; None where one is not what the text wants."""
        pieces = []
        for literal, name, how, _ in Formatter().parse(text):
            pieces.append(literal)
            if name is not None:
                value = self._put(values[name], how or "", depth)
                if value is None:
                    return None
                pieces.append(value)
        return "".join(pieces)

    def _put(self, value: str, how: str, depth: int) -> str | None:
        if how == "told":
            return self._told(value, depth) or value
        if how == "list":
            items = _ROW.split(value, _MAX_ROW)
            return self.listed([self._told(item, depth) or item for item in items])
        if how == "number":
            return value if _NUMBER.fullmatch(value) else None
        return self._name(value) if how == "name" else value


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


ENGLISH = Words(SOURCE)
