"""What a target names, told from its spelling alone: a path, a hub's repository, an address.

A path that is there is a path, whatever else it could mean. Nothing is opened here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from openassay.formats.locators import Locator, Target, arxiv_id, classify

_HUB_ID = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?")
_COMMIT_PATHS = ("tree", "blob", "resolve", "raw", "commit", "src", "-")
_HUBS = ("huggingface.co", "hf.co", "hf-mirror.com", "huggingface.com")
_ARCHIVES = (".zip", ".whl", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz", ".tbz2")
_FILES = (".gguf", ".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".onnx", ".npz", ".npy", ".pdf",
          ".md", ".txt", ".json", ".yaml", ".yml")  # fmt: skip
_GIT_HOSTS = ("github.com", "gitlab.com", "gitee.com", "bitbucket.org", "codeberg.org",
              "atomgit.com", "gitcode.com", "openi.org.cn")  # fmt: skip
_MODELSCOPE = ("modelscope.cn", "modelscope.ai")


class What(StrEnum):
    """The kind of source that opens a target."""

    HUB = "hub"
    GIT = "git"
    MODELSCOPE = "modelscope"
    ARXIV = "arxiv"
    ARCHIVE = "archive"
    FILE = "file"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Name:
    """An online target. ``kind`` is ``model`` or ``dataset`` on a hub, else empty."""

    what: What
    id: str  # owner/name, a repository's address, an arXiv number with its version, an address
    revision: str | None = None
    kind: str = ""


def parse(target: str) -> Name | None:
    """What an online target names; None for what can only be a path.

    >>> parse("https://huggingface.co/org/name/tree/v1").revision
    'v1'
    """
    scheme, _, rest = target.partition(":")
    if scheme in ("hf", "huggingface", "modelscope") and rest and not rest.startswith("//"):
        kind = "dataset" if rest.startswith("datasets/") else "model"
        id_, _, revision = rest.removeprefix("datasets/").removeprefix("models/").partition("@")
        if not _HUB_ID.fullmatch(id_):
            return None
        what = What.MODELSCOPE if scheme == "modelscope" else What.HUB
        return Name(what, id_, revision or None, kind)
    if scheme in ("github", "gitlab", "gitee") and rest and not rest.startswith("//"):
        path, _, revision = rest.partition("@")
        ending = "com"
        return Name(What.GIT, f"https://{scheme}.{ending}/{path.strip('/')}", revision or None)
    if scheme.lower() == "arxiv" and re.fullmatch(r"\d{4}\.\d{4,5}(?:v\d{1,3})?", rest):
        return Name(What.ARXIV, rest)
    if scheme == "web" and rest.startswith(("http://", "https://")):
        return Name(What.PAGE, rest)
    if re.match(r"git\+https?://", target):
        host, slash, path = target.removeprefix("git+").split("://", 1)[1].partition("/")
        path, _, revision = path.partition("@")  # one before the host is of a login
        url = f"{target[4:].partition(':')[0]}://{host}{slash}{path.removesuffix('.git')}"
        return Name(What.GIT, url, revision or None)
    if re.match(r"https?://", target):
        return _address(target)
    if found := re.fullmatch(r"(?:ssh://)?git@([\w.-]{1,253})[:/]([\w./~-]{1,500})", target):
        return Name(What.GIT, f"https://{found[1]}/{found[2].removesuffix('.git')}")
    id_, _, revision = target.partition("@")
    if "/" in id_ and _HUB_ID.fullmatch(id_) and not id_.startswith((".", "/")):
        return Name(What.HUB, id_, revision or None, "model")
    return None


_SECRET = re.compile(
    r"(?i)sig|token|key|secret|passw|credential|auth|expires|policy|session|cookie|jwt|code"
)


def without_login(text: str) -> str:
    """A target or an address without the login that may stand in it, for whatever is shown.

    >>> without_login("https://user:secret@host/file.gguf")
    'https://host/file.gguf'
    """
    return re.sub(r"(?i)(https?://)[^/?#\s]*@", r"\1", text)


def reopens(url: str) -> str:
    """An address to open again: no login, no fragment, no query that may be a signature."""
    bare = without_login(url).partition("#")[0]
    path, _, query = bare.partition("?")
    names = (pair.partition("=")[0] for pair in re.split("[&;]", query))
    return path if any(_SECRET.search(unquote(name)) for name in names) else bare


def _address(url: str) -> Name | None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    locator = classify(url)
    if host in _HUBS:
        return _on_hub(locator, url)
    if host in _MODELSCOPE and locator.target in (Target.MODEL, Target.DATASET):
        kind = "dataset" if locator.target is Target.DATASET else "model"
        return Name(What.MODELSCOPE, locator.id, None, kind)
    if number := arxiv_id(url):
        version = re.search(re.escape(number) + r"(v\d{1,3})", url)
        return Name(What.ARXIV, number + (version[1] if version else ""))
    path = parts.path.lower()
    if path.endswith(_ARCHIVES) or re.search(r"/(?:tarball|zipball|archive)/", path):
        return Name(What.ARCHIVE, url)
    if path.endswith(".git") or host in _GIT_HOSTS:
        return _on_git_host(url, host, parts.path)
    if path.endswith(_FILES):
        return Name(What.FILE, url)
    return Name(What.PAGE, url)


def _on_hub(locator: Locator, url: str) -> Name:
    if locator.target is Target.PAPER and (number := arxiv_id(url)):
        return Name(What.ARXIV, number)
    id_ = locator.id.strip("/")  # the oldest data sets have no owner
    if locator.target not in (Target.MODEL, Target.DATASET) or not _HUB_ID.fullmatch(id_):
        return Name(What.PAGE, url)
    head, _, rest = locator.path.partition("/")
    revision = unquote(rest.split("/", 1)[0]) if head in _COMMIT_PATHS and rest else None
    kind = "dataset" if locator.target is Target.DATASET else "model"
    return Name(What.HUB, id_, revision, kind)


def _on_git_host(url: str, host: str, path: str) -> Name:
    """``/owner/name``, and the revision of ``/tree/REVISION`` where there is one.

    GitLab has groups of groups, whose paths end at ``/-/``. A branch with a slash in its name
    cannot be told from a folder: the first part is taken.
    """
    parts = [unquote(part) for part in path.split("/") if part]
    if host not in _GIT_HOSTS:  # an address that ends in .git is the repository's own
        return Name(What.GIT, url.split("#", 1)[0].split("?", 1)[0].removesuffix(".git"))
    if len(parts) < 2:
        return Name(What.PAGE, url)
    at = parts.index("-") if "-" in parts else 2
    repository = "/".join(parts[:at]).removesuffix(".git")
    rest = [part for part in parts[at:] if part != "-"]
    revision = rest[1] if len(rest) > 1 and rest[0] in _COMMIT_PATHS else None
    return Name(What.GIT, f"https://{host}/{repository}", revision)
