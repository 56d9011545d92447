"""`openassay.toml`: strict, and every mistake is told with its line and the fix."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay import config
from openassay.errors import UsageError
from openassay.types import Status

GOOD = """\
frameworks = ["mof-1.0", "osaid-1.0"]
require = ["mof-1.0=III", "license.weights.commercial_use=yes"]
format = "json"
baseline = "old.json"
release = "acme/Gold"

[[override]]
component = "training_code"
status = "present"
license = "Apache-2.0 OR MIT"
found = "partial"
by = "Jane Doe"
on = "2026-03-01"
reason = "The launcher is generated."
evidence = ["https://example.org/build.py#L10", "build.py:10"]

[[override]]
claim = "Gold is open"
holds = true
by = "Jane Doe"
on = "2026-03-02"
reason = "It speaks of the code."
evidence = ["README.md:3"]
"""


def parse(text: str | bytes) -> config.Config:
    data = text.encode() if isinstance(text, str) else text
    return config.parse(
        data, "ci/openassay.toml", frameworks=("mof-1.0", "osaid-1.0"), formats=("json", "terminal")
    )


def test_a_whole_file() -> None:
    found = parse(GOOD)
    assert found.frameworks == ("mof-1.0", "osaid-1.0")
    assert (found.format, found.baseline, found.release) == ("json", "old.json", "acme/Gold")
    code, claim = found.overrides
    assert (code.target, code.status, code.license) == (
        "training_code",
        Status.PRESENT,
        "Apache-2.0 OR MIT",
    )
    assert (claim.subject, claim.holds, claim.status) == ("claim", True, None)


def test_an_override_cites_the_line_it_stands_on() -> None:
    place = parse(GOOD).overrides[0].place
    assert (place.path, place.span.start) == ("openassay.toml", 8)
    assert place.quote == 'component = "training_code"'
    assert place.source == "review"


def test_an_empty_file_says_nothing() -> None:
    found = parse("")
    assert (found.frameworks, found.require, found.format, found.overrides) == (None, (), None, ())


@pytest.mark.parametrize(
    ("old", "new", "place", "said", "fix"),
    [
        ('format = "json"', 'fromat = "json"', ":3:", "`fromat` is not a known key", "format"),
        ('"json"', '"yaml"', ":3:", "cannot be 'yaml'", "json"),
        ('"osaid-1.0"]', '"osaid"]', ":1:", "names 'osaid'", "osaid-1.0"),
        ("mof-1.0=III", "mof-1.0", ":2:", "wants ID=LEVEL", "mof-1.0=III"),
        ("commercial_use", "comercial_use", ":2:", "comercial_use", "commercial_use?"),
        ("require = [", 'require = "x" # [', ":2:", "must be a list", "["),
        ('"training_code"', '"training_cod"', ":8:", "training_cod", "training_code"),
        ('status = "present"', 'status = "unknown"', ":9:", "'unknown'", "present"),
        ('status = "present"', 'satus = "present"', ":9:", "satus", "status"),
        ("Apache-2.0 OR MIT", "Apache-2.0 OR", ":10:", "no expression", "SPDX"),
        ("Apache-2.0 OR MIT", "Apache 2.0", ":10:", "no expression", "SPDX"),
        ("Apache-2.0 OR MIT", "Apachee-2.0", ":10:", "not known", "LicenseRef"),
        ('by = "Jane Doe"\non = "2026-03-01"', 'on = "2026-03-01"', ":7:", "`by`", "by ="),
        ("2026-03-01", "1 March", ":13:", "no day", "2026-03-01"),
        ('on = "2026-03-01"', "on = 2026-03-01", ":13:", "must be text", "on ="),
        ('reason = "The launcher is generated."', 'reason = " "', ":14:", "empty", "say"),
        (
            '["https://example.org/build.py#L10", "build.py:10"]',
            "[]",
            ":15:",
            "names nothing",
            "evidence =",
        ),
        ("holds = true", "", ":17:", "`holds` is missing", "holds = true"),
        ('claim = "Gold is open"\n', "", ":17:", "says of nothing", "component"),
        ("claim = ", 'component = "datasets"\nclaim = ', ":17:", "component and claim", "one of"),
        (
            'claim = "Gold is open"\nholds = true',
            'component = "training_code"\nstatus = "absent"',
            ":18:",
            "overridden twice",
            "one",
        ),
    ],
)
def test_a_mistake_is_told_with_line_and_fix(
    old: str, new: str, place: str, said: str, fix: str
) -> None:
    assert old in GOOD
    with pytest.raises(UsageError) as caught:
        parse(GOOD.replace(old, new, 1))
    assert said in str(caught.value)
    assert fix in caught.value.hint
    at, wanted = str(caught.value).split(":")[1], int(place.strip(":"))
    assert str(caught.value).startswith("ci/openassay.toml:")
    assert abs(int(at) - wanted) <= 1  # a key that is missing is told at its table


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"format = json", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x = " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b"#" * (config.MAX_BYTES + 1), "larger than"),
        (b"[[override]]\n" * (config.MAX_OVERRIDES + 1), "stands"),
    ],
)
def test_what_is_no_configuration_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(data)


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_a_usage_error(text: str) -> None:
    for whole in (text, GOOD + text, text + GOOD):
        with suppress(UsageError):
            parse(whole.encode("utf-8", "surrogatepass"))


@given(st.sampled_from(GOOD.splitlines()), st.sampled_from(GOOD.splitlines()))
def test_lines_in_another_order_never_crash(one: str, other: str) -> None:
    with suppress(UsageError):
        parse(GOOD.replace(one, other))
