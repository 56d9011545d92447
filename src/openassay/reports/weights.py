"""The document ``openassay-weights/1`` for people: a screen for each set of weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from openassay.canonical import visible
from openassay.reports import Look
from openassay.reports._cells import Ink, Pen, cut, pad, wrap
from openassay.words import Words, mark

Row = Mapping[str, Any]
_INKS = {
    "broken": Ink.RED, "refused": Ink.RED, "contradiction": Ink.RED, "risk": Ink.YELLOW,
    "note": Ink.DIM, "whole": Ink.GREEN, "incomplete": Ink.RED, "unproven": Ink.YELLOW,
    "opaque": Ink.YELLOW, "unread": Ink.YELLOW,
}  # fmt: skip
_SIGNS = {"broken": "✘", "refused": "✘", "contradiction": "✘", "risk": "?", "note": "·"}
_STATUS = {
    "whole": mark("whole, by its header"),
    "whole of several": mark("whole, by its headers"),
    "incomplete": mark("not whole"),
    "refused": mark("every byte is there, and the format's own reader refuses it"),
    "unproven": mark("whole or not: cannot tell, not all of it could be read"),
    "opaque": mark("opaque: known by its first bytes, contents not read"),
    "unread": mark("not read"),
}
_BESIDE = {
    "buffers": mark("{n} in buffers"),
    "scales": mark("{n} scales"),
    "optimizer": mark("{n} of an optimizer"),
    "tied": mark("{n} tied and counted once"),
}
_SAID = 0.01  # share of zeros that is told
_LABEL = 12  # columns of what a line is about
_SHOWN = 6  # checkpoints and findings of one, without -v


def render_terminal(document: Row, look: Look) -> str:
    """Everything on one screen; ``-v`` adds places and all precisions, ``-vv`` tensors."""
    pen = Pen(look)
    blocks = [list(_head(document, pen))]
    checkpoints = document["checkpoints"]
    shown = checkpoints if look.detail else checkpoints[:_SHOWN]
    blocks += [list(_checkpoint(row, pen)) for row in shown]
    if len(shown) < len(checkpoints):
        left = len(checkpoints) - len(shown)
        left_out = pen.words.many(
            left, "{n} more set of weights with -v", "{n} more sets of weights with -v"
        )
        blocks.append([left_out])
    blocks.append(list(_together(document, pen)))
    blocks.append(list(_foot(document, pen)))
    return pen.sign("\n\n".join("\n".join(block) for block in blocks if block)) + "\n"


def _head(document: Row, pen: Pen) -> Iterator[str]:
    words = pen.words
    yield pen.ink(visible(document["release"] or words.say("weights")), Ink.BOLD)
    if not document["checkpoints"]:
        yield words.say(
            "No weights found: no file has the name or the first bytes of any known format."
        )
        if document["unknown_binaries"]:
            yield words.say("What follows may hold some, and was not read.")


def _checkpoint(row: Row, pen: Pen) -> Iterator[str]:
    files, words = row["files"], pen.words
    name = visible(row["path"])
    if len(files) > 1:
        name = words.say("{name} and {n} more", name=name, n=len(files) - 1)
    known = " ".join(filter(None, (row["format"], visible(row["variant"]))))
    several = row["status"] == "whole" and len(files) > 1
    state = _STATUS["whole of several" if several else row["status"]]
    status = pen.ink(words.say(state), _INKS[row["status"]])
    about = words.say("{about}, {state}", about=known or words.say(_unreadable(row)), state=status)
    yield f"{pen.ink(cut(name, pen.look.width - 45), Ink.BOLD)}  {about}"
    lines = []
    if row["parameters"] is not None:
        lines.append((mark("parameters"), _parameters(row["parameters"], words)))
        if row["precision"]:
            lines.append((mark("precision"), _precision(row, pen.look.detail, words)))
    lines.append((mark("stored"), _stored(row, words)))
    if row["samples"] is not None and row["samples"]["ranges"]:
        lines.append((mark("values"), _values(row["samples"], words)))
    elif row["samples"] is not None and row["precision"]:
        why = words.say("none sampled: no matrix of plain numbers is large enough")
        lines.append((mark("values"), why))
    yield from (f"  {pad(words.say(label), _LABEL)}{text}" for label, text in lines)
    yield from _findings(row["findings"], pen)
    if pen.look.detail > 1:
        yield from _tensors(row, pen)


def _unreadable(row: Row) -> str:
    """What stands where a format could not be told."""
    if row["status"] != "unread":
        return mark("not readable")
    pointer = any("promised_sha256" in file for file in row["files"])
    return mark("Git LFS pointer") if pointer else mark("not at hand")


def _parameters(count: Row, words: Words) -> str:
    if count["total"] is None:
        why = words.told(visible(count["why_unknown"]))
        return words.say("at least {n}: {why}", n=f"{count['at_least']:,}", why=why)
    text = f"{count['total']:,}"
    if count["active"] is not None:
        there, used = count["experts"]
        text = words.say(
            "{total}, {active} used for a token ({used} of {there} experts)",
            total=text, active=f"{count['active']:,}", used=used, there=there,
        )  # fmt: skip
    beside = [words.say(_BESIDE[key], n=f"{count[key]:,}") for key in _BESIDE if count[key]]
    if not beside:
        return text
    return words.say("{total} (beside {others})", total=text, others=words.listed(beside))


def _precision(row: Row, detail: int, words: Words) -> str:
    kinds = row["precision"] if detail else row["precision"][:4]
    total = sum(kind["bytes"] or 0 for kind in row["precision"])
    parts = []
    for kind in kinds:
        share = f"{100 * kind['bytes'] / total:.1f} %" if kind["bytes"] and total else "?"
        dtype = visible(kind["dtype"])
        parts.append(
            words.many(
                kind["tensors"],
                "{dtype} {share} ({n} tensor)",
                "{dtype} {share} ({n} tensors)",
                dtype=dtype,
                share=share,
            )
        )
    if more := len(row["precision"]) - len(kinds):
        parts.append(words.say("{n} more", n=more))
    bits = row["bits_per_weight"]
    each = [words.say("{n} bits per weight", n=f"{bits:.2f}")] if bits else []
    return words.say("; ").join((words.listed(parts), *each))


def _stored(row: Row, words: Words) -> str:
    size = sum(file["bytes"] for file in row["files"])
    if row["status"] == "unread":
        return words.say("nothing here; {n} bytes are promised", n=f"{size:,}")
    parts = []
    if row["files_promised"] > 1:
        there = len(row["files"])
        parts.append(words.say("{n} of {all} files", n=there, all=row["files_promised"]))
    if row["tensors"] == 1:
        parts.append(words.many(1, "{n} tensor", "{n} tensors"))
    else:
        parts.append(words.say("{n} tensors", n=f"{row['tensors']:,}"))
    parts.append(words.say("{n} bytes", n=f"{size:,}"))
    digest = row["files"][0].get("sha256") if len(row["files"]) == 1 else None
    return words.listed([*parts, *([f"sha256 {digest}"] if digest else [])])


def _values(samples: Row, words: Words) -> str:
    parts = [words.many(samples["ranges"], "{n} range sampled", "{n} ranges sampled")]
    if samples["untrained"] is False:
        parts.append(words.say("trained (matrices stand out from noise)"))
    elif samples["untrained"] is None:
        parts.append(words.say("trained or not: cannot tell"))
    if samples["narrow"] is not None:
        parts.append(words.say("every value is one of {dtype}", dtype=samples["narrow"]))
    elif samples["rounded_bits"] is None and samples["distinct"]:
        parts.append(words.say("no sign of rounding"))
    if samples["zeros"] and samples["zeros"] >= _SAID:
        parts.append(words.say("{n} % zeros", n=f"{100 * samples['zeros']:.0f}"))
    return words.listed(parts)


def _findings(findings: list[Row], pen: Pen) -> Iterator[str]:
    shown = findings if pen.look.detail else findings[:_SHOWN]
    for finding in shown:
        sign = pen.ink(_SIGNS[finding["level"]], _INKS[finding["level"]])
        told = pen.words.told(visible(finding["text"]))
        first, *more = wrap(told, pen.look.width - 4) or [""]
        yield f"  {sign} {first}"
        yield from (f"    {line}" for line in more[: None if pen.look.detail else 2])
        if pen.look.detail:
            for item in finding["evidence"]:
                yield pen.ink(cut(f"      {_place(item, pen.words)}", pen.look.width), Ink.DIM)
    if len(shown) < len(findings):
        yield "    " + pen.words.say("{n} more with -v", n=len(findings) - len(shown))


def _place(item: Row, words: Words) -> str:
    path = visible(item["path"])
    if item["pointer"] is not None:
        return f"{path}#{visible(item['pointer'])}"
    if item["range"] is not None:
        first, last = item["range"]
        return words.say("{path} bytes {first}-{last}", path=path, first=first, last=last)
    return f"{path}:{item['start']}" if item["start"] is not None else path


def _tensors(row: Row, pen: Pen) -> Iterator[str]:
    for tensor in row["listed"] or ():
        shape = "×".join(map(str, tensor["shape"])) or "scalar"
        yield f"    {pad(visible(tensor['name']), 60)} {pad(tensor['dtype'], 8)} {shape}"
        if "std" in tensor and pen.look.width >= 80:
            mean, std = (_figure(tensor[name]) for name in ("mean", "std"))
            about = f"mean {mean}, std {std}, {tensor['multiset']}"
            yield pen.ink(f"      {about}", Ink.DIM)


def _figure(value: float | None) -> str:
    return "beyond 64 bits" if value is None else f"{value:.3g}"


def _together(document: Row, pen: Pen) -> Iterator[str]:
    if document["findings"]:
        yield pen.ink(pen.words.say("Between the sets"), Ink.BOLD)
        yield from _findings(document["findings"], pen)


def _bytes(begins: str) -> str:
    """The first eight bytes: the letters that they begin with, if any, and the rest in hex."""
    raw = bytes.fromhex(begins)[:8]
    letters = "".join(takewhile(str.isalnum, raw.decode("ascii", "replace")))
    rest = raw[len(letters) :].hex(" ")
    return " ".join(filter(None, (repr(letters) if letters else "", rest)))


def _foot(document: Row, pen: Pen) -> Iterator[str]:
    unknown, words = document["unknown_binaries"], pen.words
    for file in unknown if pen.look.detail else unknown[:_SHOWN]:
        size = words.say("{n} bytes", n=f"{file['bytes']:,}")
        if file["begins"]:
            size += words.say(", beginning {begins}", begins=_bytes(file["begins"]))
        text = words.say(
            "{path}: {size}: {text}", path=visible(file["path"]), size=size,
            text=words.told(visible(file["text"])),
        )  # fmt: skip
        first, *more = wrap(text, pen.look.width - 2)
        yield f"? {first}"
        yield from (f"  {line}" for line in more)
    if not pen.look.detail and len(unknown) > _SHOWN:
        more_files = str(len(unknown) - _SHOWN)
        yield "  " + words.say("{n} more files that were not read, with -v", n=more_files)
    for text in document["not_checked"]:
        told = words.say("not checked: {what}", what=words.told(visible(text)))
        yield pen.ink(told, Ink.DIM)
    read = {key: f"{document['read'][key]:,}" for key in ("requests", "bytes")}
    text = words.say("{reads} reads, {n} bytes", reads=read["requests"], n=read["bytes"])
    yield pen.ink(text, Ink.DIM)
