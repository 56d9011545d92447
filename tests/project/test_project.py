"""A project around an audit: configuration, reviews, baseline and gate, as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from openassay import cli, frameworks, reports
from openassay.cli import Exit

Run = Callable[..., tuple[int, str, str]]
README = "# Gold-7B\n\nGold-7B is a fully open source large language model.\n\n"
CONFIG = """
frameworks = ["mof-1.0"]

[[override]]
component = "training_code"
status = "present"
license = "MIT"
by = "Jane Doe <jane@example.org>"
on = "2026-03-01"
reason = "It lies in the monorepo."
evidence = ["https://example.org/train.py"]
"""


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*args: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        code = cli.main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the command runs in."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "acme" / "Gold-7B"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(README, "utf-8")
    (folder / "requirements.txt").write_text("torch==2.0\n", "utf-8")
    return folder


def as_json(run: Run, *args: str | Path) -> Any:
    return json.loads(run("audit", *args, "--format", "json")[1])


# --- which file is read


def test_the_configuration_of_this_folder_is_used_and_said(
    run: Run, home: Path, release: Path
) -> None:
    (home / "openassay.toml").write_text('frameworks = ["osaid-1.0"]\nformat = "json"\n')
    code, out, err = run("audit", release)
    assert code == 0
    assert [v["framework"] for v in json.loads(out)["verdicts"]] == ["osaid-1.0"]
    assert "using openassay.toml" in err
    assert "verdicts" not in run("audit", release, "--format", "terminal")[1]
    assert run("audit", release, "--no-config")[2] == ""


def test_a_release_does_not_configure_its_own_audit(run: Run, release: Path) -> None:
    (release / "openassay.toml").write_text(CONFIG)
    code, out, err = run("audit", release, "--require", "component.training_code=present")
    assert code == Exit.BELOW_REQUIRED
    assert "Reviewed" not in out
    assert "is not used: a release does not configure its own audit" in err
    args = ("--require", "component.training_code=present", "--config")
    code, out, err = run("audit", release, *args, release / "openassay.toml")
    assert code == 0
    assert "which lies in what is audited" in err


def test_publishers_audit_their_own_folder(
    run: Run, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (release / "openassay.toml").write_text(CONFIG)
    monkeypatch.chdir(release)
    _, out, err = run("audit", ".")
    assert "Reviewed in openassay.toml" in out
    assert "which lies in what is audited, 1 reviewed override" in err


def test_a_configuration_that_is_not_there_or_wrong(run: Run, home: Path, release: Path) -> None:
    assert run("audit", release, "--config", "none.toml")[0] == Exit.NOTHING_READ
    (home / "openassay.toml").write_text("formt = 'json'\n")
    code, out, err = run("audit", "/nowhere")
    assert (code, out) == (Exit.USAGE, "")
    assert "openassay.toml:1: `formt` is not a known key" in err
    assert run("audit", release, "--config", "x", "--no-config")[0] == Exit.USAGE


def test_a_configuration_names_framework_files_that_lie_beside_it(
    run: Run, home: Path, release: Path
) -> None:
    ours = home / "ci" / "rules" / "ours.toml"
    ours.parent.mkdir(parents=True)
    theirs = Path(frameworks.__file__).with_name("dl-table.toml").read_text("utf-8")
    ours.write_text(theirs.replace('id = "dl-table"', 'id = "ours"', 1), "utf-8")
    config = home / "ci" / "openassay.toml"
    config.write_text('frameworks = ["rules/ours.toml"]\nrequire = ["ours=20"]\n', "utf-8")
    status, out, err = run("audit", release, "--config", config, "--format", "json")
    assert [verdict["framework"] for verdict in json.loads(out)["verdicts"]] == ["ours"]
    assert (status, "ours=20 is not met" in err) == (Exit.BELOW_REQUIRED, True)
    own = theirs.replace('id = "dl-table"', 'id = "license"', 1)
    (home / "license.toml").write_text(own, "utf-8")  # called like a requirement on licences
    status, _, err = run("audit", release, "--require", "license.toml=20")
    assert (status, "license.toml=20 is not met" in err) == (Exit.BELOW_REQUIRED, True)
    config.write_text('frameworks = ["rules/none.toml"]\n', "utf-8")
    status, _, err = run("audit", release, "--config", config)
    assert (status, "ci/rules/none.toml: No such file" in err) == (Exit.USAGE, True)


def test_what_is_typed_goes_before_what_is_configured(run: Run, home: Path, release: Path) -> None:
    (home / "openassay.toml").write_text('require = ["mof-1.0=III"]\n')
    assert run("audit", release)[0] == Exit.BELOW_REQUIRED
    assert run("audit", release, "--require", "mof-1.0=none")[0] == 0


# --- reviews


@pytest.mark.parametrize("detail", [(), ("-v",)])
def test_a_review_is_shown_beside_the_finding(
    run: Run, home: Path, release: Path, detail: tuple[str, ...]
) -> None:
    (home / "openassay.toml").write_text(CONFIG)
    _, out, _ = run("audit", release, *detail)
    plain = " ".join(out.split())
    assert "Training code: absent → present, MIT (Jane Doe <jane@example.org>, 2026-03-01)" in plain
    assert ("It lies in the monorepo." in plain) is bool(detail)
    table = out.partition("✘ absent")[2]
    assert "Training code" in table or "✘ Training code" in out


def test_both_verdicts_can_be_reached(run: Run, home: Path, release: Path) -> None:
    (home / "openassay.toml").write_text(CONFIG)
    wanted = ("--require", "component.training_code=present")
    assert run("audit", release, *wanted)[0] == 0
    assert run("audit", release, *wanted, "--as-found")[0] == Exit.BELOW_REQUIRED
    assert run("audit", release, *wanted, "--no-config")[0] == Exit.BELOW_REQUIRED
    document = as_json(run, release)
    (item,) = document["review"]["overrides"]
    assert (item["found"], item["said"], item["applied"]) == ("absent", "present, MIT", True)
    assert item["place"]["start"] == 5
    status = {part["id"]: part["status"] for part in document["components"]}
    assert status["training_code"] == "absent"
    assert document["review"]["components"][0]["status"] == "present"

    def answer(verdicts: Any) -> str:
        (verdict,) = (v for v in verdicts if v["framework"] == "mof-1.0")
        (criterion,) = (c for c in verdict["criteria"] if c["id"] == "training_code")
        return str(criterion["answer"])

    assert answer(document["verdicts"]) == "no"
    assert answer(document["review"]["verdicts"]) == "yes"


def test_an_audit_without_reviews_says_nothing_of_them(run: Run, release: Path) -> None:
    document = as_json(run, release)
    assert "review" not in document
    assert "since" not in document


def test_an_override_that_is_not_applied_is_said(run: Run, home: Path, release: Path) -> None:
    stale = CONFIG.replace('status = "present"', 'status = "present"\nfound = "partial"')
    (home / "openassay.toml").write_text(stale)
    _, out, err = run("audit", release)
    assert "training_code not applied: out of date" in err
    assert "not applied, out of date" in " ".join(out.split())


def test_hostile_words_of_a_reviewer_cannot_act(run: Run, home: Path, release: Path) -> None:
    bad = CONFIG.replace("It lies", "\\u001b[2J\\u202e<img src=x> | [a](javascript:1) It lies")
    (home / "openassay.toml").write_text(bad)
    for name in ("terminal", "markdown", "json"):
        _, out, _ = run("audit", release, "-v", "--format", name)
        assert "It lies" in out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert name != "markdown" or "<img" not in out


@pytest.mark.parametrize("name", reports.available())
def test_no_format_loses_the_finding_to_a_review(
    run: Run, home: Path, release: Path, name: str
) -> None:
    """With a review a report says all that it said without one."""
    before = run("audit", release, "--format", name, "--framework", "mof-1.0")[1]
    (home / "openassay.toml").write_text(CONFIG)
    after = run("audit", release, "--format", name, "--framework", "mof-1.0")[1]
    if name in ("terminal", "markdown"):
        assert not set(before.splitlines()) - set(after.splitlines())
    elif name == "json":
        was, now = json.loads(before), json.loads(after)
        assert {key: now[key] for key in was} == was


def test_a_code_scanning_view_keeps_a_reviewed_finding_and_says_who_settled_it(
    run: Run, home: Path, release: Path
) -> None:
    def results() -> dict[tuple[str, str], Any]:
        _, out, _ = run("audit", release, "--format", "sarif", "--framework", "mof-1.0")
        found = json.loads(out)["runs"][0]["results"]
        return {(item["ruleId"], item["properties"]["about"]): item for item in found}

    before = results()
    (home / "openassay.toml").write_text(CONFIG)
    after = results()
    key = ("missing-component", "training_code")
    assert before.keys() == after.keys()
    (suppressed,) = (item for item, result in after.items() if "suppressions" in result)
    assert suppressed == key
    (said,) = after[key]["suppressions"]
    assert (said["kind"], said["status"]) == ("external", "accepted")
    assert (
        "It lies in the monorepo. (Jane Doe <jane@example.org>, 2026-03-01)"
        in (said["justification"])
    )


@pytest.mark.parametrize(
    ("lang", "heading", "changed"),
    [("en", "Reviewed in openassay.toml", "Since d.json"), ("zh", "人工复核", "自基线")],
)
def test_people_read_reviews_and_changes_in_their_language(
    run: Run, home: Path, release: Path, lang: str, heading: str, changed: str
) -> None:
    run("read", release, "-o", "d.json")
    (release / "requirements.txt").unlink()
    (home / "openassay.toml").write_text(CONFIG.replace("It lies", "<b>It</b> lies"))
    for name in ("terminal", "markdown", "html"):
        _, out, _ = run("audit", release, "-v", "--format", name, "--lang", lang,
                        "--baseline", "d.json")  # fmt: skip
        assert heading in out.replace("`", "")
        assert changed in out.replace("`", "")
        assert "lies in the monorepo." in out
        assert "https://example.org/train.py" in out or "example.org/train.py" in out
        if name == "html":
            ElementTree.fromstring(out.partition("\n")[2])
            assert "<b>It" not in out
            assert 'href="#review"' in out


# --- the baseline


def test_a_baseline_fails_only_on_what_got_worse(run: Run, home: Path, release: Path) -> None:
    code = release / "LICENSE"
    code.write_text("SPDX-License-Identifier: MIT\n")
    for name, command in (("d.json", "read"), ("r.json", "audit")):
        extra = () if command == "read" else ("--format", "json")
        assert run(command, release, *extra, "-o", home / name)[0] == 0
    for name in ("d.json", "r.json"):
        status, out, err = run("audit", release, "--baseline", name)
        assert (status, err) == (0, ""), name
        assert "Nothing changed." in out
    (release / "requirements.txt").unlink()
    for name in ("d.json", "r.json"):
        status, out, err = run("audit", release, "--baseline", name)
        assert status == Exit.GOT_WORSE
        assert "✘ Supporting libraries and tools: partial → absent" in out
        assert f"since {name}: 2 got worse" in err, out  # the part, and a score it counts in
    document = as_json(run, release, "--baseline", "d.json")
    assert document["since"]["baseline"] == "d.json"
    assert {c["direction"] for c in document["since"]["changes"]} == {"worse"}


def test_what_is_better_is_told_and_passes(run: Run, release: Path) -> None:
    run("read", release, "-o", "d.json")
    (release / "MODEL_CARD.md").write_text(
        "# Model card\n\nGold is a decoder transformer language model with 7B parameters,"
        " pretrained on 2T tokens.\n\n## Intended use\n\nThe model is intended for research.\n\n"
        "## Evaluation\n\nResults: 71.2 on MMLU and 65.3 on ARC.\n"
    )
    status, out, _ = run("audit", release, "--baseline", "d.json", "--format", "markdown")
    assert status == 0
    assert "## Since `d.json`" in out
    assert "| better | Model card | absent | present |" in out


def test_a_baseline_can_be_configured_beside_the_configuration(
    run: Run, home: Path, release: Path
) -> None:
    (home / "ci").mkdir()
    run("read", release, "-o", home / "ci" / "old.json")
    (home / "ci" / "openassay.toml").write_text('baseline = "old.json"\n')
    _, out, _ = run("audit", release, "--config", "ci/openassay.toml")
    assert "Since old.json" in out


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "openassay/1"}', '{"schema": "x"}'])
def test_what_is_no_baseline_is_told_with_its_name(
    run: Run, home: Path, release: Path, text: str
) -> None:
    (home / "old.json").write_text(text)
    code, out, err = run("audit", release, "--baseline", "old.json")
    assert (code, out) == (Exit.NOTHING_READ, "")
    assert "old.json" in err
    assert "bug" not in err


def test_what_cannot_be_told_any_more_is_undecided(run: Run, home: Path, release: Path) -> None:
    """Present before, unreadable now: that is no news of what became of it."""
    from openassay import dossier as codec
    from openassay.types import Gap, Status

    run("read", release, "-o", "d.json")
    found = codec.load((home / "d.json").read_bytes())
    gap = Gap(source="s", path="big.bin", by="test", reason="too_large")

    def unread(part: Any) -> Any:
        hidden = part.id == "supporting_libraries"
        return replace(part, status=Status.UNKNOWN, because=(gap,)) if hidden else part

    later = replace(found, components=tuple(map(unread, found.components)))
    (home / "later.json").write_text(codec.dump(later), "utf-8")
    code, _, err = run("report", "later.json", "--baseline", "d.json", "--framework", "mof-1.0")
    assert code == Exit.UNDECIDED
    assert "cannot be told any more" in err


def test_what_is_required_goes_before_what_got_worse(run: Run, release: Path) -> None:
    run("read", release, "-o", "d.json")
    (release / "requirements.txt").unlink()
    args = ("audit", release, "--baseline", "d.json", "--require")
    assert run(*args, "mof-1.0=III")[0] == Exit.BELOW_REQUIRED
    assert run(*args, "mof-1.0=none")[0] == Exit.GOT_WORSE


# --- the gate


@pytest.mark.parametrize(
    ("required", "expected", "said"),
    [
        ("component.supporting_libraries=partial", Exit.FINE, ""),
        ("component.training_code=present", Exit.BELOW_REQUIRED, "Training code: absent"),
        ("license.commercial_use=yes", Exit.BELOW_REQUIRED, "no licence is stated"),
        ("claims=hold", Exit.BELOW_REQUIRED, "fully open source"),
        ("contradictions=none", Exit.FINE, ""),
    ],
)
def test_the_gate_says_why(
    run: Run, release: Path, required: str, expected: Exit, said: str
) -> None:
    code, out, err = run("audit", release, "--require", required)
    assert code == expected
    assert out
    assert said in err


def test_several_requirements_the_worst_decides(run: Run, release: Path) -> None:
    both = ("--require", "mof-1.0=none", "--require", "component.training_code=present")
    assert run("audit", release, *both)[0] == Exit.BELOW_REQUIRED


# --- compare


def test_compare_takes_dossiers_reports_and_targets(run: Run, home: Path, release: Path) -> None:
    run("read", release, "-o", "d.json")
    run("audit", release, "--format", "json", "-o", "r.json")
    (release / "requirements.txt").unlink()
    code, out, err = run("compare", "d.json", "r.json", release)
    assert (code, err) == (0, "")
    assert "nothing changed" in out
    assert "Supporting libraries and tools: partial → absent" in out
    code, out, _ = run("compare", "d.json", release, "--format", "json", "--framework", "mof-1.0")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "openassay-compare/1")
    assert [row["framework"] for row in document["verdicts"]] == ["mof-1.0"]
    run("compare", "d.json", release, "--format", "markdown", "-o", "c.md")
    assert (home / "c.md").read_text("utf-8").startswith("# ")


def test_compare_judges_by_all_that_stand_or_by_what_is_named(run: Run, release: Path) -> None:
    run("read", release, "-o", "d.json")
    shown = json.loads(run("compare", "d.json", "d.json", "--format", "json")[1])
    assert "osai-12" in json.dumps(shown)
    assert "osai-14" not in json.dumps(shown)
    named = run("compare", "d.json", "d.json", "--framework", "osai-14", "--format", "json")[1]
    assert "osai-14" in named
    assert "mof-1.0" not in named


def test_compare_wants_two(run: Run, home: Path, release: Path) -> None:
    assert run("compare", release)[0] == Exit.USAGE
    assert run("compare", release, home / "nothing")[0] == Exit.NOTHING_READ
