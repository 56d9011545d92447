"""The page: well-formed, self-contained, readable for people and screen readers, inert.

What only a browser can tell (axe, real widths, the policy in force) is in ``make check-html``.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openassay import license_answer
from openassay.reports import Look, Report, html
from openassay.reports._html_page import MAX_REGISTER, Page
from openassay.reports._markup import element, join, safe_link, text
from openassay.types import (
    Claim,
    Contradiction,
    Digest,
    Dossier,
    Evidence,
    Found,
    Gap,
    SourceInfo,
    Span,
    Unit,
)
from openassay.words import ENGLISH

GOLDENS = Path(__file__).parent / "goldens"
CSS = (Path(html.__file__).parent / "assets" / "report.css").read_text("utf-8")
HOSTILE = "\x1b[2J\u202egnp.exe <img src=x> [a](javascript:1) | **b** @you \x9b31m"


def lines(path: str, start: int, end: int, quote: str) -> Evidence:
    return Evidence("git:x", path, Span(Unit.LINE, start, end), quote, Digest("sha256", "0" * 64))


def found(component: str, evidence: Evidence, detail: str) -> Found:
    return Found(evidence=(evidence,), detail=detail, component=component)


@pytest.fixture
def full(report: Report) -> Report:
    """The fixture with what is known of its licences, as the command line adds it."""
    named = ("Apache-2.0", "LicenseRef-gold")
    return replace(report, licenses={n: license_answer.of_expression(n) for n in named})


def page(report: Report, lang: str = "en") -> str:
    return html.render(report, Look(lang=lang))


def tree(written: str) -> ET.Element:
    """The page is XML as well, so that any mistake in nesting or escaping fails here."""
    head, _, body = written.partition("\n")
    assert head == "<!DOCTYPE html>"
    return ET.fromstring(body)


def elements(written: str) -> Iterator[ET.Element]:
    return tree(written).iter()


def said(root: ET.Element) -> str:
    return " ".join("".join(root.itertext()).split())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_golden(full: Report, golden: Callable[[Path, str], None], lang: str) -> None:
    name = "gold.html" if lang == "en" else f"gold-{lang}.html"
    golden(GOLDENS / name, page(full, lang))


def test_the_same_report_gives_the_same_bytes(full: Report) -> None:
    assert page(full) == page(full)


# ------------------------------------------------------------------------------------ structure


def test_ids_are_unique_and_every_inner_link_leads_somewhere(full: Report) -> None:
    every = list(elements(page(full)))
    ids = Counter(one.get("id") for one in every if one.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    inner = [h[1:] for one in every if (h := one.get("href")) and h.startswith("#")]
    assert inner
    assert set(inner) <= set(ids)
    labelled = [n for one in every if (n := one.get("aria-labelledby"))]
    assert set(labelled) <= set(ids)


def test_headings_begin_at_one_and_skip_no_level(full: Report) -> None:
    levels = [int(one.tag[1]) for one in elements(page(full)) if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_what_a_screen_reader_needs_is_there(full: Report) -> None:
    root = tree(page(full))
    assert root.get("lang") == "en"
    assert root.findtext("head/title") == "acme/Gold-7B: openness report"
    for tag in ("header", "nav", "main", "footer"):
        assert len(list(root.iter(tag))) >= 1, tag
    for one in root.iter():
        if one.tag == "svg":
            pictured = one.get("role") == "img" and one.get("aria-label")
            assert pictured or one.get("aria-hidden") == "true"
        if one.tag in ("a", "button", "summary", "h1", "h2", "h3", "h4"):
            assert said(one), ET.tostring(one)
        if one.tag == "details":
            assert one[0].tag == "summary"
        if one.tag in ("ul", "ol"):
            assert {child.tag for child in one} <= {"li"}, ET.tostring(one)
            assert len(one), "an empty list"


def test_everything_stands_there_without_script(full: Report) -> None:
    """Only the buttons need the script, and they are hidden until it runs."""
    for one in elements(page(full)):
        if one.tag == "p" and one.get("class") == "buttons":
            assert one.get("hidden") is not None
    assert "acme/Gold-7B" in page(full)


def test_the_first_screen_answers_in_words(full: Report) -> None:
    words = said(tree(page(full)))
    assert (
        "Of 17 parts that make a model release, 5 are published at least in part, and 2 of these "
        "under an open licence. The weights stand under gold, which is not an open licence."
    ) in words
    assert "1 claim does not hold" in words
    assert "Evaluation results could not be told" in words  # in the list of parts


def test_evidence_is_one_click_away(full: Report) -> None:
    """A part opens to place, quote and number; the number leads to source and hash."""
    root = tree(page(full))
    part = next(d for d in root.iter("details") if "Training code" in said(d[0]))
    assert "train.py:12" in said(part)
    assert "def train(model, data):" in said(part)
    number = next(a.get("href") for a in part.iter("a") if a.get("class") == "cite")
    entry = next(one for one in root.iter("li") if f"#{one.get('id')}" == number)
    assert "0123456789abcdef" in said(entry)
    assert "3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b" in said(entry)
    links = [a.get("href") for a in entry.iter("a")]
    assert links == ["https://example.org/acme/gold/blob/0123456789ab/train.py#L12"]


def test_duties_and_rights_stand_by_the_licence(full: Report) -> None:
    block = next(
        one for one in tree(page(full)).iter("article") if said(one).startswith("Apache-2.0")
    )
    assert "a patent licence" in said(block)
    assert "ship the full text of the licence" in said(block)
    assert "It governs: " in said(block)


# --------------------------------------------------------------------- nothing is fetched or run


def test_nothing_is_fetched(full: Report) -> None:
    for one in elements(page(full)):
        assert one.tag not in ("link", "iframe", "object", "embed", "img", "base", "form", "video")
        for name, value in one.attrib.items():
            assert name not in ("src", "srcset", "action", "ping", "background", "style"), name
            assert not name.startswith("on"), name
            if name == "href" and not value.startswith("#"):
                assert one.tag == "a"
                assert value.startswith(("https://", "http://")), value
    assert not re.search(r"url\(|@import|expression\(|</", CSS)


def test_the_policy_names_exactly_the_style_and_script_of_the_page(full: Report) -> None:
    root = tree(page(full))
    policy = next(
        one.get("content", "") for one in root.iter("meta")
        if one.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (only,) = root.iter(tag)
        digest = hashlib.sha256((only.text or "").encode("utf-8")).digest()
        assert f"{tag}-src 'sha256-{b64encode(digest).decode('ascii')}'" in policy


# ------------------------------------------------------------------------------- hostile releases

EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></script></title><svg/onload=alert(1)>",
    "&lt;b&gt; &amp; &#106;avascript:",
    "\x00\x1b[2J\u202egnp.exe\ufffe\ud800",
    "javascript:alert(1)",
    HOSTILE,
)


def poisoned(dossier: Dossier, evil: str) -> Dossier:
    """Every text that can come from a release, replaced by a hostile one."""
    place = replace(
        lines("a", 1, 1, evil), path=evil, source=evil, link=evil,
        digest=replace(lines("a", 1, 1, "").digest, algorithm=evil, value=evil),
    )  # fmt: skip
    bad = found("training_code", place, evil)
    linked = [
        replace(c, because=(bad,), license=evil, license_open=False, license_reason=evil,
                notes=(evil,))
        for c in dossier.components
    ]  # fmt: skip
    claim = Claim(kind=evil, subject=evil, evidence=place, holds=False, because=(evil,))
    return replace(
        dossier,
        release=evil,
        read_by=evil,
        sources=(SourceInfo(id=evil, kind=evil, locator=evil, revision=evil, files=1),),
        components=(*linked, replace(linked[0], id=evil)),
        claims=(claim,),
        contradictions=(Contradiction(id=evil, text=evil, evidence=(place,)),),
        gaps=(Gap(source=evil, path=evil, by=evil, reason=evil, detail=evil),),
    )


def shape(written: str) -> Counter[str]:
    """Every tag with the names of its attributes, counted."""
    return Counter(f"{one.tag} {sorted(one.attrib)}" for one in elements(written))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("evil", EVIL)
def test_no_tag_attribute_or_scheme_of_a_release_survives(
    full: Report, evil: str, lang: str
) -> None:
    """The page has the same tags and attributes as one made from a harmless word."""

    def made(word: str) -> str:
        verdicts = tuple(
            replace(v, title=word, answer=word, notes=(word,), framework=word, progress={word: 1.0},
                    results=tuple(replace(r, title=word, group=word, because=(word,),
                                          next_step=word) for r in v.results))
            for v in full.verdicts
        )  # fmt: skip
        return page(replace(full, dossier=poisoned(full.dossier, word), verdicts=verdicts), lang)

    assert shape(made(evil)) == shape(made("harmless"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800\ufffe]", made(evil))
    for one in elements(made(evil)):
        assert not one.get("href", "").lower().startswith(("javascript", "data", "vbscript"))


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=60)
def test_any_text_is_well_formed_and_comes_back(one: str, other: str) -> None:
    made = ET.fromstring(element("p", one, class_="a", title=other))
    assert made.tag == "p"
    assert sorted(made.attrib) == ["class", "title"]
    assert len(made) == 0
    assert (
        " ".join((made.text or "").split())
        == " ".join(ET.fromstring(f"<p>{text(one)}</p>").itertext()).strip()
    )


def test_markup_is_kept_and_text_escaped() -> None:
    assert join("a < b ", element("br"), None, ["&", element("b", "x")]) == (
        "a &lt; b <br />&amp;<b>x</b>"
    )
    assert element("p", hidden=True, id=None, aria_label="x") == '<p hidden="" aria-label="x"></p>'


def test_addresses_with_other_schemes_are_no_links() -> None:
    assert safe_link("JaVaScRiPt:alert(1)") is None
    assert safe_link("data:text/html,x") is None
    assert safe_link("//host/x") is None


# ------------------------------------------------------------------------------------------- size


def test_the_size_is_bounded_however_much_was_found(full: Report) -> None:
    """Thousands of facts, claims, contradictions and gaps: a page that a browser likes."""
    many = range(4000)
    dossier = full.dossier
    places = [lines(f"deep/folder/file{n}.py", n + 1, n + 2, "x" * 500) for n in many]
    facts: tuple[Found, ...] = tuple(found("training_code", p, "y" * 900) for p in places)
    crowd = replace(
        dossier,
        facts=(*dossier.facts, *facts),
        components=(
            *(
                replace(c, because=facts) if c.id == "training_code" else c
                for c in dossier.components
            ),
            *[c for c in dossier.components if c.id == "sample_outputs"] * 3000,
        ),
        sources=dossier.sources * 500,
        claims=tuple(
            Claim(kind="open", subject="release", evidence=p, holds=False, because=("z" * 900,))
            for p in places
        ),
        contradictions=tuple(
            Contradiction(id=str(n), text="w" * 900, evidence=tuple(places)) for n in many
        ),
        gaps=tuple(
            Gap(source="s", path=f"{n}", by="b", reason="r", detail="v" * 900) for n in many
        ),
    )
    written = page(replace(full, dossier=crowd))
    assert len(written) < 1_000_000
    assert "3994 more in the JSON report" in written
    assert len(re.findall(r'<li id="e\d', written)) <= MAX_REGISTER


# --------------------------------------------------------------------------------------- contrast


def palette(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


LIGHT, DARK, PRINT = (palette(b) for b in re.findall(r":root \{(.*?)\}", CSS, re.S))


@pytest.mark.parametrize("colours", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
def test_text_and_signs_stand_out(colours: dict[str, str]) -> None:
    """4.5 to 1 for text on every ground it stands on; the rings of the wheel 3 to 1."""
    assert colours.keys() == LIGHT.keys()
    for ink in ("ink", "muted", "link", "accent", "green", "blue", "amber", "red", "violet"):
        for ground in ("canvas", "paper", "sunken"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for hue in ("green", "blue", "amber", "red", "violet"):
        assert contrast(colours[hue], colours[f"{hue}-soft"]) >= 4.5, hue
    assert contrast(colours["ink"], colours["amber-soft"]) >= 4.5
    assert (
        contrast(colours["link"], colours["amber-soft"]) >= 4.5
    )  # the evidence that was asked for


def test_every_colour_is_one_of_the_properties() -> None:
    rest = re.sub(r":root \{.*?\}", "", CSS, flags=re.S)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", rest)


def test_evidence_of_another_source_has_no_link(full: Report) -> None:
    quoted = Evidence("s", "p", lines("a", 1, 1, "").span, "q", lines("a", 1, 1, "").digest, None)
    assert "href" not in Page(full, ENGLISH).exhibit(quoted).split("cite")[0]
