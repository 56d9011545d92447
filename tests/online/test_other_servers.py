"""The servers of papers and of the second hub, and releases that stand in several places."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

from arxiv_server import ARXIV, CC_BY, ArxivServer, Paper, Version
from blobs import Blob, whole
from linked import FATE, linked
from modelscope_server import ModelScopeServer
from openassay.formats import gguf, pdf_text, safetensors
from openassay.formats.bounded import ReadAt
from releases import huge, sample, tiny_series, virtual_gguf
from world import World

ATOM = "{http://www.w3.org/2005/Atom}"


def get(url: str, **headers: str) -> bytes:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return bytes(answer.read())


def status(url: str) -> int:
    try:
        get(url)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return 200


def test_each_version_of_a_paper_has_its_own_license(arxiv: ArxivServer) -> None:
    arxiv.add(Paper("2405.00001", versions=[Version(ARXIV), Version(CC_BY)]))
    assert f'href="{ARXIV}"' in get(f"{arxiv.url}/abs/2405.00001v1").decode()
    assert f'href="{CC_BY}"' in get(f"{arxiv.url}/abs/2405.00001").decode()
    assert status(f"{arxiv.url}/abs/2405.00001v3") == 404
    assert status(f"{arxiv.url}/abs/2405.00002") == 404
    oai = f"{arxiv.url}/oai2?verb=GetRecord&metadataPrefix=arXivRaw&identifier=oai:arXiv.org:"
    record = ET.fromstring(get(oai + "2405.00001"))
    assert [e.text for e in record.iter("{http://arxiv.org/OAI/arXivRaw/}license")] == [CC_BY]
    assert b"idDoesNotExist" in get(oai + "2405.00009")


def test_the_feed_of_papers(arxiv: ArxivServer) -> None:
    arxiv.add(Paper("2405.00001", title="A <Made-Up> Paper", comment="Code & data"))
    feed = ET.fromstring(get(f"{arxiv.url}/api/query?id_list=2405.00001,2405.00009"))
    assert [e.findtext(f"{ATOM}title") for e in feed.iter(f"{ATOM}entry")] == ["A <Made-Up> Paper"]
    assert status(f"{arxiv.url}/api/query?id_list=nonsense") == 400


def test_the_pdf_of_a_paper_can_be_read(arxiv: ArxivServer) -> None:
    arxiv.add(Paper("2405.00001", versions=[Version(text="All data (12 TB) are released.")]))
    content = get(f"{arxiv.url}/pdf/2405.00001v1")
    assert content.startswith(b"%PDF-1.4")
    assert "All data (12 TB) are released." in (pdf_text.text(content) or "")
    assert get(f"{arxiv.url}/pdf/2405.00001v1.pdf") == content
    arxiv.add(Paper("2405.00002", withdrawn=True))
    assert status(f"{arxiv.url}/pdf/2405.00002") == 404


def api(server: ModelScopeServer, path: str) -> Any:
    return json.loads(get(f"{server.url}/api/v1/{path}"))["Data"]


def test_modelscope_lists_and_serves(modelscope: ModelScopeServer) -> None:
    release = sample("acme/foo").with_files({"data/train.json": "[]"})
    release.modelscope(modelscope).tag("v1.0")
    assert api(modelscope, "models/acme/foo")["Name"] == "foo"
    assert api(modelscope, "models/acme/foo/revisions")["RevisionMap"] == {
        "Branches": [{"Revision": "master"}],
        "Tags": [{"Revision": "v1.0"}],
    }
    query = "repo/files?Revision=master&Recursive=true"
    rows = api(modelscope, f"models/acme/foo/{query}")["Files"]
    files = {row["Path"]: row for row in rows if row["Type"] == "blob"}
    assert {path: row["Sha256"] for path, row in files.items()} == {
        path: content.sha256 for path, content in release.files.items()
    }
    top = api(modelscope, "models/acme/foo/repo/files?Revision=v1.0")["Files"]
    assert {row["Path"] for row in top if row["Type"] == "tree"} == {"data"}
    url = f"{modelscope.url}/api/v1/models/acme/foo/repo?Revision=master&FilePath=README.md"
    assert get(url) == whole(release.files["README.md"])
    assert get(url, Range="bytes=0-2") == whole(release.files["README.md"])[:3]
    assert status(f"{modelscope.url}/api/v1/models/acme/none") == 404


def test_the_same_release_everywhere(world: World, tmp_path: Path) -> None:
    release = sample("acme/foo")
    repo = release.hub(world.hub)
    release.git(world.git)
    folder = release.folder(tmp_path)
    contents = {path: whole(content) for path, content in release.files.items()}
    assert {path: whole(file.blob) for path, file in repo.head.tree.items()} == contents
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert {p.relative_to(folder).as_posix(): p.read_bytes() for p in found} == contents
    with zipfile.ZipFile(io.BytesIO(release.zip())) as archive:
        assert {n.partition("/")[2]: archive.read(n) for n in archive.namelist()} == contents
    assert release.zip() == release.zip()
    assert world.endpoints["https://github.com"] == world.git.url


def test_many_small_releases_differ() -> None:
    names = [release.name for release in tiny_series(1000)]
    assert len(set(names)) == 1000
    readmes = {whole(release.files["README.md"]) for release in tiny_series(50)}
    assert len(readmes) == 50


def test_a_huge_release_takes_no_room(tmp_path: Path) -> None:
    release = huge(layers=2)
    folder = release.folder(tmp_path)
    shard = next(path for path in folder.iterdir() if path.suffix == ".safetensors")
    assert shard.stat().st_size == release.files[shard.name].size > 1 << 30
    assert shard.stat().st_blocks * 512 < 1 << 20


def read_at(content: Blob) -> ReadAt:
    return lambda offset, length: b"".join(
        content.read(offset, max(offset, min(offset + length, content.size)))
    )


def test_the_headers_of_huge_files_are_true() -> None:
    file = virtual_gguf(tensors=10)
    found = gguf.parse(read_at(file), file.size)
    assert len(found.tensors) == 10
    assert not found.problems
    shard = huge(layers=1).files["model-00001-of-00002.safetensors"]
    tensors = safetensors.parse(read_at(shard), shard.size)
    assert not tensors.problems
    assert tensors.tensors[0].name == "model.embed_tokens.weight"


def test_a_release_in_many_places(world: World) -> None:
    """Every link of the card leads where the table says, asked for at its loopback address."""
    found = linked(world)
    readme = whole(found.model.head.tree["README.md"].blob).decode()
    statuses = {}
    for public in FATE:
        assert public in readme
        origin = next(origin for origin in world.endpoints if public.startswith(origin + "/"))
        url = world.endpoints[origin] + public.removeprefix(origin)
        is_git = origin.endswith("github.com")
        statuses[public] = status(f"{url}/info/refs?service=git-upload-pack" if is_git else url)
    expected = {"dead": 404, "placeholder": 404, "failing": 503}
    hub_says = {"https://huggingface.co/foolab/foo-1b-checkpoints": 401}
    assert statuses == {link: expected.get(fate, 200) for link, fate in FATE.items()} | hub_says
