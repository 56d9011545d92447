"""Configurations of the real training run: the keys say what a file configures, not its name.

A training configuration sets at least three of: learning rate, batch, length of the run, optimizer,
checkpoints. What only sets up an engine (DeepSpeed, Accelerate), an evaluation, a demo or a stub is
not one; a configuration that tunes a finished model is marked ``finetune_config`` and left to
`assemble`. Keys are read line by line, so that YAML, JSON with comments, TOML, INI and Python
modules of assignments are all seen alike, and every key has its line.

Two more places hold the run's hyper-parameters: constants at the top of the script that pretrains
the release's own network, and the launch script that a document names as the one used.

Not seen: hyper-parameters on other command lines, configurations built by code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from openassay.files import File
from openassay.formats import path_words
from openassay.formats.code_model import Around, is_study
from openassay.formats.code_source import (
    NETWORK_MARKS,
    TRAINING_MARKS,
    mentions,
    read_code,
    telling_first,
    with_networks,
)
from openassay.formats.code_training import training
from openassay.formats.shell import read_shell
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Extent, Fact, Found, Gap, Linked

NAME = "training_config"
COMPONENTS = ("model_metadata",)

_SUFFIXES = frozenset({".yaml", ".yml", ".json", ".jsonc", ".toml", ".ini", ".cfg", ".gin"})
_FOLDERS = frozenset(
    ["config", "configs", "conf", "recipes", "recipe", "experiments", "hparams", "options"]
)
_NOT_RUNS = frozenset(
    ["github", "gitlab", "circleci", "docker", "compose", "mkdocs", "workflow", "workflows", "k8s"]
)
_NOT_TRAINING = path_words.DEMO | frozenset(
    {"infer", "inference", "sampling", "tokenizer", "serve"}
)
_JSON_WORDS = frozenset(
    """config configs conf train training trainer pretrain pretraining args arguments hparams params
    recipe run opt options hyperparameters cfg deepspeed megatron model""".split()
)
_TRAIN_WORDS = frozenset(["train", "training", "pretrain", "pretraining"])
_MAX_SIZE = 512 << 10
_MAX_LINES = 5_000
_MAX_LINKS = 100  # distinct data sets of one configuration

# A key at the start of a line, or after an opening brace or comma of a flow mapping; `config.lr =`
# and `--lr:` give `lr` as well. The value is what follows, at most 200 characters.
_KEY = re.compile(
    r"(?:^|[{,(])[ \t]{0,40}[\"']?-{0,2}(?:[A-Za-z_]\w{0,40}\.){0,4}([A-Za-z_][\w-]{0,60})[\"']?"
    r"[ \t]{0,20}[:=][ \t]{0,20}(?!=)([^,\n{}]{0,200})"
)
_GROUPS = {
    "learning rate": """lr learning_rate peak_lr max_lr base_lr init_lr lr_max max_learning_rate
        base_learning_rate blr peak_learning_rate learning_rate_peak""",
    "batch": """batch_size train_batch_size global_batch_size micro_batch_size bs
        train_micro_batch_size_per_gpu per_device_train_batch_size global_train_batch_size
        device_train_microbatch_size device_train_batch_size device_batch_size total_batch_size
        batch_accumulation_per_replica gradient_accumulation_steps tokens_per_batch num_grad_acc
        batch_size_per_gpu update_freq accumulate_grad_batches ga_steps global_tokens_per_batch""",
    "length": """max_iters train_iters max_steps train_steps num_train_epochs epochs num_epochs
        max_duration max_epochs total_steps training_steps num_steps lr_decay_iters train_tokens
        max_train_steps total_training_steps num_train_steps max_update total_iters max_epoch
        training_iters train_samples total_tokens num_iterations stop_step""",
    "optimizer": """optimizer optim optimizer_type weight_decay adam_beta1 adam_beta2 betas min_lr
        warmup warmup_steps warmup_iters lr_scheduler lr_decay_style grad_clip clip_grad
        max_grad_norm lr_warmup_steps learning_rate_scheduler gradient_clipping lr_scheduler_type
        warmup_ratio optimizer_factory beta1 beta2 t_warmup lr_schedule wd scheduler
        warmup_epochs clip_norm gradient_clip_val adam_epsilon lr_warmup""",
    "checkpoints": """ckpt_every save_every save_interval checkpoint_interval save_steps
        keep_n_latest save_frequency eval_interval checkpoint_every save_iters ckpt_interval
        save_every_n_steps checkpoint_factor""",
}
_MODEL_KEYS = frozenset(
    """hidden_size num_layers n_layer n_layers d_model n_embd num_hidden_layers num_attention_heads
    n_head n_heads block_size seq_length seq_len max_seq_len sequence_length embed_dim depth
    model_size vocab_size max_sequence_length""".split()
)
_GROUP_OF = {key: group for group, keys in _GROUPS.items() for key in keys.split()}
_BASE_KEYS = frozenset(
    """model_name_or_path base_model base_model_name_or_path pretrained_model_name_or_path model_id
    pretrained_model""".split()
)
_LORA_KEYS = frozenset(["lora_r", "lora_alpha", "peft_config", "peft_type", "lora_target_modules"])
_DATA_KEYS = frozenset(
    """dataset dataset_name dataset_names datasets hf_dataset_or_datasets train_dataset dataset_id
    train_datasets hf_dataset dataset_repo repo_id hf_path""".split()
)
_ENGINE_KEYS = frozenset(["zero_optimization", "compute_environment", "distributed_type"])
_CODE = re.compile(
    r"\b(?:argparse|nn\.Module|__main__|@dataclass|def forward|\.backward\(|Trainer\(|\.fit\()"
)
_ANNOTATED = re.compile(r"^\s{1,8}\w{1,60}\s?: ?[\w\[\]., |]{1,60} = ", re.MULTILINE)
_HUB_DATASET = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/[\w.-]{1,96}(?:/[\w.-]{1,96})?"
)
_HUB_ID = re.compile(r"^[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95}$")
_LOCAL = frozenset(
    ["data", "datasets", "dataset", "path", "home", "mnt", "scratch", "tmp", "local"]
)


@dataclass(frozen=True, slots=True)
class Key:
    """One assignment: the key with underscores and lower case, its value's text, its line."""

    name: str
    value: str
    line: int


def wants(file: File, release: Release) -> bool:
    """Files that could hold a configuration, by suffix, size and folder."""
    if not file.is_readable or file.size > _MAX_SIZE or file.name.startswith("."):
        return False
    words = path_words.words(file.path)
    if file.suffix == ".py":
        folders = frozenset(file.folder.lower().split("/"))
        if not (folders & _FOLDERS or "config" in words) or file.size > _MAX_SIZE // 8:
            return False
    elif not _may_configure(file.suffix, words):
        return False
    return words.isdisjoint(_NOT_RUNS) and release.place(file) is Place.OWN


def _may_configure(suffix: str, words: frozenset[str]) -> bool:
    if suffix == ".json":
        return not words.isdisjoint(_JSON_WORDS) and "tokenizer" not in words
    return suffix in _SUFFIXES


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    """A configuration of this release's training run, and the data sets it names."""
    del release  # whose the file is was asked when it was wanted
    text = file.text()
    if text is None or (file.suffix == ".py" and _is_program(text.text)):
        return
    keys = read_keys(text.lines)
    groups = _groups(keys)
    if not _is_training(groups, keys) or _is_stub(file.path, keys):
        return
    tuned = _tunes(file.path, keys)
    aspect = "finetune_config" if tuned else "training_config"
    first = min(groups.values(), key=lambda key: key.line)
    sets = ", ".join(name for name in _GROUPS if name in groups)
    yield Found(
        component="model_metadata",
        extent=Extent.PART if tuned else Extent.WHOLE,
        aspect=aspect,
        evidence=(file.cite_lines(first.line),),
        detail=f"a configuration that sets {sets}"
        + (" and tunes a finished model" if tuned else " of the training run"),
    )
    yield from _data_links(file, keys, tuned)


# --- hyper-parameters that stand in programs -----------------------------------------------------

_CONSTANT = re.compile(
    r"^([A-Za-z_]\w{0,60})[ \t]{0,8}(?::[ \t]{0,8}\w{1,20}[ \t]{0,8})?=[ \t]{0,8}"
    r"(\d[\w.+*/ -]{0,60}|\(\d[\d., e-]{0,40}\)|[\"'][\w.-]{1,40}[\"']|True)[ \t]{0,8}(?:#|$)"
)
_USED_TO_TRAIN = re.compile(
    r"\b(?:script|commands?|recipe)\b.{0,40}?\bused (?:to|for) (?:pre-?)?train"
    r"|\b(?:pre-?)?train(?:ed)? (?:with|by|using) (?:this|the) (?:following )?(?:script|command)",
    re.IGNORECASE,
)
_MIN_CONSTANTS = 4
_MAX_NETWORKS = 60  # files asked for networks
_MAX_SCRIPT = 128 << 10  # bytes
_MAX_DOCUMENTS = 12


def survey(release: Release) -> Iterator[Fact | Gap]:
    """Constants of the pretraining script, and the launch script the documents name."""
    own = [
        file
        for file in release.files
        if file.suffix in (".py", ".sh", ".slurm", ".sbatch", ".md")
        and file.is_readable
        and file.size <= _MAX_SCRIPT
        and release.place(file) is Place.OWN
    ]
    own.sort(key=lambda file: (telling_first(file.path), file.source))
    yield from _constants(own, release)
    yield from _launch_scripts(own)


def _constants(own: list[File], release: Release) -> Iterator[Found]:
    code = [file for file in own if file.suffix == ".py"]
    chosen = [(file, keys) for file in code if (keys := _top_constants(file))]
    if not chosen:
        return
    around = _around(code, release)
    for file, keys in chosen:
        role = training(file.path, release.parsed(file, read_code).facts, around)
        if role is not None and role.aspect == "pretrain":
            names = ", ".join(dict.fromkeys(key.name for key in keys))
            yield Found(
                component="model_metadata",
                aspect="training_constants",
                evidence=(file.cite_lines(keys[0].line),),
                detail=f"the script that pretrains sets its hyper-parameters: {names[:200]}",
            )


def _top_constants(file: File) -> list[Key]:
    """Hyper-parameters that a training script sets at module level, [] when too few."""
    if (
        is_study(file.path)
        or path_words.is_finetune(file.path)
        or not mentions(file, TRAINING_MARKS)
    ):
        return []
    keys = [
        Key(found.group(1).lower(), found.group(2), number)
        for number, line in enumerate(file.lines[:_MAX_LINES], start=1)
        if (found := _CONSTANT.match(line[:200]))
    ]
    keys = [key for key in keys if key.name in _GROUP_OF]
    rated = any(_GROUP_OF[key.name] == "learning rate" for key in keys)
    return keys if rated and len({key.name for key in keys}) >= _MIN_CONSTANTS else []


def _around(code: list[File], release: Release) -> Around:
    networks = [file for file in code if mentions(file, NETWORK_MARKS)][:_MAX_NETWORKS]
    return with_networks(
        ((file.path, release.parsed(file, read_code).facts) for file in networks), ()
    )


def _launch_scripts(own: list[File]) -> Iterator[Found]:
    """Launch scripts with the hyper-parameters of a run, said to be what the model came from."""
    documents = [file for file in own if file.suffix == ".md"]
    documents.sort(key=lambda file: (file.path.count("/"), file.path))
    said = [
        (document, number, line)
        for document in documents[:_MAX_DOCUMENTS]
        for number, line in enumerate(document.lines[:_MAX_LINES], start=1)
        if _USED_TO_TRAIN.search(line[:1000])
    ]
    for file in own if said else ():
        if file.suffix not in (".sh", ".slurm", ".sbatch") or path_words.is_finetune(file.path):
            continue
        named = next((item for item in said if file.name in item[2]), None)
        keys = _options(file) if named else []
        if named and _is_training(_groups(keys), keys):
            document, number, _ = named
            yield Found(
                component="model_metadata",
                aspect="launch_script",
                evidence=(file.cite_lines(keys[0].line), document.cite_lines(number)),
                detail=f"{document.path} names {file.name} as what the model was trained with",
            )


def _options(file: File) -> list[Key]:
    """The long options of a shell script's commands, at the line where the command starts."""
    text = file.text()
    found: list[Key] = []
    for command in read_shell(text.text) if text else ():
        for word, value in zip(command.words, (*command.words[1:], ""), strict=True):
            if word.startswith("--"):
                name, _, given = word[2:].partition("=")
                line = min(command.start, len(file.lines))
                found.append(Key(name.lower().replace("-", "_"), given or value, line))
    return found


def read_keys(lines: tuple[str, ...]) -> list[Key]:
    """Every assignment in the first lines of a configuration, comments left out."""
    found: list[Key] = []
    for number, line in enumerate(lines[:_MAX_LINES], start=1):
        stripped = line[:400].lstrip(" \t-")
        if stripped.startswith(("#", "//", ";")):
            continue
        found.extend(
            Key(key.lower().replace("-", "_"), value.strip().strip("\"'"), number)
            for key, value in _KEY.findall(stripped)
        )
    return found


def _groups(keys: list[Key]) -> dict[str, Key]:
    """The first key of each group that is set to something."""
    groups: dict[str, Key] = {}
    for key in keys:
        group = _GROUP_OF.get(key.name)
        if group and key.value.lower() not in ("auto", "none", "null", "~"):
            groups.setdefault(group, key)
    return groups


def _is_training(groups: dict[str, Key], keys: list[Key]) -> bool:
    names = {key.name for key in keys}
    if not ("learning rate" in groups or "length" in groups) or len(groups) < 3:
        return False
    engine_only = names & _ENGINE_KEYS and not names & (_MODEL_KEYS | {"train_iters"})
    return not engine_only


def _is_stub(path: str, keys: list[Key]) -> bool:
    """Openly a demo, a stub, or a configuration of something else than training."""
    words = path_words.words(path)
    if not words.isdisjoint(_NOT_TRAINING):
        return True
    named = path_words.words(path.rpartition("/")[2])
    if not named.isdisjoint(path_words.EVALUATION) and named.isdisjoint(_TRAIN_WORDS):
        return True
    if not words.isdisjoint(path_words.EVALUATION) and words.isdisjoint(_TRAIN_WORDS):
        return True
    return any(key.name == "eval_only" and key.value.lower() == "true" for key in keys)


def _tunes(path: str, keys: list[Key]) -> bool:
    """Whether the run starts from a finished model: the path or the keys say so."""
    if path_words.is_finetune(path):
        return True
    return any(
        key.name in _LORA_KEYS or (key.name in _BASE_KEYS and _HUB_ID.match(key.value))
        for key in keys
    )


def _is_program(text: str) -> bool:
    """Python that does more than assign: a script, a model, a class of defaults."""
    if _CODE.search(text):
        return True
    return len(_ANNOTATED.findall(text)) > 3


def _data_links(file: File, keys: list[Key], tuned: bool) -> Iterator[Linked]:
    """Data sets the configuration reads or names in its comments, each with its line."""
    seen: set[str] = set()
    for url, line in _named_datasets(file, keys):
        if url in seen or len(seen) >= _MAX_LINKS:
            continue
        seen.add(url)
        yield Linked(
            component="fine_tuning_data" if tuned else "datasets",
            url=url,
            aspect="mixture",
            evidence=(file.cite_lines(line),),
            detail="a data set that the training configuration names as its input",
        )


def _named_datasets(file: File, keys: list[Key]) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(file.lines[:_MAX_LINES], start=1):
        if "/datasets/" in line:
            for url in _HUB_DATASET.findall(line[:1000]):
                yield url, number
    for key in keys:
        owner = key.value.split("/", 1)[0].lower()
        if key.name in _DATA_KEYS and _HUB_ID.match(key.value) and owner not in _LOCAL:
            yield f"https://huggingface.co/datasets/{key.value}", key.line
