"""What matters to a release of the things that it links to: facts from their sources and dossiers.

Everything that is drawn in carries the evidence of the place where it was read. A data set's
licence speaks of the data alone, a paper's of the paper, a base model's of the base.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openassay import licenses
from openassay.errors import ReadError
from openassay.files import File, listing_evidence
from openassay.formats import pdf_text
from openassay.formats.bounded import FormatError
from openassay.formats.locators import hub_id
from openassay.links import Link, Role
from openassay.release import Release, Source
from openassay.types import (
    Component,
    Derived,
    Dossier,
    Evidence,
    Extent,
    Fact,
    Found,
    Gap,
    Gated,
    How,
    Licensed,
    Linked,
    Outcome,
    RuledOut,
    Stated,
    Status,
    Visited,
)

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".onnx", ".npz", ".h5",
            ".msgpack", ".nemo", ".tflite", ".ggml")  # fmt: skip
_DATA = (".parquet", ".jsonl", ".json", ".csv", ".tsv", ".arrow", ".txt", ".zst", ".gz", ".zip",
         ".tar", ".xz", ".bz2", ".bin", ".npy", ".npz", ".tfrecord", ".wav", ".mp3", ".jpg",
         ".png", ".mp4", ".xml", ".sqlite", ".db", ".lance", ".mds", ".7z")  # fmt: skip
_NO_CONTENT = re.compile(
    r"(?i)(?:^|/)(?:readme[^/]*|licen[sc]e[^/]*|\.git[^/]*|notice[^/]*|dataset_infos?\.json"
    r"|[^/]*\.(?:png|jpe?g|gif|svg))$"
)
_RESULTS = re.compile(
    r"(?i)\btable\s{0,3}\d{1,2}\s{0,3}[:.|]\s{0,3}[^\n]{0,200}?\b(?:results?|performance|accuracy"
    r"|scores?|evaluation|comparison|benchmarks?)\b[^\n]{0,120}"
)
_BASE_PARTS = {"model_parameters_final": "base_model_parameters", "datasets": "base_model_datasets"}
MAX_LICENSES = 8


@dataclass(frozen=True, slots=True)
class Drawn:
    """Facts and gaps that a linked thing adds to the release's own."""

    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()


def visited(link: Link, source: Source) -> Visited:
    """What a link led to: the place of the link, and what was found."""
    outcome, words = _outcome(link, source)
    return Visited(
        evidence=(link.evidence, _at(source)),
        component=link.component,
        url=link.url,
        outcome=outcome,
        source=source.id,
        detail=f"{words} Whose it is: {link.why.rstrip('.')}.",
    )


def _outcome(link: Link, source: Source) -> tuple[Outcome, str]:
    told = _told(source)
    status = told.get("status")
    if source.kind in ("web", "refused") and isinstance(status, int) and status >= 400:
        return Outcome.MISSING, f"{link.url} answers {status}: {told.get('words', 'not there')}."
    if _lacks(link, source):
        return Outcome.EMPTY, f"{link.url} holds nothing of what the link promises."
    if moved := _moved(source, told):
        return Outcome.MOVED, f"{link.url} is now {moved}."
    if told.get("gated"):
        return Outcome.GATED, f"{link.url} is behind a form or a login."
    return Outcome.REACHED, f"{link.url} is there."


def _moved(source: Source, told: dict[str, Any]) -> str:
    asked, id_ = str(told.get("asked_for") or ""), str(told.get("id") or "")
    if asked and id_ and asked.lower() != id_.lower():
        return id_
    return source.metadata.get("moved_to", "")


def _lacks(link: Link, source: Source) -> bool:
    """Whether a repository is a placeholder for what the link promises."""
    promised = {fact.component for fact in link.facts}
    files = [file for file in source.files if file.is_regular and file.size > 0]
    if link.role is Role.DATA:
        return not _data_files(source)
    if link.role is Role.PART and any(name.startswith("model_parameters") for name in promised):
        is_model = source.kind in ("hf", "modelscope")
        return is_model and not any(file.suffix in _WEIGHTS for file in files)
    if link.role is Role.PART:
        return all(_NO_CONTENT.search(file.path) for file in files)
    return False


def _told(source: Source) -> dict[str, Any]:
    """The host's own answer, as the source wrote it."""
    if not source.answers:
        return {}
    value = json.loads(source.answers[0].read())
    return value if isinstance(value, dict) else {}


def _at(source: Source) -> Evidence:
    """A source cited as a whole: its listing, or what its host answers."""
    if source.files:
        paths = [file.path for file in source.files]
        quote = f"{len(paths)} files at {source.revision[:12]}"
        return listing_evidence(source.id, "", paths, quote)
    told = _told(source)
    words = str(told.get("words") or told.get("title") or told.get("type") or "it is there")
    return source.answers[0].cite_whole(f"{told.get('status', '')} {words}".strip())


def links_back(source: Source, release: Release) -> bool:
    """Whether a front document of a source names one of the release's other sources."""
    names = {s.name.lower().replace("+", "/") for s in release.sources if "/" in s.name}
    names |= {s.metadata["url"].lower() for s in release.sources if "url" in s.metadata}
    if not names:
        return False
    wanted = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
    for file in source.files:
        if "/" in file.path or not file.name.lower().startswith("readme") or not file.is_readable:
            continue
        try:
            text = "\n".join(file.lines).lower()
        except ReadError:
            continue
        if wanted.search(text):
            return True
    return False


# -- data sets -----------------------------------------------------------------------------------


def _data_files(source: Source) -> list[File]:
    return [
        file
        for file in source.files
        if file.is_regular
        and file.size > 0
        and file.path.lower().endswith(_DATA)
        and not _NO_CONTENT.search(file.path)
    ]


def from_data(link: Link, source: Source, dossier: Dossier) -> Drawn:
    """A data set: its files when it is the release's own, its licence, and its card."""
    facts: list[Fact] = []
    held = _data_files(source)
    names = tuple(dict.fromkeys(fact.component for fact in link.facts))
    size = sum(file.size for file in held)
    quote = f"{len(held)} data files, {size:,} bytes"
    listed = listing_evidence(source.id, "", [file.path for file in held], quote)
    facts += [
        Found(
            evidence=(listed, link.evidence),
            component=fact.component,
            extent=fact.extent,
            aspect=fact.aspect,
            detail=f"The data set that is linked, {source.name}, holds {quote}.",
        )
        for fact in (link.facts if link.own else ())
    ]
    for name in names:
        facts += _licenses_as(name, dossier)
    if link.own:
        facts += _data_card(dossier, source)
    facts += [replace(fact, component=name) for fact in dossier.facts if isinstance(fact, Gated)
              for name in names[:1]]  # fmt: skip
    return Drawn(tuple(facts), _gaps_as(dossier, dict.fromkeys(("datasets", "data_card"), names)))


def _licenses_as(scope: str, dossier: Dossier) -> list[Licensed]:
    """The licences of a whole source, as statements about one component."""
    own = [
        fact
        for fact in dossier.facts
        if isinstance(fact, Licensed) and fact.scope in ("release", "path:", "data", "datasets")
    ]
    texts = [fact for fact in own if fact.how in (How.TEXT, How.PDF)]
    chosen = [*texts, *(fact for fact in own if fact not in texts)][:MAX_LICENSES]
    return [replace(fact, scope=scope) for fact in chosen]


def _data_card(dossier: Dossier, source: Source) -> list[Fact]:
    """The README of a data set is its card; how much of one, the inspectors have said."""
    known = dossier.component("data_card")
    extent = Extent.WHOLE if known.status is Status.PRESENT else Extent.PART
    told = [fact for fact in known.because if isinstance(fact, Found)]
    if told:
        return [replace(told[0], extent=extent, aspect="data_set")]
    card = next((f for f in source.files if f.path.lower() == "readme.md" and f.is_readable), None)
    try:
        lines = card.lines if card else ()
    except ReadError:
        lines = ()
    words = [number for number, line in enumerate(lines, 1) if len(line.split()) >= 8]
    if card is None or len(words) < 3:
        return []
    return [
        Found(
            evidence=(card.cite_lines(words[0]),),
            component="data_card",
            extent=Extent.PART,
            aspect="data_set",
            detail="The data set has a card of its own.",
        )
    ]


# -- papers --------------------------------------------------------------------------------------


def from_paper(link: Link, source: Source) -> Drawn:
    """A paper: that it is there, its licence, and whether it reports results."""
    told = _told(source)
    if not told.get("title"):
        return Drawn()
    page = source.answers[0]
    title = page.cite_pointer("/title", str(told["title"]))
    names = tuple(dict.fromkeys(fact.component for fact in link.facts))
    facts: list[Fact] = [
        Found(
            evidence=(title, link.evidence),
            component=fact.component,
            extent=fact.extent,
            aspect=fact.aspect,
            detail=f"The paper that is linked is there: {str(told['title'])[:150]}.",
        )
        for fact in link.facts
    ]
    stated = str(told.get("license") or "")
    if stated and (known := licenses.normalize(stated)):
        cite = page.cite_pointer("/license", stated)
        facts += [
            Licensed(evidence=(cite,), scope=name, license=known, how=How.TAG,
                     detail="The licence that the paper's page names.")
            for name in names
        ]  # fmt: skip
    gaps: list[Gap] = []
    if any(name in ("research_paper", "technical_report") for name in names):
        facts += _results_in(source, gaps)
    return Drawn(tuple(facts), (*source.gaps, *gaps))


def _results_in(source: Source, gaps: list[Gap]) -> list[Fact]:
    """Tables of results, told by their captions in the PDF's text."""
    for file in source.files:
        if file.size > pdf_text.MAX_BYTES:
            continue
        try:
            text = pdf_text.text(file.read()) or ""
        except (FormatError, ReadError) as error:
            gaps.append(
                Gap(source=source.id, path=file.path, by="follow", reason="unreadable_pdf",
                    detail=f"the paper's text could not be read: {error}")
            )  # fmt: skip
            continue
        if caption := _RESULTS.search(text):
            return [
                Found(
                    evidence=(file.cite_whole(" ".join(caption[0].split())),),
                    component="evaluation_results",
                    aspect="paper",
                    detail="A table of results in the paper.",
                )
            ]
    return []


# -- the base model ------------------------------------------------------------------------------


def link_to_base(fact: Derived) -> Link | None:
    """The link to a base that is named by its hub id."""
    if not hub_id(fact.base):
        return None
    url = f"https://huggingface.co/{fact.base}"
    return Link(url=url, role=Role.BASE, facts=(), evidence=fact.evidence[0], why=fact.detail,
                own=False)  # fmt: skip


def from_base(link: Link, source: Source, dossier: Dossier) -> Drawn:
    """The base model: its weights, whether its data is open to see, and its licence."""
    facts: list[Fact] = []
    weights = dossier.component("model_parameters_final")
    facts += _as_component(weights, "base_model_parameters", link)
    facts += base_license(dossier)
    facts += [
        replace(fact, component="base_model_parameters")
        for fact in dossier.facts
        if isinstance(fact, Gated) and fact.component == "model_parameters_final"
    ]
    facts.append(base_terms(dossier, source.name, _at(source)))
    data = dossier.component("datasets")
    facts += _as_component(data, "base_model_datasets", link)
    if data.status is Status.ABSENT:
        facts.append(
            RuledOut(
                evidence=(_at(source), link.evidence),
                component="base_model_datasets",
                looked_for=tuple(file.path for file in source.files[:20]),
                detail=f"The base model {source.name} neither holds nor links its training data.",
            )
        )
    mapped = {old: (new,) for old, new in _BASE_PARTS.items()}
    return Drawn(tuple(facts), _gaps_as(dossier, mapped))


def base_license(dossier: Dossier) -> list[Licensed]:
    """The licence of a base's weights, said of the base in the release made from it."""
    weights = dossier.component("model_parameters_final")
    return [replace(one, scope="base_model_parameters") for one in weights.licenses[:1]]


def base_terms(dossier: Dossier, name: str, otherwise: Evidence) -> Stated:
    """Whether a base's terms are open, restricted, or not clear: they bind what is made from it.

    The evidence is where its licence is stated, or ``otherwise``.
    """
    weights = dossier.component("model_parameters_final")
    limits = [
        fact
        for fact in dossier.facts
        if isinstance(fact, Stated)
        and fact.topic == "restriction"
        and fact.subject in ("release", "weights", "model_parameters_final")
    ]
    value = {True: "open", False: "restricted", None: "unclear"}[weights.license_open]
    if limits and value != "open":
        value = "restricted"
    stated = weights.licenses[0].evidence[0] if weights.licenses else otherwise
    return Stated(
        evidence=(stated, *(limit.evidence[0] for limit in limits[:3])),
        topic="base_terms",
        value=value,
        subject="base_model_parameters",
        detail=f"The terms of {name}, which this model was made from, are {value}"
        + (f" ({', '.join(sorted({limit.value for limit in limits}))})." if limits else "."),
    )


def _as_component(component: Component, name: str, link: Link) -> list[Fact]:
    """The best fact about a component of the base, said of the release's own counterpart."""
    for fact in component.because:
        if isinstance(fact, Found | Linked) and component.status is not Status.ABSENT:
            detail = f"In the base model that {link.url} leads to: {fact.detail}".strip()
            return [replace(fact, component=name, detail=detail)]
    return []


def _gaps_as(dossier: Dossier, names: Mapping[str, Sequence[str]]) -> tuple[Gap, ...]:
    """Gaps of something read apart: they hide only what was drawn from it."""

    def hidden(gap: Gap) -> Iterable[str]:
        return sorted({new for old in gap.components for new in names.get(old, ())})

    return tuple(replace(gap, components=tuple(hidden(gap))) for gap in dossier.gaps)
