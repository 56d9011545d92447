"""What code and commands load or download: hub ids, data-set ids and URLs, with their line.

Read from the calls of :mod:`pycode` and the commands of :mod:`shell`; nothing is opened. Whose the
thing is, and which component of a release it makes, is for the inspectors to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from openassay.formats.locators import Target, classify, hub_id
from openassay.formats.pycode import Call, CodeFacts, Lit, Lits
from openassay.formats.shell import Command


class Loaded(StrEnum):
    """What kind of thing is loaded."""

    MODEL = "model"
    DATASET = "dataset"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Load:
    """One thing that code loads. ``value`` is a hub id or a URL, ``{}`` where it is not known."""

    kind: Loaded
    value: str
    line: int  # where the literal stands
    call: int  # where it is loaded
    via: str  # the class, function or program that loads it
    revision: str = ""
    remote_code: bool = False
    host: str = "huggingface.co"

    @property
    def url(self) -> str:
        if self.kind is Loaded.URL:
            return self.value
        folder = ""
        if self.host == "modelscope.cn":
            folder = "models/" if self.kind is Loaded.MODEL else "datasets/"
        elif self.kind is Loaded.DATASET:
            folder = "datasets/"
        return f"https://{self.host}/{folder}{self.value}"


WEIGHTS_NAME: Final = re.compile(
    r"\.(?:safetensors|gguf|bin|pth?|ckpt|onnx|npz|h5|msgpack|tar|th)(?:$|[?.])"
    r"|ckpt|checkpoint|weights|\.data-0|consolidated|model",
    re.I,
)
# Ids that some hubs' own documentation uses without an owner.
_BARE_DATASET = re.compile(r"^[A-Za-z][\w.-]{1,60}$")
_FILE_LOADERS = frozenset(
    [
        "json",
        "csv",
        "text",
        "parquet",
        "arrow",
        "pandas",
        "imagefolder",
        "audiofolder",
        "videofolder",
        "webdataset",
        "xml",
        "generator",
    ]
)
_NOT_WEIGHTS = re.compile(
    r"Tokenizer|Processor|FeatureExtractor|(?<!Auto)Config$|GenerationConfig|Template|Scheduler"
)
_URL_CALLS = re.compile(
    r"(?:^|\.)(?:requests\.get|urlretrieve|urlopen|wget\.download|gdown\.\w{1,20}|get_file"
    r"|load_state_dict_from_url|download_url_to_file|download_url|cached_download|download_file"
    r"|load_url|urlopen|http_get|maybe_download|_?download\w{0,20}|download_and_extract|cached_path"
    r"|load_file_from_url|download_from_url|session\.get|httpx\.get)$"
)
# A function or one of a library's module; ``task.load_dataset("valid")`` names a split of its own.
_DATASET_LOADER = re.compile(
    r"^(?:(?:datasets|nlp|modelscope)\.(?:\w{1,40}\.){0,3})?load_dataset(?:_builder)?$"
    r"|MsDataset\.load$"
)
_URL = re.compile(r"^(?:https?|s3|gs|hf|oss|ftp)://[^\s\"'<>]{4,400}$|^magnet:\?[^\s]{10,400}$")
_DATASET_URL = re.compile(r"^hf://datasets/([\w.-]{1,96}/[\w.-]{1,96})")


def code_loads(facts: CodeFacts) -> tuple[Load, ...]:
    """Everything a source loads, in the order of its calls, each thing once per line."""
    modelscope = facts.imported("modelscope")
    found = (load for call in facts.calls for load in _of_call(call, modelscope))
    return tuple(dict.fromkeys((*found, *_task_data(facts))))


def _of_call(call: Call, modelscope: bool) -> Iterator[Load]:
    last = call.last
    first: Lits = call.args[0] if call.args else ()
    host = (
        "modelscope.cn"
        if modelscope and not call.name.startswith("transformers")
        else "huggingface.co"
    )
    if last == "from_pretrained":
        given = first or call.keyword(
            "pretrained_model_name_or_path", "model_id", "repo_id", "model_name"
        )
        owner = call.name.rpartition(".")[0].rpartition(".")[2]
        if owner.startswith("Peft"):  # the first argument is the model it is put on
            given = call.args[1] if len(call.args) > 1 else call.keyword("model_id")
        if not _NOT_WEIGHTS.search(owner):
            yield from _ids(Loaded.MODEL, given, call, owner, host)
    elif last in ("snapshot_download", "hf_hub_download", "hf_hub_url", "model_file_download"):
        given = first or call.keyword("repo_id", "model_id")
        is_data = any(lit.value == "dataset" for lit in call.keyword("repo_type"))
        yield from _ids(Loaded.DATASET if is_data else Loaded.MODEL, given, call, last, host)
    elif _DATASET_LOADER.search(call.name):
        given = first or call.keyword("path", "dataset_name")
        yield from _data_ids(given, call, last, host)
    elif last == "pipeline" or last in ("LLM", "AsyncEngineArgs", "EngineArgs", "AutoModel"):
        given = call.keyword("model", "model_name") or (first if last == "LLM" else ())
        yield from _ids(Loaded.MODEL, given, call, last, host)
    elif call.name in ("mlx_lm.load", "mlx_vlm.load", "torch.hub.load") or last == "load_from_hub":
        yield from _ids(Loaded.MODEL, first or call.keyword("repo_id"), call, call.name, host)
    elif _URL_CALLS.search(call.name):
        for lit in (*first, *call.keyword("url", "origin")):
            if _URL.match(lit.value):
                yield Load(Loaded.URL, lit.value, lit.line, call.line, last)
    for lits in (*call.args, *(values for _, values in call.keywords)):
        for lit in lits:
            if found := _DATASET_URL.match(lit.value):
                yield Load(Loaded.DATASET, found.group(1), lit.line, call.line, last)


def _ids(kind: Loaded, given: Lits, call: Call, via: str, host: str) -> Iterator[Load]:
    revision = next((lit.value for lit in call.keyword("revision")), "")
    remote = any(lit.value == "True" for lit in call.keyword("trust_remote_code"))
    for lit in given:
        value = lit.value.removeprefix("https://huggingface.co/").strip("/")
        if hub_id(value.replace("{}", "x")) and not value.startswith("{}"):
            yield Load(kind, value, lit.line, call.line, via, revision, remote, host)


def _data_ids(given: Lits, call: Call, via: str, host: str) -> Iterator[Load]:
    for lit in given:
        if lit.value in _FILE_LOADERS or lit.value.endswith((".py", ".json", ".jsonl")):
            continue
        if hub_id(lit.value) or _BARE_DATASET.match(lit.value):
            yield Load(Loaded.DATASET, lit.value, lit.line, call.line, via, host=host)


def _task_data(facts: CodeFacts) -> Iterator[Load]:
    """Data ids in task definitions of evaluation harnesses."""
    for call in facts.calls:
        if call.last.endswith("TaskConfig"):
            for lit in call.keyword("hf_repo", "dataset_path"):
                if hub_id(lit.value) or _BARE_DATASET.match(lit.value):
                    yield Load(Loaded.DATASET, lit.value, lit.line, call.line, call.last)


_HUB_CALLS = frozenset({"hf_hub_download", "snapshot_download"})


def id_strings(facts: CodeFacts) -> Iterator[Lit]:
    """Strings in the form of a hub id, in a source that downloads from a hub."""
    if any(call.last in _HUB_CALLS for call in facts.calls):
        yield from (lit for lit in facts.strings if "/" in lit.value and hub_id(lit.value))


def url_strings(facts: CodeFacts) -> Iterator[Lit]:
    """URLs that stand as string constants anywhere in the source."""
    return (lit for lit in facts.strings if _URL.match(lit.value))


# --- commands ------------------------------------------------------------------------------------

_HUB_CLIS = frozenset(
    {"huggingface-cli", "hf", "modelscope", "hfd.sh", "./hfd.sh", "hfd", "openxlab"}
)
_FETCHERS = frozenset({"wget", "curl", "gdown", "aria2c", "axel", "azcopy"})
_COPIERS = frozenset({"aws", "gsutil", "rclone", "s5cmd", "ossutil"})


def command_loads(commands: Iterable[Command]) -> tuple[Load, ...]:
    """What commands download."""
    return tuple(dict.fromkeys(load for command in commands for load in _of_command(command)))


def _of_command(command: Command) -> Iterator[Load]:
    words, program = command.words, command.program
    if program in _HUB_CLIS and ("download" in words or program.startswith("hfd")):
        is_data = command.option("--repo-type") == "dataset" or "--dataset" in words
        host = "modelscope.cn" if program == "modelscope" else "huggingface.co"
        kind = Loaded.DATASET if is_data else Loaded.MODEL
        for word in words[1:]:
            name = word.partition("=")[2] or word
            if hub_id(name):
                revision = command.option("--revision")
                yield Load(kind, name, command.start, command.start, program, revision, host=host)
                break
    elif program in _FETCHERS or (program in _COPIERS and {"cp", "sync", "copy"} & set(words)):
        for word in words[1:]:
            if _URL.match(word):
                yield _of_url(word, command.start, program)
    elif program == "git" and "clone" in words:
        for word in words:
            if _URL.match(word):
                load = _of_url(word.removesuffix(".git"), command.start, "git clone")
                if load.kind is not Loaded.URL:
                    yield load


def _of_url(url: str, line: int, via: str) -> Load:
    """A URL as what it is: a model or data set of a hub, else an address."""
    found = classify(url)
    kinds = {Target.MODEL: Loaded.MODEL, Target.DATASET: Loaded.DATASET}
    if found.target in kinds and found.owner and not found.path:
        host = "modelscope.cn" if "modelscope" in found.host else "huggingface.co"
        return Load(kinds[found.target], found.id, line, line, via, host=host)
    return Load(Loaded.URL, url, line, line, via)


_QUOTED_FETCH = re.compile(
    r"^[ \t#$>]{0,20}(?:!\s?)?"
    r"((?:wget|curl|gdown|huggingface-cli|hf|modelscope|git clone)\s[^\n]{5,400})",
    re.M,
)


def quoted_commands(text: str) -> tuple[Command, ...]:
    """Download commands that stand in comments, docstrings or notebook cells of a source."""
    found: list[Command] = []
    for match in _QUOTED_FETCH.finditer(text):
        line = text.count("\n", 0, match.start(1)) + 1
        found.append(Command(tuple(match.group(1).split()[:60]), line, line))
        if len(found) >= 200:
            break
    return tuple(found)


_MODEL_OPTIONS = (
    "--model_name_or_path", "--base_model", "--model_id", "--pretrained_model_name_or_path",
    "--model_name", "--model", "--model-path", "--model_path",
)  # fmt: skip
_DATA_OPTIONS = ("--dataset_name", "--dataset", "--dataset_id", "--train_dataset", "--data_path")


def option_loads(commands: Iterable[Command]) -> tuple[Load, ...]:
    """Hub ids given to a script's options; ``via`` is the script that is run."""
    found: list[Load] = []
    for command in commands:
        script = next((word for word in command.words if word.endswith(".py")), command.program)
        for options, kind in ((_MODEL_OPTIONS, Loaded.MODEL), (_DATA_OPTIONS, Loaded.DATASET)):
            value = command.option(*options)
            if hub_id(value):
                line = command.start
                found.append(Load(kind, value, line, line, script.lower()))
    return tuple(dict.fromkeys(found))


_CONFIG_LINE = re.compile(
    r"^[ \t]{0,40}(?:-[ \t]+)?[\"']?(?P<key>[A-Za-z][\w.-]{0,60})[\"']?[ \t]*[:=][ \t]*[\"']?"
    r"(?P<id>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})[\"']?[ \t]*,?[ \t]*(?:#.*)?$"
)
_MODEL_KEYS = re.compile(
    r"^(?:(?:pretrained_)?model(?:_name|_id|_path)?(?:_or_path)?|base_model(?:_name_or_path)?|repo_id|hf_path|from_pretrained|pretrained)$",
    re.I,
)
_DATA_KEYS = re.compile(
    r"^(?:(?:hf_|train_|sft_)?dataset(?:s|_name|_id|_path|_repo)?(?:_or_path)?|hf_repo)$", re.I
)


def config_loads(text: str) -> tuple[Load, ...]:
    """Hub ids that stand under a model's or a data set's key in a configuration."""
    found: list[Load] = []
    for number, line in enumerate(text.split("\n"), 1):
        if (
            "/" not in line
            or len(line) > 400
            or not (match := _CONFIG_LINE.match(line.rstrip("\r")))
        ):
            continue
        key, value = match.group("key"), match.group("id")
        if hub_id(value) and _MODEL_KEYS.match(key):
            found.append(Load(Loaded.MODEL, value, number, number, key))
        elif hub_id(value) and _DATA_KEYS.match(key):
            found.append(Load(Loaded.DATASET, value, number, number, key))
        if len(found) >= 200:
            break
    return tuple(found)
