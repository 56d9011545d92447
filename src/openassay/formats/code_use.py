"""What the code round a load does with it, told from its role, or for scripts from their path."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from openassay.formats.code_model import EVALUATION_WORDS, Around, closed, is_compression, is_study
from openassay.formats.code_roles import evaluation
from openassay.formats.code_tooling import preparation
from openassay.formats.code_training import training
from openassay.formats.path_words import is_finetune, words
from openassay.formats.pycode import CodeFacts


class Use(StrEnum):
    """What becomes of data or a model that is loaded."""

    PRETRAIN = "pretrain"
    FINETUNE = "finetune"
    EVALUATE = "evaluate"
    PREPARE = "prepare"
    PACK = "pack"  # only tokenised, cut or joined
    SUBSET = "subset"
    OTHER = "other"
    STUDY = "study"  # analyses, and training of models that only help


_OF_PREPARATION: Final = {
    "subset": Use.SUBSET,
    "prepare": Use.PREPARE,
    "clean": Use.PREPARE,
    "label": Use.PREPARE,
    "synthesis": Use.OTHER,  # what the seeds come from
}
_OF_TRAINING: Final = {
    "pretrain": Use.PRETRAIN,
    "finetune": Use.FINETUNE,
    "distill": Use.FINETUNE,
}
_PREPARES: Final = closed("pretrain pretraining corpus pretokenize")
_DATA: Final = closed("data dataset datasets")
_FETCHES: Final = closed("prepare download preprocess fetch get")


def use_of_code(path: str, facts: CodeFacts, around: Around) -> Use:
    """What a source does with what it loads."""
    if is_study(path):
        return Use.STUDY
    if role := training(path, facts, around):
        return _OF_TRAINING.get(role.aspect, Use.STUDY)
    if is_compression(path):
        return Use.OTHER  # what a smaller copy is calibrated or checked on
    if evaluation(path, facts, around) or words(path) & EVALUATION_WORDS:
        return Use.EVALUATE
    if is_finetune(path):
        return Use.FINETUNE
    if role := preparation(path, facts, around):
        return _OF_PREPARATION.get(role.aspect, Use.PACK)
    return Use.OTHER


def use_of_script(path: str) -> Use:
    """What a shell script or configuration is for, by its path."""
    named = words(path)
    if is_study(path):
        return Use.STUDY
    if is_compression(path):
        return Use.OTHER
    if named & EVALUATION_WORDS:
        return Use.EVALUATE
    if is_finetune(path):
        return Use.FINETUNE
    if named & _PREPARES or (named & _DATA and named & _FETCHES):
        return Use.PREPARE
    return Use.OTHER
