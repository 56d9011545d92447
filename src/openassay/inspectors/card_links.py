"""Cards, galleries and training logs kept elsewhere.

Reads every link of the release's own documents whose words call it a model card, a datasheet, a
gallery of outputs or an experiment tracker. Nothing is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import Target
from openassay.passages import Spot, passages, spots, wanted
from openassay.release import Release
from openassay.types import Fact, Gap, Linked

NAME = "card_links"
COMPONENTS = (
    "model_card",
    "data_card",
    "sample_outputs",
    "training_logs",
)

_MODEL_CARD = re.compile(r"\bmodel[\s_-]?cards?\b|模型卡", re.I)
_DATA_CARD = re.compile(
    r"\bdata\s?sheets?\b|\bdata(?:set)?[\s_-]?cards?\b|\bdata statement|数据卡|数据说明", re.I
)
_REFERRED = re.compile(
    r"\b(?:see|refer to|check(?: out)?|find|details? in|consult"
    r"|read)\b[^.。]{0,60}\bmodel\s?cards?\b|(?:参考|查看|详见)[^。]{0,20}模型卡",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    for spot in spots(file, release):
        if spot.leads_out and not spot.about_sibling:
            yield from _documents(spot)
            yield from _logs(spot)
    yield from _referred_cards(file, release)


def _documents(spot: Spot) -> Iterator[Fact]:
    label = f"{spot.link.text} {spot.link.url}"
    if (
        _MODEL_CARD.search(label)
        and not spot.about_sibling
        and "://" in spot.link.url
        and "arxiv" not in spot.link.url
    ):
        yield Linked(
            evidence=(spot.cite(),),
            component="model_card",
            url=spot.link.url,
            detail="The link is called a model card.",
        )
    if _DATA_CARD.search(spot.link.text) and "://" in spot.link.url:
        yield Linked(
            evidence=(spot.cite(),),
            component="data_card",
            url=spot.link.url,
            detail="The link is called a datasheet or data card.",
        )
    if _is_gallery(spot, label):
        yield Linked(
            evidence=(spot.cite(),),
            component="sample_outputs",
            url=spot.link.url,
            detail="A gallery or collection of outputs is linked.",
        )


def _is_gallery(spot: Spot, label: str) -> bool:
    page = spot.locator.target in (Target.PAGE, Target.REPOSITORY, Target.DATASET)
    elsewhere = prose.OTHERS.search(spot.trail) or prose.TRAINING.search(spot.near)
    return page and "://" in spot.link.url and bool(prose.GALLERY.search(label)) and not elsewhere


def _logs(spot: Spot) -> Iterator[Fact]:
    if spot.locator.target is Target.TRACKER and not prose.OTHERS.search(spot.trail):
        yield Linked(
            evidence=(spot.cite(),),
            component="training_logs",
            url=spot.link.url,
            detail="An experiment tracker's page is linked.",
        )


def _referred_cards(file: File, release: Release) -> Iterator[Fact]:
    """ "Please refer to the model cards": the hub pages of the models linked here are the cards."""
    hub = next(
        (
            spot
            for spot in spots(file, release)
            if spot.locator.target in (Target.MODEL, Target.COLLECTION)
            and release.subject.owns(spot.locator.owner)
            and not spot.about_sibling
        ),
        None,
    )
    if hub is None:
        return
    for passage in passages(file, release):
        if _REFERRED.search(passage.text) and not release.subject.is_foreign(passage.text):
            yield Linked(
                evidence=(passage.cite(), hub.cite()),
                component="model_card",
                url=hub.link.url,
                detail="The document sends the reader to the models' cards on the hub.",
            )
            return
