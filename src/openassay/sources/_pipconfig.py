"""The package indexes that pip is configured for, found where pip looks, without running pip.

After https://pip.pypa.io/en/stable/topics/configuration/: global, user and site files, then the
file that PIP_CONFIG_FILE names, then PIP_* variables; the later one wins.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openassay.sources._common import small_file

DEFAULT_INDEX = "https://pypi.org/simple"
_MAX_CONFIG = 1 << 20
_SECTIONS = ("global", "download")  # the sections that `pip download` listens to


@dataclass(frozen=True, slots=True)
class PipConfig:
    """Where packages come from. ``indexes`` is in pip's order; ``timeout`` in seconds."""

    indexes: tuple[str, ...] = (DEFAULT_INDEX,)
    find_links: tuple[str, ...] = ()
    trusted_hosts: frozenset[str] = frozenset()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    timeout: float = 15.0


def read(env: Mapping[str, str] | None = None, prefix: str | None = None) -> PipConfig:
    """The configuration in force, from the process's environment unless another is given."""
    env = os.environ if env is None else env
    values: dict[str, str] = {}
    for path in _files(env, sys.prefix if prefix is None else prefix):
        values.update(_settings(path))
    for key, value in env.items():
        if key.startswith("PIP_") and value:
            values[key[4:].lower().replace("_", "-")] = value
    indexes = [values.get("index-url", DEFAULT_INDEX), *values.get("extra-index-url", "").split()]
    if values.get("no-index", "").strip().lower() in ("1", "true", "yes", "on", "y", "t"):
        indexes = []
    return PipConfig(
        indexes=tuple(dict.fromkeys(index.rstrip("/") for index in indexes if index)),
        find_links=tuple(values.get("find-links", "").split()),
        trusted_hosts=frozenset(values.get("trusted-host", "").lower().split()),
        cert=values.get("cert") or None,
        client_cert=values.get("client-cert") or None,
        proxy=values.get("proxy") or None,
        timeout=_seconds(values.get("timeout") or values.get("default-timeout", "")),
    )


def _seconds(text: str) -> float:
    try:
        return min(max(float(text), 1.0), 600.0)
    except ValueError:
        return 15.0


def _files(env: Mapping[str, str], prefix: str) -> Iterator[str]:
    """Configuration files that may exist, the weakest first."""
    named = env.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = env.get("HOME") or os.path.expanduser("~")
    if os.name == "nt":
        yield os.path.join(env.get("PROGRAMDATA", "C:\\ProgramData"), "pip", "pip.ini")
        yield os.path.join(home, "pip", "pip.ini")
        yield os.path.join(env.get("APPDATA", home), "pip", "pip.ini")
        yield os.path.join(prefix, "pip.ini")
    else:
        if sys.platform == "darwin":
            yield "/Library/Application Support/pip/pip.conf"
        shared = env.get("XDG_CONFIG_DIRS") or "/etc/xdg"
        for folder in reversed(shared.split(os.pathsep)):
            yield os.path.join(folder, "pip", "pip.conf")
        yield "/etc/pip.conf"
        yield os.path.join(home, ".pip", "pip.conf")
        if sys.platform == "darwin":
            yield os.path.join(home, "Library", "Application Support", "pip", "pip.conf")
        own = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        yield os.path.join(own, "pip", "pip.conf")
        yield os.path.join(prefix, "pip.conf")
    if named:
        yield named


def _settings(path: str) -> dict[str, str]:
    """One file's settings; a file that is not there or broken has none, as for pip's absent."""
    content = small_file(path, _MAX_CONFIG)
    if content is None:
        return {}
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(content.decode("utf-8", "replace"))
    except configparser.Error:
        return {}
    found: dict[str, str] = {}
    for section in _SECTIONS:
        if parser.has_section(section):
            found.update({key.replace("_", "-"): value for key, value in parser.items(section)})
    return found
