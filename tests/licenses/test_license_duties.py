"""The clauses on patents, ending, outputs, handing on, and what is worth a warning."""

from __future__ import annotations

import pytest

from openassay import licenses
from openassay.licenses import amounts


def read(text: str) -> dict[str, str]:
    return {t.name: t.value for t in licenses.read_terms(text, more=True)}


@pytest.mark.parametrize(
    ("clause", "term", "value"),
    [
        ("Licensor grants You a royalty-free patent license to make it.", "patent_grant", "yes"),
        ("每个贡献者授予您不可撤销的专利许可。", "patent_grant", "yes"),
        ("Patent rights are not licensed under this License.", "patent_grant", "no"),
        ("No patent license is granted.", "patent_grant", "no"),
        ("Your rights terminate if you breach this Agreement.", "ends_on_breach", "yes"),
        ("如果您违反本协议,许可自动终止。", "ends_on_breach", "yes"),
        (
            "If you institute litigation alleging infringement, this license shall terminate.",
            "ends_on_litigation",
            "yes",
        ),
        ("Licensor claims no rights in the Output you generate.", "outputs", "yours"),
        ("You may not use any output to train another model.", "outputs", "restricted"),
        ("您不得使用模型的输出训练其他模型。", "outputs", "restricted"),
        ("You are granted a license to use, modify and distribute it.", "redistribution", "yes"),
        ("You may not distribute the Model.", "redistribution", "no"),
        ("Give any recipients a copy of this License.", "include_license", "yes"),
        ("您必须向接收者提供本许可证的副本。", "include_license", "yes"),
        ("You must retain all copyright and attribution notices.", "keep_notices", "yes"),
        ('Retain it within a "Notice" text file.', "notice_file", "yes"),
        ("Modified files must carry prominent notices of the changes.", "state_changes", "yes"),
        (
            "Use-based restrictions must be included as an enforceable provision.",
            "pass_on_restrictions",
            "yes",
        ),
        ("Provide the Corresponding Source.", "disclose_source", "yes"),
        ("This is governed by the laws of the State of Ohio.", "governing_law", "Ohio"),
        ("本协议受中华人民共和国法律管辖。", "governing_law", "People's Republic of China"),
        (
            "Disputes shall be submitted to the Foo Arbitration Commission.",
            "disputes",
            "arbitration",
        ),
        ("The courts of Paris shall have exclusive jurisdiction.", "disputes", "courts"),
        ("You will indemnify and hold harmless Foo.", "indemnity", "yes"),
        ("You hereby grant Licensor a license to your improvements.", "grant_back", "yes"),
        ("You shall use reasonable efforts to use the latest version.", "must_update", "yes"),
        ("Foo has the right to restrict (remotely or otherwise) use.", "remote_restriction", "yes"),
        ("The Chinese version shall prevail.", "language_prevails", "Chinese"),
    ],
)
def test_a_clause_is_read(clause: str, term: str, value: str) -> None:
    assert read(clause).get(term) == value


@pytest.mark.parametrize(
    ("clause", "term"),
    [
        ("The licensor shall not be responsible for any outputs.", "outputs"),
        ("You must not distribute it outside the Territory.", "redistribution"),
        ("You may obtain a copy of the License at example.org.", "include_license"),
        ("Unless required by applicable law, it is provided as is.", "governing_law"),
        ("You should obey the laws of your country.", "governing_law"),
        ("Third-party components may contain terms you must comply with.", "pass_on_restrictions"),
    ],
)
def test_what_only_looks_like_a_clause(clause: str, term: str) -> None:
    assert term not in read(clause)


def test_the_ten_terms_alone_are_read_unless_more_is_asked_for() -> None:
    clause = "You will indemnify us."
    assert licenses.read_terms(clause) == ()
    assert [t.name for t in licenses.read_terms(clause, more=True)] == ["indemnity"]


def test_a_section_number_at_the_start_of_a_line_does_not_cut_the_sentence() -> None:
    text = (
        "If You initiate litigation asserting a patent claim, the rights granted under Section\n"
        "2.1 of this License shall terminate.\n"
    )
    assert read(text)["ends_on_litigation"] == "yes"


@pytest.mark.parametrize(
    ("sentence", "whose"),
    [
        ("the laws of the Hong Kong Special Administrative Region.", "Hong Kong Special"),
        ("under California law, without regard to", "California"),
        ("applicable law", ""),
    ],
)
def test_whose_law(sentence: str, whose: str) -> None:
    assert amounts.law(sentence).startswith(whose)
    assert bool(amounts.law(sentence)) is bool(whose)


def test_evidence_never_says_the_opposite_of_the_value(apache: str) -> None:
    """A known licence's term is shown with a clause only if the clause agrees."""
    for name, term in licenses.assess(apache).terms.items():
        for clause in term.evidence:
            assert clause.value == term.value, name


def test_known_licences_say_more_by_name() -> None:
    mit, apache = licenses.info("MIT"), licenses.info("Apache-2.0")
    assert mit is not None
    assert apache is not None
    assert (mit.more["patent_grant"], apache.more["patent_grant"]) == ("", "yes")
    assert mit.more["include_license"] == "yes"


def test_facts_without_a_public_text_say_so() -> None:
    unsure = {i.id: i for n in ("falcon-180b", "gemma") if (i := licenses.info(n)) is not None}
    for info in unsure.values():
        assert info.verified is ("@" in info.source or "ScanCode" in info.source), info
    mit = licenses.info("MIT")
    assert mit is not None
    assert mit.verified
