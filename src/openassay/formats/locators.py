"""Locators: what a URL or a hub id points to, told from its spelling alone.

``classify`` turns a URL into a :class:`Locator`; nothing is opened. ``hub_id`` checks that a
string has the form ``owner/name`` that the hubs use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit


class Target(StrEnum):
    """What kind of thing a locator points to."""

    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"
    COLLECTION = "collection"
    ACCOUNT = "account"
    REPOSITORY = "repository"
    PAPER = "paper"
    BLOG = "blog"
    WEIGHTS_FILE = "weights_file"
    DATA_FILE = "data_file"
    DOCUMENT_FILE = "document_file"
    IMAGE = "image"
    TRACKER = "tracker"  # experiment trackers: training logs
    STORAGE = "storage"  # a drive or bucket whose content the URL does not tell
    BADGE = "badge"
    PACKAGE = "package"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Locator:
    url: str
    target: Target
    host: str
    owner: str = ""
    name: str = ""
    path: str = ""  # the rest after owner/name

    @property
    def id(self) -> str:
        return f"{self.owner}/{self.name}" if self.name else self.owner


_HUBS = ("huggingface.co", "hf.co", "hf-mirror.com", "huggingface.com")
_MODELSCOPE = (
    "modelscope.cn",
    "modelscope.ai",
    "wisemodel.cn",
    "opencsg.com",
    "gitee.ai",
    "ai.gitee.com",
    "modelers.cn",
    "swanhub.co",
    "aifasthub.com",
    "openi.pcl.ac.cn",
)
_GIT = (
    "github.com",
    "gitlab.com",
    "gitee.com",
    "bitbucket.org",
    "codeberg.org",
    "raw.githubusercontent.com",
    "openi.org.cn",
    "atomgit.com",
    "gitcode.com",
)
_BADGES = (
    "img.shields.io",
    "badge.fury.io",
    "badgen.net",
    "visitor-badge.laobi.icu",
    "hits.seeyoufarm.com",
    "colab.research.google.com/assets",
    "star-history.com",
    "api.star-history.com",
    "zenodo.org/badge",
    "readthedocs.org/projects",
    "codecov.io",
    "trendshift.io",
    "contrib.rocks",
    "komarev.com",
)
_PAPERS = (
    "arxiv.org",
    "openreview.net",
    "aclanthology.org",
    "aclweb.org",
    "doi.org",
    "dl.acm.org",
    "ieeexplore.ieee.org",
    "proceedings.mlr.press",
    "proceedings.neurips.cc",
    "papers.nips.cc",
    "openaccess.thecvf.com",
    "semanticscholar.org",
    "biorxiv.org",
    "medrxiv.org",
    "nature.com/articles",
    "science.org/doi",
    "link.springer.com",
    "papers.ssrn.com",
    "alphaxiv.org",
    "paperswithcode.com/paper",
    "jmlr.org",
    "isca-speech.org",
)
_STORAGE = (
    "drive.google.com",
    "pan.baidu.com",
    "dropbox.com",
    "1drv.ms",
    "onedrive.live.com",
    "storage.googleapis.com",
    "amazonaws.com",
    "blob.core.windows.net",
    "aliyuncs.com",
    "zenodo.org",
    "figshare.com",
    "cloud.tsinghua.edu.cn",
    "mega.nz",
    "sharepoint.com",
    "dl.fbaipublicfiles.com",
    "myqcloud.com",
    "kaggle.com",
    "box.com",
    "pan.quark.cn",
    "cloudfront.net",
    "r2.dev",
)
_TRACKERS = (
    "wandb.ai",
    "api.wandb.ai",
    "tensorboard.dev",
    "comet.com",
    "neptune.ai",
    "swanlab.cn",
    "mlflow",
)
_HUB_PAGES = frozenset(
    [
        "datasets",
        "spaces",
        "collections",
        "models",
        "docs",
        "blog",
        "papers",
        "organizations",
        "settings",
        "join",
        "pricing",
        "login",
        "chat",
        "posts",
        "tasks",
        "learn",
        "course",
        "inference-endpoints",
        "new",
        "api",
        "resolve",
        "static",
        "front",
        "enterprise",
        "search",
    ]
)
_WEIGHTS = re.compile(
    r"\.(?:safetensors|gguf|ggml|bin|pt|pth|ckpt|onnx|npz|h5|tflite|msgpack|nemo|pkl"
    r"|mar)(?:\.\w{2,4})?$",
    re.I,
)
_DATA = re.compile(
    r"\.(?:jsonl?|csv|tsv|parquet|arrow|txt|tfrecord|zst)(?:\.(?:gz|zst|xz|bz2|zip))?$", re.I
)
# An archive of something: only the words around the link tell of what.
_ARCHIVE = re.compile(r"\.(?:tar|tgz|zip|7z|rar|zstd)(?:\.(?:gz|bz2|xz|zst|zstd))?$", re.I)
_IMAGE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|mp4|mov|webm|bmp)(?:$|\?)", re.I)
_ATTACHMENT = re.compile(
    r"(?:user-images\.githubusercontent\.com|github\.com/user-attachments/assets"
    r"|github\.com/[^/]+/[^/]+/assets/)",
    re.I,
)
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$")
_ARXIV = re.compile(r"(\d{4}\.\d{4,5})(v\d+)?")


def hub_id(text: str) -> bool:
    """Whether a string has the form ``owner/name`` (and is not a path or a MIME type)."""
    if not _HUB_ID.match(text) or text.count("/") != 1:
        return False
    owner, name = text.split("/")
    if re.search(r"\.(?:py|sh|md|txt|json|jsonl|ya?ml|csv|png|jpg|pdf|html?)$", name, re.I):
        return False
    return owner.lower() not in {
        "application",
        "text",
        "image",
        "audio",
        "video",
        "path",
        "usr",
        "home",
        "data",
        "mnt",
        "tmp",
        "output",
        "outputs",
        "input",
        "and",
        "or",
        "src",
        "models",
        "model",
        "checkpoints",
        "your",
        "train",
        "test",
    }


def arxiv_id(url: str) -> str | None:
    """The arXiv number in a URL or text such as ``arXiv:2309.10305``, without its version."""
    found = _ARXIV.search(url) if "arxiv" in url.lower() or "/papers/" in url else None
    return found.group(1) if found else None


def classify(url: str) -> Locator:
    """What a URL points to. Unknown forms are a PAGE; nothing raises."""
    text = unquote(url.strip())[:2000]
    if text.startswith("magnet:"):
        return Locator(url, Target.WEIGHTS_FILE, "magnet")
    if text.startswith(("s3://", "gs://", "oss://", "hdfs://")):
        return Locator(url, Target.STORAGE, text.split("://", 1)[0], path=text)
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return Locator(url, Target.PAGE, "")
    host = (parts.hostname or "").removeprefix("www.")
    segments = [segment for segment in parts.path.split("/") if segment]
    if any(_at(host, parts.path, known) for known in _BADGES):
        return Locator(url, Target.BADGE, host)
    if host in _HUBS:
        return _hub(url, host, segments)
    if any(host == known or host.endswith("." + known) for known in _MODELSCOPE):
        return _modelscope(url, host, segments)
    return _elsewhere(url, host, parts.path, segments)


def _at(host: str, path: str, known: str) -> bool:
    domain, _, prefix = known.partition("/")
    return (host == domain or host.endswith("." + domain)) and path.lstrip("/").startswith(prefix)


def _hub(url: str, host: str, segments: list[str]) -> Locator:
    if not segments:
        return Locator(url, Target.PAGE, host)
    head, rest = segments[0].lower(), segments[1:]
    if head == "datasets" and rest:
        owner, name, path = _split(rest)
        return Locator(url, Target.DATASET, host, owner, name, path)
    if head in ("spaces", "collections") and len(rest) >= 2:
        target = Target.SPACE if head == "spaces" else Target.COLLECTION
        return Locator(url, target, host, rest[0], rest[1], "/".join(rest[2:]))
    if head == "papers" and rest:
        return Locator(url, Target.PAPER, host, path=rest[0])
    if head == "blog":
        return Locator(url, Target.BLOG, host, path="/".join(rest))
    if head in _HUB_PAGES:
        return Locator(url, Target.PAGE, host, path="/".join(segments))
    if len(segments) == 1:
        return Locator(url, Target.ACCOUNT, host, segments[0])
    owner, name, path = _split(segments)
    return Locator(url, Target.MODEL, host, owner, name, path)


def _split(segments: list[str]) -> tuple[str, str, str]:
    if len(segments) == 1:  # canonical hub ids have no owner: datasets/gsm8k
        return "", segments[0], ""
    return segments[0], segments[1], "/".join(segments[2:])


def _modelscope(url: str, host: str, segments: list[str]) -> Locator:
    kinds = {
        "models": Target.MODEL,
        "datasets": Target.DATASET,
        "studios": Target.SPACE,
        "collections": Target.COLLECTION,
        "organization": Target.ACCOUNT,
    }
    for index, segment in enumerate(segments[:3]):
        if segment.lower() in kinds and len(segments) > index + 1:
            rest = segments[index + 1 :]
            if kinds[segment.lower()] is Target.ACCOUNT or len(rest) == 1:
                return Locator(url, Target.ACCOUNT, host, rest[0])
            target = kinds[segment.lower()]
            return Locator(url, target, host, rest[0], rest[1], "/".join(rest[2:]))
    if len(segments) == 2:
        return Locator(url, Target.MODEL, host, segments[0], segments[1])
    return Locator(url, Target.PAGE, host, path="/".join(segments))


def _elsewhere(url: str, host: str, path: str, segments: list[str]) -> Locator:
    if _ATTACHMENT.search(url):
        return Locator(url, Target.IMAGE, host, path=path)
    git = any(host == known for known in _GIT)
    owner, name, rest = ("", "", "")
    if git and len(segments) >= 2:
        owner, name, rest = segments[0], segments[1].removesuffix(".git"), "/".join(segments[2:])
    if _IMAGE.search(path):
        return Locator(url, Target.IMAGE, host, owner, name, rest or path)
    if _WEIGHTS.search(path):
        return Locator(url, Target.WEIGHTS_FILE, host, owner, name, rest or path)
    if git and segments:
        target = Target.REPOSITORY if name else Target.ACCOUNT
        return Locator(url, target, host, owner or segments[0], name, rest)
    if any(_at(host, path, known) for known in _PAPERS):
        return Locator(url, Target.PAPER, host, path=path)
    if path.lower().endswith(".pdf"):
        return Locator(url, Target.DOCUMENT_FILE, host, path=path)
    if _DATA.search(path):
        return Locator(url, Target.DATA_FILE, host, path=path)
    if _ARCHIVE.search(path):
        return Locator(url, Target.STORAGE, host, path=path)
    if any(_at(host, path, known) for known in _TRACKERS):
        return Locator(url, Target.TRACKER, host, path=path)
    if any(_at(host, path, known) for known in _STORAGE):
        return Locator(url, Target.STORAGE, host, path=path)
    if host.endswith(("pypi.org", "npmjs.com")):
        return Locator(url, Target.PACKAGE, host, path=path)
    if "/publication" in path.lower() or "/papers/" in path.lower():
        return Locator(url, Target.PAPER, host, path=path)
    if host.startswith("blog.") or "/blog" in path.lower() or "medium.com" in host:
        return Locator(url, Target.BLOG, host, path=path)
    return Locator(url, Target.PAGE, host, path=path)
