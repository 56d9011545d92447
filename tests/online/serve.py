"""Start the test servers by hand, for benchmarks and for trying things out; Ctrl-C ends them."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import tempfile
from pathlib import Path

from arxiv_server import ArxivServer, Paper
from git_server import GitServer
from hub_server import HubServer
from modelscope_server import ModelScopeServer
from releases import huge, sample, tiny_series
from world import Web, World


def fill(world: World, tiny: int, vast: bool) -> None:
    """The same releases each time."""
    for release in tiny_series(tiny):
        release.hub(world.hub)
    if vast:
        huge().hub(world.hub)
    for folder in ("open", "community", "tuned"):
        release = sample(f"acme/{folder}", folder)
        release.hub(world.hub)
        release.git(world.git)
        release.modelscope(world.modelscope)
        world.web.files[f"/{folder}.zip"] = release.zip()
    world.arxiv.add(Paper("2405.00001"))


def main() -> None:
    """Print what a shell has to export; at the end, what was asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", type=int, default=0, help="how many, tiny/model-0000 …")
    parser.add_argument("--huge", action="store_true", help="a model of 100 GB, vast/model-50b")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory() as root,
        HubServer() as hub,
        GitServer(Path(root)) as git,
        ArxivServer() as arxiv,
        ModelScopeServer() as modelscope,
        Web() as web,
    ):
        world = World(hub, git, arxiv, modelscope, web)
        fill(world, options.tiny, options.huge)
        for name, value in world.environment(Path(root)).items():
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            sys.stderr.write(f"{world.requests()} requests, {world.sent()} bytes\n")


if __name__ == "__main__":
    main()
