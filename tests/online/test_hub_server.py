"""The test hub itself: the unmodified client must not notice that it is not the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import (
    HfApi,
    HfFileSystem,
    get_hf_file_metadata,
    get_session,
    hf_hub_download,
    hf_hub_url,
    snapshot_download,
)
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile, RepoFolder

from blobs import Virtual, git_id, whole
from hub_repos import HubRepo
from hub_server import HubServer
from releases import card, huge, safetensors, sample, tiny_series
from world import hub_environment

CARD = card(license="mit", datasets=["org/data"], base_model="org/base", pipeline_tag="other")


def test_info_holds_the_card_the_tags_and_the_digests(hub: HubServer, hub_client: HfApi) -> None:
    repo = hub.add("org/model", {"README.md": CARD, "model.safetensors": b"weights"})
    info = hub_client.model_info("org/model", files_metadata=True)
    assert info.sha == repo.head.id
    assert (info.gated, info.private, info.disabled) == (False, False, False)
    assert info.card_data is not None
    assert info.card_data.license == "mit"
    assert info.pipeline_tag == "other"
    assert set(info.tags or []) == {"license:mit", "dataset:org/data", "base_model:org/base"}
    small, large = info.siblings or []
    assert (small.rfilename, small.blob_id) == ("README.md", git_id(CARD.encode()))
    assert large.lfs is not None
    assert large.lfs.sha256 == repo.head.tree["model.safetensors"].blob.sha256


def test_expand_gives_what_was_asked_for(hub: HubServer, hub_client: HfApi) -> None:
    hub.add("org/model", {"README.md": CARD})
    info = hub_client.model_info("org/model", expand=["gated", "sha"])
    assert (info.gated, info.siblings) == (False, None)
    assert info.sha


def test_data_sets_and_spaces_are_kept_apart_from_models(hub: HubServer, hub_client: HfApi) -> None:
    hub.add("org/same", {"README.md": card(license="cc-by-4.0")}, kind="dataset")
    hub.add("org/same", {"app.py": "print()"}, kind="space", info={"sdk": "gradio"})
    assert hub_client.dataset_info("org/same").tags == ["license:cc-by-4.0"]
    assert hub_client.space_info("org/same").sdk == "gradio"
    with pytest.raises(RepositoryNotFoundError):
        hub_client.model_info("org/same")
    assert hub_client.file_exists("org/same", "README.md", repo_type="dataset")


def test_a_repository_may_have_a_single_name(hub: HubServer, hub_client: HfApi) -> None:
    hub.add("gpt0", {"a/b.txt": "x"})
    assert hub_client.model_info("gpt0").id == "gpt0"
    assert [entry.path for entry in hub_client.list_repo_tree("gpt0", "a")] == ["a/b.txt"]
    assert hub_client.file_exists("gpt0", "a/b.txt")


def test_revisions_are_branches_tags_and_commits(
    hub: HubServer, hub_client: HfApi, tmp_path: Path
) -> None:
    repo = hub.add("org/model", {"step.txt": "0"})
    first = repo.head
    repo.tag("v1.0")
    repo.commit({"step.txt": "1000"}, branch="step-1000")
    repo.commit({"step.txt": "9"}, branch="refs/pr/1")
    repo.commit({"step.txt": "2"}, title="Second")
    named = {"main": "2", "v1.0": "0", "step-1000": "1000", first.id: "0", "refs/pr/1": "9"}
    for revision, content in named.items():
        path = hf_hub_download(
            "org/model", "step.txt", revision=revision, endpoint=hub.url, cache_dir=tmp_path
        )
        assert Path(path).read_text() == content
    refs = hub_client.list_repo_refs("org/model")
    assert {ref.name for ref in refs.branches} >= {"main", "step-1000"}
    assert [(ref.name, ref.target_commit) for ref in refs.tags] == [("v1.0", first.id)]
    commits = hub_client.list_repo_commits("org/model")
    assert [commit.title for commit in commits] == ["Second", "initial commit"]
    with pytest.raises(RevisionNotFoundError):
        hub_client.model_info("org/model", revision="no-such")


def test_listings_come_in_pages(hub: HubServer, hub_client: HfApi) -> None:
    files = {f"data/{n:03}.parquet": b"%d" % n for n in range(25)}
    hub.add("org/data", {"README.md": "x", **files}, kind="dataset", page_size=10)
    listing = list(hub_client.list_repo_tree("org/data", recursive=True, repo_type="dataset"))
    found = {entry.path for entry in listing if isinstance(entry, RepoFile)}
    assert found == {"README.md", *files}
    assert [entry.path for entry in listing if isinstance(entry, RepoFolder)] == ["data"]
    assert len(hub.log) == 3
    entry = next(e for e in listing if isinstance(e, RepoFile) and e.lfs)
    assert entry.xet_hash is not None
    assert len(entry.xet_hash) == 64
    top = [entry.path for entry in hub_client.list_repo_tree("org/data", repo_type="dataset")]
    assert top == ["README.md", "data"]


def test_paths_info(hub: HubServer, hub_client: HfApi) -> None:
    hub.add("org/model", {"a/b.txt": "xyz"})
    found = hub_client.get_paths_info("org/model", ["a/b.txt", "a", "none"], expand=True)
    assert [entry.path for entry in found] == ["a/b.txt", "a"]
    assert found[0].last_commit is not None


def test_a_small_file_and_its_metadata(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.add("org/model", {"README.md": CARD})
    url = hf_hub_url("org/model", "README.md", endpoint=hub.url)
    metadata = get_hf_file_metadata(url, endpoint=hub.url)
    assert metadata.commit_hash == repo.head.id
    assert (metadata.etag, metadata.size) == (git_id(CARD.encode()), len(CARD.encode()))
    path = hf_hub_download("org/model", "README.md", endpoint=hub.url, cache_dir=tmp_path)
    assert Path(path).read_text("utf-8") == CARD


def test_a_large_file_leads_to_the_cdn(hub: HubServer, tmp_path: Path) -> None:
    content = safetensors({"w": (8, 8)})
    repo = hub.add("org/model", {"model.safetensors": content})
    url = hf_hub_url("org/model", "model.safetensors", endpoint=hub.url)
    metadata = get_hf_file_metadata(url, endpoint=hub.url)
    file = repo.head.tree["model.safetensors"]
    assert (metadata.etag, metadata.size) == (file.blob.sha256, len(content))
    assert metadata.location.startswith(hub.cdn.url)
    assert metadata.xet_file_data is not None
    assert metadata.xet_file_data.file_hash == file.xet_hash
    path = hf_hub_download("org/model", "model.safetensors", endpoint=hub.url, cache_dir=tmp_path)
    assert Path(path).read_bytes() == content


def test_whole_snapshots(hub: HubServer, tmp_path: Path) -> None:
    release = sample("acme/foo")
    release.hub(hub)
    found = snapshot_download("acme/foo", endpoint=hub.url, local_dir=tmp_path / "foo")
    for path, content in release.files.items():
        assert (Path(found) / path).read_bytes() == whole(content)


def test_ranges_of_a_file_that_is_not_there(hub: HubServer) -> None:
    hub.add("org/model", {"big.bin": Virtual(b"0123456789", 10**11)})
    files = HfFileSystem(endpoint=hub.url, token=False)
    with files.open("org/model/big.bin", "rb", cache_type="none") as file:
        file.seek(2)
        assert file.read(4) == b"2345"
        file.seek(10**11 - 3)
        assert file.read(3) == b"\0\0\0"
    assert [seen.sent for seen in hub.cdn.log] == [4, 3]
    assert {seen.status for seen in hub.cdn.log} == {206}


def test_the_client_reads_the_headers_of_100_gb(hub: HubServer, hub_client: HfApi) -> None:
    release = huge()
    release.hub(hub)
    total = sum(content.size for content in release.files.values())
    assert 99e9 < total < 101e9
    found = hub_client.get_safetensors_metadata(release.name)
    assert found.sharded
    assert sum(found.parameter_count.values()) * 2 == pytest.approx(total, rel=1e-3)
    assert hub.sent() < 5 << 20


def test_nothing_is_said_of_what_is_private(hub: HubServer, hub_client: HfApi) -> None:
    hub.tokens |= {"hf_friend": "friend", "hf_other": "other"}
    hub.add("org/secret", {"README.md": "x"}, private=True, readers=frozenset({"friend"}))
    with pytest.raises(RepositoryNotFoundError) as anonymous:
        hub_client.model_info("org/secret")
    assert anonymous.value.response.status_code == 401
    with pytest.raises(RepositoryNotFoundError) as other:
        hub_client.model_info("org/secret", token="hf_other")
    assert other.value.response.status_code == 404
    assert hub_client.model_info("org/secret", token="hf_friend").private
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        hub_client.model_info("org/secret", token="hf_wrong")


def test_a_gate_shows_the_listing_and_keeps_the_files(
    hub: HubServer, hub_client: HfApi, tmp_path: Path
) -> None:
    hub.tokens |= {"hf_friend": "friend", "hf_other": "other"}
    files = {"README.md": CARD, "config.json": "{}"}
    open_files = frozenset({"README.md"})
    hub.add("org/gated", files, gated="manual", readers={"friend"}, open_files=open_files)
    info = hub_client.model_info("org/gated")
    assert info.gated == "manual"
    assert [sibling.rfilename for sibling in info.siblings or []] == ["README.md", "config.json"]

    def get(name: str, token: str | bool) -> str:
        return hf_hub_download("org/gated", name, token=token, endpoint=hub.url, cache_dir=tmp_path)

    with pytest.raises(GatedRepoError) as anonymous:
        get("config.json", False)
    assert anonymous.value.response.status_code == 401
    with pytest.raises(GatedRepoError) as other:
        get("config.json", "hf_other")
    assert other.value.response.status_code == 403
    assert Path(get("config.json", "hf_friend")).read_text() == "{}"
    assert Path(get("README.md", False)).read_text() == CARD
    with pytest.raises(GatedRepoError):
        hub_client.auth_check("org/gated")


def test_renamed_disabled_and_missing(hub: HubServer, hub_client: HfApi) -> None:
    hub.add("org/new", {"README.md": "x"}, former_ids=("old/name",))
    hub.add("org/off", {"README.md": "x"}, disabled=True)
    assert hub_client.model_info("old/name").id == "org/new"
    assert hub.log[0].status == 307
    assert hub_client.file_exists("old/name", "README.md")
    with pytest.raises(DisabledRepoError):
        hub_client.model_info("org/off")
    with pytest.raises(RepositoryNotFoundError):
        hub_client.model_info("org/none")
    with pytest.raises(RemoteEntryNotFoundError):
        hf_hub_download("org/new", "none.txt", endpoint=hub.url)


def test_answers_of_the_api_can_be_asked_for_conditionally(hub: HubServer) -> None:
    hub.add("org/model", {"README.md": CARD})
    url = f"{hub.url}/api/models/org/model"
    first = get_session().get(url)
    again = get_session().get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    hub.repos["model", "org/model"].commit({"new.txt": "x"})
    changed = get_session().get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_a_hub_may_pack_what_is_text(tmp_path: Path) -> None:
    with HubServer(compress=True) as hub:
        hub.add("org/model", {"README.md": CARD, "model.bin": b"x" * 1000})
        assert HfApi(endpoint=hub.url).model_info("org/model").sha
        assert hub.log[-1].sent < 400
        path = hf_hub_download("org/model", "README.md", endpoint=hub.url, cache_dir=tmp_path)
        assert Path(path).read_text("utf-8") == CARD


def test_tokens_do_not_reach_the_cdn(hub: HubServer, tmp_path: Path) -> None:
    hub.tokens["hf_friend"] = "friend"
    hub.add("org/model", {"model.bin": b"x" * 100})
    hf_hub_download(
        "org/model", "model.bin", token="hf_friend", endpoint=hub.url, cache_dir=tmp_path
    )
    assert hub.log.tokens() == {"Bearer hf_friend"}
    assert hub.cdn.log
    assert not hub.cdn.log.tokens()


def test_search_by_author_and_tag(hub: HubServer, hub_client: HfApi) -> None:
    for release in tiny_series(5):
        release.hub(hub)
    hub.add("org/other", {"README.md": CARD})
    assert len(list(hub_client.list_models(author="tiny"))) == 5
    assert [model.id for model in hub_client.list_models(search="OTHER")] == ["org/other"]
    found = [model.id for model in hub_client.list_models(filter="license:apache-2.0")]
    assert found == ["tiny/model-0001"]


def test_the_endpoint_can_be_set_from_outside(hub: HubServer, tmp_path: Path) -> None:
    """As users do it: HF_ENDPOINT and HF_TOKEN, and a fresh process."""
    hub.tokens["hf_friend"] = "friend"
    hub.add("org/model", {"README.md": CARD}, private=True, readers=frozenset({"friend"}))
    env = {**os.environ, **hub_environment(hub.url, tmp_path), "HF_TOKEN": "hf_friend"}
    code = "import huggingface_hub as h; print(h.ModelCard.load('org/model').data.license)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "mit"


def test_commits_are_the_same_each_time() -> None:
    one, same, other = (HubRepo("org/model", files={"a": text}).head.id for text in "bbc")
    assert one == same != other
