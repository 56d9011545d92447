"""Result files and outputs of the named model: scores, and what it generated.

A result file holds metrics with numbers, whatever its name; it counts when its path or its own
``model`` field does not speak of another model. Where some folders carry the release's own name,
only those count: the others are baselines. Outputs are records with a response, or a folder of
generated media.

Not seen: tables in documents and images (document inspectors), results in notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from openassay.errors import ReadError
from openassay.files import File
from openassay.formats import path_words, records
from openassay.release import Release
from openassay.subject import Place, Whose
from openassay.types import Evidence, Extent, Fact, Found, Gap

NAME = "result_files"
COMPONENTS = ("evaluation_results", "sample_outputs")

_TABLES: Final = frozenset([".json", ".jsonl", ".csv", ".tsv"])
_MEDIA: Final = frozenset(
    [".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".webm", ".wav", ".mp3", ".flac", ".txt"]
)
_MEDIA_FOLDERS: Final = frozenset(
    ["outputs", "output", "generated", "generations", "samples", "gallery"]
)
_MAX_SIZE: Final = 16 << 20
_HEAD: Final = 32 << 10
_MAX_OPENED: Final = 40
_PER_FOLDER: Final = 2
_METRIC: Final = (
    r"(?:acc|accuracy|acc_norm|exact_match|em|bleu|chrf|rouge\w{0,4}|f1|f1_score|pass@\d{1,3}|ppl|"
    r"perplexity|word_perplexity|mc1|mc2|wer|cer|mcc|auc|auroc|map|ndcg\w{0,6}|recall\w{0,6}|"
    r"precision|fid|clip_score|psnr|ssim|lpips|win_rate|score|avg|average|overall|stereotype\w{0,20}|"
    r"pct_stereotype|likelihood_diff|bpb|mrr|spearman|pearson)"
)
_JSON_METRIC: Final = re.compile(
    rf'"{_METRIC}(?:[_,/ @-][\w.,-]{{0,30}})?"\s{{0,8}}:\s{{0,8}}-?\d', re.IGNORECASE
)
_HEADER_METRIC: Final = re.compile(rf"^(?:\w{{1,30}}[ _/-])?{_METRIC}(?:[ _/@-]\w{{0,30}})?$", re.I)
_PRETRAINED: Final = re.compile(r"(?:^|,)\s?(?:pretrained|model)=([^,\s]{1,150})")
_OUTPUT_KEYS: Final = frozenset(
    """response responses output outputs completion completions generation generated generated_text
    prediction predictions model_output model_answer""".split()
)
_NAMED_MODEL: Final = re.compile(
    r"[A-Za-z]{2,20}[-_]?v?\d{0,2}(?:\.\d)?[-_]\d{1,3}(?:\.\d{1,2})?[bBmM](?![a-z])"
)
_GENERIC: Final = (
    path_words.EVALUATION | path_words.RESULTS | path_words.OUTPUTS
    | frozenset(["step", "steps", "global", "shot", "zero", "few", "five", "model", "models"])
)  # fmt: skip


def survey(release: Release) -> Iterator[Fact | Gap]:
    """One fact for the scores, one for the outputs, each with up to three files."""
    scores: list[File] = []
    outputs: list[File] = []
    for file in release.files:
        if file.suffix not in _TABLES or not file.is_readable or file.size > _MAX_SIZE:
            continue
        words = path_words.words(file.path)
        if not words.isdisjoint(path_words.DEMO) or "config" in words:
            continue
        if not words.isdisjoint(path_words.OUTPUTS):
            outputs.append(file)
        if not words.isdisjoint(path_words.RESULTS | path_words.EVALUATION):
            scores.append(file)
    yield from _results(_ours(scores, release))
    yield from _outputs(_ours(outputs, release))
    yield from _media(release)


def _ours(files: list[File], release: Release) -> list[File]:
    """Those of the named model: the ones under its own name, or else those under nobody's."""
    own = [f for f in files if release.place(f) is Place.OWN and not release.is_bundled(f)]
    verdicts: dict[str, Whose | None] = {}
    for file in own:
        if file.folder not in verdicts:
            verdicts[file.folder] = _folder_whose(file.folder, release)
    named = [file for file in own if verdicts[file.folder] is Whose.OWN]
    if named:
        return named
    return [
        file
        for file in own
        if verdicts[file.folder] is None and _name_whose(file.name, release) is not Whose.OTHER
    ]


def _folder_whose(folder: str, release: Release) -> Whose | None:
    """Whose a folder is by its parts' names; None when they name no model."""
    verdict: Whose | None = None
    for part in folder.split("/"):
        found = _name_whose(part, release)
        if found is Whose.OWN:
            return found
        verdict = verdict or found
    return verdict


def _name_whose(name: str, release: Release) -> Whose | None:
    stem = name.rsplit(".json", 1)[0].rsplit(".csv", 1)[0]
    if path_words.words(stem) <= _GENERIC:
        return None
    if release.subject.names and release.subject.whose(stem) is Whose.OWN:
        return Whose.OWN
    return Whose.OTHER if _NAMED_MODEL.search(stem) else None


def _results(files: list[File]) -> Iterator[Fact | Gap]:
    found: list[Evidence] = []
    cited: set[str] = set()
    for file in _few_per_folder(files):
        try:
            line = _metric_line(file)
        except ReadError as error:
            yield _gap(file, error, "evaluation_results")
            continue
        if line and file.folder not in cited:
            cited.add(file.folder)
            found.append(file.cite_lines(line))
        if len(found) == 3:
            break
    if found:
        yield Found(
            component="evaluation_results",
            aspect="result_files",
            evidence=tuple(found),
            detail=f"{len(files)} tracked file(s) named as results; those cited hold metrics",
        )


def _few_per_folder(files: list[File]) -> Iterator[File]:
    """At most two files a folder and forty in all: a suite's folders are alike inside."""
    opened = 0
    taken: dict[str, int] = {}
    for file in files:
        if taken.get(file.folder, 0) < _PER_FOLDER and opened < _MAX_OPENED:
            taken[file.folder] = taken.get(file.folder, 0) + 1
            opened += 1
            yield file


def _metric_line(file: File) -> int:
    """The line of the first metric with a number, 0 when there is none or it is another model's."""
    head = file.read(0, _HEAD).decode("utf-8", "replace")
    if file.suffix in (".csv", ".tsv"):
        rows = head.split("\n")
        separator = "\t" if file.suffix == ".tsv" else ","
        cells = [cell.strip(' "') for cell in rows[0][:4_000].split(separator)[:100]]
        numbers = len(rows) > 1 and re.search(r"\d", rows[1][:4_000])
        return 1 if numbers and any(_HEADER_METRIC.match(cell) for cell in cells) else 0
    found = _JSON_METRIC.search(head)
    return head.count("\n", 0, found.start()) + 1 if found else 0


def _outputs(files: list[File]) -> Iterator[Fact | Gap]:
    """Records that pair a prompt with what the model answered."""
    for file in _few_per_folder(files):
        try:
            seen = records.sniff(file.read(0, records.HEAD), file.suffix, file.size)
        except ReadError as error:
            yield _gap(file, error, "sample_outputs")
            continue
        if seen is None or not seen.keys & _OUTPUT_KEYS:
            continue
        yield Found(
            component="sample_outputs",
            extent=Extent.WHOLE if seen.rows >= 3 else Extent.PART,
            aspect="output_files",
            evidence=(file.cite_lines(1),),
            detail=f"{seen.rows} record(s) of what a model answered, in the part that was read",
        )
        return


def _media(release: Release) -> Iterator[Found]:
    """A folder of generated pictures, sounds or texts, three or more."""
    folders: dict[tuple[str, str], list[File]] = {}
    for file in release.files:
        last = file.folder.rsplit("/", 1)[-1].lower()
        if last in _MEDIA_FOLDERS and file.suffix in _MEDIA and file.is_regular and file.size:
            folders.setdefault((file.source, file.folder), []).append(file)
    for (source, folder), files in sorted(folders.items()):
        words = path_words.words(folder.rpartition("/")[0])
        if len(files) < 3 or not words.isdisjoint(path_words.DEMO | {"data", "docs"}):
            continue
        if all(release.place(file) is Place.OWN for file in files):
            quote = f"{len(files)} files in {folder}"
            yield Found(
                component="sample_outputs",
                aspect="gallery",
                evidence=(release.cite_listing(source, folder, files, quote),),
                detail="a folder of generated media",
            )
            return


def _gap(file: File, error: ReadError, component: str) -> Gap:
    return Gap(
        source=file.source,
        path=file.path,
        by=NAME,
        reason=error.reason,
        detail=str(error),
        components=(component,),
    )
