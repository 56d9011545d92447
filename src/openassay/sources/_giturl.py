"""Remote URLs: cleaned of credentials, named, and made into permanent links to files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import join, normpath
from urllib.parse import quote, urlsplit

_SCP = re.compile(r"(?:[^@/\s]{1,256}@)?([A-Za-z0-9.-]{2,253}):(?!//)/?([^\s]{1,2048})")
_SCHEMES = ("http", "https", "ssh", "git", "git+ssh", "git+https")

_LINKS = {
    "github.com": "https://{host}/{path}/blob/{commit}/{file}",
    "gitlab.com": "https://{host}/{path}/-/blob/{commit}/{file}",
    "gitee.com": "https://{host}/{path}/blob/{commit}/{file}",
    "huggingface.co": "https://{host}/{path}/blob/{commit}/{file}",
    "codeberg.org": "https://{host}/{path}/src/commit/{commit}/{file}",
}


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository was cloned from. ``host`` may carry a port; ``path`` has no ``.git``."""

    host: str
    path: str
    scheme: str = "https"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}/{self.path}"

    @property
    def name(self) -> str:
        """``owner/name``, or what there is of it."""
        return "/".join(self.path.split("/")[-2:])

    def link(self, commit: str, file: bytes) -> str | None:
        """The permanent URL of a file at a commit, on hosts whose form is known."""
        form = _LINKS.get(self.host)
        if form is None:
            return None
        return form.format(host=self.host, path=self.path, commit=commit, file=quote(file))


def remote(url: str) -> Remote | None:
    """The web address behind a Git URL, without credentials; None for paths and odd schemes.

    >>> remote("git@github.com:org/name.git").url
    'https://github.com/org/name'
    """
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return None
        if parts.scheme.lower() not in _SCHEMES or not host:
            return None
        web = parts.scheme.lower().removeprefix("git+")
        # A port belongs to its scheme: ssh's says nothing of the web server's.
        scheme = web if port or web == "http" else "https"
        return _remote(f"{host}:{port}" if port else host, parts.path, scheme)
    if found := _SCP.fullmatch(url):
        return _remote(found[1].lower(), found[2], "https")
    return None


def _remote(host: str, path: str, scheme: str) -> Remote | None:
    path = normpath("/" + path.strip("/")).strip("/")
    path = "".join(char for char in path if char.isprintable()).removesuffix(".git").rstrip("/")
    return Remote(host, path, scheme) if path else None


def submodule_url(url: str, parent: Remote | None) -> str:
    """A submodule's URL without credentials; a relative one is resolved against its parent's."""
    if url.startswith(("./", "../")) and parent is not None:
        path = normpath(join("/" + parent.path, url)).strip("/")
        found = Remote(parent.host, path.removesuffix(".git"), parent.scheme)
        return found.url
    cleaned = remote(url)
    return cleaned.url if cleaned else ("" if "@" in url else url)
