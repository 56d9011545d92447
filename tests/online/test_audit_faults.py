"""Every fault, wherever it strikes: an error in words or a gap, and the rest still stands."""

from __future__ import annotations

import contextlib

import httpx2
import pytest

import faults
from arxiv_server import Paper
from openassay.errors import OpenAssayError
from openassay.sources.online import gitremote
from openassay.sources.online.faults import FetchError
from openassay.types import Dossier
from product import audit, session
from releases import MIT, safetensors, sample
from world import World

REASONS = {
    "401": "unauthorized", "403": "forbidden", "404": "not_found", "410": "gone",
    "429": "too_many_requests", "451": "forbidden", "500": "server_error", "502": "server_error",
    "503": "server_error", "hangs up": "broken_answer", "resets": "connection_broken",
    "truncated": "broken_answer", "not HTTP": "broken_answer", "login page": "wrong_content",
    "length too long": "broken_answer", "length too short": "broken_answer",
    "invalid JSON": "wrong_content", "deep JSON": "wrong_content", "empty": "wrong_content",
    "huge JSON": "wrong_content", "JSON of another shape": "wrong_content",
    "not UTF-8": "wrong_content", "gzip bomb": "too_large", "gzip that is none": "broken_answer",
    "endless": "too_large", "endless headers": "broken_answer",
    "control characters": "broken_answer", "redirects for ever": "too_many_redirects",
    "redirects in a circle": "too_many_redirects",
}  # fmt: skip
SAME = {
    "resets": {"broken_answer"}, "deep JSON": {"too_large"}, "huge JSON": {"too_large"},
    "length too short": {"wrong_content"}, "shifted": {"wrong_content"},
    "gzip bomb": {"broken_answer"},
}  # fmt: skip
RELEASE = sample("acme/foo", "open").with_files({"config.json": '{"model_type": "llama"}'})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitremote, "pause", lambda _: None)


def statuses(dossier: Dossier) -> dict[str, str]:
    return {component.id: component.status for component in dossier.components}


@pytest.mark.parametrize("name", faults.QUICK)
def test_the_hubs_interface(world: World, name: str) -> None:
    """Nothing can be said of a release that the hub does not tell: an error with its cause."""
    RELEASE.hub(world.hub)
    world.hub.faults.add("/api/models/*", faults.QUICK[name]())
    said = ""
    with session(world) as at:
        try:
            assert len(at.opener.open("acme/foo").files) == len(RELEASE.files)
            return
        except FetchError as error:
            reason, said = error.reason, f"{error} {error.hint}"
    assert reason in {REASONS.get(name), *SAME.get(name, ())} or name in ("401", "403", "404")
    assert "\x1b" not in said


@pytest.mark.slow
@pytest.mark.parametrize("name", faults.SLOW)
def test_silence_anywhere_ends(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With short times: of one file, of the other host, of linked hosts, of the hub itself."""
    from openassay.sources.online import transport

    monkeypatch.setattr(transport, "TIMEOUT", httpx2.Timeout(0.3))
    monkeypatch.setattr(transport, "MAX_SECONDS", 0.5)
    monkeypatch.setattr(gitremote, "MAX_SECONDS", 1.0)
    body = "Code: https://github.com/acme/foo\n\nOur paper: https://arxiv.org/abs/2405.00001\n"
    weights = safetensors({"a": (512, 512)})
    readme = f"# Foo\n\nFoo is a model.\n\n{body}"
    RELEASE.with_files({"README.md": readme, "model.safetensors": weights}).hub(world.hub)
    world.git.add("acme/foo", {"README.md": "# Foo", "LICENSE": MIT, "main.py": "print(1)\n"})
    world.arxiv.add(Paper("2405.00001"))
    for server in (world.git, world.arxiv, world.hub.cdn):
        server.faults.add("*", faults.SLOW[name]())
    world.hub.faults.add("*/config.json", faults.SLOW[name]())
    dossier = audit(world, "acme/foo")
    reasons = {gap.reason for gap in dossier.gaps}
    assert "timed_out" in reasons
    assert reasons <= {"timed_out", "connection_broken", "broken_answer", "fetch_failed"}
    assert statuses(dossier)["training_code"] == "present"
    world.hub.faults.add("*", faults.SLOW[name]())
    with pytest.raises(FetchError) as error:
        audit(world, "acme/foo")
    assert error.value.reason in ("timed_out", "broken_answer")


@pytest.mark.parametrize("name", faults.QUICK)
def test_one_file_of_the_hub(world: World, name: str) -> None:
    """A file that cannot be had is a gap with its cause; what the others say still stands."""
    RELEASE.hub(world.hub)
    whole = audit(world, "acme/foo", follow="none")
    path = "config.json"
    world.hub.faults.add(f"*/{path}", faults.QUICK[name]())
    dossier = audit(world, "acme/foo", follow="none")
    found = [gap for gap in dossier.gaps if gap.path == path]
    assert len(found) <= 1
    same = [c.id for c in whole.components if c in dossier.components]
    if found:
        assert found[0].reason in {
            REASONS.get(name, "wrong_content"),
            "wrong_content",
            "broken_answer",
        }
        assert len(same) >= len(whole.components) // 2
        assert len(dossier.sources[0].id) == len(whole.sources[0].id)
    else:
        assert statuses(dossier) == statuses(whole)


@pytest.mark.parametrize("name", faults.QUICK)
def test_the_weights_on_the_hubs_other_host(world: World, name: str) -> None:
    RELEASE.with_files({"model.safetensors": safetensors({"a": (512, 512)})}).hub(world.hub)
    world.hub.cdn.faults.add("*", faults.QUICK[name]())
    dossier = audit(world, "acme/foo", follow="none")
    weights = next(c for c in dossier.components if c.id == "model_parameters_final")
    assert [gap.path for gap in dossier.gaps if "safetensors" in gap.path] or (
        weights.status == "present"
    )
    assert statuses(dossier)["training_code"] == "present"


@pytest.mark.parametrize("name", faults.QUICK)
def test_what_is_linked(world: World, name: str) -> None:
    """Code and paper of a release, on hosts that fail: gaps or dead links, the rest intact."""
    body = "Code: https://github.com/acme/foo\n\nOur paper: https://arxiv.org/abs/2405.00001\n"
    release = RELEASE.with_files({"README.md": f"# Foo\n\nFoo is a model.\n\n{body}"})
    release.hub(world.hub)
    world.git.add("acme/foo", {"README.md": "# Foo", "LICENSE": MIT, "main.py": "print(1)\n"})
    world.arxiv.add(Paper("2405.00001"))
    plain = audit(world, "acme/foo", follow="none")
    for server in (world.git, world.arxiv):
        server.faults.add("*", faults.QUICK[name]())
    dossier = audit(world, "acme/foo", follow="own")
    assert statuses(dossier)["model_parameters_final"] == "present"
    kept = {c.id for c in plain.components if c.status == "present"}
    assert {c.id for c in dossier.components if c.status == "present"} >= kept


@pytest.mark.parametrize("name", faults.QUICK)
@pytest.mark.parametrize(
    "target", ["https://example.org/m.safetensors", "https://example.org/f.zip"]
)
def test_an_address(world: World, name: str, target: str) -> None:
    world.web.files["/m.safetensors"] = safetensors({"a": (256, 256)})
    world.web.files["/f.zip"] = RELEASE.zip()
    world.web.faults.add("*", faults.QUICK[name]())
    with contextlib.suppress(OpenAssayError):
        assert audit(world, target, follow="none").components


@pytest.mark.parametrize("name", faults.QUICK)
@pytest.mark.parametrize("target", ["arxiv:2405.00001", "modelscope:acme/foo"])
def test_papers_and_the_other_hub(world: World, name: str, target: str) -> None:
    world.arxiv.add(Paper("2405.00001"))
    RELEASE.modelscope(world.modelscope)
    for server in (world.arxiv, world.modelscope):
        server.faults.add("*", faults.QUICK[name]())
    with contextlib.suppress(FetchError):
        assert audit(world, target, follow="none").components
