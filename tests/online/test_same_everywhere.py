"""A release is the same wherever it stands, and offline what it was online."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import faults
from linked import linked
from openassay import dossier as codec
from openassay.sources.online.faults import FetchError
from openassay.types import Dossier
from product import audit, environment, run, session
from releases import SAMPLES, sample
from world import World

FOLDERS = sorted(folder.name for folder in SAMPLES.iterdir() if folder.is_dir())
PLACES = ("hub", "git", "modelscope", "zip")


def components(dossier: Dossier) -> dict[str, tuple[str, str | None, bool | None]]:
    return {c.id: (c.status, c.license, c.license_open) for c in dossier.components}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_same_release_gives_the_same_components(
    world: World, tmp_path: Path, folder: str
) -> None:
    release = sample(f"acme/{folder}", folder)
    release.hub(world.hub)
    release.git(world.git)
    release.modelscope(world.modelscope)
    world.web.files[f"/{folder}.zip"] = release.zip()
    read = partial(audit, world, follow="none")
    here = components(read(str(release.folder(tmp_path))))
    there = {
        "hub": components(read(f"acme/{folder}")),
        "git": components(read(f"https://github.com/acme/{folder}")),
        "modelscope": components(read(f"modelscope:acme/{folder}")),
        "zip": components(read(f"https://example.org/{folder}.zip")),
    }
    assert {place: there[place] for place in PLACES} == dict.fromkeys(PLACES, here)


Build = Callable[[World], object]
TARGETS: dict[str, tuple[str, Build]] = {
    "linked": ("foolab/foo-1b", linked),
    "hub": ("acme/open", lambda world: sample("acme/open", "open").hub(world.hub)),
    "git": ("https://github.com/acme/open", lambda world: sample("acme/open").git(world.git)),
    "modelscope": (
        "modelscope:acme/open",
        lambda world: sample("acme/open", "open").modelscope(world.modelscope),
    ),
}


@pytest.mark.parametrize("place", TARGETS)
def test_offline_gives_what_online_gave(world: World, tmp_path: Path, place: str) -> None:
    target, build = TARGETS[place]
    build(world)
    with pytest.raises(FetchError) as error:
        audit(world, target, store=tmp_path / "store", offline=True)
    assert (error.value.reason, "--offline" in error.value.hint) == ("offline", True)
    online = codec.dump(audit(world, target, store=tmp_path / "store"))
    asked = world.requests()
    assert codec.dump(audit(world, target, store=tmp_path / "store", offline=True)) == online
    assert world.requests() == asked
    assert codec.dump(audit(world, target, store=tmp_path / "other")) == online


def test_addresses_offline(world: World, tmp_path: Path) -> None:
    release = sample("acme/foo", "open")
    files = world.web.files
    files["/foo.zip"], files["/m.safetensors"] = release.zip(), release.files["model.safetensors"]
    files["/plain.md"] = "# Foo\n\nA model."
    world.web.faults.add("/plain.md", faults.ignores_range())
    for name in ("foo.zip", "m.safetensors", "plain.md"):
        target = f"https://example.org/{name}"
        online = codec.dump(audit(world, target, store=tmp_path / "store", follow="none"))
        again = audit(world, target, store=tmp_path / "store", follow="none", offline=True)
        assert codec.dump(again) == online
    files["/foo.tar.gz"] = b"x"
    with pytest.raises(FetchError, match="packed archives are not kept"):
        audit(world, "https://example.org/foo.tar.gz", store=tmp_path / "store", offline=True)


def test_the_second_run_asks_only_for_what_can_change(world: World, tmp_path: Path) -> None:
    linked(world)
    audit(world, "foolab/foo-1b", store=tmp_path / "store")
    first, sent = world.requests(), world.sent()
    audit(world, "foolab/foo-1b", store=tmp_path / "store")
    log = [seen for server in world.servers() for seen in server.log]
    assert world.requests() - first < first * 0.6
    assert world.sent() - sent < sent / 4
    contents = [seen.path for seen in log if "/raw/" in seen.path or "/resolve/" in seen.path]
    # a file that is behind a gate may be open by now
    assert {path for path in contents if contents.count(path) > 1 and "foo-secret" not in path} == (
        set()
    )


GUARD = """\
import sys
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"):
        sys.stderr.write(f"SOCKET {event} {args!r}\\n")
        raise RuntimeError("a socket was opened")
    if event == "subprocess.Popen" and "fetch" in str(args[1]):
        raise RuntimeError("git was told to fetch")
sys.addaudithook(refuse)
"""


def guarded(world: World, home: Path, *words: str, **more: str) -> tuple[int, bytes, bytes]:
    import subprocess

    code = f"{GUARD}from openassay.__main__ import main\nsys.exit(main({list(words)!r}))"
    env = environment(world, home, **more)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        cwd=home,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_offline_opens_no_socket(world: World, tmp_path: Path) -> None:
    linked(world)
    home = tmp_path / "home"
    home.mkdir()
    code, _, said = guarded(world, home, "audit", "foolab/foo-1b")
    assert code != 0
    assert b"SOCKET" in said  # the guard works
    for more in ({"HF_HUB_OFFLINE": "1"}, {}):
        words = ("audit", "foolab/foo-1b", *(() if more else ("--offline",)))
        code, out, said = guarded(world, home, *words, **more)
        assert (code, out) == (3, b"")
        assert b"not fetched before, and offline" in said
        assert b"Run it once without --offline" in said
        assert b"SOCKET" not in said
    online = run(world, home, "audit", "foolab/foo-1b", "--format", "json")
    assert (online.returncode, online.stderr) == (0, b"")
    assert json.loads(online.stdout)
    for words, more in ((("--offline",), {}), ((), {"HF_HUB_OFFLINE": "1"})):
        code, out, said = guarded(
            world, home, "audit", "foolab/foo-1b", "--format", "json", *words, **more
        )
        assert (code, said) == (0, b"")
        assert out == online.stdout


def test_a_file_of_the_hubs_cache_alone_is_not_enough(world: World, tmp_path: Path) -> None:
    """What the client fetched is used, but only our own listing says what a release holds."""
    import huggingface_hub

    sample("acme/open", "open").hub(world.hub)
    huggingface_hub.snapshot_download("acme/open")
    with session(world, tmp_path / "store", offline=True) as at, pytest.raises(FetchError) as error:
        at.opener.open("acme/open")
    assert error.value.reason == "offline"
