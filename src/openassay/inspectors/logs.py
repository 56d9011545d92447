"""Logs and curves of the training run, by content.

Reads the state a trainer saves (``trainer_state.json``), TensorBoard event files, runs exported
from trackers, text logs whose lines give a step and a loss, and tables with a step and a loss
column. A folder called ``logs`` is nothing.

Not seen: curves as images, runs on a tracker's own site (they are links).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from openassay.files import File
from openassay.formats import path_words
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Evidence, Extent, Fact, Found, Gap

NAME = "logs"
COMPONENTS = ("training_logs",)

_HEAD: Final = 256 << 10  # bytes of a log that are looked at
_MIN_LINES: Final = 10  # lines with a step and a loss that make a log
_STEP: Final = r"\b(?:step|iter|iteration|epoch|update|global_step|num_updates)s?\b"
_LOSS: Final = r"\b(?:\w{1,20}[-_/. ])?(?:loss|ppl|perplexity)\b"
_STEP_WORD: Final = re.compile(_STEP, re.IGNORECASE)
_LOSS_NUMBER: Final = re.compile(_LOSS + r"[\"':=\s|]{1,6}[-+]?\d", re.IGNORECASE)
_STATE: Final = re.compile(rb'"(?:log_history|global_step)"\s{0,10}:')
_TEXT_SUFFIXES: Final = frozenset([".log", ".txt", ".out"])
_LOG_WORDS: Final = frozenset(["log", "logs", "train", "training", "loss", "history", "pretrain"])
_TABLES: Final = frozenset([".csv", ".tsv", ".jsonl"])
_NOT_RUN: Final = path_words.DEMO | path_words.EVALUATION | frozenset(["inference", "changelog"])


def wants(file: File, release: Release) -> bool:
    """Files that could be logs, by name and suffix."""
    name = file.name.lower()
    if not file.is_readable:
        return False
    if name == "trainer_state.json" or name.startswith("events.out.tfevents") or _is_wandb(file):
        likely = True
    elif file.suffix in _TEXT_SUFFIXES | _TABLES:
        words = path_words.words(file.path)
        likely = not words.isdisjoint(_LOG_WORDS) and words.isdisjoint(_NOT_RUN)
    else:
        likely = False
    return likely and release.place(file) is Place.OWN


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    """A log of the run, cited where the first numbers stand."""
    del release  # a log is its own, or it was not wanted
    found = _recognise(file)
    if found is None:
        return
    aspect, evidence, detail = found
    tuned = path_words.is_finetune(file.path)
    yield Found(
        component="training_logs",
        extent=Extent.PART if tuned else Extent.WHOLE,
        aspect=f"finetune_{aspect}" if tuned else aspect,
        evidence=(evidence,),
        detail=detail,
    )


def _recognise(file: File) -> tuple[str, Evidence, str] | None:
    """(aspect, evidence, why) of a log, or None."""
    name = file.name.lower()
    if name == "trainer_state.json":
        head = file.read(0, _HEAD)
        if _STATE.search(head):
            at = head.count(b"\n", 0, head.find(b'"log_history"') + 1) + 1
            return "trainer_state", file.cite_lines(at), "the state a trainer saved with its losses"
        return None
    if name.startswith("events.out.tfevents"):
        if not _is_record(file.read(0, 64)):
            return None
        return "tensorboard", file.cite_whole("TensorBoard events"), "TensorBoard events of a run"
    if _is_wandb(file):
        return "tracker_export", file.cite_whole("tracker run"), "a run exported from its tracker"
    if file.suffix in _TABLES:
        return _table(file)
    return _text_log(file)


def _is_wandb(file: File) -> bool:
    if file.suffix == ".wandb":
        return True
    return file.name.lower() in ("wandb-summary.json", "wandb-history.jsonl")


def _is_record(head: bytes) -> bool:
    """A TFRecord of events starts with its length; the first event states ``brain.Event``."""
    return len(head) >= 24 and int.from_bytes(head[:8], "little") < 1 << 20 and b"brain.E" in head


def _table(file: File) -> tuple[str, Evidence, str] | None:
    """A table or JSON lines with a step and a loss in every row."""
    rows = [line for line in file.read(0, _HEAD).decode("utf-8", "replace").split("\n") if line]
    if len(rows) <= _MIN_LINES:
        return None
    first = rows[0][:2_000]
    if _STEP_WORD.search(first) and re.search(_LOSS, first, re.IGNORECASE):
        return "loss_table", file.cite_lines(1), "a table of steps and losses"
    return None


def _text_log(file: File) -> tuple[str, Evidence, str] | None:
    text = file.read(0, _HEAD).decode("utf-8", "replace")
    hits = 0
    first = 0
    for number, line in enumerate(text.split("\n"), start=1):
        shown = line[:1_000]
        if _STEP_WORD.search(shown) and _LOSS_NUMBER.search(shown):
            hits += 1
            first = first or number
            if hits >= _MIN_LINES:
                return "text_log", file.cite_lines(first), "lines that give a step and its loss"
    return None
