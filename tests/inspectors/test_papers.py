"""A paper counts when it is about this model; an earlier generation's is part; others' are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import papers
from openassay.subject import Subject
from openassay.types import Found, Linked

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
ARXIV = "https://arxiv.org/abs/2401.00001"
SLOW = pytest.mark.slow
Papers = Callable[..., list[str]]


@pytest.fixture
def told(make_release: Any, run: Any) -> Papers:
    """`told(component, text, more)`: "Linked whole README.md:3 URL" for each such fact."""

    def tell(component: str, text: str, more: dict[str, object] | None = None) -> list[str]:
        release = make_release({"README.md": f"# Foo3\n\n{text}\n", **(more or {})}, US)
        return [
            f"{type(f).__name__} {f.extent} {f.evidence[0].path}:{f.evidence[0].span.start} "
            f"{getattr(f, 'url', '')}".strip()
            for f in run(papers, release)
            if isinstance(f, (Linked, Found)) and f.component == component
        ]

    return tell


# -- links -------------------------------------------------------------------------------------

PAPERS = {
    "a label": f"[Paper]({ARXIV})",
    "a Chinese label": f"[论文]({ARXIV})",
    "an arXiv number as label": f"[arXiv:2401.00001]({ARXIV})",
    "a badge": f"[![arXiv](https://img.shields.io/badge/arXiv-2401.00001-red)]({ARXIV})",
    "the model in the title": f"- [Foo3: Small and Open]({ARXIV})",
    "a sentence in the first person": f"Read more in our paper, [Small and Open]({ARXIV}).",
    "a Chinese sentence": f"更多细节请阅读我们的论文 [Small and Open]({ARXIV})。",
    "a hub's page of the paper": "[Paper](https://huggingface.co/papers/2401.00001)",
}


@pytest.mark.parametrize("case", PAPERS)
def test_the_models_paper_is_linked(told: Papers, case: str) -> None:
    (row,) = told("research_paper", PAPERS[case])
    assert row.startswith("Linked whole README.md:3 https://")
    assert row.endswith("2401.00001")


@pytest.mark.parametrize(
    "label", ["Foo3 Technical Report", "技术报告", "Tech Report", "Foo3 技术报告"]
)
def test_an_archived_technical_report_is_report_and_paper(told: Papers, label: str) -> None:
    """One arXiv "Technical Report" counts for both (rule 17)."""
    text = f"[{label}]({ARXIV})"
    for component in ("technical_report", "research_paper", "preprint"):
        assert told(component, text) == [f"Linked whole README.md:3 {ARXIV}"]


def test_a_plain_paper_is_no_technical_report(told: Papers) -> None:
    assert told("technical_report", f"[Paper]({ARXIV})") == []


OTHERS_PAPERS = {
    "a method that is used": f"Foo3 uses [zebra attention]({ARXIV}).",
    "another's name in the label": f"It follows the [ZebraNorm paper]({ARXIV}).",
    "a benchmark": f"## Evaluation\n\nScores on [ZebraBench]({ARXIV}) are below.",
    "a Chinese benchmark": f"## 评测\n\n[ZebraBench]({ARXIV}) 的结果如下。",
    "the acknowledgements": f"## Acknowledgements\n\nBased on [this paper]({ARXIV}).",
    "Chinese thanks": f"## 致谢\n\n感谢 [论文]({ARXIV})。",
    "related work": f"## Related work\n\n- [A paper]({ARXIV})",
    "a badge that is no link": "![arXiv](https://img.shields.io/badge/arXiv-2401.00001-red)",
    "a heading without anything": "## Technical report\n\nComing soon.",
    "an anchor": "[Technical report](#report) and [paper](#paper): coming soon",
    "a path that does not exist": "[Technical report](docs/report.pdf)",
    "a datasheet": f"[Datasheet for FooCorpus]({ARXIV})",
}


@pytest.mark.parametrize("case", OTHERS_PAPERS)
def test_other_peoples_papers_are_not_this_releases(told: Papers, case: str) -> None:
    for component in ("research_paper", "technical_report", "preprint"):
        assert told(component, OTHERS_PAPERS[case]) == []


def test_our_paper_in_a_tool_that_came_with_the_tree_is_its_authors(told: Papers) -> None:
    said = f"For technical details please refer to our [paper]({ARXIV})."
    tool = {"tools/curriculum/README.md": f"# An example of a scheduler\n\n{said}\n"}
    assert told("research_paper", "", tool) == []
    own = {"tools/curriculum/README.md": f"# How Foo3 was scheduled\n\n{said}\n"}
    assert told("research_paper", "", own) == [f"Linked whole tools/curriculum/README.md:3 {ARXIV}"]


def test_papers_that_use_the_model_are_not_about_it(told: Papers) -> None:
    """A list of what others made with the model names it in every title."""
    text = f"## Research building on Foo3\n\n- [Probing Foo3 for arithmetic]({ARXIV})"
    assert told("research_paper", text) == []


EARLIER = {
    "named in the label": f"[Foo2 paper]({ARXIV})",
    "named in the title": f"[Foo2 Technical Report]({ARXIV})",
    "Chinese": f"[Foo2 论文]({ARXIV})",
    "a number in the label": f"[Tech Report 2.1]({ARXIV})",
    "a bare label beside the name": f"Foo2 (last year): [Paper]({ARXIV})",
}


@pytest.mark.parametrize("case", EARLIER)
def test_an_earlier_generations_paper_is_part(told: Papers, case: str) -> None:
    assert told("research_paper", EARLIER[case]) == [f"Linked part README.md:3 {ARXIV}"]


def test_a_siblings_bare_label_is_never_whole(told: Papers) -> None:
    rows = told("research_paper", f"BarVLM, our vision model: [Paper]({ARXIV})")
    assert [row for row in rows if " whole " in row] == []


# -- blogs -------------------------------------------------------------------------------------


def test_a_technical_blog_is_a_report_and_an_announcement_part(told: Papers) -> None:
    url = "https://acme.example/blog/foo3"
    technical = f"[Foo3 technical blog]({url})"
    plain = f"Foo3 was announced in our [blog post]({url})."
    assert told("technical_report", technical) == [f"Linked whole README.md:3 {url}"]
    assert told("technical_report", plain) == [f"Linked part README.md:3 {url}"]


@pytest.mark.parametrize(
    "text",
    [
        "Read the [blog](https://acme.example/blog/barvlm) on BarVLM.",
        "The quick start follows this [blog post](https://zebra.example/blog/setup).",
        "## Community\n\n[Blog on Foo3](https://zebra.example/blog/foo3)",
    ],
)
def test_other_blogs_are_nothing(told: Papers, text: str) -> None:
    assert told("technical_report", text) == []


# -- BibTeX ------------------------------------------------------------------------------------

OWN_ENTRY = """## Citation

```bibtex
@article{foo3,
  title={Foo3: Small and Open},
  journal={arXiv preprint arXiv:2401.00001},
  year={2024}
}
```"""


def test_a_bibtex_eprint_without_a_link_is_linked(told: Papers) -> None:
    assert told("research_paper", OWN_ENTRY) == [f"Linked whole README.md:6 {ARXIV}"]
    assert told("preprint", OWN_ENTRY) == [f"Linked whole README.md:6 {ARXIV}"]
    assert told("technical_report", OWN_ENTRY) == []


def test_a_bibtex_entry_titled_technical_report_counts_for_both(told: Papers) -> None:
    text = OWN_ENTRY.replace("Small and Open", "Technical Report").replace("Citation", "引用")
    assert told("technical_report", text) == [f"Linked whole README.md:6 {ARXIV}"]
    assert told("research_paper", text) == [f"Linked whole README.md:6 {ARXIV}"]


def test_a_reviewed_venue_is_a_peer_reviewed_paper(told: Papers) -> None:
    text = (
        "## Citation\n\n```\n@inproceedings{foo3,\n  title={Foo3: Small and Open},\n"
        "  booktitle={Proceedings of ICML},\n}\n```"
    )
    assert told("research_paper", text) == ["Linked whole README.md:6"]
    assert told("peer_reviewed_paper", text) == ["Linked whole README.md:6"]


NO_ENTRIES = {
    "software": "@software{foo3,\n  title={Foo3},\n  url={https://github.com/acme/foo3},\n}",
    "cites itself": "@misc{foo3,\n  title={Foo3},\n"
    "  howpublished={\\url{https://github.com/acme/foo3}},\n}",
    "an article that is a repository": "@article{foo3,\n  title={Foo3},\n"
    "  journal={GitHub repository},\n}",
    "a page": "@online{foo3,\n  title={Foo3},\n  url={https://acme.example/foo3},\n}",
}


@pytest.mark.parametrize("case", NO_ENTRIES)
def test_software_entries_are_no_papers(told: Papers, case: str) -> None:
    assert told("research_paper", f"## Citation\n\n```bibtex\n{NO_ENTRIES[case]}\n```") == []


ZEBRA_ENTRY = """@article{zebra,
  title={ZebraNorm: Stripes for Everyone},
  journal={arXiv preprint arXiv:1901.00009},
}
"""


def test_bibtex_of_other_papers_is_not_this_releases(told: Papers) -> None:
    """Neither as a second entry, nor under a section that is no citation of this release."""
    second = OWN_ENTRY.replace("}\n```", f"}}\n\n{ZEBRA_ENTRY}```")
    assert told("research_paper", second) == [f"Linked whole README.md:6 {ARXIV}"]
    elsewhere = f"## Normalisation\n\nWe use ZebraNorm.\n\n```\n{ZEBRA_ENTRY}```"
    assert told("research_paper", elsewhere) == []


def test_a_link_to_a_paper_cited_as_others_is_not_own(told: Papers) -> None:
    """The BibTeX says whose the arXiv number is, whatever the link is called."""
    text = (
        "[Paper](https://arxiv.org/abs/1901.00009)\n\n## Normalisation\n\nIt is ZebraNorm.\n\n"
        f"```\n{ZEBRA_ENTRY}```"
    )
    assert told("research_paper", text) == []


def test_bibtex_of_the_earlier_generation_is_part(told: Papers) -> None:
    rows = told("research_paper", OWN_ENTRY.replace("foo3", "foo2").replace("Foo3", "Foo2"))
    assert rows == [f"Linked part README.md:6 {ARXIV}"]


def test_a_citation_file_asks_to_be_cited(told: Papers) -> None:
    entry = "@article{foo3,\n  title={Foo3},\n  journal={arXiv preprint arXiv:2401.00001},\n}\n"
    rows = told("research_paper", "Hello.", {"CITATION.bib": entry})
    assert rows == [f"Linked whole CITATION.bib:1 {ARXIV}"]


# -- tracked documents -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Foo3_Technical_Report.pdf",
        "tech_report.pdf",
        "技术报告.pdf",
    ],
)
def test_a_tracked_report_counts_even_if_its_bytes_are_missing(
    told: Papers, make_release: Any, name: str
) -> None:
    """Listed by git, absent from a partial mirror: still in the repository (rule 2)."""
    for content in (b"%PDF-1.5\n", make_release.missing(9)):
        (row,) = told("technical_report", "Hello.", {f"docs/{name}": content})
        assert row.startswith("Found whole docs")


def test_a_tracked_paper(told: Papers) -> None:
    (row,) = told("research_paper", "Hello.", {"assets/foo3_paper.pdf": b"%PDF-1.5\n"})
    assert row.startswith("Found whole assets/foo3_paper.pdf")


@pytest.mark.parametrize(
    "path",
    [
        "Foo3 Model License Report.pdf",
        "poster.pdf",
        "papers/zebra_attention_paper.pdf",
        "third_party/lib/tech_report.pdf",
        "tests/tech_report.pdf",
    ],
)
def test_other_tracked_pdfs_are_nothing(told: Papers, path: str) -> None:
    pdf = {path: b"%PDF-1.5\n"}
    assert told("technical_report", "Hello.", pdf) == []
    assert told("research_paper", "Hello.", pdf) == []


def test_an_earlier_generations_tracked_report_is_part(told: Papers) -> None:
    (row,) = told("technical_report", "Hello.", {"docs/Foo2_tech_report.pdf": b"%PDF-1.5\n"})
    assert row.startswith("Found part docs/Foo2_tech_report.pdf")


def test_a_report_in_the_tree_is_found_through_its_link(told: Papers) -> None:
    text = "See the [technical report](docs/how.md)."
    rows = told("technical_report", text, {"docs/how.md": "# How it was made\n"})
    assert rows == ["Found whole README.md:3"]


# -- anything at all ---------------------------------------------------------------------------

TELLING = f"[Foo3 paper]({ARXIV}) and our [blog](https://acme.example/blog/foo3)."
HOSTILE = {
    "100k lines": (f"{TELLING}\n" + "plain text\n" * 9) * 10_000,
    "one endless line": f"{TELLING} " * 2_000,
    "an unclosed fence": "## Citation\n```\n@article{foo3,\n title={Foo3" * 999,
    "deep nesting": "@a{b," * 4000 + "{" * 9000 + "[" * 9000 + "](" * 9000 + "<a><p>" * 4000,
    "control characters": "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\ufeff\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    text = HOSTILE[case]
    assert all_cited(papers, make_release({"README.md": text, "CITATION.bib": text}, US)) < 20_000


PIECES = st.sampled_from(
    [
        TELLING,
        "# Foo3",
        "## Citation",
        "```",
        "@article{foo3,",
        "title={Foo3",
        "eprint={2401.00001}",
        "}",
        "Foo2",
        "@",
        "arXiv:",
        "](",
        f"[论文]({ARXIV}",
        "https://[",
        "技术报告",
        "<a href=x>",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    all_cited(papers, make_release({"README.md": text, "CITATION.bib": text}, US))
