"""The weights themselves, by their headers: what is there, whole or not, and what it is.

Files are gathered into checkpoints (a folder's numbered shards are one), read from their headers
alone, and told apart: final weights, several checkpoints of one run, adapters, optimizer states,
weights of helper networks. What is empty, cut off, or only a placeholder is said and never counts.
A folder called ``weights`` is nothing; a pointer to Git LFS is a tracked artefact, not read.

Not seen: weights inside archives; what opaque containers hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from openassay.formats import (
    json_text,
    safetensors,
    weights_card,
    weights_names,
    weights_shape,
)
from openassay.formats.bounded import FormatError
from openassay.formats.weights_names import Naming
from openassay.release import Release
from openassay.subject import Place, Whose
from openassay.types import Evidence, Extent, Fact, Found, Gap, Stated
from openassay.weights.checkpoints import Checkpoint, gather, read_headers
from openassay.weights.findings import Level
from openassay.weights.integrity import Assessed, assess
from openassay.weights.parameters import Count

NAME = "weights"
COMPONENTS = ("model_parameters_final", "model_parameters_intermediate")

_MIN_PARAMETERS: Final = 10_000  # fewer is a fixture
_MAX_CITED: Final = 3
_CITED_BYTES: Final = 64 << 10
_MAX_FOUND: Final = 20  # findings of one checkpoint; `openassay weights` shows all
_TOPICS: Final = {
    Level.BROKEN: "weights_problem", Level.REFUSED: "weights_problem",
    Level.CONTRADICTION: "mismatch", Level.RISK: "weights_risk",
}  # fmt: skip


def survey(release: Release) -> Iterator[Fact | Gap]:
    """Every checkpoint of the release, what it is and what it states."""
    kept: list[Checkpoint] = []
    for checkpoint in gather(release):
        read_headers(checkpoint)
        yield from _unreadable(checkpoint)
        if checkpoint.broken and _whose(checkpoint, release) == "own":
            yield from _problems(checkpoint)
        if checkpoint.read or checkpoint.unread:
            kept.append(checkpoint)
        elif checkpoint.cut and _whose(checkpoint, release) == "own":
            yield from _found(assess(release, checkpoint))
    finals: list[Checkpoint] = []
    steps: list[Checkpoint] = []
    for checkpoint in kept:
        if _is_optimizer(checkpoint):
            yield _optimizer(checkpoint)
        elif _is_adapter(checkpoint, release):
            yield _adapter(checkpoint)
        elif _too_small(checkpoint):
            continue
        elif checkpoint.step is None:
            finals.append(checkpoint)
        else:
            steps.append(checkpoint)
    yield from _runs(steps, finals)
    yield from _finals(finals, release)
    yield from _indexes(release)


def _unreadable(checkpoint: Checkpoint) -> Iterator[Gap]:
    """A gap for each file that is no placeholder and still cannot be read as what it begins as."""
    for broken in checkpoint.broken:
        if broken.reason not in ("empty", "placeholder", "incomplete"):
            yield Gap(
                source=broken.file.source,
                path=broken.file.path,
                by=NAME,
                reason=broken.reason,
                detail=f"{broken.why}; publish the file again",
                components=COMPONENTS,
            )
    for file, error in checkpoint.failed:
        yield Gap(
            source=file.source, path=file.path, by=NAME, reason=error.reason,
            detail=str(error), components=COMPONENTS,
        )  # fmt: skip


def _problems(checkpoint: Checkpoint) -> Iterator[Stated]:
    for broken in checkpoint.broken[:_MAX_CITED]:
        file, why = broken.file, broken.why
        if weights_names.names_optimizer(file.name):
            continue
        yield Stated(
            topic="weights_problem",
            value=why,
            subject="model_parameters_final",
            evidence=(file.cite_whole(f"{file.size} bytes"),),
            detail=f"{file.path} cannot be the weights its name promises",
        )


def _is_optimizer(checkpoint: Checkpoint) -> bool:
    if weights_names.names_optimizer(checkpoint.stem):
        return True
    return any(weights_shape.is_optimizer(found.tensors) for found in checkpoint.read[:2])


def _is_adapter(checkpoint: Checkpoint, release: Release) -> bool:
    folder = f"{checkpoint.folder}/" if checkpoint.folder else ""
    if release.get(checkpoint.source, f"{folder}adapter_config.json") is not None:
        return True
    if "adapter_model" in checkpoint.stem:
        return True
    return bool(checkpoint.read) and all(
        weights_shape.is_adapter(found.tensors) for found in checkpoint.read
    )


def _too_small(checkpoint: Checkpoint) -> bool:
    if checkpoint.unread or any(found.opaque for found in checkpoint.read):
        return False
    return _shape(checkpoint).parameters < _MIN_PARAMETERS


def _shape(checkpoint: Checkpoint) -> weights_shape.Shape:
    return weights_shape.shape_of(found.tensors for found in checkpoint.read)


def _cite(checkpoint: Checkpoint) -> tuple[Evidence, ...]:
    """The first files: the bytes of the header, or the pointer that stands for the file."""
    cited: list[Evidence] = []
    broken = {broken.file.path for broken in checkpoint.broken}
    for file in [file for file in checkpoint.files if file.path not in broken][:_MAX_CITED]:
        if file.lfs is not None:
            cited.append(file.cite_whole(f"Git LFS pointer to {file.lfs.size} bytes"))
        elif file.problem is not None:
            cited.append(file.cite_whole(f"tracked, {file.size} bytes, not at hand"))
        else:
            end = min(file.size, _CITED_BYTES)
            cited.append(file.cite_bytes(0, end, f"header of {file.name}, {file.size} bytes"))
    return tuple(cited)


def _optimizer(checkpoint: Checkpoint) -> Found:
    return Found(
        component="model_metadata",
        aspect="optimizer_state",
        evidence=_cite(checkpoint),
        detail="the optimizer's state of the run is tracked",
    )


def _adapter(checkpoint: Checkpoint) -> Found:
    return Found(
        component="model_parameters_final",
        extent=Extent.PART,
        aspect="adapter",
        evidence=_cite(checkpoint),
        detail="an adapter: changes to a base model, not the weights of a model",
    )


def _runs(steps: list[Checkpoint], finals: list[Checkpoint]) -> Iterator[Found]:
    """Checkpoints that differ only in their step are one run; a lone one is its final state."""
    runs: dict[tuple[str, str], list[Checkpoint]] = {}
    for checkpoint in steps:
        key = (checkpoint.source, weights_names.run_of(checkpoint.path))
        runs.setdefault(key, []).append(checkpoint)
    for run in runs.values():
        run.sort(key=lambda checkpoint: checkpoint.step or 0)
        distinct = {checkpoint.step for checkpoint in run}
        finals.append(run[-1])
        if len(distinct) >= 2:
            yield Found(
                component="model_parameters_intermediate",
                aspect="checkpoints",
                evidence=tuple(_cite(checkpoint)[0] for checkpoint in run[:_MAX_CITED]),
                detail=f"{len(distinct)} checkpoints along one run, "
                f"steps {run[0].step} to {run[-1].step}",
            )


def _finals(finals: list[Checkpoint], release: Release) -> Iterator[Fact | Gap]:
    own = [(checkpoint, _whose(checkpoint, release)) for checkpoint in finals]
    for checkpoint, whose in own[:200]:
        if whose == "helper":
            yield Stated(
                topic="auxiliary_weights",
                value=checkpoint.path,
                subject="model_parameters_final",
                evidence=_cite(checkpoint)[:1],
                detail="weights of a helper network, not of the model",
            )
        elif whose in ("own", "unclear"):
            assessed = assess(release, checkpoint)
            yield _final(checkpoint, whose)
            yield from _stated(assessed)
            yield from _found(assessed)
    mine = [checkpoint for checkpoint, whose in own if whose == "own" and checkpoint.read]
    if len({checkpoint.folder for checkpoint in mine}) == 1:
        yield from _against_card(mine[0], release)


def _final(checkpoint: Checkpoint, whose: str) -> Found:
    missing = checkpoint.count - len(checkpoint.files) + len(checkpoint.broken)
    detail = "the model's weights, by their header"
    if missing > 0:
        detail = f"{missing} of {checkpoint.count} shards are missing or broken"
    elif whose == "unclear":
        detail = "weights whose name does not say that they are this model's"
    elif checkpoint.unread:
        size = sum(file.lfs.size if file.lfs else file.size for file in checkpoint.unread)
        stored = "stored by Git LFS" if checkpoint.unread[0].lfs else "tracked, not at hand"
        detail = f"{stored}, {size} bytes, not read"
    elif any(found.opaque for found in checkpoint.read):
        detail = f"{checkpoint.read[0].format}, known by its first bytes only; contents not read"
    whole = missing <= 0 and whose == "own"
    return Found(
        component="model_parameters_final",
        extent=Extent.WHOLE if whole else Extent.PART,
        aspect="weights" if whole else ("shards_missing" if missing > 0 else "unnamed"),
        evidence=_cite(checkpoint),
        detail=detail,
    )


def _whose(checkpoint: Checkpoint, release: Release) -> str:
    """``own``, ``helper``, ``other`` or ``unclear``, by names; inside a pipeline all is own."""
    parent = checkpoint.folder.rpartition("/")[0]
    for folder in (checkpoint.folder, parent):
        prefix = f"{folder}/" if folder else ""
        if release.get(checkpoint.source, f"{prefix}model_index.json") is not None:
            return "own"
    stem = checkpoint.stem.rsplit(".", 1)[0]
    whose = release.subject.whose(stem) if release.subject.names else Whose.OWN
    if whose is not Whose.OTHER:
        return "own" if whose is Whose.OWN else "other"
    naming = weights_names.naming(stem, checkpoint.folder)
    if naming is not Naming.NAMED:
        return "own" if naming is Naming.GENERIC else "helper"
    prefix = f"{checkpoint.folder}/" if checkpoint.folder else ""
    named = release.get(checkpoint.source, f"{prefix}config.json") is not None
    return "own" if named else "unclear"


def _stated(assessed: Assessed) -> Iterator[Stated]:
    """What the headers say: format, tensors, precision, parameters."""
    checkpoint, count = assessed.checkpoint, assessed.count
    if not checkpoint.read:
        return
    topics = {"format": checkpoint.read[0].format}
    tensors = sum(len(found.tensors) for found in checkpoint.read)
    if tensors:
        topics |= {"tensors": str(tensors), "dtype": _shape(checkpoint).dtype}
    if count is not None and assessed.status == "whole":
        if count.total is not None:
            topics["parameters"] = str(count.total)
        if count.active is not None:
            topics["active_parameters"] = str(count.active)
        if len(count.precision) > 1:
            topics["precision"] = _precision(count)
    evidence = _cite(checkpoint)
    for topic, value in topics.items():
        yield Stated(
            topic=topic,
            value=value,
            subject="model_parameters_final",
            evidence=evidence,
            detail=f"read from the header of {checkpoint.path}"
            + (f" and {len(checkpoint.files) - 1} more" if len(checkpoint.files) > 1 else ""),
        )


def _precision(count: Count) -> str:
    """Shares of the stored bytes by dtype, the largest first."""
    total = sum(kind.bytes or 0 for kind in count.precision) or 1
    kinds = [
        f"{kind.dtype} {100 * (kind.bytes or 0) / total:.1f} %" for kind in count.precision[:8]
    ]
    bits = f"; {count.bits_per_weight:.2f} bits per weight" if count.bits_per_weight else ""
    return ", ".join(kinds) + bits


def _found(assessed: Assessed) -> Iterator[Stated]:
    """What the headers prove against the name, the configuration and each other."""
    said = {broken.reason for broken in assessed.checkpoint.broken}
    kept = [f for f in assessed.findings if f.level in _TOPICS and f.id not in said]
    for finding in kept[:_MAX_FOUND]:
        yield Stated(
            topic=_TOPICS[finding.level],
            value=finding.text,
            subject="model_parameters_final",
            evidence=tuple(place.cite() for place in finding.places),
            detail=f"read from the header of {assessed.checkpoint.path}",
        )


def _against_card(checkpoint: Checkpoint, release: Release) -> Iterator[Stated]:
    """The number of parameters a card states against the number the headers hold."""
    assessed = assess(release, checkpoint)
    held = assessed.count.total if assessed.count else None
    if assessed.status != "whole" or not held:
        return
    for folder in dict.fromkeys([checkpoint.folder, ""]):
        prefix = f"{folder}/" if folder else ""
        card = release.get(checkpoint.source, f"{prefix}README.md")
        if card is None or not card.is_readable:
            continue
        stated = weights_card.stated_parameters(card.lines)
        if stated is None:
            continue
        number, line = stated
        if not 0.6 <= held / number <= 1.7:
            yield Stated(
                topic="mismatch",
                value=f"the card states {number:,} parameters, the weights hold {held:,}",
                subject="model_parameters_final",
                evidence=(card.cite_lines(line), *_cite(checkpoint)[:1]),
                detail=f"{card.path} and the header of {checkpoint.path} disagree",
            )
        return


def _indexes(release: Release) -> Iterator[Fact | Gap]:
    """An index names its shards; those that are not there are missing whatever their numbering."""
    for file in release.files:
        if not file.name.endswith((".safetensors.index.json", ".bin.index.json")):
            continue
        if not file.is_readable or release.place(file) is not Place.OWN:
            continue
        text = file.text()
        try:
            index = safetensors.parse_index(text.text if text else "")
        except FormatError as error:
            yield Gap(
                source=file.source, path=file.path, by=NAME, reason=str(error.problem),
                detail=str(error), components=COMPONENTS,
            )  # fmt: skip
            continue
        lost = [shard for shard in index.shards if release.resolve(file, shard) is None]
        if lost:
            yield Stated(
                topic="weights_problem",
                value=f"{len(lost)} of {len(index.shards)} shards of the index are not in the "
                f"release, first {lost[0]}",
                subject="model_parameters_final",
                evidence=(file.cite_lines(json_text.line_of(file.lines[0], "weight_map")),),
                detail=f"{file.path} promises shards that are not tracked",
            )
