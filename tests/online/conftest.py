"""Servers for tests of what is online: real HTTP and real Git on loopback, nothing else.

``hub`` (Hugging Face), ``git_host`` (Git over HTTP), ``arxiv``, ``modelscope`` and ``web`` (files
at direct URLs) each log what is asked of them (``.log``) and take faults (``.faults``); ``world``
is all of them with the public addresses they stand for. README.md beside this file shows them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import HfApi, constants

from arxiv_server import ArxivServer
from git_server import GitServer
from hub_server import HubServer
from modelscope_server import ModelScopeServer
from world import Web, World, hub_environment


@pytest.fixture(autouse=True)
def _no_accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No proxy, no token and no cache of whoever runs the tests; Xet needs more than loopback."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("HF_", "HUGGING", "GIT_")):
            monkeypatch.delenv(name)
    home = tmp_path / "hf-home"
    for name, value in hub_environment("", home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(home / "stored_tokens"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    huggingface_hub.close_session()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub without repositories; ``hub.add("org/model", {"README.md": "…"})``.

    It is the endpoint of this process, too, as if HF_ENDPOINT had been set before it began.
    """
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield server


@pytest.fixture
def hub_client(hub: HubServer) -> HfApi:
    """The unmodified client, without a token."""
    return HfApi(endpoint=hub.url, token=False)


@pytest.fixture
def git_host(tmp_path: Path) -> Iterator[GitServer]:
    """A Git host without repositories; ``git_host.add("org/code", {"train.py": "…"})``."""
    root = tmp_path / "git-host"
    root.mkdir()
    with GitServer(root) as server:
        yield server


@pytest.fixture
def arxiv() -> Iterator[ArxivServer]:
    """``arxiv.add(Paper("2405.00001"))``."""
    with ArxivServer() as server:
        yield server


@pytest.fixture
def modelscope() -> Iterator[ModelScopeServer]:
    """``modelscope.add("org/model", {"README.md": "…"})``."""
    with ModelScopeServer() as server:
        yield server


@pytest.fixture
def web() -> Iterator[Web]:
    """``web.files["/model.gguf"] = …``, and faults for each of them."""
    with Web() as server:
        yield server


@pytest.fixture
def world(
    hub: HubServer,
    git_host: GitServer,
    arxiv: ArxivServer,
    modelscope: ModelScopeServer,
    web: Web,
) -> World:
    """All servers, and ``world.endpoints``: the public addresses they stand for."""
    return World(hub, git_host, arxiv, modelscope, web)
