"""One realistic release: open code, restricted weights, a false claim, hostile text."""

from __future__ import annotations

import pytest

from openassay.kinship import (
    Alteration,
    Altered,
    Compared,
    Follows,
    Joined,
    Kinship,
    LayerMap,
    Means,
    Order,
    Tested,
    Unmatched,
)
from openassay.reports import Report
from openassay.types import (
    Answer,
    Claim,
    Component,
    Contradiction,
    Derived,
    Digest,
    Dossier,
    Evidence,
    Extent,
    Found,
    Gap,
    Gated,
    How,
    Licensed,
    Linked,
    Relation,
    Result,
    RuledOut,
    SourceInfo,
    Span,
    Stated,
    Status,
    Unit,
    Verdict,
)

SOURCE = "git:https://example.org/acme/gold.git@0123456789abcdef0123456789abcdef01234567"
HASH = "3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b"
#: An escape that clears the screen, a direction override, HTML, Markdown and a table break.
HOSTILE = "\x1b[2J\u202egnp.exe <img src=x> [a](javascript:1) `code` | **b** \\| @you #1 \x9b31m"


def lines(path: str, start: int, end: int, quote: str) -> Evidence:
    """Lines of a file of the audited source, with a permanent link."""
    link = f"https://example.org/acme/gold/blob/0123456789ab/{path}#L{start}"
    digest = Digest("sha256", HASH)
    return Evidence(SOURCE, path, Span(Unit.LINE, start, end), quote, digest, link)


def found(component: str, evidence: Evidence, detail: str, *, part: bool = False) -> Found:
    extent = Extent.PART if part else Extent.WHOLE
    return Found(
        evidence=(evidence,),
        inspector="code",
        detail=detail,
        component=component,
        extent=extent,
        aspect="snippet" if part else "",
    )


def licensed(scope: str, license: str, evidence: Evidence, how: How = How.TEXT) -> Licensed:
    return Licensed(
        evidence=(evidence,), inspector="license_files", scope=scope, license=license, how=how
    )


def make_dossier() -> Dossier:
    """The fixture dossier; a function, so that a test may bend it."""
    apache = licensed("path:", "Apache-2.0", lines("LICENSE", 1, 201, "Apache License"))
    gold = licensed(
        "weights", "LicenseRef-gold", lines("MODEL_LICENSE", 1, 60, "黄金模型社区许可协议")
    )
    train = found(
        "training_code",
        lines("train.py", 12, 80, "def train(model, data):"),
        "trains from random weights",
    )
    layers = found(
        "model_architecture", lines("gold/model.py", 9, 200, "class Gold(nn.Module):"), "layers"
    )
    card = found(
        "model_card",
        lines("README.md", 1, 120, "# 黄金大模型 Gold-7B"),
        "a README with details and performance, without intended use or limits",
        part=True,
    )
    hub = Linked(
        evidence=(lines("README.md", 30, 30, "权重: https://huggingface.co/acme/Gold-7B"),),
        inspector="weights_links",
        detail="own weights on a hub",
        component="model_parameters_final",
        url="https://huggingface.co/acme/Gold-7B",
    )
    hostile = found("sample_outputs", lines("a\x1b]0;x\x07|b.md", 3, 3, HOSTILE), HOSTILE)
    listing = Found(
        evidence=(
            Evidence(
                SOURCE, "", Span(Unit.LISTING, 0, 12), "12 files", Digest("sha256/listing", HASH)
            ),
        ),
        inspector="package",
        component="package",
        detail="metadata to build a package",
    )
    header = Stated(
        evidence=(
            Evidence(
                SOURCE,
                "config.json",
                Span(Unit.POINTER, "/torch_dtype", "/torch_dtype"),
                "bfloat16",
                Digest("sha256", HASH),
            ),
            Evidence(
                SOURCE,
                "model.safetensors",
                Span(Unit.BYTE, 8, 1200),
                "7,241,732,096 parameters",
                Digest("sha256/bytes=8-1199", HASH),
            ),
        ),
        inspector="model_config",
        topic="dtype",
        value="bfloat16",
        detail="the configuration's type",
    )
    outside = Stated(
        evidence=(
            Evidence(
                "hf:acme/Gold-7B@deadbeef",
                "README.md",
                Span(Unit.WHOLE),
                "",
                Digest("sha256", HASH),
            ),
        ),
        topic="restriction",
        value="user_cap",
        subject="weights",
    )
    base = Derived(
        evidence=(lines("README.md", 8, 8, "based on Silver-7B"),),
        base="acme/Silver-7B",
        relation=Relation.FINETUNE,
    )
    gate = Gated(evidence=(lines("README.md", 31, 31, "请填写申请表"),), barrier="application form")
    ruled_out = RuledOut(
        evidence=(lines("README.md", 70, 70, "训练数据即将开源"),),
        component="datasets",
        detail="announced, not there",
        looked_for=("*.parquet", "*.jsonl"),
    )
    compared, others = _lineage(header.evidence[1])
    claim = lines("README.md", 3, 3, "Gold-7B is a fully open source model 完全开源")
    gap = Gap(
        source=SOURCE,
        path="eval/results.pkl",
        by="result_files",
        reason="pickle",
        detail="a pickle is not opened",
        components=("evaluation_results",),
    )
    shards = Gap(source=SOURCE, path="ckpt/model-2.safetensors", by="git", reason="missing_blob")
    return Dossier(
        schema="openassay-dossier/1",
        release="acme/Gold-7B",
        sources=(
            SourceInfo(
                id=SOURCE,
                kind="git",
                locator="gold",
                revision="0123456789abcdef0123456789abcdef01234567",
                files=214,
            ),
        ),
        facts=(
            apache,
            base,
            card,
            gate,
            gold,
            header,
            hostile,
            hub,
            layers,
            listing,
            outside,
            ruled_out,
            train,
            compared,
            others,
        ),
        gaps=(shards, gap),
        components=(
            _part("datasets", Status.ABSENT, (ruled_out,)),
            _part("data_preprocessing_code", Status.ABSENT),
            _part("model_architecture", Status.PRESENT, (layers,), apache, True),
            _part("model_parameters_final", Status.LINKED, (hub, gate), gold, False),
            _part("model_metadata", Status.ABSENT),
            _part("model_parameters_intermediate", Status.ABSENT),
            _part("training_code", Status.PRESENT, (train,), apache, True),
            _part("inference_code", Status.ABSENT),
            _part("evaluation_code", Status.ABSENT),
            _part("evaluation_data", Status.ABSENT),
            _part("evaluation_results", Status.UNKNOWN, (gap,)),
            _part("supporting_libraries", Status.ABSENT),
            _part("model_card", Status.PARTIAL, (card,)),
            _part("data_card", Status.ABSENT),
            _part("technical_report", Status.ABSENT),
            _part("research_paper", Status.ABSENT),
            _part("sample_outputs", Status.PRESENT, (hostile,)),
            _part("package", Status.PRESENT, (listing,), apache, True),
            _part("api", Status.ABSENT),
        ),
        claims=(
            Claim(
                kind="fully_open",
                subject="release",
                evidence=claim,
                holds=False,
                because=("the weights' licence LicenseRef-gold is not open", "no training data"),
            ),
            Claim(kind="release", subject="code", evidence=claim, holds=True),
            Claim(kind="reproducible", subject="release", evidence=claim, holds=None),
        ),
        contradictions=(
            Contradiction(
                id="claim_against_license",
                text="“fully open source” is claimed, but the weights' licence caps users",
                evidence=(claim, gold.evidence[0]),
            ),
        ),
        read_by="openassay 0.1.0",
    )


def _lineage(ours: Evidence) -> tuple[Compared, Unmatched]:
    """The weights were compared with three others: the declared base is not it, another one is."""
    theirs = Evidence(
        "hf:rival/Brass-7B@cafe", "model.safetensors", Span(Unit.POINTER, "/", "/"),
        "header of model.safetensors", Digest("sha256/bytes=0-99", HASH),
    )  # fmt: skip
    undeclared = (
        "The weights have an origin in common with rival/Brass-7B; the release names acme/Silver-7B"
        " as its base."
    )
    pruned = "40% of B's sampled entries are exactly zero, none to speak of in A"
    compared = Compared(
        evidence=(ours, theirs),
        inspector="lineage",
        detail="The weights were compared with those of rival/Brass-7B: common origin.",
        other="rival/Brass-7B",
        source="hf:rival/Brass-7B@cafe",
        path="model.safetensors",
        verdict=Kinship.COMMON,
        parts=("everything sampled",),
        because=("64 of 64 columns are most like the same column",),
        tests=(
            Tested(test="T0", title="equal tensors", ran=True, found=False,
                   sentence="0 of 44 tensors have the same bytes", of=44),
            Tested(test="T2", title="embedding columns in place", ran=True, found=True,
                   sentence="64 of 64 columns are most like the same column, over 256 tokens paired"
                   " by their text", log10_p=-89.1, count=64, of=64, comparisons=1),
            Tested(test="T4", title="units as shared tokens see them", ran=True, found=True,
                   sentence="two views agree on 60 of 64 units (94%); pairs that cannot belong"
                   " together reach 1.6%", count=60, of=64, share=0.9375, chance=0.0156, layers=3),
            Tested(test="T5", title="units by their shape alone", ran=False, found=False,
                   sentence="not needed: the exact tests have found it"),
        ),
        altered=(Altered(kind=Alteration.PRUNED, text=pruned),),
        order=Order.B_LATER,
        order_because=(pruned,),
        layers=LayerMap(
            rows=("model 0", "model 1", HOSTILE[:40]),
            columns=("model 0", "model 1", "model 2"),
            shares=("100 0 3", "0 97 x", "6 12 100 100"),
            joined=(Joined(a=0, b=0, count=64, of=64), Joined(a=2, b=2, count=60, of=64),
                    Joined(a=9, b=1, count=1, of=1), Joined(a=1, b=1, count=1, of=0)),
            left_out=2,
        ),
        follows=(
            Follows(means=Means.CONTRADICTION, id="undeclared-base", text=undeclared,
                    evidence=(ours, theirs)),
            Follows(means=Means.QUESTION, id="from-scratch", text=HOSTILE, evidence=(ours,)),
        ),
        notes=("A was sampled: 4,096 of 14,000,000,000 bytes",),
    )  # fmt: skip
    names = ("acme/Tin-7B", HOSTILE)
    return compared, Unmatched(evidence=(ours,), verdict=Kinship.NONE, count=40, names=names)


def _part(
    id_: str,
    status: Status,
    because: tuple[Found | Linked | Gated | RuledOut | Gap, ...] = (),
    license_: Licensed | None = None,
    open_: bool | None = None,
) -> Component:
    return Component(
        id=id_,
        status=status,
        because=because,
        license=license_.license if license_ else None,
        license_open=open_,
        license_reason="the root licence" if license_ else "",
        licenses=(license_,) if license_ else (),
    )


def make_verdicts() -> tuple[Verdict, ...]:
    """A ladder that is undecided, and a yes-or-no framework that is decided."""
    weights = lines("MODEL_LICENSE", 14, 14, "月活跃用户超过一亿")
    results = (
        _result("model_architecture", "Model architecture", Answer.YES, "Apache-2.0 is open"),
        _result(
            "model_parameters_final",
            "Model parameters (Final)",
            Answer.NO,
            "LicenseRef-gold is not an open licence",
            "Put the weights under an open licence, e.g. Apache-2.0",
            weights,
        ),
        _result(
            "evaluation_results",
            "Evaluation results",
            Answer.UNKNOWN,
            "eval/results.pkl was not read",
            "Publish the results as text",
        ),
        _result("data_card", "Data card", Answer.NO, "not there", "Write a data card"),
    )
    ladder = Verdict(
        framework="mof-1.0",
        title="Model Openness Framework 1.0",
        mode="strict",
        floor="none",
        ceiling="none",
        answer="none",
        results=results,
        progress={"III": 25.0, "II": 0.0, "I": 0.0},
        notes=("Optional components never change the class.",),
    )
    definition = Verdict(
        framework="osaid-1.0",
        title="Open Source AI Definition 1.0",
        mode="strict",
        floor="fails",
        ceiling="fails",
        answer="fails",
        results=results[1:2],
    )
    return ladder, definition


def _result(
    id_: str,
    title: str,
    answer: Answer,
    because: str,
    step: str = "",
    evidence: Evidence | None = None,
) -> Result:
    return Result(
        criterion=id_,
        title=title,
        answer=answer,
        because=(because,),
        evidence=(evidence,) if evidence else (),
        next_step=step,
        group="III",
    )


@pytest.fixture
def dossier() -> Dossier:
    return make_dossier()


@pytest.fixture
def report(dossier: Dossier) -> Report:
    terms = {
        "Apache-2.0": {"commercial_use": "yes", "attribution_naming": "", "patent_grant": "yes"},
        "LicenseRef-gold": {
            "commercial_use": "conditional",
            "user_threshold": "100000000",
            "forbids_training_other_models": "yes",
            "geographic_limit": "no",
        },
    }
    return Report(dossier=dossier, verdicts=make_verdicts(), terms=terms)
