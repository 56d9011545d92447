"""Reads what code, notebooks, scripts and configurations load: own weights, bases, data sets.

A hub id in ``from_pretrained``, ``load_dataset`` or a download command offers what it names. Whose
it is decides the component: the release's own model is its weights, a foreign model that is tuned
is the base, a foreign model elsewhere is a baseline and nothing. Data sets belong to what the
script does with them: training, fine-tuning or evaluation. Nothing is opened, so it cannot tell
whether a link still works.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from openassay.files import File
from openassay.formats.code_locators import (
    WEIGHTS_NAME,
    Load,
    Loaded,
    code_loads,
    command_loads,
    config_loads,
    id_strings,
    option_loads,
    quoted_commands,
    url_strings,
)
from openassay.formats.code_model import Around, is_study, listed
from openassay.formats.code_source import (
    NETWORK_MARKS,
    TRAINING_MARKS,
    CodeText,
    mentions,
    read_code,
    telling_first,
    with_networks,
    with_trainings,
)
from openassay.formats.code_use import Use, use_of_code, use_of_script
from openassay.formats.pycode import MAX_SOURCE
from openassay.formats.shell import Command, read_dockerfile, read_makefile, read_shell
from openassay.release import Release
from openassay.subject import Place, Whose
from openassay.types import Derived, Extent, Gap, Linked, Relation

NAME = "code_loads"
COMPONENTS = (
    "model_parameters_final",
    "model_parameters_intermediate",
    "model_architecture",
    "model_metadata",
    "datasets",
    "evaluation_data",
    "fine_tuning_data",
    "base_model_parameters",
)

MAX_FACTS: Final = 12  # for one component and kind; further links of the same kind add nothing
MAX_PARSED: Final = 250  # files
MAX_AROUND: Final = 60  # files that are asked for networks and training
MAX_CONFIGS: Final = 2_000  # files
MAX_CONFIG: Final = 256 << 10  # bytes; larger ones are data
_LOADING: Final = listed(
    """from_pretrained snapshot_download hf_hub load_dataset load_from_hub pipeline( LLM( MsDataset
    http download hf:// s3:// gs:// TaskConfig hub.load mlx_lm"""
)
_LICENSE_ADDRESS: Final = "http://www.apache.org/licenses/"  # in most headers, and never loaded
_SHELLS: Final = (".sh", ".bash", ".slurm", ".sbatch", ".mk", ".zsh")
_HUBS: Final = listed("huggingface.co hf.co hf-mirror.com modelscope.cn www.modelscope.cn")
_MIXTURES: Final = (".yaml", ".yml", ".toml")
_CONFIGS: Final = (".yaml", ".yml", ".json", ".toml", ".cfg", ".conf")
_STEP = re.compile(
    r"(?:^|[-_/])(?:global_?step|step|iter|iteration|ckpt|tokens?)[-_]?(?:\d|\{)|\d{3,}[-_]?steps?\b|\d+[bt]-?tokens",
    re.I,
)
_INTERMEDIATE = re.compile(r"intermediate|checkpoints$|-ckpts?$|-step-?\d", re.I)
_COPY = re.compile(
    r"gguf|gptq|awq|mlx|onnx|-int[48]|[-_]q\d|[-_]\dbit|exl2|openvino|lora|adapter", re.I
)
_DRAFT = re.compile(
    r"^(?:your|path|user|org|username|my|example|some|xxx|owner)(?:$|[-_/])|xxx|<|\{\}/", re.I
)


def survey(release: Release) -> Iterator[Linked | Derived | Gap]:
    """Links from code first, then from scripts and configurations."""
    emit = _Emitter(release)
    loading = _loading(release)
    configurations = [file for file in _own(release, _CONFIGS, MAX_CONFIG) if _may_configure(file)]
    yield from emit.limited(_python(release, loading[:MAX_PARSED], emit))
    yield from emit.limited(_scripts(release, emit))
    yield from emit.limited(_configurations(configurations[:MAX_CONFIGS], emit))
    yield from _cut(loading[MAX_PARSED:], f"code files were not parsed after {MAX_PARSED}")
    yield from _cut(
        configurations[MAX_CONFIGS:], f"configurations were not read after {MAX_CONFIGS}"
    )


def _cut(left: list[File], what: str) -> Iterator[Gap]:
    if left:
        yield Gap(
            source=left[0].source,
            path=left[0].path,
            by=NAME,
            reason="too_many_files",
            detail=f"{len(left)} further {what}",
            components=COMPONENTS,
        )


# --- where the loads stand -----------------------------------------------------------------------


def _own(release: Release, suffixes: tuple[str, ...], limit: int) -> list[File]:
    files = [
        file
        for file in release.files
        if file.suffix in suffixes
        and file.is_readable
        and file.size <= limit
        and release.place(file) is Place.OWN
    ]
    return sorted(files, key=lambda file: (telling_first(file.path), file.source))


def _loading(release: Release) -> list[File]:
    """Own Python files and notebooks that may load something, the most telling first."""
    files = _own(release, (".py",), MAX_SOURCE) + _own(release, (".ipynb",), 32 << 20)
    return [file for file in files if not is_study(file.path) and _may_load(file)]


def _may_load(file: File) -> bool:
    text = _text(file).replace(_LICENSE_ADDRESS, "")
    return any(mark in text for mark in _LOADING)


def _python(release: Release, loading: list[File], emit: _Emitter) -> Iterator[Linked | Derived]:
    around: Around | None = None
    for file in loading:
        code = release.parsed(file, read_code)
        loads = [*code_loads(code.facts), *command_loads(quoted_commands(code.text))]
        addresses = list(_addresses(file, code, emit))
        if not loads and not addresses:
            continue
        around = around or _around(release)  # reads many files, so only when it is needed
        use = use_of_code(file.path, code.facts, around)
        if use is Use.STUDY:
            continue
        adapts = code.facts.imported("peft")
        tunes_own = any(emit.is_own(load) for load in loads)
        for load in loads:
            yield from emit.facts(file, code.place(load.line), load, use)
            if use is Use.FINETUNE and not tunes_own and not around.pretrains:
                yield from emit.base(file, code.place(load.line), load, adapts)
        yield from addresses


def _around(release: Release) -> Around:
    """What networks and trainings the release holds, as far as its first files tell."""
    files = _own(release, (".py",), MAX_SOURCE) + _own(release, (".ipynb",), 32 << 20)
    parse = release.parsed
    networks = islice((file for file in files if mentions(file, NETWORK_MARKS)), MAX_AROUND)
    around = with_networks(
        ((file.path, parse(file, read_code).facts) for file in networks),
        (f.path for f in release.files),
    )
    trainers = islice((file for file in files if mentions(file, TRAINING_MARKS)), MAX_AROUND)
    return with_trainings(((file.path, parse(file, read_code).facts) for file in trainers), around)


def _addresses(file: File, code: CodeText, emit: _Emitter) -> Iterator[Linked]:
    """URLs and ids of own weights that stand as constants, as in a table of model names."""
    known = {load.value for load in code_loads(code.facts)}
    for lit in id_strings(code.facts):
        if lit.value in known:
            continue
        load = Load(Loaded.MODEL, lit.value, lit.line, lit.line, "a table of models")
        if emit.is_own(load):
            yield emit.weights(file, code.place(lit.line), load, "hub")
    for lit in url_strings(code.facts):
        load = Load(Loaded.URL, lit.value, lit.line, lit.line, "a table of addresses")
        if _WEIGHTS_END.search(lit.value) and emit.is_own(load):
            yield emit.weights(file, code.place(lit.line), load, "download_script")


_WEIGHTS_END = re.compile(
    r"\.(?:safetensors|gguf|bin|pth?|ckpt|onnx|npz|h5|msgpack|tar(?:\.gz)?|th|zip)(?:$|\?)", re.I
)


def _scripts(release: Release, emit: _Emitter) -> Iterator[Linked | Derived]:
    for file in _own(release, _SHELLS, MAX_SOURCE):
        yield from _of_commands(file, read_shell(_text(file)), emit)
    for file in release.files:
        name = file.name.lower()
        read = read_makefile if name in ("makefile", "gnumakefile") else read_dockerfile
        if read is read_dockerfile and not name.startswith("dockerfile"):
            continue
        if file.is_readable and file.size <= MAX_SOURCE and release.place(file) is Place.OWN:
            yield from _of_commands(file, read(_text(file)), emit)


def _text(file: File) -> str:
    text = file.text()
    return text.text if text else ""


def _of_commands(
    file: File, commands: tuple[Command, ...], emit: _Emitter
) -> Iterator[Linked | Derived]:
    use = use_of_script(file.path)
    for load in command_loads(commands):
        yield from emit.facts(file, load.line, load, use)
    for load in option_loads(commands):
        tuned = use is Use.FINETUNE or "finetune" in load.via or "sft" in load.via
        yield from emit.facts(file, load.line, load, Use.FINETUNE if tuned else use)
        if tuned and not emit.is_own(load):
            yield from emit.base(file, load.line, load, adapts=False)


def _may_configure(file: File) -> bool:
    """Whether the path leaves it open that a configuration trains, tunes or names a mixture."""
    use = use_of_script(file.path)
    if file.suffix == ".json":  # never tells a training run by itself
        return use is Use.FINETUNE
    if use is Use.PREPARE:
        return file.suffix in _MIXTURES
    return use in (Use.FINETUNE, Use.OTHER)


def _configurations(files: list[File], emit: _Emitter) -> Iterator[Linked | Derived]:
    for file in files:
        text = _text(file)
        if not any(mark in text for mark in _CONFIG_MARKS):
            continue
        trains = file.suffix != ".json" and bool(_TRAINING_KEYS.search(text))
        use = use_of_script(file.path)
        if use is Use.OTHER and trains:
            use = Use.PRETRAIN
        if use is Use.FINETUNE or use is Use.PRETRAIN:
            for load in config_loads(text):
                data = load.kind is Loaded.DATASET
                if (data and use is Use.FINETUNE) or emit.is_own(load):
                    yield from emit.facts(file, load.line, load, use)
        if use in (Use.PRETRAIN, Use.PREPARE) and trains and file.suffix in _MIXTURES:
            yield from _mixture(file)


_CONFIG_MARKS: Final = (
    "model_name", "model_id", "base_model", "repo_id", "pretrained", "dataset", "hf_repo",
    "hf_path", "learning_rate", "optimizer", "lr:", "lr =", "model:", '"model"',
)  # fmt: skip
_TRAINING_KEYS = re.compile(
    r"^\s{0,12}[\"']?(?:optimizer|learning_rate|lr|train_batch_size|micro_batch_size"
    r"|global_batch_size)\b[\"']?\s{0,4}[:=]",
    re.M | re.I,
)
_DATA_PAGE = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|modelscope\.cn)/(?:datasets|collections)"
    r"/[\w.-]{1,96}/[\w.-]{1,120}"
)


def _mixture(file: File) -> Iterator[Linked]:
    """Data pages named in a pretraining configuration, usually beside the path of each part."""
    seen: set[str] = set()
    for number, line in enumerate(file.lines, 1):
        for found in _DATA_PAGE.finditer(line[:1000]):
            if found.group(0) not in seen:
                seen.add(found.group(0))
                yield Linked(
                    evidence=(file.cite_lines(number),),
                    component="datasets",
                    url=found.group(0),
                    aspect="mixture",
                    detail="the training configuration names this part of its data mixture",
                )


# --- what a load means ---------------------------------------------------------------------------


class _Emitter:
    """Turns loads into facts by whose they are, and keeps each kind within bounds."""

    def __init__(self, release: Release) -> None:
        self.subject = release.subject
        self.counts: Counter[tuple[str, str]] = Counter()
        self.seen: set[tuple[str, str, str]] = set()

    def limited(self, facts: Iterable[Linked | Derived]) -> Iterator[Linked | Derived]:
        """Each thing once per component, and at most MAX_FACTS of a kind."""
        for fact in facts:
            component = fact.component if isinstance(fact, Linked) else "base"
            aspect = fact.aspect if isinstance(fact, Linked) else ""
            value = fact.url if isinstance(fact, Linked) else fact.base
            if (component, aspect, value) in self.seen:
                continue
            self.seen.add((component, aspect, value))
            self.counts[component, aspect] += 1
            if self.counts[component, aspect] <= MAX_FACTS:
                yield fact

    def is_own(self, load: Load) -> bool:
        """Whether the release's own model is loaded (copies made by others are not)."""
        if load.kind is Loaded.URL:
            return self._own_address(load.value)
        if load.kind is Loaded.DATASET or _DRAFT.search(load.value):
            return False
        if self.subject.whose(load.value.replace("{}", "")) is not Whose.OWN:
            return False
        owner = load.value.partition("/")[0]
        return self.subject.owns(owner) or not _COPY.search(load.value)

    def _own_address(self, url: str) -> bool:
        host, _, path = url.partition("://")[2].partition("/")
        if host in _HUBS:
            parts = [part for part in path.split("/") if part and part != "models"]
            return (
                len(parts) > 1
                and parts[0] != "datasets"
                and self.subject.whose("/".join(parts[:2])) is Whose.OWN
            )
        pieces = [piece for piece in re.split(r"[/?=&]", path) if 1 < len(piece) < 100]
        return any(self.subject.whose(piece) is Whose.OWN for piece in pieces)

    def facts(self, file: File, line: int, load: Load, use: Use) -> Iterator[Linked]:
        """What one load offers of the release."""
        if load.kind is Loaded.DATASET and not _DRAFT.search(load.value):
            yield from self._data(file, line, load, use)
        elif load.kind is Loaded.MODEL:
            if self.is_own(load):
                yield from self._own_model(file, line, load)
        elif self.is_own(load) and _SHAPE.search(load.value):
            yield Linked(
                evidence=(file.cite_lines(line),),
                component="model_metadata",
                url=_prefix(load.url),
                extent=Extent.PART,
                aspect="shape",
                detail=f"{file.path} downloads the model's shape configuration",
            )
        elif _is_weights(load.value) and self.is_own(load):
            yield self.weights(file, line, load, "download_script")
        elif use in (Use.PREPARE, Use.PACK, Use.SUBSET, Use.EVALUATE) and not _PAGE.search(
            load.value
        ):
            yield from self._data(file, line, load, use)

    def weights(self, file: File, line: int, load: Load, aspect: str) -> Linked:
        return Linked(
            evidence=(file.cite_lines(line),),
            component="model_parameters_final",
            url=_prefix(load.url),
            aspect=aspect,
            detail=f"{file.path} downloads the released weights ({load.via})",
        )

    def _own_model(self, file: File, line: int, load: Load) -> Iterator[Linked]:
        evidence = (file.cite_lines(line),)
        url = _prefix(load.url)
        if (
            _STEP.search(load.revision)
            or _STEP.search(load.value)
            or _INTERMEDIATE.search(load.value)
        ):
            yield Linked(
                evidence=evidence,
                component="model_parameters_intermediate",
                url=url,
                aspect="revisions" if load.revision else "hub",
                detail=f"{file.path} loads checkpoints along the training run",
            )
        else:
            yield Linked(
                evidence=evidence,
                component="model_parameters_final",
                url=url,
                aspect="hub",
                detail=f"{file.path} loads the released weights from the hub ({load.via})",
            )
        yield from self._architecture(file, line, load, url)

    def _architecture(self, file: File, line: int, load: Load, url: str) -> Iterator[Linked]:
        if load.via.startswith("Peft"):
            return
        evidence = (file.cite_lines(line),)
        auto = load.via.startswith("Auto")
        if load.remote_code:
            aspect, extent, detail = (
                "remote_code",
                Extent.WHOLE,
                "the code that defines the layers is loaded from the hub",
            )
        elif auto:
            aspect, extent, detail = (
                "auto_class",
                Extent.PART,
                "a library chooses the class; no class is named",
            )
        elif re.search(r"For[A-Z]\w+|LMHeadModel|Pipeline$|Model$|Transformer2DModel", load.via):
            url = "https://pypi.org/project/transformers/"
            aspect, extent, detail = (
                "library_class",
                Extent.WHOLE,
                f"the layers are those of the library class {load.via}",
            )
        else:
            return
        yield Linked(
            evidence=evidence,
            component="model_architecture",
            url=url,
            extent=extent,
            aspect=aspect,
            detail=detail,
        )

    def _data(self, file: File, line: int, load: Load, use: Use) -> Iterator[Linked]:
        component, extent = _DATA_OF.get(use, ("", Extent.WHOLE))
        if component:
            yield Linked(
                evidence=(file.cite_lines(line),),
                component=component,
                url=_prefix(load.url),
                extent=extent,
                aspect="loader" if load.kind is Loaded.DATASET else "download",
                detail=f"{file.path} loads this data to {_PURPOSE[component]}",
            )

    def base(self, file: File, line: int, load: Load, adapts: bool) -> Iterator[Linked | Derived]:
        """The foreign model that a tuning script starts from."""
        value = load.value
        if load.kind is not Loaded.MODEL or _DRAFT.search(value) or "{}" in value:
            return
        if self.subject.whose(value) is not Whose.OTHER or _TEACHER.search(load.via):
            return  # of the same house: a demo of another model, as far as can be told here
        evidence = (file.cite_lines(line),)
        yield Linked(
            evidence=evidence,
            component="base_model_parameters",
            url=load.url,
            aspect="default",
            detail=f"{file.path} tunes this model by default",
        )
        relation = Relation.ADAPTER if adapts else Relation.FINETUNE
        yield Derived(
            evidence=evidence,
            base=value,
            relation=relation,
            detail=f"{file.path} starts from {value}",
        )


_DATA_OF: Final = {
    Use.PRETRAIN: ("datasets", Extent.WHOLE),
    Use.PREPARE: ("datasets", Extent.WHOLE),
    Use.PACK: ("datasets", Extent.PART),
    Use.SUBSET: ("datasets", Extent.PART),
    Use.FINETUNE: ("fine_tuning_data", Extent.WHOLE),
    Use.EVALUATE: ("evaluation_data", Extent.WHOLE),
}
_PURPOSE: Final = {
    "datasets": "train on it",
    "fine_tuning_data": "fine-tune on it",
    "evaluation_data": "evaluate on it",
}
_PAGE = re.compile(
    r"(?:github\.com/[^/]+/[^/]+/?(?:\.git)?|\.py|\.html?|\.md|/api/.{0,200}|[?&](?:key|q|token)=.{0,200})$"
)
_SHAPE = re.compile(r"/(?:hparams|params|config|model_args)\.(?:json|ya?ml)$")
_TEACHER = re.compile(
    r"SequenceClassification|Encoder|CLIP|Vision|snapshot_download|SentenceTransformer|VAE|Autoencoder",
    re.I,
)


def _is_weights(url: str) -> bool:
    """Whether a URL leads to weights: a file of that kind, or a folder of models."""
    if url.startswith("magnet:"):
        return True
    tail = url.rpartition("/")[2]
    return bool(
        _WEIGHTS_END.search(url)
        or WEIGHTS_NAME.search(tail)
        or re.search(r"/(?:models?|checkpoints?|weights)/", url)
    )


def _prefix(url: str) -> str:
    """The part of a URL that is known: up to the first ``{}``, whole folders only."""
    head, unknown, _ = url.partition("{}")
    return head.rpartition("/")[0] + "/" if unknown else url
