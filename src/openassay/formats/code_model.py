"""What the rules about code share: a role, what stands around a file, and words of its path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from openassay.formats.path_words import words
from openassay.formats.pycode import Call, CodeFacts


@dataclass(frozen=True, slots=True)
class Role:
    """One thing a file does. ``line`` is 1-based in the text that was parsed."""

    component: str
    whole: bool
    aspect: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Around:
    """What the rest of the release says about a file's role."""

    networks: frozenset[str] = frozenset()  # names of network classes the release defines
    defines: bool = False  # whether it defines a network at all, in classes or functions
    tuned_folders: frozenset[str] = frozenset()  # folders that hold a fine-tuning script
    evaluation_configs: bool = False  # files that configure an evaluation run
    pretrains: bool = False
    benchmarks: frozenset[str] = frozenset()  # benchmarks that tracked task files are named for


def closed(names: str) -> frozenset[str]:
    """A closed list of words, written as text."""
    return frozenset(names.split())


def listed(names: str) -> tuple[str, ...]:
    """The same as a tuple, where the order or ``in`` on a text matters."""
    return tuple(names.split())


# Case studies and analyses measure something with the model; they are not its own tooling.
_STUDY: Final = closed(
    """study studies analysis analyses ablation ablations interpretability probing probe probes plot
    plots visualization visualize paper figures memorization"""
)
_STUDY_NAME: Final = closed("analysis analyze plot plots visualize memorization")
_SPEED = re.compile(
    r"(?:^|_)(?:bench\w{0,12}|profil\w{0,4}|speed|throughput|latency|timing|mfu)(?:$|_)"
)
EVALUATION_WORDS: Final = closed(
    """eval evals evaluate evaluation evaluations evaluator evaluating benchmark benchmarks harness
    lighteval opencompass"""
)


def folder_words(path: str) -> frozenset[str]:
    """The words of the folders, without the file's own name."""
    return words(path.rpartition("/")[0]) if "/" in path else frozenset()


# Words of folders whose purpose is making data. One of the first says so alone; of the second,
# which models and tools use too, it takes two.
_MAKES_DATA: Final = closed(
    """crawl crawler crawling scrape scraping cleaning dedup deduplicate deduplication filtering
    decontamination curation datasheets"""
)
_ABOUT_DATA: Final = closed(
    """data dataset datasets document documents corpus convert conversion ocr pdf html clean filter
    extract extraction quality classifier pipeline process processing preprocess preprocessing
    convert annotation labeling synthesis"""
)


def is_data_tool(path: str) -> bool:
    """Whether the folders say that the file serves to make data, networks and all."""
    folders = folder_words(path)
    return bool(folders & _MAKES_DATA) or len(folders & _ABOUT_DATA) >= 2


def stem(path: str) -> str:
    """The file's name without its suffix, lower case."""
    return path.rpartition("/")[2].rpartition(".")[0].lower()


def is_study(path: str) -> bool:
    """Whether the path says that something is studied with the model, or drawn."""
    return bool(folder_words(path) & _STUDY) or bool(words(stem(path)) & _STUDY_NAME)


_COMPRESSION: Final = closed("quantize quantization quantized quant gptq awq calibration calib")


def is_compression(path: str) -> bool:
    """Whether the path says that a smaller copy of the model is made or measured."""
    return bool(words(path) & _COMPRESSION)


def is_speed(path: str) -> bool:
    """Whether the file is named for measuring speed."""
    return bool(_SPEED.search(stem(path)))


def first(facts: CodeFacts, wanted: Callable[[Call], bool]) -> Call | None:
    """The first call of a kind, in the order of the source."""
    return next((call for call in facts.calls if wanted(call)), None)


def lasts(names: frozenset[str]) -> frozenset[str]:
    """Dotted names without what stands before the last dot."""
    return frozenset(name.rpartition(".")[2] for name in names)
