"""Mistakes in a framework file: each is named with file, line, subject, and a fix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.errors import FrameworkError
from openassay.frameworks.model import Way, When
from openassay.frameworks.reader import parse
from openassay.types import Answer

GOOD = """\
schema = "openassay-framework/1"
id = "mine"
title = "Mine"
version = "1"
source = "https://example.org/rules"
summary = "A test."
roll_up = "all"

[[group]]
id = "g"
title = "Group"

[licenses.code]
title = "the approved licences"
source = "https://example.org/licences"
sets = ["spdx-osi"]

[[criterion]]
id = "first"
title = "First"
group = "g"
rule = "Code."
next_step = "Publish code."
parts = ["training_code"]

[[criterion]]
id = "second"
title = "Second"
group = "g"
rule = "More code."
next_step = "Publish more code."
parts = ["inference_code"]
"""


def line_of(text: str, wanted: str) -> int:
    return text.splitlines().index(wanted) + 1


def test_a_file_without_mistakes_is_read() -> None:
    framework = parse(GOOD, "mine.toml")
    assert [criterion.id for criterion in framework.criteria] == ["first", "second"]
    assert framework.criterion("first").source == framework.source
    assert framework.criterion("first").ways == (Way(("training_code",)),)
    assert (framework.met, framework.not_met) == ("met", "not met")


MISTAKES = [
    # old text, new text, the line that must be named (None: the top of the file), words, fix
    ('"openassay-framework/1"', '"v2"', 'schema = "v2"', "not one this version reads", "schema"),
    ('id = "mine"', 'id = "other"', 'id = "other"', "the file is called mine.toml", "one name"),
    ('version = "1"\n', "", None, "`version` is missing", "version ="),
    ('version = "1"', "version = 1", "version = 1", "`version` must be text", '"…"'),
    ('version = "1"', 'version = " "', 'version = " "', "`version` is empty", "say"),
    (
        '"all"',
        '"most"',
        'roll_up = "most"',
        "cannot be 'most'",
        "use one of: all, count, index, ladder, mean, sum",
    ),
    (
        'source = "https://example.org/rules"',
        'source = "the paper"',
        'source = "the paper"',
        "is not an address",
        "https://",
    ),
    (
        'version = "1"',
        'version = "1"\nverson = "2"',
        'verson = "2"',
        "not a known key",
        "'version'",
    ),
    ('sets = ["spdx-osi"]', "", "[licenses.code]", "lists no licence", "sets"),
    (
        'sets = ["spdx-osi"]',
        'sets = ["spdx-os"]',
        'sets = ["spdx-os"]',
        "names 'spdx-os'",
        "'spdx-osi'",
    ),
    ('sets = ["spdx-osi"]', 'sets = "spdx-osi"', 'sets = "spdx-osi"', "list of texts", "sets = ["),
    (
        'sets = ["spdx-osi"]',
        'sets = ["spdx-osi", "spdx-osi"]',
        'sets = ["spdx-osi", "spdx-osi"]',
        "twice",
        "remove",
    ),
    (
        "[licenses.code]",
        "[licence.code]",
        "[licence.code]",
        "`licence` is not a known key",
        "'licenses'",
    ),
    ("[licenses.code]", "[licenses.cod]", None, "`cod` is not a known key", "'code'"),
    (
        '[licenses.code]\ntitle = "the approved licences"\nsource = "https://example.org/licences"'
        '\nsets = ["spdx-osi"]\n',
        "",
        'id = "first"',
        "no [licenses.code] says",
        "[licenses.code]",
    ),
    (
        'parts = ["inference_code"]',
        'parts = ["inference_cod"]',
        'parts = ["inference_cod"]',
        "criterion 'second' `parts` names 'inference_cod'",
        "'inference_code'",
    ),
    (
        'parts = ["inference_code"]',
        "",
        'id = "second"',
        "nothing could answer the criterion",
        "`parts`",
    ),
    (
        'parts = ["inference_code"]',
        'instead = ["inference_code"]',
        'instead = ["inference_code"]',
        "no `parts` to stand in for",
        "add `parts`",
    ),
    (
        'parts = ["inference_code"]',
        'parts = ["inference_code"]\ncovers = ["training_code"]',
        'covers = ["training_code"]',
        "stands beside",
        "keep one",
    ),
    (
        'id = "second"',
        'id = "first" # again',
        'id = "first" # again',
        "criterion 'first' `id` stands twice",
        "own",
    ),
    (
        'title = "Second"\ngroup = "g"',
        'title = "Second"\ngroup = "h"',
        'group = "h"',
        "'h' is not a [[group]]",
        "use one of: g",
    ),
    (
        'rule = "More code."',
        'rule = "More code."\nrequired = "no"',
        'required = "no"',
        "must be true or false",
        "without quotes",
    ),
    (
        'rule = "More code."',
        'rule = "More code."\nlicense = "closed"',
        'license = "closed"',
        "cannot be 'closed'",
        "anything, open",
    ),
    (
        'rule = "More code."',
        'rule = "More code."\nanswers = { partial = "maybe" }',
        'answers = { partial = "maybe" }',
        "cannot be 'maybe'",
        "partly",
    ),
    ('rule = "More code."\n', "", 'id = "second"', "`rule` is missing", "rule ="),
    (
        'parts = ["inference_code"]',
        '[[criterion.way]]\nparts = ["inference_code"]\ngives = "no"',
        'gives = "no"',
        "cannot be 'no'",
        "partly",
    ),
    (
        'title = "Group"',
        'title = "Group"\n\n[[group]]\nid = "empty"\ntitle = "Empty"',
        None,
        "'empty' has no criterion",
        "add one",
    ),
    (
        "[licenses.code]",
        '[restrictions]\ndisqualifying = ["noncommercial"]\n\n[licenses.code]',
        'disqualifying = ["noncommercial"]',
        "names 'noncommercial'",
        "'non_commercial'",
    ),
    ('title = "Mine"', "title = Mine", "title = Mine", "not valid TOML", "double quotes"),
    ('title = "Mine"', 'title = "Mine', 'title = "Mine', "not valid TOML", "several lines"),
    (
        'version = "1"',
        'version = "1"\nversion = "1" # b',
        'version = "1" # b',
        "Cannot overwrite",
        "keep one",
    ),
    ("[licenses.code]", "[licenses.code", "[licenses.code", "not valid TOML", "brackets"),
    (
        'parts = ["inference_code"]',
        'parts = ["inference_code"',
        '"END"',
        "not valid TOML",
        "bracket",
    ),
    (
        'parts = ["inference_code"]',
        'parts = ["inference_code", "training_code", "inference_code"]',
        'parts = ["inference_code", "training_code", "inference_code"]',
        "names 'inference_code' twice",
        "remove one",
    ),
    (
        'sets = ["spdx-osi"]',
        'ids = ["Apache2"]',
        'ids = ["Apache2"]',
        "names 'Apache2', which is no known licence",
        "'Apache-2.0'",
    ),
    (
        'sets = ["spdx-osi"]',
        'sets = ["spdx-osi"]\nbut = ["MTI"]',
        'but = ["MTI"]',
        "names 'MTI'",
        "'MIT'",
    ),
    (
        'sets = ["spdx-osi"]',
        'sets = ["spdx-osi"]\nsuggest = "MIT-ish"',
        'suggest = "MIT-ish"',
        "names 'MIT-ish'",
        "SPDX id",
    ),
    (
        'sets = ["spdx-osi"]',
        'terms = { commercial = ["yes"] }',
        'terms = { commercial = ["yes"] }',
        "no term that is known",
        "'commercial_use'",
    ),
    (
        'sets = ["spdx-osi"]',
        'terms = { commercial_use = "yes" }',
        'terms = { commercial_use = "yes" }',
        "list of texts",
        '["…", "…"]',
    ),
    (
        'parts = ["inference_code"]',
        '[[criterion.way]]\nparts = ["inference_code"]\nstated = ["token"]',
        'stated = ["token"]',
        "names 'token', which no reader looks for",
        "'tokens'",
    ),
    (
        'parts = ["inference_code"]',
        '[[criterion.way]]\nparts = ["inference_code"]\nlicenses = "own"',
        'licenses = "own"',
        "'own' is not a [lists] table",
        "[lists.own]",
    ),
    (
        "[licenses.code]",
        '[lists.own]\ntitle = "x"\nsource = "https://x.example"\nids = ["MIT"]\n\n[licenses.code]',
        None,
        "has 'own', which no way uses",
        'licenses = "own"',
    ),
    (
        'parts = ["inference_code"]',
        '[[criterion.way]]\nparts = ["inference_code"]\nenough = "some"',
        'enough = "some"',
        "cannot be 'some'",
        "part, whole",
    ),
    (
        'parts = ["inference_code"]',
        '[[criterion.way]]\nparts = ["inference_code"]\nsure = "maybe"',
        'sure = "maybe"',
        "cannot be 'maybe'",
        "no",
    ),
    (
        'parts = ["inference_code"]',
        '[[criterion.way]]\ngives = "partly"',
        "[[criterion.way]]",
        "way number 1 `parts` is missing",
        "name the components",
    ),
    (
        'parts = ["inference_code"]',
        'parts = ["inference_code"]\npoints = 3',
        "points = 3",
        "has no use here",
        'roll_up = "index"',
    ),
    (
        'parts = ["inference_code"]',
        "compute = { above = 1e23, at_most = 1e25 }",
        "compute = { above = 1e23, at_most = 1e25 }",
        "needs one threshold",
        "in FLOP",
    ),
    (
        'parts = ["inference_code"]',
        'compute = { above = "1e23" }',
        'compute = { above = "1e23" }',
        "must be a number",
        "without quotes",
    ),
    (
        'parts = ["inference_code"]',
        'parts = ["inference_code"]\ncompute = { above = 1e23 }',
        "compute = { above = 1e23 }",
        "stands beside",
        "keep one",
    ),
    (
        'parts = ["inference_code"]',
        'parts = ["inference_code"]\nat_least = 2',
        "at_least = 2",
        "has no `covers` to count",
        "add `covers`",
    ),
    (
        'parts = ["inference_code"]',
        'covers = ["inference_code"]\nat_least = 2',
        "at_least = 2",
        "is more than `covers` names",
        "at most 1",
    ),
    (
        'roll_up = "all"',
        'roll_up = "all"\nmet = "x"\nnot_met = "x"',
        'met = "x"',
        "are the same word",
        "its own",
    ),
    (
        'roll_up = "all"',
        'roll_up = "ladder"\nnot_met = "g"',
        'not_met = "g"',
        "is also the id of a [[group]]",
        "another word",
    ),
    (
        'rule = "More code."',
        'rule = """\nMore code,\nparts = ["nothing"]\n"""\nhumn = "x"',
        'humn = "x"',
        "not a known key",
        "'human'",
    ),
    ("[[group]]", "[group]", "[group]", "`group` must be tables", "[[group]]"),
]

INDEXED = [
    ("gives = 3", "gives = 4", "gives = 4", "is above the criterion's 3", "raise"),
    ("sure = 1", "sure = 3.5", "sure = 3.5", "is above what the way gives", "at most 3"),
    ("sure = 1", "sure = nan", "sure = nan", "cannot be nan", "at least 0"),
    ("sure = 1", "sure = -1", "sure = -1", "cannot be -1", "at least 0"),
    ("points = 3", "points = 0", "points = 0", "nothing could count", "above 0"),
    ("points = 3", "points = true", "points = true", "must be a number", "without quotes"),
    (
        '[[criterion.way]]\nparts = ["inference_code"]\ngives = 3\nsure = 1',
        'covers = ["inference_code"]',
        'covers = ["inference_code"]',
        "has no points",
        "[[criterion.way]]",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "words", "fix"), MISTAKES)
def test_a_mistake_is_named_with_its_line_and_its_fix(
    old: str, new: str, line: str | None, words: str, fix: str
) -> None:
    refused(GOOD, old, new, line, words, fix)


@pytest.mark.parametrize(("old", "new", "line", "words", "fix"), INDEXED)
def test_a_mistake_in_points_is_named_too(
    old: str, new: str, line: str, words: str, fix: str
) -> None:
    way = '[[criterion.way]]\nparts = ["inference_code"]\ngives = 3\nsure = 1'
    good = GOOD.replace('"all"', '"index"').replace(
        'parts = ["inference_code"]', f"points = 3\n{way}"
    )
    parse(good, "mine.toml")
    refused(good, old, new, line, words, fix)


def refused(good: str, old: str, new: str, line: str | None, words: str, fix: str) -> None:
    """One change to a good file is refused in these words, at this line, with this fix."""
    assert old in good
    text = good.replace(old, new)
    with pytest.raises(FrameworkError) as error:
        parse(text, "mine.toml")
    message = str(error.value)
    assert message.startswith("mine.toml")
    assert words in message
    assert fix in error.value.hint
    if line == '"END"':  # what is open at the end of the file has no better place
        assert message.startswith(f"mine.toml:{len(text.splitlines())}: ")
    elif line is not None:
        assert message.startswith(f"mine.toml:{line_of(text, line)}: ")


def test_a_criterion_may_override_the_answers_of_its_framework() -> None:
    text = GOOD.replace("[[group]]", '[answers]\npartial = "no"\n\n[[group]]', 1)
    text = text.replace('rule = "More code."', 'rule = "x"\nanswers = { partial = "yes" }')
    framework = parse(text, "mine.toml")
    assert framework.criterion("first").partial is Answer.NO
    assert framework.criterion("second").partial is Answer.YES
    assert framework.criterion("second").absent is Answer.NO


def test_ways_substitutes_and_conditions_are_read() -> None:
    text = GOOD.replace(
        'parts = ["training_code"]', 'parts = ["training_code"]\ninstead = ["package"]'
    )
    text += '\n[[criterion.way]]\nparts = ["api", "package"]\ngives = "partly"\nwhen = "tuned"\n'
    framework = parse(text, "mine.toml")
    assert framework.criterion("first").ways[1] == Way(("package",), substitute=True)
    way = framework.criterion("second").ways[1]
    assert way == Way(("api", "package"), Answer.PARTLY, When.TUNED)
    assert framework.criterion("second").parts == ("inference_code", "api", "package")


@given(st.text(max_size=200))
def test_any_text_is_a_framework_or_a_framework_error(text: str) -> None:
    with pytest.raises(FrameworkError):
        parse(text, "mine.toml")


@given(st.integers(0, len(GOOD) - 1), st.sampled_from(list('"[]=\n#,x0{}')), st.booleans())
def test_one_changed_character_never_ends_in_another_error(at: int, char: str, cut: bool) -> None:
    text = GOOD[:at] + char + GOOD[at + (not cut) :]
    raised: list[FrameworkError] = []
    try:
        parse(text, "mine.toml")
    except FrameworkError as error:
        raised.append(error)
    assert all(error.hint and str(error).startswith("mine.toml") for error in raised)
