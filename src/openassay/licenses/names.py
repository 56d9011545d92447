"""Names of licences, as people write them, to ids: tags, free text, addresses, expressions.

Every spelling is reduced to a key (`key`): lower case, no filler words, ``2.0`` as ``2``. The table
of keys (``data/names.tsv``) is made when the index is built, from the names that the licence lists
give, the ``names`` in ``data/licenses/*.toml`` and the hand-kept ``data/names.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from . import catalog, expressions, lexicon, store

MAX_NAME = 400
NONE = "NONE"
UNKNOWN = "?"

_JOINED = (
    (re.compile(r"\bcreative ?commons\b"), "cc"),
    (re.compile(r"\bnon ?commercial\b"), "nc"),
    (re.compile(r"\bshare ?alike\b"), "sa"),
    (re.compile(r"\bno ?deriv(?:ative)?s?(?: works)?\b"), "nd"),
    (re.compile(r"\bcc attribution\b"), "cc by"),
    (re.compile(r"\bcc(?: by)? zero\b"), "cc 0"),
    (re.compile(r"\bcc public domain dedication\b"), "cc 0"),
    (re.compile(r"\bopen ?rail\b"), "openrail"),
    (re.compile(r"\bgnu (?:gpl|general public)\b"), "gpl"),
    (re.compile(r"\bgnu (?:lgpl|lesser general public)\b"), "lgpl"),
    (re.compile(r"\bgnu (?:agpl|affero general public)\b"), "agpl"),
    (re.compile(r"\bgnu (?:fdl|gfdl|free documentation)\b"), "gfdl"),
    (re.compile(r"\bmozilla public\b"), "mpl"),
    (re.compile(r"\bmulan psl\b|\bmulan permissive software\b"), "mulanpsl"),
)
_ZH = (
    ("知识共享署名", "cc by "),
    ("署名", " by "),
    ("非商业性使用", " nc "),
    ("非商业性", " nc "),
    ("相同方式共享", " sa "),
    ("禁止演绎", " nd "),
    ("知识共享", "cc "),
    ("木兰宽松", "mulanpsl "),
    ("开源许可证", " "),
    ("开源协议", " "),
    ("开源许可", " "),
    ("许可协议", " "),
    ("许可证", " "),
    ("许可", " "),
    ("协议", " "),
    ("版权", " "),
    ("国际", " "),
    ("第", " "),
    ("版", " "),
    ("授权", " "),
)
_VERSION_WORD = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")
_SPLIT = re.compile(r"[^a-z0-9.+\u3400-\u9fff]+")


@lru_cache(maxsize=4096)  # headers and cards say the same few names again and again
def key(name: str) -> str:
    """The form in which names are compared.

    >>> key("The Apache License, Version 2.0"), key("apache-2.0")
    ('apache 2', 'apache 2')
    """
    low = name[:MAX_NAME].lower().replace("++", " plusplus ")
    if not low.isascii():
        low = low.translate({c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)})
        for zh, en in _ZH:
            low = low.replace(zh, en)
    low = _VERSION_WORD.sub(" ", " ".join(_SPLIT.split(low)))
    for pattern, short in _JOINED:
        low = pattern.sub(short, low)
    out: list[str] = []
    for word in low.split():
        word = word.strip(".+") + ("+" if word.endswith("+") and len(word) < 6 else "")
        word = re.sub(r"^0+(?=\d)|(?<=\d)(?:\.0)+$", "", word)
        if word and word not in lexicon.words("name-filler") and (not out or out[-1] != word):
            out.append(word)
    return " ".join(out)


@cache
def table() -> Mapping[str, str]:
    """Keys to ids, `NONE` or `UNKNOWN`; addresses begin with ``url:``."""
    text = store.read("names.tsv").decode("utf-8")
    pairs = (line.partition("\t") for line in text.split("\n"))
    return {key: id for key, tab, id in pairs if tab}


def normalize(name: str) -> str | None:
    """The canonical id or expression a name stands for; None when it is not known.

    A family without its version (``gpl``, ``bsd``) is not known. ``NONE`` means that the name says
    there is no licence ("unlicensed"), which is not the Unlicense.
    """
    text = name.strip().strip("\"'`*").strip()
    if not text or len(text) > 2_000:
        return None
    if "://" in text or re.match(r"(?:www\.)?[\w-]+\.(?:org|com|io|ai|dev|net)/", text):
        return of_url(text)
    changed = re.fullmatch(r"(?i)(?:modified|custom)[\s_-]+(.{2,80})", text)
    if changed and single(changed[1]):
        return f"LicenseRef-Modified-{(single(changed[1]) or '').removeprefix('LicenseRef-')}"
    direct = single(text)
    if direct is not None:
        return direct
    return _expression(text)


def single(text: str) -> str | None:
    """One name, no operators."""
    if len(text) > MAX_NAME:
        return None
    found = table().get(key(text))
    if found is not None:
        return None if found == UNKNOWN else found
    plain = catalog.canonical(text) if re.fullmatch(r"[\w.+:-]{2,120}", text) else None
    if plain:
        return plain
    inside = re.fullmatch(
        r"(.{2,120}?)\s*[（(]([^()（）]{2,60})[)）]\s*(?:license|licence)?", text, re.I
    )
    if inside:
        both = {table().get(key(p)) for p in inside.groups()} - {UNKNOWN}
        return both.pop() if len(both) == 1 else None  # "MIT License (modified)" is not MIT
    return None


def _expression(text: str) -> str | None:
    spaced = re.sub(r"\s+(and|or|with)\s+", lambda m: f" {m[1].upper()} ", text)
    spaced = re.sub(r"\s*/\s*(?=[A-Z])|\s*\|\|?\s*", " OR ", spaced) if " " not in text else spaced
    if not re.search(r"\s(?:AND|OR|WITH)\s|^LicenseRef-", spaced):
        return None
    try:
        tree = expressions.parse(spaced)
    except expressions.LicenseExpressionError:
        return _loose(spaced)
    known = [n for n in expressions.walk(tree) if isinstance(n, expressions.Id | expressions.With)]
    for node in known:
        id = node.id if isinstance(node, expressions.Id) else node.license
        if single(id) is None and not id.startswith("LicenseRef-"):
            return None
    return expressions.render(tree, lambda i: single(i) or i)


def _loose(text: str) -> str | None:
    """``Apache 2.0 OR MIT License``: parts that are names rather than ids, one operator only."""
    for operator in (" OR ", " AND "):
        parts = [p.strip() for p in text.split(operator)]
        if 1 < len(parts) <= 8 and not re.search(r"[()]| AND | WITH ", "".join(parts[1:])):
            ids = [single(p) for p in parts]
            if all(ids):
                return operator.join(i for i in ids if i)
    return None


@cache
def _url_rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    rules = (
        (r"spdx\.org/licenses/([\w.+-]+?)(?:\.html|\.json|\.txt)?$", "{0}"),
        (r"opensource\.org/(?:licenses?)/([\w.+-]+?)(?:\.php|\.html)?$", "{0}"),
        (r"choosealicense\.com/licenses/([\w.+-]+)", "{0}"),
        (r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)(?:/([a-z]{2}))?(?:/|$)", "CC-{0}-{1}"),
        (r"creativecommons\.org/publicdomain/zero/(1\.0)", "CC0-1.0"),
        (r"creativecommons\.org/(?:publicdomain/mark|licenses/publicdomain)", "CC-PDDC"),
        (r"apache\.org/licenses/license-(\d\.\d)", "Apache-{0}"),
        (r"gnu\.org/(?:licenses|copyleft)/(?:old-licenses/)?([al]?gpl)-(\d\.\d)", "{0}-{1}"),
        (r"mozilla\.org/(?:en-us/)?mpl/(\d\.\d)", "MPL-{0}"),
        (r"arxiv\.org/licenses/nonexclusive-distrib/1\.0", "arxiv-nonexclusive-distrib-1.0"),
        (r"huggingface\.co/datasets\?license=license:([\w.+-]+)", "{0}"),
        (r"opendatacommons\.org/licenses/(pddl|odbl|by)", "odc-{0}"),
        (r"cdla\.(?:dev|io)/(permissive|sharing)-(\d)-(\d)", "CDLA-{0}-{1}.{2}"),
        (
            r"img\.shields\.io/badge/[^?]*?licen[cs]e[^-/?]{0,20}-(.{1,60})-[a-z0-9]{3,20}"
            r"(?:\.svg)?(?:\?.*)?$",
            "{0}",
        ),
        (
            r"img\.shields\.io/badge/(.{1,60}?)(?:-licen[cs]e)?-[a-z0-9]{3,20}(?:\.svg)?(?:\?.*)?$",
            "{0}",
        ),
    )
    return tuple((re.compile(p, re.I), form) for p, form in rules)


def of_url(url: str) -> str | None:
    """The licence an address is the known home of. Nothing is fetched."""
    from urllib.parse import unquote  # 5 ms, for addresses only

    plain = unquote(url.strip().strip("<>()[]\"'`，。")).split("#")[0]
    plain = re.sub(r"^[a-z]{3,5}://(www\.)?", "", plain[:600], flags=re.I)
    found = table().get("url:" + plain.rstrip("/.").lower())
    if found:
        return found
    for pattern, form in _url_rules():
        hit = pattern.search(plain.rstrip("/"))
        if hit:
            name = form.format(*(g or "" for g in hit.groups())).replace("--", "-")
            return single(name.replace("_", " "))
    return None
