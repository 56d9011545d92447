"""The clause reader: one small scenario a rule, in English and Chinese, and what must not match."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openassay import licenses


def read(text: str) -> dict[str, str]:
    return {t.name: t.value for t in licenses.read_terms(text)}


@pytest.mark.parametrize(
    ("clause", "term", "value"),
    [
        (
            "You may use the Model for non-commercial research purposes only.",
            "commercial_use",
            "no",
        ),
        ("You will not use the Model for any commercial purpose.", "commercial_use", "no"),
        ("The weights are for academic research only.", "commercial_use", "no"),
        ("本模型仅供学术研究使用。", "commercial_use", "no"),
        ("您不得将模型用于商业用途。", "commercial_use", "no"),
        ("For commercial use you must register at our site.", "commercial_use", "conditional"),
        ("如需商用，请填写问卷进行申请。", "commercial_use", "conditional"),
        (
            "Licensor grants you a license for commercial and non-commercial use.",
            "commercial_use",
            "yes",
        ),
        ("本模型可以免费商用。", "commercial_use", "yes"),
        (
            "If you have more than 700 million monthly active users you must request a license.",
            "user_threshold",
            "700M MAU",
        ),
        (
            "Companies with over US$20 million in annual revenue are excluded.",
            "user_threshold",
            "US$20M annual revenue",
        ),
        ("若月活跃用户数超过1亿，须另行申请。", "user_threshold", "100M MAU"),
        (
            "You will not use the output to improve any other large language model.",
            "forbids_training_other_models",
            "yes",
        ),
        ("您不得使用输出改进任何其他模型。", "forbids_training_other_models", "yes"),
        ("You will not use the Model for military purposes.", "field_of_use_restrictions", "yes"),
        ("不得用于军事目的。", "field_of_use_restrictions", "yes"),
        ("You must comply with the Acceptable Use Policy.", "acceptable_use_policy", "yes"),
        ("You agree to the use restrictions in Attachment A.", "acceptable_use_policy", "yes"),
        (
            'You shall prominently display "Built with Foo" on a website.',
            "attribution_naming",
            '"Built with Foo"',
        ),
        (
            'You must include "Foo" at the beginning of any such model name.',
            "attribution_naming",
            '"Foo"',
        ),
        ("Derivative works must be distributed under the same license.", "share_alike", "yes"),
        (
            "This license does not apply in the European Union.",
            "geographic_limit",
            "excludes European Union",
        ),
        ("仅限在中国大陆境内使用。", "geographic_limit", "only China"),
        ("You must register before use.", "registration_required", "yes"),
        ("商业使用须完成登记。", "registration_required", "yes"),
        ("We grant you a revocable license.", "revocable_or_updatable", "yes"),
        ("We may update this Agreement at any time.", "revocable_or_updatable", "yes"),
        ("特此授予您可撤销的许可。", "revocable_or_updatable", "yes"),
        ("许可证可能会更新到更全面的版本。", "revocable_or_updatable", "yes"),
    ],
)
def test_a_clause_is_read(clause: str, term: str, value: str) -> None:
    assert read(clause).get(term) == value


@pytest.mark.parametrize(
    ("clause", "term"),
    [
        ("We grant you an irrevocable license.", "revocable_or_updatable"),
        ("本许可不可撤销。", "revocable_or_updatable"),
        ("We may terminate if you breach this Agreement.", "revocable_or_updatable"),
        ("The publisher may release new versions of this License.", "revocable_or_updatable"),
        ("You must comply with applicable law.", "field_of_use_restrictions"),
        ("The model was pre-trained on other models' data.", "forbids_training_other_models"),
        (
            "Our liability shall not exceed one hundred million dollars of revenue.",
            "user_threshold",
        ),
        ('You are encouraged to display "Powered by Foo".', "attribution_naming"),
        ("This Agreement is governed by the laws of the European Union.", "geographic_limit"),
        ("No trademark license is granted; trademarks are registered.", "registration_required"),
        ("NO LIABILITY FOR COMMERCIAL DAMAGES OR LOSSES.", "commercial_use"),
    ],
)
def test_what_only_looks_like_a_clause(clause: str, term: str) -> None:
    assert term not in read(clause)


def test_an_item_keeps_what_its_list_forbids() -> None:
    text = "You agree not to use the Model:\n\n- in any unlawful way;\n- for surveillance.\n"
    (term,) = [t for t in licenses.read_terms(text) if t.name == "field_of_use_restrictions"]
    assert (term.start_line, term.quote) == (4, "- for surveillance.")


def test_the_quote_stands_on_its_lines() -> None:
    text = "FOO LICENSE\n\n1. Grant\n\nYou may use it for\nnon-commercial purposes only.\n"
    (term,) = [t for t in licenses.read_terms(text) if t.name == "commercial_use"]
    assert (term.start_line, term.end_line) == (5, 6)


def test_assess_fills_what_silence_means(mit: str) -> None:
    found = licenses.assess(mit)
    assert found.expression == "MIT"
    assert found.openness["code"] is True
    assert found.terms["commercial_use"].value == "yes"
    assert found.terms["commercial_use"].basis == "facts"
    assert found.terms["share_alike"].value == "no"


def test_assess_reads_a_modified_text_itself(mit: str) -> None:
    text = mit + "\nIf you have more than 100 million monthly active users, you must ask us.\n"
    found = licenses.assess(text)
    assert found.identification.modified
    assert found.terms["user_threshold"].value == "100M MAU"
    assert found.terms["commercial_use"].value == "conditional"
    assert set(found.openness.values()) == {None}


def test_assess_takes_what_a_readme_states() -> None:
    text = (
        "# Foo\n\n## Installation\n\n```\npip install foo\n```\n\n## Usage\n\nRun it.\n\n"
        "## License\n\nThe code is licensed under the Apache License 2.0. The weights are released "
        "under CC BY-NC 4.0.\n\n## Citation\n\nCite us.\n"
    )
    found = licenses.assess(text)
    assert found.identification.expression is None
    assert found.identification.guard == "readme"
    assert (found.expression, found.stated) == ("Apache-2.0 AND CC-BY-NC-4.0", True)
    assert found.openness["weights"] is False


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=600))
def test_any_text_can_be_read(text: str) -> None:
    lines = text.count("\n") + text.count("\r") + 1
    for term in licenses.read_terms(text):
        assert 1 <= term.start_line <= term.end_line <= lines


@pytest.mark.parametrize(
    "piece",
    [
        "commercial ",
        "must not use any model ",
        "100 million monthly users ",
        "不得商业许可",
        "<",
        '"',
        "(",
        "a.",
        "- you must not:\n",
        "| license | MIT |\n",
        "http://",
        "# x\n",
        "licensed under ",
    ],
)
@pytest.mark.slow
def test_repetition_stays_bounded(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    licenses.assess(text)
    licenses.mentions(text)
    licenses.headers(text)
