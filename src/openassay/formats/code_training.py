"""Does a file train a network, and from what: random weights, or a checkpoint?

Training needs a loss that is propagated and an optimizer that steps, or a trainer that is set up
and started. A container named TrainingState, a tokenizer trainer or a speed benchmark is none.
"""

from __future__ import annotations

import re
from typing import Final

from openassay.formats.code_model import (
    Around,
    Role,
    closed,
    first,
    folder_words,
    is_data_tool,
    is_speed,
    is_study,
)
from openassay.formats.path_words import words
from openassay.formats.pycode import CodeFacts

_TUNERS = re.compile(r"(?:SFT|DPO|PPO|GRPO|ORPO|KTO|CPO|RLOO|IPO|SimPO|Lora|QLora)\w{0,10}Trainer$")
_TRAINER = re.compile(
    r"(?:^|\.)\w{0,40}(?:Trainer|Estimator)(?:\.from_(?:argparse_args|args|config))?$"
)
_REWARD = re.compile(r"Reward\w{0,10}Trainer$|ForSequenceClassification|ForTokenClassification")
_NO_TRAINERS = ("tokenizers", "sentencepiece", "sklearn")
_AUTO = re.compile(r"(?:^|\.)Auto(?:Model|PeftModel)\w{0,40}\.from_pretrained$")
_MODEL_CLASS = re.compile(
    r"(?:ForCausalLM|LMHeadModel|ForConditionalGeneration|ForMaskedLM|ForVision2Seq"
    r"|ForImageTextToText|Model|Pipeline|Transformer2DModel|UNet\w{1,30})$"
)
_STEPPED = re.compile(r"(?:optim\w{0,20}|\bopt\w{0,10}|scaler|engine|model|trainer|fabric)\.step$")
_TUNED_PATH: Final = closed(
    """finetune finetuning finetuned sft lora qlora dpo ppo rlhf ptuning peft grpo orpo instruction
    alignment"""
)
_PRETRAIN_PATH: Final = closed("pretrain pretraining")
_AUXILIARY_PATH: Final = closed("reward rewards rm classifier classifiers filtering data")
_SAVES: Final = closed("save_pretrained save_checkpoint save_model save")
_STARTS: Final = closed("train fit training_loop learn train_and_evaluate")
_HELD_OUT = re.compile(r"^(?:estimate_loss|evaluate|validate|eval_loss|evaluation)$")


def training(path: str, facts: CodeFacts, around: Around) -> Role | None:
    """The role of a file that trains; None too where its start cannot be told."""
    found = training_line(facts)
    if found is None or is_study(path):
        return None
    line, how = found
    if is_speed(path) and not any(call.last in _SAVES for call in facts.calls):
        return None
    if _is_auxiliary(path, facts):
        why = f"trains an auxiliary model (a classifier, a reward model or a data filter): {how}"
        return Role("training_code", False, "auxiliary", line, why)
    if is_data_tool(path):
        return None
    start = _start(path, facts, around)
    if start == "finetune":
        if _distills(facts):
            why = f"trains a student on what a teacher predicts: {how}"
            return Role("training_code", False, "distill", line, why)
        return Role("training_code", False, "finetune", line, f"trains from a checkpoint: {how}")
    if start == "pretrain":
        return Role("training_code", True, "pretrain", line, f"trains a newly built model: {how}")
    return None


_DIVERGENCE = re.compile(r"(?:^|_)kl(?:_?div\w{0,10}|_loss)?(?:$|_)|distill?(?:ation)?_loss")


def _distills(facts: CodeFacts) -> bool:
    """A teacher, a student, and a loss between what they predict."""
    teacher, student = (
        any(name.startswith(who) for name in facts.names) for who in ("teacher", "student")
    )
    return teacher and student and any(_DIVERGENCE.search(name) for name in facts.names)


def training_line(facts: CodeFacts) -> tuple[int, str] | None:
    """The line where training happens and what shows it, wherever it starts from."""
    names = {call.last for call in facts.calls}
    backward = first(facts, lambda call: call.last == "backward")
    if backward and any(_STEPPED.search(call.name.lower()) for call in facts.calls):
        return backward.line, "a loss is propagated back and an optimizer steps"
    if facts.imported("jax") and names & {"grad", "value_and_grad"}:
        step = first(facts, lambda call: call.last in ("apply_gradients", "apply_updates"))
        if step:
            return step.line, "gradients are taken and applied"
    if facts.imported("tensorflow"):
        step = first(facts, lambda call: call.last in ("minimize", "apply_gradients"))
        if step:
            return step.line, "an optimizer minimises a loss"
    if facts.imported("tensorflow", "keras") and "compile" in names:
        step = first(facts, lambda call: call.last == "fit")
        if step:
            return step.line, "a compiled model is fitted"
    return _trainer_line(facts)


def _trainer_line(facts: CodeFacts) -> tuple[int, str] | None:
    local = {
        item.name for item in facts.classes if any(_TRAINER.search(base) for base in item.bases)
    }
    made = first(
        facts,
        lambda call: (
            (bool(_TRAINER.search(call.name)) or call.name in local)
            and not call.name.startswith(_NO_TRAINERS)
        ),
    )
    whole = first(facts, lambda call: call.last == "LightningCLI")
    if whole:
        return whole.line, "LightningCLI builds the model and fits it"
    started = any(call.last in _STARTS for call in facts.calls)
    if made and started:
        shown = next(part for part in reversed(made.name.split(".")) if part[:1].isupper())
        return made.line, f"{shown} is set up and started"
    megatron = first(facts, lambda call: call.last == "pretrain" and bool(call.args))
    if megatron and facts.imported("megatron", "deepspeed"):
        return megatron.line, "Megatron's pretrain() is called"
    return None


def _is_auxiliary(path: str, facts: CodeFacts) -> bool:
    if any(_REWARD.search(part) for call in facts.calls for part in call.name.split(".")):
        return True
    return bool(folder_words(path) & _AUXILIARY_PATH)


def _start(path: str, facts: CodeFacts, around: Around) -> str:
    """``pretrain``, ``finetune`` or ``""``: what the weights are before the first step."""
    named = words(path)
    if named & _TUNED_PATH and not named & _PRETRAIN_PATH:
        return "finetune"
    if _builds_network(facts, around):
        return "pretrain"
    loaded = any(
        _AUTO.search(call.name) or _MODEL_CLASS.search(call.name.rpartition(".")[0])
        for call in facts.calls
        if call.last == "from_pretrained"
    )
    configured = any(call.last == "from_config" for call in facts.calls)
    if named & _PRETRAIN_PATH and (configured or not loaded):
        return "pretrain"
    tuned = facts.imported("peft", "trl") or any(_TUNERS.search(call.name) for call in facts.calls)
    if loaded or (tuned and not around.defines):
        return "finetune"
    if configured or around.defines or facts.imported("megatron"):
        return "pretrain"
    return ""


def _builds_network(facts: CodeFacts, around: Around) -> bool:
    """Whether a network class is called, which leaves its weights random."""
    return any(
        call.last in around.networks
        or (_MODEL_CLASS.search(call.last) and call.name.startswith(("transformers.", "megatron.")))
        for call in facts.calls
    )


def validation_loss(facts: CodeFacts, around: Around) -> Role | None:
    """A training script's own loss on held-out data, where a run for it alone is provided."""
    if not (around.evaluation_configs and "eval_only" in facts.names):
        return None
    for item in facts.functions:
        if _HELD_OUT.search(item.name):
            why = f"{item.name}() measures the loss on held-out data; no benchmark"
            return Role("evaluation_code", False, "validation_loss", item.line, why)
    return None
