"""A source file as code: Python, or the code cells of a notebook, with lines of the file itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from openassay.formats.code_model import Around, closed, folder_words, stem
from openassay.formats.code_networks import network, network_classes
from openassay.formats.code_training import training
from openassay.formats.notebook import read_notebook
from openassay.formats.path_words import words
from openassay.formats.pycode import CodeFacts, read_python


class Decoded(Protocol):
    """A decoded text, as ``files.Text`` is one."""

    @property
    def text(self) -> str: ...


class TextFile(Protocol):
    """What is asked of a file here."""

    @property
    def suffix(self) -> str: ...

    def text(self) -> Decoded | None: ...


@dataclass(frozen=True, slots=True)
class CodeText:
    """The facts of one file. ``text`` is the Python; for a notebook ``places`` maps its lines."""

    facts: CodeFacts
    text: str
    places: tuple[int, ...] = ()

    def place(self, line: int) -> int:
        """The 1-based line of the file that holds a line of ``text``."""
        if not self.places:
            return max(line, 1)
        return self.places[min(max(line, 1), len(self.places)) - 1]


def read_code(file: TextFile) -> CodeText:
    """Parse a .py or .ipynb file; binary content has no facts."""
    decoded = file.text()
    if decoded is None:
        return CodeText(CodeFacts(exact=False), "")
    if file.suffix != ".ipynb":
        return CodeText(read_python(decoded.text), decoded.text)
    lines, places = read_notebook(decoded.text).code()
    text = "\n".join(lines)
    return CodeText(read_python(text), text, places)


# Words without which a file cannot have the role; looked for before anything is parsed.
NETWORK_MARKS: Final = (
    "Module", "keras", "PreTrainedModel", "variable_scope", "nn.Layer", "nn.Cell", "ModelMixin",
    "jax",
)  # fmt: skip
TRAINING_MARKS: Final = (
    "backward(", "Trainer", "Estimator", "value_and_grad", "apply_gradients", "apply_updates",
    ".minimize(", "pretrain(", ".fit(",
)  # fmt: skip


def mentions(file: TextFile, marks: tuple[str, ...]) -> bool:
    """Whether the text holds any of these words."""
    decoded = file.text()
    return decoded is not None and any(mark in decoded.text for mark in marks)


# Words of paths that are opened first where not everything can be.
_TELLING: Final = closed(
    """model models modeling modelling network transformer train training trainer pretrain finetune
    main run infer inference generate generation sample chat demo serve server app cli predict eval
    evaluate evaluation benchmark data dataset prepare preprocess dedup clean tokenizer download
    tokenization"""
)
ENOUGH_TRAINERS: Final = 30


_ASIDE: Final = closed("example examples legacy archive archived deprecated old tutorial tutorials")


def telling_first(path: str) -> tuple[bool, bool, int, str]:
    """Sort key: what stands aside last, files named for a role first, then those near the root."""
    aside = not _ASIDE.isdisjoint(folder_words(path))
    return (aside, not words(path) & _TELLING, path.count("/"), path)


def with_networks(files: Iterable[tuple[str, CodeFacts]], paths: Iterable[str]) -> Around:
    """What the network definitions and the listing say about every other file's role."""
    names: set[str] = set()
    defines = False
    for path, facts in files:
        if network(path, facts):
            defines = True
            names.update(item.name for item in network_classes(facts))
    configured = any(
        stem(path).startswith("eval") and folder_words(path) & {"config", "configs"}
        for path in paths
    )
    return Around(networks=frozenset(names), defines=defines, evaluation_configs=configured)


def with_trainings(files: Iterable[tuple[str, CodeFacts]], around: Around) -> Around:
    """Add which folders tune, and whether anything is trained from scratch."""
    tuned: set[str] = set()
    pretrains = False
    found = 0
    for path, facts in files:
        if role := training(path, facts, around):
            found += 1
            pretrains = pretrains or role.aspect == "pretrain"
            if role.aspect in ("finetune", "distill"):
                tuned.add(path.rpartition("/")[0])
        if found >= ENOUGH_TRAINERS:
            break
    return replace(around, pretrains=pretrains, tuned_folders=frozenset(tuned))
