"""Tracked data: the training data, evaluation data, and what only looks like either.

A data file is the model's training data when a document of the release says so of it by name; large
unexplained data is part of it at most, and what a path calls a sample, a demo or a user's
fine-tuning set is nothing. Evaluation data are records (not settings, scores or model outputs)
under a name that speaks of evaluation. A list of web domains is not data.

Not seen: data inside archives, data sets described only in a paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openassay.errors import ReadError
from openassay.files import File
from openassay.formats import path_words, records
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Evidence, Extent, Fact, Found, Gap, Linked

NAME = "data_files"
COMPONENTS = ("datasets", "evaluation_data", "fine_tuning_data")

_SUFFIXES: Final = frozenset(
    """.jsonl .json .ndjson .csv .tsv .parquet .arrow .feather .gz .zst .tfrecord .mds .bin .idx
    .npy .txt .zip .tar .avro""".split()
)
_BINARY_DATA: Final = frozenset([".bin", ".idx", ".npy", ".tar", ".mds"])
_MAX_DOCUMENTS: Final = 12
_MAX_OPENED: Final = 200
_LARGE: Final = 64 << 20  # bytes: far above any sample, far below any pretraining corpus
_SMALL: Final = 2 << 10  # bytes: less is a fixture
_SPLITS: Final = frozenset(["test", "dev", "val", "valid", "validation", "heldout", "holdout"])
_CALIBRATION: Final = frozenset(["quant", "quantization", "quantize", "calibration", "calib"])
_DATA_WORDS: Final = frozenset(
    """data dataset datasets corpus corpora train training pretrain pretraining text shard shards
    tokens tokenized part""".split()
)
_SETTINGS: Final = frozenset(
    ["config", "configs", "package", "tsconfig", "settings", "schema", "prompt", "prompts", "lock",
     "tokenizer", "vocab", "model", "requirements", "license", "logs", "log", "results", "figures"]
)  # fmt: skip
_RECORD_KEYS: Final = frozenset(
    """text question prompt input inputs instruction query problem context content answer answers
    choices options label target sentence passage document messages conversations conversation
    dialog dialogue story ctx goal code caption url image id audio article summary completion
    output response entry_point canonical_solution turns task_id""".split()
)
# What a model answered stands beside the question: such records were made by an evaluation.
_PREDICTED: Final = re.compile(r"(?:^|[_\W])(?:preds?|predict(?:ion|ed)s?)(?:$|[_\W])")
_CODE_OR_TEXT: Final = frozenset(["id", "url", "image", "audio", "label"])

_SAYS_TRAINED: Final = re.compile(
    r"\b(?:used|use)\b.{0,60}?\b(?:train|fine-?tun|pre-?train)"
    r"|\b(?:train|pre-?train|fine-?tun)\w{0,5}\s{1,3}(?:data|set|corpus|on)\b"
    r"|训练(?:所用|数据|集|语料)|微调(?:数据|所用)",
    re.IGNORECASE,
)
_SAYS_SAMPLE: Final = re.compile(
    r"\b(?:e\.g|for example|examples?|samples?|demo|toy|subset|format|your(?: own)?|mock|preview)\b"
    r"|示例|样例|例如|格式|自己的|样本",
    re.IGNORECASE,
)
_SAYS_TUNED: Final = re.compile(r"fine-?tun|instruct|\bSFT\b|alignment|preference|微调|指令", re.I)
# A task list of a public harness: suite|task|shots|truncate, one a line.
_TASK: Final = re.compile(r"^[a-z_]{2,20}\|[\w:.-]{2,80}\|\d{1,2}\|[01]$")


@dataclass(frozen=True, slots=True)
class _Mention:
    """A line of a document that names a data file."""

    evidence: Evidence
    line: str


def survey(release: Release) -> Iterator[Fact | Gap]:
    """Training data the documents speak of, evaluation data, unexplained large data."""
    files = [file for file in release.files if _could_be_data(file, release)]
    documents = _documents(release)
    opened = 0
    unexplained: list[File] = []
    evaluation: list[tuple[File, records.Records]] = []
    for file in files:
        words = path_words.words(file.path)
        trains = words.isdisjoint(path_words.DEMO) and not _is_for_evaluation(file)
        if trains and (said := _mention(file, documents)):
            yield from _training(file, said)
            continue
        if opened < _MAX_OPENED and _names_evaluation(file, words):
            opened += 1
            try:
                found = _sniff(file)
            except ReadError as error:
                yield _gap(file, error)
                continue
            if found is not None and _has_records(file, found):
                evaluation.append((file, found))
            elif file.suffix == ".txt":
                yield from _task_list(file)
        elif file.size >= _LARGE and not words.isdisjoint(_DATA_WORDS):
            unexplained.append(file)
    yield from _evaluation(evaluation)
    yield from _unexplained(unexplained, release)


def _could_be_data(file: File, release: Release) -> bool:
    if file.suffix not in _SUFFIXES or not file.is_regular or file.name.startswith("."):
        return False
    if file.size < 64 and file.problem is None:
        return False
    if not path_words.words(file.name).isdisjoint(_SETTINGS):
        return False
    if release.is_bundled(file):
        return False
    place = release.place(file)
    return place is Place.OWN or (place is Place.FIXTURE and _benchmark_above(file.folder))


def _benchmark_above(folder: str) -> bool:
    """Whether a folder above the one called "test" speaks of evaluation: a benchmark's split."""
    parts = folder.split("/")
    return any(path_words.is_evaluation(part) for part in parts)


def _documents(release: Release) -> list[File]:
    """READMEs and data documents, those nearest the root first."""
    found = [
        file
        for file in release.files
        if file.suffix in (".md", ".rst") and file.is_readable
        and ("readme" in file.name.lower() or "data" in file.name.lower())
        and release.place(file) is Place.OWN
    ]  # fmt: skip
    return sorted(found, key=lambda file: (file.path.count("/"), file.path))[:_MAX_DOCUMENTS]


def _mention(file: File, documents: list[File]) -> _Mention | None:
    """A line that says of this very file that the model was trained on it."""
    if len(file.name) < 6 or (file.size < _SMALL and file.problem is None):
        return None
    for document in documents:
        text = document.text()
        if text is None or file.name not in text.text:
            continue
        for number, line in enumerate(document.lines, start=1):
            if file.name in line:
                shown = line[:2_000]
                if _SAYS_TRAINED.search(shown) and not _SAYS_SAMPLE.search(shown):
                    return _Mention(document.cite_lines(number), shown)
    return None


def _training(file: File, said: _Mention) -> Iterator[Found | Linked]:
    """A file that a document calls what the model was trained on."""
    tuned = _SAYS_TUNED.search(said.line) is not None
    if listed := _listed_address(file):
        number, url = listed
        yield Linked(
            component="datasets",
            extent=Extent.PART if tuned else Extent.WHOLE,
            aspect="list",
            url=url,
            evidence=(file.cite_lines(number), said.evidence),
            detail=f"{file.name} lists where the training data lie; it holds none itself",
        )
        return
    own = file.cite_whole(f"data file of {file.size} bytes")
    for component in ("datasets", "fine_tuning_data") if tuned else ("datasets",):
        yield Found(
            component=component,
            extent=Extent.PART if tuned and component == "datasets" else Extent.WHOLE,
            aspect="finetune_data" if tuned else "training_data",
            evidence=(own, said.evidence),
            detail=f"a document says of {file.name} that the model was trained on it",
        )


_ADDRESS: Final = re.compile(r"\b(?:https?|s3|gs|hf|oss)://[^\s,;\"'|]{4,400}")
_BESIDE: Final = 120  # characters of a line beside its address; more is content


def _listed_address(file: File) -> tuple[int, str] | None:
    """Line and text of the first address, where a file is a list of addresses and no records."""
    if file.suffix not in (".csv", ".tsv", ".txt", ".json", ".jsonl") or not file.is_readable:
        return None
    head = file.read(0, records.HEAD)
    seen = records.sniff(head, file.suffix, file.size)
    if seen is None or seen.keys & _RECORD_KEYS - _CODE_OR_TEXT:
        return None
    text = head.decode("utf-8-sig", "replace").split("\n")[:200]
    lines = [(number, line[:2_000]) for number, line in enumerate(text, 1) if line.strip()]
    hits = [(number, line, hit) for number, line in lines if (hit := _ADDRESS.search(line))]
    bare = [item for item in hits if len(item[1]) - len(item[2].group(0)) <= _BESIDE]
    if len(bare) < 2 or 10 * len(bare) < 9 * (len(lines) - 1):  # the first line may name columns
        return None
    return bare[0][0], bare[0][2].group(0)


_ONLY_SPLITS: Final = frozenset(["eval", "evals", "evaluate", "evaluation", "evaluations"])


def _names_evaluation(file: File, words: frozenset[str]) -> bool:
    if not words.isdisjoint(path_words.OUTPUTS) or not words.isdisjoint(_SETTINGS):
        return False
    if file.suffix in _BINARY_DATA:
        return False
    user_side = path_words.DEMO | path_words.FINETUNE | _CALIBRATION
    folders = path_words.words(file.folder)
    if not words.isdisjoint(path_words.EVALUATION):
        # "eval.jsonl" beside "train.jsonl" of a tuning sample is a split of it, no benchmark.
        split = (
            words & path_words.EVALUATION <= _ONLY_SPLITS and not folders & path_words.EVALUATION
        )
        return not (split and folders & user_side)
    return not path_words.words(file.name).isdisjoint(_SPLITS) and words.isdisjoint(user_side)


def _is_for_evaluation(file: File) -> bool:
    """Whether name and folder both speak of evaluation, whatever a sentence beside them says."""
    return path_words.is_evaluation(file.name) and path_words.is_evaluation(file.folder)


def _sniff(file: File) -> records.Records | None:
    if not file.is_readable:  # tracked, not at hand: its name is all there is
        return None
    return records.sniff(file.read(0, records.HEAD), file.suffix, file.size)


def _has_records(file: File, found: records.Records) -> bool:
    """Whether these are items to be answered, not settings or scores."""
    if found.kind in ("parquet", "arrow", "gzip", "zstd", "tfrecord"):
        return True
    if found.kind not in ("jsonl", "json", "csv", "tsv") or file.size < _SMALL:
        return False
    if any(_PREDICTED.search(key) for key in found.keys):
        return False
    keys = found.keys & _RECORD_KEYS
    return found.rows >= 5 and bool(keys - _CODE_OR_TEXT)


def _evaluation(found: list[tuple[File, records.Records]]) -> Iterator[Found]:
    """Evaluation data: whole when a benchmark's name or several files stand behind it."""
    named = [
        (file, seen)
        for file, seen in found
        if not path_words.words(file.path).isdisjoint(path_words.EVALUATION)
    ]
    chosen = named or found
    if not chosen:
        return
    rows = sum(seen.rows for _, seen in chosen)
    whole = bool(named) and (len(named) >= 2 or rows >= 100 or not named[0][1].complete)
    yield Found(
        component="evaluation_data",
        extent=Extent.WHOLE if whole else Extent.PART,
        aspect="data_files",
        evidence=tuple(
            file.cite_lines(1)
            if seen.kind in ("jsonl", "json", "csv", "tsv")
            else file.cite_whole(f"{seen.kind} of {file.size} bytes")
            for file, seen in chosen[:3]
        ),
        detail=f"{len(chosen)} tracked file(s) with evaluation records",
    )


def _task_list(file: File) -> Iterator[Linked]:
    """A list of harness task ids names the public sets that were run."""
    lines = [line.strip() for line in file.lines[:500]]
    tasks = [(n, line) for n, line in enumerate(lines, start=1) if _TASK.match(line)]
    if len(tasks) < 2 or len(tasks) * 2 < sum(1 for line in lines if line):
        return
    number, first = tasks[0]
    yield Linked(
        component="evaluation_data",
        url=f"harness-task:{first.split('|')[1]}",
        aspect="harness_tasks",
        evidence=(file.cite_lines(number),),
        detail=f"{len(tasks)} task ids of an evaluation harness",
    )


def _unexplained(files: list[File], release: Release) -> Iterator[Found]:
    """Large data of the release's own that no document explains: part of a data set at most."""
    chosen = [
        file
        for file in files
        if path_words.words(file.path).isdisjoint(path_words.DEMO | path_words.FINETUNE)
        and release.place(file) is Place.OWN
    ]
    if not chosen:
        return
    total = sum(file.size for file in chosen)
    yield Found(
        component="datasets",
        extent=Extent.PART,
        aspect="data_files",
        evidence=tuple(file.cite_whole(f"data file of {file.size} bytes") for file in chosen[:3]),
        detail=f"{len(chosen)} large data file(s), {total >> 20} MiB, that no document explains",
    )


def _gap(file: File, error: ReadError) -> Gap:
    return Gap(
        source=file.source,
        path=file.path,
        by=NAME,
        reason=error.reason,
        detail=str(error),
        components=("evaluation_data",),
    )
