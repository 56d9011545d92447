"""The YAML head of a hub card: licence tag, base model, data sets, results, gates.

A tag is a claim of the publisher; files beside it are evidence, and assembling compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator

from openassay import licenses
from openassay.files import File
from openassay.formats.bounded import FormatError
from openassay.formats.locators import hub_id
from openassay.formats.yaml_text import load_with_lines
from openassay.passages import wanted
from openassay.release import Release
from openassay.types import (
    Derived,
    Evidence,
    Extent,
    Fact,
    Found,
    Gap,
    Gated,
    How,
    Licensed,
    Linked,
    Relation,
    Stated,
)

NAME = "front_matter"
COMPONENTS = ("datasets", "evaluation_results")

_RELATIONS = {
    "adapter": Relation.ADAPTER,
    "finetune": Relation.FINETUNE,
    "merge": Relation.MERGE,
    "quantized": Relation.QUANTIZED,
}
_MAX_ITEMS = 200


def wants(file: File, release: Release) -> bool:
    return wanted(file, release) and file.name.lower() in (
        "readme.md",
        "model_card.md",
        "license",
        "license.md",
    )


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    document = release.document(file)
    if document.body <= 2:
        return
    block = document.lines[: document.body - 2]
    first = next((i for i, line in enumerate(block) if line.strip() == "---"), 0)
    try:
        head, lines = load_with_lines("\n".join(block[first + 1 :]))
    except FormatError as error:
        yield Gap(
            source=file.source,
            path=file.path,
            by=NAME,
            reason="bad_front_matter",
            detail=f"{error}; correct the YAML between the two --- lines",
        )
        return
    if isinstance(head, dict):
        folder = release.inner_path(file).rpartition("/")[0]
        scope = f"path:{file.folder}/" if folder else "release"
        yield from _Head(file, head, lines, first + 1, scope).facts()


class _Head:
    """The parsed head of one card with the line of each key."""

    def __init__(
        self, file: File, head: dict[object, object], lines: dict[str, int], shift: int, scope: str
    ):
        self.file = file
        self.head = head
        self.lines = lines
        self.shift = shift
        self.scope = scope  # a card in a folder speaks of that folder

    def facts(self) -> Iterator[Fact]:
        yield from self._license()
        yield from self._base()
        yield from self._datasets()
        yield from self._results()
        if any(str(key).startswith("extra_gated") for key in self.head):
            key = next(str(key) for key in self.head if str(key).startswith("extra_gated"))
            yield Gated(evidence=(self._cite(f"/{key}"),), barrier="form on the hub")

    def _cite(self, pointer: str) -> Evidence:
        line = self.lines.get(pointer, 1) + self.shift
        return self.file.cite_lines(min(line, len(self.file.lines)))

    def _texts(self, key: str) -> list[tuple[str, str]]:
        """(pointer, text) of a value that may be one string or a list of them."""
        value = self.head.get(key)
        if isinstance(value, str):
            return [(f"/{key}", value)]
        if isinstance(value, list):
            return [
                (f"/{key}/{i}", v) for i, v in enumerate(value[:_MAX_ITEMS]) if isinstance(v, str)
            ]
        return []

    def _license(self) -> Iterator[Fact]:
        names = self._texts("license_name")
        for pointer, tag in self._texts("license"):
            stated = names[0][1] if names and tag.lower() in ("other", "unknown") else tag
            at = names[0][0] if stated != tag else pointer
            found = licenses.normalize(stated)
            if found is None and stated.lower() not in ("other", "unknown", ""):
                found = licenses.normalize(tag) or f"LicenseRef-{_slug(stated)}"
            if found and found != "NONE":
                yield Licensed(
                    evidence=(self._cite(at), self._cite(pointer)),
                    scope=self.scope,
                    license=found,
                    how=How.FRONT_MATTER,
                    detail=f"The card's front matter is tagged {stated!r}.",
                )
        for pointer, link in self._texts("license_link"):
            yield Stated(
                evidence=(self._cite(pointer),),
                topic="license_pointer",
                value=link,
                detail="The card points to its licence text.",
            )

    def _base(self) -> Iterator[Fact]:
        stated = str(self.head.get("base_model_relation", "")).lower()
        bases = self._texts("base_model")
        for pointer, base in bases:
            relation = _RELATIONS.get(
                stated, Relation.MERGE if len(bases) > 1 else Relation.FINETUNE
            )
            yield Derived(
                evidence=(self._cite(pointer),),
                base=base,
                relation=relation,
                detail=f"The front matter names {base} as the base model.",
            )
            if hub_id(base):
                yield Linked(
                    evidence=(self._cite(pointer),),
                    component="base_model_parameters",
                    url=f"https://huggingface.co/{base}",
                    detail="The base model is named by its hub id.",
                )

    def _datasets(self) -> Iterator[Fact]:
        for pointer, name in self._texts("datasets"):
            yield Linked(
                evidence=(self._cite(pointer),),
                component="datasets",
                url=f"https://huggingface.co/datasets/{name}",
                aspect="front_matter",
                detail="The front matter names this data set as trained on.",
            )

    def _results(self) -> Iterator[Fact]:
        index = self.head.get("model-index")
        if not isinstance(index, list):
            return
        for i, entry in enumerate(index[:20]):
            listed = entry.get("results") if isinstance(entry, dict) else None
            results = [
                result
                for result in (listed if isinstance(listed, list) else [])
                if isinstance(result, dict) and result.get("metrics")
            ]
            if results:
                yield Found(
                    evidence=(self._cite(f"/model-index/{i}/results"),),
                    component="evaluation_results",
                    extent=Extent.WHOLE,
                    aspect="model_index",
                    detail=f"The front matter holds {len(results)} evaluation result(s).",
                )


def _slug(text: str) -> str:
    kept = "".join(char if char.isalnum() or char in ".-" else "-" for char in text.strip())
    return "-".join(part for part in kept.split("-") if part)[:80]
