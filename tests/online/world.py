"""All test servers together, and which public address each stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from arxiv_server import ArxivServer
from git_server import GitServer
from hub_server import HubServer
from modelscope_server import ModelScopeServer
from ranges import Files
from web_server import Server


class Web(Server):
    """Files at direct URLs: ``web.files["/a/model.gguf"] = b"…"``."""

    def __init__(self) -> None:
        self.files = Files()
        super().__init__(self.files)


@dataclass(frozen=True)
class World:
    """Every server, and which public address each stands for."""

    hub: HubServer
    git: GitServer
    arxiv: ArxivServer
    modelscope: ModelScopeServer
    web: Web

    @property
    def endpoints(self) -> dict[str, str]:
        """Public origin to loopback origin, without slashes at the end."""
        stand_for = {
            self.hub.url: ("huggingface.co", "hf.co", "www.huggingface.co"),
            self.git.url: ("github.com", "www.github.com", "gitlab.com", "gitee.com"),
            self.arxiv.url: ("arxiv.org", "www.arxiv.org", "export.arxiv.org"),
            self.modelscope.url: ("modelscope.cn", "www.modelscope.cn"),
            self.web.url: ("example.org", "www.example.org"),
        }
        return {f"https://{name}": url for url, names in stand_for.items() for name in names}

    def environment(self, home: Path) -> dict[str, str]:
        """For a fresh process: every public address is asked for here, all caches are in home."""
        mirrors = " ".join(f"{public}={url}" for public, url in sorted(self.endpoints.items()))
        here = {"OPENASSAY_MIRRORS": mirrors, "XDG_CACHE_HOME": str(home / "cache")}
        return hub_environment(self.hub.url, home / "hub") | here

    def servers(self) -> tuple[Server, ...]:
        arxiv, modelscope = self.arxiv.server, self.modelscope.server
        return (self.hub.server, self.hub.cdn, self.git.server, arxiv, modelscope, self.web)

    def requests(self) -> int:
        return sum(len(server.log) for server in self.servers())

    def sent(self) -> int:
        """Body bytes sent by all servers."""
        return sum(server.log.sent() for server in self.servers())


def hub_environment(url: str, home: Path) -> dict[str, str]:
    """What a fresh process needs to take ``url`` for the Hub, with a home of its own."""
    env = {
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "*",
    }
    return env | ({"HF_ENDPOINT": url} if url else {})
