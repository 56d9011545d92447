"""Identity of texts: the plain one in any dress, never the plain one when it says more."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from license_texts import MIT  # type: ignore[import-not-found]

from openassay import licenses

RESTRICTIONS = (
    "You may not use the Software for any commercial purpose.",
    "Non-commercial use only.",
    "for non-commercial purposes",
    "Academic use only",
    "The Model may only be used for research.",
    "Use for military purposes is prohibited.",
    "If you have more than 100 million monthly active users, you must obtain a separate license.",
    'You shall prominently display "Built with Foo" on your website.',
    "This license does not apply in the European Union.",
    "Licensor may revoke this license at any time.",
    "You may not use outputs to train other models.",
    "except for commercial use",
    "The Software shall be used for Good, not Evil.",
    "By using this you agree to pay a fee.",
    "不得用于商业用途。",
    "仅限学术研究使用。",
)


def dressed(text: str) -> dict[str, str]:
    paragraphs = re.split(r"\n\s*\n", text)
    return {
        "as it is": text,
        "one line a paragraph": "\n".join(" ".join(p.split()) for p in paragraphs),
        "upper case": text.upper(),
        "lower case": text.lower(),
        "in a comment": "/*\n" + "\n".join(f" * {line}" for line in text.split("\n")) + "\n */",
        "behind hashes": "\n".join(f"# {line}" for line in text.split("\n")),
        "html": "".join(f"<p>{p}</p>\n" for p in paragraphs),
        "quoted by mail": "\n".join(f"> {line}" for line in text.split("\n")),
        "windows ends": text.replace("\n", "\r\n"),
        "curly quotes": text.replace('"', "\u201c"),
        "soft hyphens": text.replace("permission", "per\u00admission"),
    }


@pytest.mark.parametrize("dress", list(dressed("")))
def test_a_known_text_is_recognised_whatever_its_dress(mit: str, isc: str, dress: str) -> None:
    for id, text in (("MIT", mit), ("ISC", isc)):
        found = licenses.identify(dressed(text)[dress])
        assert (found.expression, found.modified, found.guard) == (id, False, None)


def test_match_says_where_it_stands(mit: str) -> None:
    found = licenses.identify("Some project\n\n" + mit)
    (match,) = found.matches
    assert (match.id, match.start, match.coverage) == ("MIT", 7, 1.0)
    assert found.unexplained[0].quote.startswith("Some project")
    assert (found.unexplained[0].start, found.unexplained[0].end) == (1, 5)


def test_apache_with_and_without_its_appendix(apache: str) -> None:
    body = apache.split("APPENDIX:")[0]
    assert licenses.identify(apache).expression == "Apache-2.0"
    assert licenses.identify(body).expression == "Apache-2.0"
    assert licenses.identify(body).matches[0].coverage == 1.0


@pytest.mark.parametrize("clause", RESTRICTIONS)
def test_an_added_restriction_is_never_the_plain_licence(mit: str, clause: str) -> None:
    places = random.Random(clause)
    words = mit.split(" ")
    for at in (0, len(words), *(places.randrange(len(words)) for _ in range(8))):
        text = " ".join([*words[:at], clause, *words[at:]])
        found = licenses.identify(text)
        assert found.expression != "MIT" or found.modified, text[:200]
        assert found.modified or licenses.openness(found.expression or "x", "code") is not True


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("without restriction", "with restriction"),
        ("publish, distribute, sublicense, and/or sell", "publish, distribute, and sublicense"),
        ("free of charge", "for a fee"),
        ("to deal\nin the Software without", "to deal for research\nin the Software without"),
        ("is hereby granted", "is not hereby granted"),
        ("any person", "any non-commercial person"),
    ],
)
def test_a_changed_word_that_matters_makes_it_modified(mit: str, old: str, new: str) -> None:
    assert old in mit
    found = licenses.identify(mit.replace(old, new))
    assert (found.expression, found.modified) == ("LicenseRef-Modified-MIT", True)


def test_names_years_and_titles_do_not_matter(mit: str) -> None:
    text = mit.replace("Jane Doe", "Some Research Institute of Advanced Things, Inc.")
    assert licenses.identify("The MIT License (MIT)\n" + text).expression == "MIT"
    assert licenses.identify(text.replace("2024", "2019-2026")).modified is False


def test_several_licences_the_first_first(apache: str, mit: str) -> None:
    text = apache + "\n\nThird-party software\n\nThe following component:\n\n" + mit
    found = licenses.identify(text)
    assert found.expression == "Apache-2.0 AND MIT"
    assert not found.modified
    assert found.matches[0].end < found.matches[1].start


def test_a_restriction_after_third_party_notices_is_not_lost(apache: str, mit: str) -> None:
    text = (
        apache
        + "\n\nThird-party software\n\nThe following component:\n\n"
        + mit
        + "\n\nThe weights must not be used for commercial purposes.\n"
    )
    found = licenses.identify(text)
    assert found.modified or "Unidentified" in (found.expression or "")
    assert licenses.openness(found.expression or "x", "weights") is not True


@pytest.mark.parametrize(
    "clause",
    [
        "Nur für nichtkommerzielle Zwecke.",
        "Utilisation réservée aux associations bénévoles.",
        "Prohibido su empleo por empresas.",
        "상업적 이용을 금지합니다.",
        "Только для некоммерческих целей.",
        "Gratis amateurs exclusively hobbyists.",
        "NUR FÜR NICHTKOMMERZIELLE ZWECKE VERWENDBAR",
    ],
)
@pytest.mark.parametrize("where", ["before", "after", "within"])
def test_what_nobody_here_can_read_is_not_harmless(mit: str, clause: str, where: str) -> None:
    cut = {"before": 0, "after": len(mit), "within": mit.index("The above copyright")}[where]
    found = licenses.identify(f"{mit[:cut]}\n{clause}\n\n{mit[cut:]}")
    assert found.modified
    assert found.expression != "MIT"


@pytest.mark.parametrize(
    "line",
    [
        "Foo - a small library for Python by Jane Doe and contributors",
        "This project is maintained by the Foo team.",
        "See https://github.com/foo/bar/blob/main/AUTHORS.md for the list of authors.",
        "Copyright (c) 2019 Müller & Söhne GmbH",
    ],
)
def test_what_a_project_says_of_itself_is_harmless(mit: str, line: str) -> None:
    assert licenses.identify(f"{line}\n\n{mit}").expression == "MIT"


def test_terms_before_a_third_partys_licence_are_the_files_own(mit: str) -> None:
    own = "This sample code is for academic purposes only. No commercial license is granted. " * 8
    found = licenses.identify(f"{own}\n\nThe following is for third-party software:\n\n{mit}")
    assert found.expression == "LicenseRef-Unidentified AND MIT"
    assert found.modified


def test_a_notice_adds_the_restricted_licences_it_only_names(apache: str, mit: str) -> None:
    text = (
        apache
        + "\n\nThird-party software\n\nThe following component:\n\n"
        + mit
        + "\n\nThe following component is licensed under the CC BY-NC-SA 4.0 license: bar\n"
    )
    found = licenses.identify(text)
    assert (found.guard, found.expression) == ("notice", "Apache-2.0 AND MIT AND CC-BY-NC-SA-4.0")
    assert licenses.openness(found.expression or "", "code") is not True


def test_an_appended_disclaimer_adds_nothing(apache: str) -> None:
    text = apache + (
        '\n\nTHIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS "AS IS" AND ANY WARRANTIES ARE '
        "DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER BE LIABLE FOR ANY DAMAGES.\n"
    )
    assert licenses.identify(text).expression == "Apache-2.0"


def test_an_unknown_text_takes_the_name_of_its_title() -> None:
    text = "FOO COMMUNITY LICENSE AGREEMENT Version 2\n\n" + (
        "Licensor grants you a limited license to use the Materials under this agreement. "
        "You must not use the Materials to harm anyone. All warranties are disclaimed. " * 4
    )
    found = licenses.identify(text)
    assert found.expression == "LicenseRef-FOO-Community-License-2"
    assert licenses.identify(text) == found
    assert licenses.openness(found.expression, "weights") is None


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("", "empty"),
        (" \n\t\n", "empty"),
        ("\x00\x01\x02MIT License", "binary"),
        ("See https://example.org/LICENSE for the license.", "pointer"),
        ("Please refer to the Apache License 2.0 at https://example.org/x.", "pointer"),
        ("https://example.org/LICENSE", "pointer"),
        ("---\nlicense: mit\ntags: [x]\n---\n", "card_front_matter"),
        (
            "# Cake\n\nTake flour and eggs and stir. Bake for an hour and serve it warm.",
            "not_a_license",
        ),
    ],
)
def test_what_is_no_licence_text_says_why(text: str, guard: str) -> None:
    found = licenses.identify(text)
    assert (found.expression, found.guard) == (None, guard)


def test_a_header_notice_is_a_partial_identity() -> None:
    text = (
        'Licensed under the Apache License, Version 2.0 (the "License");\n'
        "you may not use this file except in compliance with the License.\n"
        "You may obtain a copy of the License at\n\n    http://www.apache.org/licenses/LICENSE-2.0\n\n"
        "Unless required by applicable law or agreed to in writing, software\n"
        'distributed under the License is distributed on an "AS IS" BASIS,\n'
        "WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.\n"
        "See the License for the specific language governing permissions and\n"
        "limitations under the License.\n"
    )
    found = licenses.identify(text)
    assert (found.expression, found.guard) == ("Apache-2.0", "header_only")


def test_homoglyphs_are_not_the_letters_they_look_like(mit: str) -> None:
    found = licenses.identify(mit.replace("o", "\u043e").replace("e", "\u0435"))
    assert found.expression is None


def test_a_huge_text_is_cut_and_never_plain(mit: str) -> None:
    found = licenses.identify(mit + "x " * 400_000)
    assert found.guard == "truncated"
    assert found.modified or found.expression is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_gets_an_answer(text: str) -> None:
    found = licenses.identify(text)
    assert found.expression is None or licenses.openness(found.expression, "code") is not True


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_losing_a_stretch_of_words_gives_no_other_open_licence(data: st.DataObject) -> None:
    words = MIT.split()
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start, len(words)))
    found = licenses.identify(" ".join(words[:start] + words[end:]))
    # Without its one condition the text *is* MIT-0.
    plain = found.expression in ("MIT", "MIT-0") and not found.modified
    assert plain or licenses.openness(found.expression or "x", "code") is not True
