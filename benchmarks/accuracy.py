"""How often the audit says what a careful person said, over labelled public releases.

    python benchmarks/accuracy.py CLONES [--labels benchmarks/labels.yaml] [--batch N] [--misses]

CLONES is a folder that holds a Git clone of each labelled repository, named ``owner+name``; those
that are missing are left out and counted. Each is read at its labelled commit. Printed: exact
agreement on four statuses, precision and recall of presence, agreement on the licence of tracked
parts and the share of claims found. ``unknown`` counts as absent, low-confidence cells not at all.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from openassay.read import read
from openassay.sources import open_targets
from openassay.types import Dossier

STATUS = {"in_repo": "present"}
SAME = 12  # letters of a licence's name that must agree: versions and long names are spelled freely


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("clones", type=Path)
    parser.add_argument("--labels", type=Path, default=Path(__file__).with_name("labels.yaml"))
    parser.add_argument("--batch", type=int)
    parser.add_argument("--misses", action="store_true", help="print every cell that differs")
    args = parser.parse_args()
    total: Counter[str] = Counter()
    for label in yaml.safe_load(args.labels.read_text("utf-8")):
        clone = args.clones / label["repo"].replace("/", "+")
        if args.batch not in (None, label.get("batch")):
            continue
        if not clone.exists():
            total["left out"] += 1
            continue
        dossier = read(open_targets([f"{clone}@{label['commit']}"]))
        counted = Counter(score(label, dossier))
        total += counted
        total["releases"] += 1
        print(f"{label['repo']:40} {counted['exact']:2}/{counted['cells']}")
        if args.misses:
            print("\n".join(misses(label, dossier)))
    if not total["cells"]:
        print(f"no labelled release was found in {args.clones}", file=sys.stderr)
        return 2
    report(total)
    return 0


def cells(label: dict[str, Any], dossier: Dossier) -> Iterator[tuple[str, str, str]]:
    """(component, wanted, got) of every cell that is scored."""
    for name, cell in label["components"].items():
        if cell["confidence"] != "low":
            got = str(dossier.component(name).status)
            wanted = STATUS.get(cell["status"], cell["status"])
            yield name, wanted, "absent" if got == "unknown" else got


def score(label: dict[str, Any], dossier: Dossier) -> Iterator[str]:
    for name, wanted, got in cells(label, dossier):
        yield "cells"
        if wanted == got:
            yield "exact"
        if wanted != "absent":
            yield "there"
        if got != "absent":
            yield "found"
            if wanted != "absent":
                yield "both"
        licence = label["components"][name].get("licence")
        if wanted == "present" and got != "absent" and licence:
            yield "licences"
            if short(dossier.component(name).license or "none") == short(licence):
                yield "licences right"
    found = {(c.evidence.path, c.evidence.span.start) for c in dossier.claims}
    for claim in label["claims"]:
        yield "claims"
        if any((claim["path"], claim["line"] + shift) in found for shift in (0, -1, 1, -2, 2)):
            yield "claims found"


def misses(label: dict[str, Any], dossier: Dossier) -> Iterator[str]:
    for name, wanted, got in cells(label, dossier):
        if wanted != got:
            note = label["components"][name].get("note", "")
            yield f"    {name:32} labelled {wanted:8} found {got:8} {note}"


def short(licence: str) -> str:
    return licence.lower().removeprefix("licenseref-")[:SAME]


def report(total: Counter[str]) -> None:
    def share(part: str, whole: str) -> str:
        return f"{total[part] / total[whole]:.3f}" if total[whole] else "-"

    print(f"\nreleases              {total['releases']} ({total['left out']} left out)")
    print(f"exact, four statuses  {share('exact', 'cells')} of {total['cells']} cells")
    print(f"precision of presence {share('both', 'found')}")
    print(f"recall of presence    {share('both', 'there')}")
    print(f"licence agreement     {share('licences right', 'licences')}")
    print(f"claims found          {share('claims found', 'claims')}")


if __name__ == "__main__":
    raise SystemExit(main())
