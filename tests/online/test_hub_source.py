"""Models and data sets of the hub, read through the unmodified client."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import huggingface_hub
import pytest

import faults
from blobs import Stored, blob, whole
from hub_repos import Content
from hub_server import HubServer
from openassay.errors import ReadError
from openassay.inspectors import hub as inspector
from openassay.release import Release, Source
from openassay.sources.online import hub as product_hub
from openassay.sources.online.faults import FetchError
from openassay.types import Found, Gated
from product import session
from releases import card, huge, safetensors, sample
from web_server import Request, Response, as_json

MODEL: dict[str, Content] = {"README.md": card(), "model.safetensors": safetensors({"a": (64, 64)})}


Open = Callable[[str], Source]


@pytest.fixture
def open_(hub: HubServer) -> Iterator[Open]:
    """Opens in a session that lasts as long as the test; nothing is kept."""
    with session() as at:
        at.web.trust(hub.url)
        yield at.opener.open


def told(source: Source, name: str = "hub:info.json") -> dict[str, Any]:
    file = next(file for file in source.answers if file.path == name)
    found: dict[str, Any] = json.loads(file.read())
    return found


def test_a_model_is_pinned_to_its_commit(open_: Open, hub: HubServer) -> None:
    repo = hub.add("org/model", MODEL)
    source = open_("org/model")
    assert (source.id, source.kind) == (f"hf:org/model@{repo.head.id}", "hf")
    assert [file.path for file in source.files] == sorted(MODEL)
    readme, weights = source.files
    assert readme.read() == whole(blob(MODEL["README.md"]))
    assert weights.read() == whole(blob(MODEL["model.safetensors"]))
    assert str(readme.published).startswith("Digest(algorithm='sha1/git-blob'")
    assert weights.published is not None
    assert weights.published.algorithm == "lfs-sha256"
    assert readme.link == f"{hub.url}/org/model/blob/{repo.head.id}/README.md"


def test_a_data_set(open_: Open, hub: HubServer) -> None:
    repo = hub.add("org/data", {"README.md": card()}, kind="dataset")
    source = open_("hf:datasets/org/data")
    assert source.id == f"hf:datasets/org/data@{repo.head.id}"
    assert told(source)["kind"] == "dataset"
    assert source.files[0].read()
    hub.add("gsm8k", {"README.md": card()}, kind="dataset")
    assert open_("https://huggingface.co/datasets/gsm8k").name == "gsm8k"


@pytest.mark.parametrize("revision", ["v1", "old", "COMMIT"])
def test_revisions(open_: Open, hub: HubServer, revision: str) -> None:
    repo = hub.add("org/model", {"README.md": "first"})
    first = repo.head
    repo.tag("v1")
    repo.commit({}, branch="old")
    repo.branches["old"] = first
    repo.commit({"README.md": "second"})
    source = open_(f"org/model@{first.id if revision == 'COMMIT' else revision}")
    assert (source.revision, source.files[0].read()) == (first.id, b"first")
    assert open_("org/model").files[0].read() == b"second"


def test_an_unknown_revision_is_told_from_an_unknown_name(open_: Open, hub: HubServer) -> None:
    hub.add("org/model", MODEL)
    with pytest.raises(FetchError, match="no revision v9") as error:
        open_("org/model@v9")
    assert error.value.reason == "not_found"
    with pytest.raises(FetchError, match="no such model, or a private one") as error:
        open_("org/none")
    assert "no folder org/none here either" in error.value.hint
    with pytest.raises(FetchError, match="no such dataset"):
        open_("hf:datasets/org/model")


def test_a_renamed_repository_is_read_under_its_new_name(open_: Open, hub: HubServer) -> None:
    repo = hub.add("new/model", MODEL, former_ids=("old/model",))
    source = open_("old/model")
    assert source.id == f"hf:new/model@{repo.head.id}"
    assert (told(source)["id"], told(source)["asked_for"]) == ("new/model", "old/model")


def test_a_gate_is_a_fact_and_not_an_error(open_: Open, hub: HubServer) -> None:
    repo = hub.add("org/model", MODEL, gated="manual", open_files=frozenset(["README.md"]))
    source = open_("org/model")
    assert told(source)["gated"] == "manual"
    weights = source.files[1]
    assert weights.lfs is not None  # listed with digest and size, as a pointer is
    assert weights.lfs.size == blob(MODEL["model.safetensors"]).size
    assert source.files[0].problem is None  # the card is open to all
    assert source.files[0].read()
    facts = list(inspector.survey(Release((source,))))
    assert [fact.barrier for fact in facts if isinstance(fact, Gated)]
    assert repo.gated


def test_those_who_were_let_in_read_what_is_behind_the_gate(
    open_: Open, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("org/model", MODEL, gated="auto", readers=frozenset(["friend"]))
    hub.add("org/hidden", MODEL, private=True, readers=frozenset(["friend"]))
    hub.tokens["hf_friend"] = "friend"
    with pytest.raises(FetchError, match="no such model, or a private one"):
        open_("org/hidden")
    monkeypatch.setenv("HF_TOKEN", "hf_friend")
    source = open_("org/model")
    assert [file.problem for file in source.files] == [None, None]
    assert source.files[1].read() == whole(blob(MODEL["model.safetensors"]))
    assert told(open_("org/hidden"))["private"] is True
    assert not hub.cdn.log.tokens()
    assert hub.log.tokens()


def test_a_disabled_one_and_an_empty_one(open_: Open, hub: HubServer) -> None:
    hub.add("org/disabled", MODEL, disabled=True)
    with pytest.raises(FetchError) as error:
        open_("org/disabled")
    assert error.value.reason in ("disabled", "forbidden")
    hub.add("org/empty", {})
    assert open_("org/empty").files == ()


def test_a_listing_of_many_pages_is_whole(open_: Open, hub: HubServer) -> None:
    files = {f"part/{n:03}.txt": f"{n}" for n in range(250)}
    hub.add("org/many", files, page_size=40)
    source = open_("org/many")
    assert [file.path for file in source.files] == sorted(files)
    assert len(hub.log.of("*/tree/*")) == 7


def test_the_same_pages_for_ever_end(
    open_: Open, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing whose next page is itself is not followed for ever."""
    monkeypatch.setattr(product_hub, "_MAX_REQUESTS", 30)
    repo = hub.add("org/model", MODEL)
    again = f"<{hub.url}/api/models/org/model/tree/{repo.head.id}?recursive=true>"
    hub.faults.add("*/tree/*", faults.headers(Link=f'{again}; rel="next"'))
    with pytest.raises(FetchError, match="too many pages") as error:
        open_("org/model")
    assert error.value.reason == "wrong_content"


HOSTILE = [
    "../up.txt", "/etc/passwd", "a/../../b", "C:\\x", "a\x00b", "a//b", "./a", "CON", ".git/config",
    "a\nb", "\u202egnp.exe", "x" * 5000,
]  # fmt: skip


def test_paths_of_a_hostile_hub_lead_nowhere(open_: Open, hub: HubServer) -> None:
    repo = hub.add("org/model", MODEL)
    rows = [
        {"type": "file", "oid": "0" * 40, "size": 3, "path": path}
        for path in (*HOSTILE, "fine.txt", "fine.txt")
    ]
    hub.faults.add("*/tree/*", lambda *_: as_json(rows))
    hub.faults.add("*/raw/*", faults.content(b"abc"))
    source = open_("org/model")
    paths = [file.path for file in source.files]
    assert "fine.txt" in paths
    assert not [path for path in paths if ".." in path.split("/") or path.startswith("/")]
    refused = {gap.reason for gap in source.gaps}
    assert {"unsafe_path", "duplicate_name"} <= refused
    assert repo.head.id in source.id


@pytest.mark.parametrize(
    "rows",
    [
        [{"type": "file", "path": "a"}],
        [{"type": "file", "oid": 1, "size": "x", "path": "README.md"}],
        [{"type": "file", "oid": "0" * 40, "size": -5, "path": "README.md"}],
        [{"type": "file", "oid": "0" * 40, "size": 1 << 70, "path": "README.md"}],
        [{"type": "file", "oid": "0" * 40, "size": 5, "path": 7}],
        [{"type": "file", "oid": None, "size": 5, "path": "a.bin", "lfs": {"oid": "short"}}],
        {"error": "no list"},
        "text",
        None,
    ],
)
def test_a_hostile_listing_is_an_error_or_a_gap(open_: Open, hub: HubServer, rows: object) -> None:
    hub.add("org/model", MODEL)
    hub.faults.add("*/tree/*", lambda *_: as_json(rows))
    with contextlib.suppress(FetchError):
        for file in open_("org/model").files:
            if file.size < 1 << 30:
                with pytest.raises(ReadError):
                    file.read()


def test_contents_that_were_not_listed_are_refused(open_: Open, hub: HubServer) -> None:
    """The listing has digests; a small file, read whole, must fit them."""
    hub.add("org/model", {"README.md": "# One", "data.txt": "abc"})
    hub.faults.add("*/data.txt", faults.content(b"xyz"))
    source = open_("org/model")
    assert [(gap.path, gap.reason) for gap in source.gaps] == [("data.txt", "wrong_content")]
    assert next(f for f in source.files if f.path == "README.md").read() == b"# One"


def checkpoints(source: Source) -> list[Found]:
    facts = inspector.survey(Release((source,)))
    return [fact for fact in facts if isinstance(fact, Found)]


def test_branches_as_checkpoints(open_: Open, hub: HubServer) -> None:
    repo = hub.add("org/model", MODEL)
    for step in (1000, 2000, 3000):
        repo.commit({"a.txt": str(step)}, branch=f"step-{step}")
    found = checkpoints(open_("org/model"))
    assert [(fact.component, fact.extent) for fact in found] == [
        ("model_parameters_intermediate", "whole")
    ]


def test_branches_without_weights_are_no_checkpoints(open_: Open, hub: HubServer) -> None:
    repo = hub.add("org/model", MODEL)
    repo.commit({"README.md": "soon"}, branch="step-1000", replace=True)
    repo.commit({}, branch="step-2000", replace=True)
    source = open_("org/model")
    assert told(source, "hub:refs.json")["looked_into"]["step-2000"] == []
    assert checkpoints(source) == []


def test_branches_that_are_not_told_are_a_gap(open_: Open, hub: HubServer) -> None:
    hub.add("org/model", MODEL)
    hub.faults.add("*/refs", faults.status(500))
    source = open_("org/model")
    assert [gap.reason for gap in source.gaps] == ["server_error"]
    assert len(source.files) == 2


def test_a_hundred_gigabytes_in_a_few_requests(open_: Open, hub: HubServer) -> None:
    huge().hub(hub)
    source = open_("vast/model-50b")
    assert sum(file.size for file in source.files) > 99 * 10**9
    assert hub.requests() < 60
    assert hub.sent() < 5_000_000


def test_what_the_hubs_own_cache_holds_is_not_fetched_again(open_: Open, hub: HubServer) -> None:
    release = sample("acme/foo", "open")
    release.hub(hub)
    huggingface_hub.snapshot_download("acme/foo")
    before = len(hub.cdn.log)
    source = open_("acme/foo")
    weights = next(file for file in source.files if file.suffix == ".safetensors")
    assert len(weights.read()) == weights.size
    assert len(hub.cdn.log) == before


def test_a_card_behind_the_gate_is_told_by_the_hub(open_: Open, hub: HubServer) -> None:
    front: dict[str, Any] = {"base_model": "lab/base", "datasets": ["lab/data"]}
    hub.add("org/model", {**MODEL, "README.md": card(license="llama3.1", **front)}, gated="auto")
    facts = list(inspector.survey(Release((open_("org/model"),))))
    kinds = sorted(type(fact).__name__ for fact in facts)
    assert kinds == ["Derived", "Gated", "Licensed", "Linked", "Linked"]


@pytest.mark.parametrize(
    "info",
    [
        {"sha": "short"}, {"sha": None}, {"id": 7}, {"gated": ["x"]}, {"tags": "text"},
        {"tags": [1, None]}, {"cardData": [1]}, {"cardData": {"license": {"a": 1}}},
        {"siblings": 5}, {"lastModified": "yesterday"}, {"id": "../../x"}, {"id": "a\x1b[31m/b"},
    ],
)  # fmt: skip
def test_an_odd_answer_is_an_error_in_words(
    open_: Open, hub: HubServer, info: dict[str, Any]
) -> None:
    hub.add("org/model", MODEL, info=info)
    with contextlib.suppress(FetchError):
        source = open_("org/model")
        list(inspector.survey(Release((source,))))
        assert "\x1b" not in source.id
        assert ".." not in source.id


def test_a_file_that_changes_its_size_is_refused(open_: Open, hub: HubServer) -> None:
    hub.add("org/model", {"README.md": "a", "m.gguf": Stored(bytes(300_000))})
    source = open_("org/model")

    def longer(request: Request, app: Any) -> Response:
        answer: Response = app(request)
        answer.headers["Content-Range"] = answer.headers["Content-Range"].split("/")[0] + "/999999"
        return answer

    hub.cdn.faults.add("*", longer)
    weights = source.files[1]
    with session() as at:
        again = at.opener.open("org/model").files[1]
        assert again.problem == "wrong_content"
    assert weights.problem is None
