"""The document ``openassay-weights/1`` for people: a screen for each set of weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openassay.canonical import visible
from openassay.reports import Look
from openassay.reports._cells import Ink, Pen, cut, pad, wrap

Row = Mapping[str, Any]
_INKS = {
    "broken": Ink.RED, "refused": Ink.RED, "contradiction": Ink.RED, "risk": Ink.YELLOW,
    "note": Ink.DIM, "whole": Ink.GREEN, "incomplete": Ink.RED, "unproven": Ink.YELLOW,
    "opaque": Ink.YELLOW, "unread": Ink.YELLOW,
}  # fmt: skip
_SIGNS = {"broken": "✘", "refused": "✘", "contradiction": "✘", "risk": "?", "note": "·"}
_STATUS = {
    "whole": "whole, by its header",
    "incomplete": "not whole",
    "refused": "every byte is there, and the format's own reader refuses it",
    "unproven": "whole or not: cannot tell, not all of it could be read",
    "opaque": "opaque: known by its first bytes, contents not read",
    "unread": "not read",
}
_SHOWN = 6  # checkpoints and findings of one, without -v


def render_terminal(document: Row, look: Look) -> str:
    """Everything on one screen; ``-v`` adds places and all precisions, ``-vv`` tensors."""
    pen = Pen(look)
    blocks = [list(_head(document, pen))]
    checkpoints = document["checkpoints"]
    shown = checkpoints if look.detail else checkpoints[:_SHOWN]
    blocks += [list(_checkpoint(row, pen)) for row in shown]
    if len(shown) < len(checkpoints):
        blocks.append([f"{len(checkpoints) - len(shown)} more sets of weights with -v"])
    blocks.append(list(_together(document, pen)))
    blocks.append(list(_foot(document, pen)))
    return pen.sign("\n\n".join("\n".join(block) for block in blocks if block)) + "\n"


def _head(document: Row, pen: Pen) -> Iterator[str]:
    yield pen.ink(visible(document["release"] or "weights"), Ink.BOLD)
    if not document["checkpoints"]:
        yield "No weights found: no file has the name or the first bytes of any known format."


def _checkpoint(row: Row, pen: Pen) -> Iterator[str]:
    files = row["files"]
    name = visible(row["path"])
    if len(files) > 1:
        name += f" and {len(files) - 1} more"
    about = " ".join(filter(None, (row["format"], visible(row["variant"])))) or _unreadable(row)
    status = pen.ink(_STATUS[row["status"]], _INKS[row["status"]])
    yield f"{pen.ink(cut(name, pen.look.width - 45), Ink.BOLD)}  {about}, {status}"
    if row["parameters"] is not None:
        yield f"  parameters  {_parameters(row['parameters'])}"
        if row["precision"]:
            yield f"  precision   {_precision(row, pen.look.detail)}"
    yield f"  stored      {_stored(row)}"
    if row["samples"] is not None and row["samples"]["ranges"]:
        yield f"  values      {_values(row['samples'])}"
    yield from _findings(row["findings"], pen)
    if pen.look.detail > 1:
        yield from _tensors(row, pen)


def _unreadable(row: Row) -> str:
    """What stands where a format could not be told."""
    if row["status"] != "unread":
        return "not readable"
    pointer = any("promised_sha256" in file for file in row["files"])
    return "Git LFS pointer" if pointer else "not at hand"


def _parameters(count: Row) -> str:
    if count["total"] is None:
        return f"at least {count['at_least']:,}: {visible(count['why_unknown'])}"
    text = f"{count['total']:,}"
    if count["active"] is not None:
        there, used = count["experts"]
        text += f", {count['active']:,} used for a token ({used} of {there} experts)"
    beside = [
        f"{count[key]:,} {words}"
        for key, words in (
            ("buffers", "in buffers"), ("scales", "scales"), ("optimizer", "of an optimizer"),
            ("tied", "tied and counted once"),
        )
        if count[key]
    ]  # fmt: skip
    return text + (f" (beside {', '.join(beside)})" if beside else "")


def _precision(row: Row, detail: int) -> str:
    kinds = row["precision"] if detail else row["precision"][:4]
    total = sum(kind["bytes"] or 0 for kind in row["precision"])
    parts = []
    for kind in kinds:
        share = f"{100 * kind['bytes'] / total:.1f} %" if kind["bytes"] and total else "?"
        parts.append(f"{visible(kind['dtype'])} {share} ({kind['tensors']} tensors)")
    more = len(row["precision"]) - len(kinds)
    text = ", ".join(parts) + (f", {more} more" if more else "")
    bits = row["bits_per_weight"]
    return text + (f"; {bits:.2f} bits per weight" if bits else "")


def _stored(row: Row) -> str:
    size = sum(file["bytes"] for file in row["files"])
    if row["status"] == "unread":
        return f"nothing here; {size:,} bytes are promised"
    files = f"{len(row['files'])} of {row['files_promised']} files, " if (
        row["files_promised"] > 1) else ""  # fmt: skip
    digest = row["files"][0].get("sha256") if len(row["files"]) == 1 else None
    return f"{files}{row['tensors']:,} tensors, {size:,} bytes" + (
        f", sha256 {digest}" if digest else ""
    )


def _values(samples: Row) -> str:
    count = samples["ranges"]
    parts = [f"{count} range{'' if count == 1 else 's'} sampled"]
    if samples["untrained"] is False:
        parts.append("trained (matrices stand out from noise)")
    elif samples["untrained"] is None:
        parts.append("trained or not: cannot tell")
    if samples["narrow"] is not None:
        parts.append(f"every value is one of {samples['narrow']}")
    elif samples["rounded_bits"] is None and samples["distinct"]:
        parts.append("no sign of rounding")
    if samples["zeros"] and samples["zeros"] >= 0.01:
        parts.append(f"{100 * samples['zeros']:.0f} % zeros")
    return ", ".join(parts)


def _findings(findings: list[Row], pen: Pen) -> Iterator[str]:
    shown = findings if pen.look.detail else findings[:_SHOWN]
    for finding in shown:
        sign = pen.ink(_SIGNS[finding["level"]], _INKS[finding["level"]])
        first, *more = wrap(visible(finding["text"]), pen.look.width - 4) or [""]
        yield f"  {sign} {first}"
        yield from (f"    {line}" for line in more[: None if pen.look.detail else 2])
        if pen.look.detail:
            for item in finding["evidence"]:
                yield pen.ink(cut(f"      {_place(item)}", pen.look.width), Ink.DIM)
    if len(shown) < len(findings):
        yield f"    {len(findings) - len(shown)} more with -v"


def _place(item: Row) -> str:
    path = visible(item["path"])
    if item["pointer"] is not None:
        return f"{path}#{visible(item['pointer'])}"
    if item["range"] is not None:
        return f"{path} bytes {item['range'][0]}-{item['range'][1]}"
    return f"{path}:{item['start']}" if item["start"] is not None else path


def _tensors(row: Row, pen: Pen) -> Iterator[str]:
    for tensor in row["listed"] or ():
        shape = "×".join(map(str, tensor["shape"])) or "scalar"
        yield f"    {pad(visible(tensor['name']), 60)} {pad(tensor['dtype'], 8)} {shape}"
        if "std" in tensor and pen.look.width >= 80:
            about = f"mean {tensor['mean']:.3g}, std {tensor['std']:.3g}, {tensor['multiset']}"
            yield pen.ink(f"      {about}", Ink.DIM)


def _together(document: Row, pen: Pen) -> Iterator[str]:
    if document["findings"]:
        yield pen.ink("Between the sets", Ink.BOLD)
        yield from _findings(document["findings"], pen)


def _foot(document: Row, pen: Pen) -> Iterator[str]:
    unknown = document["unknown_binaries"]
    for file in unknown if pen.look.detail else unknown[:_SHOWN]:
        size = f"{file['bytes']:,} bytes"
        yield f"? {visible(file['path'])}: {size} in a format that is not known, not read"
    for text in document["not_checked"]:
        yield pen.ink(f"not checked: {visible(text)}", Ink.DIM)
    read = document["read"]
    yield pen.ink(f"{read['requests']:,} reads, {read['bytes']:,} bytes", Ink.DIM)
