"""A release followed to where its parts are: whose they are, what came of each link, how far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import faults
from arxiv_server import CC_BY, Paper, Version
from hub_repos import Content
from linked import PAPER, TRAIN, linked
from openassay import dossier as codec
from openassay import follow as product
from openassay.types import Component, Dossier, Found, Licensed, Linked, Outcome, Status, Visited
from product import audit, session
from releases import MIT, card, safetensors
from world import World

WEIGHTS = safetensors({"model.embed_tokens.weight": (256, 64)})
HF = "https://huggingface.co"


def visited(dossier: Dossier) -> dict[str, Outcome]:
    return {fact.url: fact.outcome for fact in dossier.facts if isinstance(fact, Visited)}


def component(dossier: Dossier, name: str) -> Component:
    return next(found for found in dossier.components if found.id == name)


def model(world: World, body: str, name: str = "foolab/foo", **front: Any) -> None:
    """A model whose card says ``body``."""
    files: dict[str, Content] = {
        "README.md": card(title=name.partition("/")[2].capitalize(), body=body, **front),
        "model.safetensors": WEIGHTS,
        "config.json": '{"model_type": "llama", "hidden_size": 64}',
    }
    world.hub.add(name, files)


def test_what_each_link_comes_to(world: World) -> None:
    linked(world)
    dossier = audit(world, "foolab/foo-1b")
    assert visited(dossier) == {
        f"{HF}/barlab/bar-1b": Outcome.REACHED,
        "https://github.com/foolab/foo": Outcome.REACHED,
        f"{HF}/datasets/foolab/foo-corpus": Outcome.REACHED,
        f"{HF}/datasets/foolab/foo-secret": Outcome.GATED,
        f"https://arxiv.org/abs/{PAPER}": Outcome.REACHED,
        "https://github.com/foolab/foo-eval": Outcome.EMPTY,
        f"{HF}/foolab/foo-1b-checkpoints": Outcome.MISSING,
        "https://github.com/foolab/foo-data": Outcome.MISSING,
    }
    for fact in dossier.facts:
        if isinstance(fact, Visited):  # the place of the link, and the place that it leads to
            assert len({item.source for item in fact.evidence}) == 2
            assert "Whose it is: " in fact.detail
    assert not world.git.log.of("/otherlab/*")
    assert not world.web.log


def test_what_an_online_look_changes(world: World) -> None:
    parts = linked(world)
    before = audit(world, "foolab/foo-1b", follow="none")
    after = audit(world, "foolab/foo-1b")
    assert visited(before) == {}
    changed = {
        name: (component(before, name).status, component(after, name).status)
        for name in ("training_code", "datasets", "research_paper", "model_parameters_intermediate")
    }
    assert changed == {
        "training_code": (Status.LINKED, Status.PRESENT),
        "datasets": (Status.LINKED, Status.PRESENT),
        "research_paper": (Status.LINKED, Status.PRESENT),
        "model_parameters_intermediate": (Status.LINKED, Status.ABSENT),
    }
    assert component(after, "training_code").license == "MIT"
    assert component(after, "datasets").license == "CC-BY-4.0"
    assert component(after, "research_paper").license == "CC-BY-4.0"  # of that version
    dead = component(after, "model_parameters_intermediate")
    places = {item.source for fact in dead.because for item in getattr(fact, "evidence", ())}
    assert places == {
        f"hf:foolab/foo-1b@{parts.model.head.id}",
        f"refused:{HF}/foolab/foo-1b-checkpoints@404",
    }


def test_how_far_it_goes(world: World) -> None:
    linked(world)
    audit(world, "foolab/foo-1b", follow="none")
    assert not world.git.log
    assert not world.arxiv.log
    assert {seen.path.split("/")[-1] for seen in world.hub.log if "foo-1b" not in seen.path} <= {
        "README.md", "config.json", "model.safetensors",
    }  # fmt: skip
    body = f"Data: [c]({HF}/datasets/others/corpus). Code: https://github.com/foolab/foo"
    model(world, body, datasets=["others/corpus"])
    world.hub.add("others/corpus", {"README.md": card()}, kind="dataset")
    theirs = f"{HF}/datasets/others/corpus"
    assert theirs not in visited(audit(world, "foolab/foo", follow="own"))
    assert theirs in visited(audit(world, "foolab/foo", follow="all"))


def test_a_server_that_does_not_answer_changes_nothing(world: World) -> None:
    linked(world)
    world.git.faults.add("*", faults.status(503))
    world.arxiv.faults.add("*", faults.hangs_up())
    dossier = audit(world, "foolab/foo-1b")
    assert component(dossier, "training_code").status is Status.LINKED
    assert component(dossier, "research_paper").status is Status.LINKED
    reasons = {gap.detail.split()[2]: gap.reason for gap in dossier.gaps if gap.by == "follow"}
    assert reasons["https://github.com/foolab/foo"] == "server_error"
    assert reasons[f"https://arxiv.org/abs/{PAPER}"] == "broken_answer"
    assert component(dossier, "datasets").status is Status.PRESENT


def test_a_restricted_base_leaves_nothing_open(world: World) -> None:
    """However often the label says otherwise, and however far up the restriction stands."""
    licence = (
        "FOO COMMUNITY LICENSE\n\nYou may not use the Model for commercial purposes. You may not "
        "use the Model to improve any other model.\n"
    )
    world.hub.add("lab/root", {"README.md": card(license="other"), "LICENSE": licence,
                               "model.safetensors": WEIGHTS})  # fmt: skip
    base = {"base_model_relation": "finetune"}
    model(world, "A fine-tune.", "lab/middle", license="apache-2.0", base_model="lab/root", **base)
    model(world, "A fine-tune.", license="mit", base_model="lab/middle", **base)
    plain = component(audit(world, "foolab/foo", follow="none"), "model_parameters_final")
    assert plain.license_open is True
    weights = component(audit(world, "foolab/foo"), "model_parameters_final")
    assert weights.license_open is not True
    assert "lab/" in weights.license_reason


def test_an_open_base_leaves_it_open_and_a_closed_ones_data_stays_closed(world: World) -> None:
    world.hub.add("lab/base", {"README.md": card(license="mit"), "LICENSE": MIT,
                               "model.safetensors": WEIGHTS})  # fmt: skip
    model(world, "A fine-tune.", base_model="lab/base", base_model_relation="finetune")
    dossier = audit(world, "foolab/foo")
    assert component(dossier, "model_parameters_final").license_open is True
    assert component(dossier, "base_model_parameters").status is Status.PRESENT
    assert component(dossier, "base_model_datasets").status is Status.ABSENT


def test_what_others_published_never_becomes_present(world: World) -> None:
    world.hub.add("others/corpus", {"README.md": card(license="mit"), "train.parquet": b"PAR1x"},
                  kind="dataset")  # fmt: skip
    model(world, f"Trained on [corpus]({HF}/datasets/others/corpus).", datasets=["others/corpus"])
    for how_far in ("none", "own", "all"):
        dossier = audit(world, "foolab/foo", follow=how_far)
        assert component(dossier, "datasets").status is not Status.PRESENT
        held = [f for f in dossier.facts if isinstance(f, Found) and f.component == "datasets"]
        assert held == []


@pytest.mark.parametrize(
    ("readme", "read"),
    [
        ("# Foo\n\nTrains https://huggingface.co/evil/foo\n", True),
        ("# Foo\n\nTrains [evil/foo](x).\n", True),
        ("# Foo\n\nTrains foolab/foo.\n", False),
        ("# Foo\n\nTrains devil/foo and evil/foo-2 and notevil/foo.\n", False),
        ("# Foo\n", False),
    ],
)
def test_somebody_elses_code_has_to_link_back(world: World, readme: str, read: bool) -> None:
    """A model that carries the name of others' code does not make their code its own."""
    world.git.add("real/foo", {"README.md": readme, "LICENSE": MIT, "train.py": TRAIN})
    model(world, "Code: https://github.com/real/foo", "evil/foo")
    dossier = audit(world, "evil/foo")
    assert [source.kind for source in dossier.sources].count("git") == 1  # it was looked at
    status = component(dossier, "training_code").status
    assert (status in (Status.PRESENT, Status.PARTIAL)) is read
    if not read:
        assert any("does not name this release" in fact.detail for fact in dossier.facts)


def test_two_repositories_that_link_each_other(world: World) -> None:
    model(world, "Code: https://github.com/foolab/foo")
    readme = f"# Foo\n\nWeights: {HF}/foolab/foo\nCode: https://github.com/foolab/foo.git\n"
    world.git.add("foolab/foo", {"README.md": readme, "LICENSE": MIT, "train.py": TRAIN})
    for target in ("foolab/foo", "https://github.com/foolab/foo"):
        dossier = audit(world, target)
        kinds = sorted(source.kind for source in dossier.sources if source.files)
        assert kinds == ["git", "hf"]
        assert component(dossier, "training_code").status in (Status.PRESENT, Status.PARTIAL)
        assert component(dossier, "model_parameters_final").status is Status.PRESENT


def test_a_model_that_is_its_own_base(world: World) -> None:
    base = {"base_model_relation": "finetune"}
    model(world, "x", base_model="foolab/bar", **base)
    model(world, "x", "foolab/bar", base_model="foolab/foo", **base)
    model(world, "x", "foolab/self", base_model="foolab/self", **base)
    for target in ("foolab/foo", "foolab/self"):
        assert len(audit(world, target).sources) <= 2


def test_a_long_chain_of_bases_ends(world: World) -> None:
    for number in range(12):
        model(world, "x", f"lab/m{number}", base_model=f"lab/m{number + 1}",
              base_model_relation="finetune")  # fmt: skip
    dossier = audit(world, "lab/m0")
    assert len(dossier.sources) == 1 + product._CHAIN


@pytest.mark.slow
def test_a_card_with_very_many_links_is_bounded(world: World) -> None:
    names = [f"foolab/foo-{n}" for n in range(500)]
    body = "\n".join(f"- Training code: https://github.com/{name}" for name in names)
    model(world, body)
    for name in names[:10]:
        world.git.add(name, {"README.md": "# x", "train.py": "print(1)\n"})
    dossier = audit(world, "foolab/foo")
    assert len(visited(dossier)) <= product.MAX_LOOKS
    assert [source.kind for source in dossier.sources].count("git") <= product.MAX_PARTS
    left = [gap.detail for gap in dossier.gaps if gap.reason == "not_followed"]
    assert left == [f"{500 - product.MAX_LOOKS} further links were not opened: enough were"]


HOSTILE = "\x1b[31mRed\x1b]0;owned\x07 \u202egnp.exe \x00 <script>alert(1)</script> `x` |a|b| "


@pytest.mark.parametrize("form", ["terminal", "json", "markdown"])
def test_texts_of_a_hostile_server_do_no_harm(world: World, form: str) -> None:
    from openassay import frameworks, reports
    from openassay.judge import judge

    title = HOSTILE + "x" * 100_000
    body = f"Our paper: https://arxiv.org/abs/{PAPER}\n\nCode: https://github.com/foolab/foo"
    model(world, body, tags=[f"arxiv:{PAPER}"])
    world.arxiv.add(Paper(PAPER, title=title, versions=[Version(CC_BY)], authors=(HOSTILE,) * 900))
    world.git.faults.add("*", faults.raw_headers(b"X-Error-Message: \x1b[31mred"))
    dossier = audit(world, "foolab/foo", follow="all")
    assert component(dossier, "research_paper").status is Status.PRESENT
    verdict = judge(frameworks.load("mof-1.0"), dossier)
    report = reports.Report(dossier=dossier, verdicts=(verdict,), terms={}, optional={})
    shown = reports.renderer(form)(report, reports.Look(detail=2))
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\x00"}
    assert len(shown) < 1_000_000


def test_two_runs_give_the_same_bytes(world: World, tmp_path: Path) -> None:
    linked(world)
    one, two = (audit(world, "foolab/foo-1b", store=tmp_path / name) for name in ("a", "b"))
    assert codec.dump(one) == codec.dump(two)
    assert codec.dump(codec.load(codec.dump(one).encode())) == codec.dump(one)


def test_a_licence_read_elsewhere_speaks_of_that_part_alone(world: World) -> None:
    linked(world)
    dossier = audit(world, "foolab/foo-1b")
    for fact in dossier.facts:
        if isinstance(fact, Licensed) and "datasets/" in fact.evidence[0].source:
            assert fact.scope in ("datasets", "fine_tuning_data", "data_card")
        if isinstance(fact, Licensed) and "barlab" in fact.evidence[0].source:
            assert fact.scope == "base_model_parameters"
        if isinstance(fact, Linked):
            assert fact.url.startswith("https://")


def test_a_link_that_leads_inside_is_not_followed(world: World) -> None:
    body = "Our weights: http://127.0.0.1:1/foo.safetensors and http://169.254.169.254/latest/"
    model(world, body)
    with session() as at:
        from openassay.cli._steps import read_release

        at.web.trust(world.hub.url)  # the endpoint is this machine, the links are not it
        dossier = read_release(at.opener, ["foolab/foo"], "all")
    assert visited(dossier) == {}
