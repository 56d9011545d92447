"""What values say of a checkpoint, seen in a few ranges, as findings with places."""

from __future__ import annotations

from openassay.files import File
from openassay.weights.findings import Finding, Level, Place
from openassay.weights.holes import PAGE
from openassay.weights.integrity import Assessed
from openassay.weights.samples import Sampled, Samples


def of_samples(found: Assessed, samples: Samples | None) -> list[Finding]:
    """What a few ranges of values say of a checkpoint."""
    if samples is None or not found.checkpoint.parts:
        return []
    name = found.checkpoint.path
    listed: list[Finding] = []
    first = samples.ranges[0] if samples.ranges else None
    odd = [sampled for sampled in samples.ranges if sampled.odd]
    if odd:
        values = sum(sampled.odd for sampled in odd)
        text = (
            f"{name}: {len(odd)} of {len(samples.ranges)} sampled ranges hold NaN or infinity "
            f"({values:,} values), first {odd[0].name}"
        )
        listed.append(Finding("not_finite", Level.BROKEN, text, (_range(found, odd[0]),)))
    if first is not None and samples.empty:
        text = f"{name}: every sampled matrix is nothing but zeros"
        return [*listed, Finding("all_zeros", Level.BROKEN, text, (_range(found, first),))]
    if first is not None:
        listed += _judged(found, samples, _range(found, first))
    return [*listed, *_adapter(found, samples), *_holes(found, samples)]


def _judged(found: Assessed, samples: Samples, place: Place) -> list[Finding]:
    """Untrained, rounded, held by a smaller type, pruned."""
    name = found.checkpoint.path
    listed: list[Finding] = []
    if samples.untrained:
        text = (
            f"{name} looks untrained: gains and biases are as at a random start and no sampled "
            "matrix stands out from noise"
        )
        listed.append(Finding("untrained", Level.CONTRADICTION, text, (place,)))
    if samples.rounded_bits:
        text = (
            f"{name} was rounded to about {samples.rounded_bits} bits a weight "
            f"before it was stored as {first_dtype(found)}"
        )
        listed.append(Finding("fake_precision", Level.CONTRADICTION, text, (place,)))
    elif samples.narrow:
        text = (
            f"{name} is stored as {first_dtype(found)}, and every sampled value is one of "
            f"{samples.narrow}: the other bits are zero"
        )
        listed.append(Finding("narrow_values", Level.NOTE, text, (place,)))
    if samples.pruned and samples.zeros:
        share = 100 * samples.zeros
        text = f"{name}: {share:.0f} % of the sampled weights are exactly zero: pruned"
        listed.append(Finding("pruned", Level.NOTE, text, (place,)))
    return listed


def _adapter(found: Assessed, samples: Samples) -> list[Finding]:
    """Factors of an adapter that are as they begin: all of them, or those of some modules."""
    unused, factors = samples.holes.unused, samples.holes.factors
    if not unused:
        return []
    name, first = found.checkpoint.path, unused[0]
    file = _file(found, first.path)
    place = Place(file, f"{first.name}: zeros", start=first.start, end=first.start + PAGE)
    if len(unused) < factors:
        text = (
            f"{name}: {len(unused)} of {factors} factors that an adapter begins at zero are zero, "
            f"first {first.name}: as before training"
        )
        return [Finding("adapter_partly_untrained", Level.NOTE, text, (place,))]
    text = (
        f"{name} looks like an untrained adapter: every factor looked at that begins at zero is "
        f"zero, first {first.name}"
    )
    return [Finding("adapter_untrained", Level.NOTE, text, (place,))]


def _holes(found: Assessed, samples: Samples) -> list[Finding]:
    """Pages of zeros: so many that the values cannot be there, or a few that are worth knowing."""
    holes = samples.holes
    if not holes.found:
        return []
    first = holes.found[0]
    level = Level.CONTRADICTION if holes.many else Level.NOTE
    guess = (
        "a download that broke off, a sparse file, or rows that were pruned away"
        if holes.many else "a hole from a broken download, or padding?"
    )  # fmt: skip
    text = (
        f"{holes.zero} of {holes.looked} pages looked at, in {len(holes.found)} of "
        f"{holes.tensors} tensors, are nothing but zeros, first in {first.name}: {guess}"
    )
    file = _file(found, first.path)
    place = Place(file, f"{first.name}: zeros", start=first.start, end=first.start + PAGE)
    return [Finding("zero_pages", level, text, (place,))]


def first_dtype(found: Assessed) -> str:
    """The dtype that holds the most parameters."""
    return found.count.precision[0].dtype if found.count and found.count.precision else "?"


def _range(found: Assessed, sampled: Sampled) -> Place:
    file = _file(found, sampled.path)
    return Place(file, sampled.name, start=sampled.start, end=sampled.end)


def _file(found: Assessed, path: str) -> File:
    """The file of a sampled range, which may lie beside the checkpoint's own."""
    own = {file.path: file for file in found.checkpoint.files}
    if path not in own:
        own.update({tensor.file.path: tensor.file for tensor in found.stored()})
    return own[path]
