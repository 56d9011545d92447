"""Code and commands inside documents: how a reader is told to load, run and measure the model.

A snippet that loads the release's own model and generates is inference code in part. The class it
names, or ``trust_remote_code``, says where the architecture lives; a ``revision`` of a step says
that checkpoints along the run are published; a harness command says what evaluates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay.files import File
from openassay.formats import prose
from openassay.formats.locators import hub_id
from openassay.formats.markdown import CodeBlock, Document
from openassay.passages import wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Evidence, Extent, Fact, Found, Gap, Linked

NAME = "snippets"
COMPONENTS = (
    "inference_code",
    "model_architecture",
    "model_parameters_final",
    "model_parameters_intermediate",
    "evaluation_code",
    "evaluation_data",
    "datasets",
    "supporting_libraries",
)

_ID = re.compile(r"[\"'`=\s]([A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?=[\"'`\s,)\\]|$)")
_RUNS = re.compile(
    r"\.generate\(|\.chat\(|pipeline\(|\bvllm serve\b|\bvllm\b|sglang|llama[-_.]?c(?:pp|li)"
    r"|ollama run|\.complet(?:e|ions)|text-generation|lmdeploy|\bpredict\(|\.encode\("
    r"|\.transcribe\(|trtllm|mlx_lm|ktransformers|infer(?:ence)?\b|\bsample\.py|generate\.py"
    r"|demo\.py|chat\.py|/v1/|\b(?:no_grad|inference_mode)\(\)",
    re.I,
)
_CLASS = re.compile(
    r"\b(?!Auto)([A-Z]\w{1,40}(?:ForCausalLM|ForConditionalGeneration|LMHeadModel|Pipeline"
    r"|ForMaskedLM|VisionModel|Model))\b(?:\.from_pretrained|\s*\(|,|$|\s)",
    re.M,
)
_AUTO = re.compile(r"\bAuto(?:Model\w*)\.from_pretrained|\bpipeline\(|SentenceTransformer\(")
_REMOTE = re.compile(r"trust_remote_code\s*=\s*True|--trust-remote-code")
_STEP = re.compile(
    r"revision\s*=\s*[\"'][^\"']{0,30}(?:step|iter|ckpt|checkpoint)[-_]?\d+"
    r"|revision\s*=\s*[\"'][^\"']{0,40}tokens",
    re.I,
)
_HARNESS = re.compile(
    r"\blm[_-]eval\b|lm-evaluation-harness|\blighteval\b|\bopencompass\b"
    r"|bigcode-evaluation-harness|\bolmes\b|\bevalplus\b|\bhelm-run\b|\bvlmeval",
    re.I,
)
_TASKS = re.compile(
    r"--tasks?[\s=]+[\"']?([\w,|:*-]{2,300})|--datasets?[\s=]+([\w ,-]{2,200})", re.I
)
_COPY = re.compile(
    r"(?:^|[-_. ])(?:gguf|ggml|gptq|awq|mlx|onnx|int4|int8|exl2|lora|adapter|openvino)(?:[-_. ]|$)",
    re.I,
)
_INSTALL = re.compile(
    r"\b(?:pip3?|conda|mamba) install (?:-[\w-]+ )*(?:[a-z][\w\[\].<>=~-]{1,40}\s+){2,}[a-z]", re.I
)
_DATA_CALL = re.compile(
    r"load_dataset\(|repo_type\s*=\s*[\"']dataset|--repo-type\s+dataset"
    r"|huggingface\.co/datasets/"
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    document = release.document(file)
    for block in document.code[:400]:
        trail = document.section_at(block.start).trail
        if release.subject.is_foreign(block.text[:4000], trail):
            continue
        names = _names(block)
        own = [(line, n) for line, n in names if release.subject.whose(n) is Whose.OWN]
        mine = [(line, n) for line, n in own if release.subject.owns(n.split("/", 1)[0])] or own
        yield from _inference(file, block, trail, mine)
        yield from _architecture(file, block, mine)
        yield from _downloads(file, block, mine, release)
        yield from _data(file, block, trail, release)
        yield from _evaluation(file, document, block, trail)
        yield from _dependencies(file, block)


def _names(block: CodeBlock) -> list[tuple[int, str]]:
    """(line, owner/name) of every hub-like id in a block."""
    return [
        (number, hit.group(1))
        for number, line in enumerate(block.lines[:400], block.start + 1)
        for hit in _ID.finditer(" " + line[:2000])
        if hub_id(hit.group(1))
    ]


def _line_of(block: CodeBlock, pattern: re.Pattern[str]) -> int:
    for index, line in enumerate(block.lines):
        if pattern.search(line):
            return block.start + 1 + index
    return block.start + 1


def _cite(file: File, line: int) -> tuple[Evidence, ...]:
    return (file.cite_lines(min(line, len(file.lines))),)


def _inference(
    file: File, block: CodeBlock, trail: str, own: list[tuple[int, str]]
) -> Iterator[Fact]:
    trains = prose.FINETUNING.search(trail) or re.search(
        r"\btrain(?:ing)?\b|训练|\beval", trail, re.I
    )
    if not _RUNS.search(block.text) or trains or _DATA_CALL.search(block.text):
        return
    if own or re.search(
        r"\bmodel\b|usage|quick ?start|inference|generat|deploy|推理|使用|部署", f"{trail}", re.I
    ):
        line = _line_of(block, _RUNS)
        yield Found(
            evidence=_cite(file, line),
            component="inference_code",
            extent=Extent.PART,
            aspect="snippet",
            detail="A snippet in a document runs the model.",
        )


def _architecture(file: File, block: CodeBlock, own: list[tuple[int, str]]) -> Iterator[Fact]:
    if not own:
        return
    line, name = own[0]
    if _REMOTE.search(block.text):
        at = _line_of(block, _REMOTE)
        yield Linked(
            evidence=_cite(file, at),
            component="model_architecture",
            url=f"https://huggingface.co/{name}",
            aspect="remote_code",
            detail="The snippet runs the code that is published beside the weights.",
        )
    elif found := _CLASS.search(block.text):
        at = block.start + 1 + block.text.count("\n", 0, found.start())
        yield Linked(
            evidence=_cite(file, at),
            component="model_architecture",
            url="https://pypi.org/project/transformers/"
            if "transformers" in block.text
            else f"https://huggingface.co/{name}",
            aspect="library_class",
            detail=f"The snippet uses the library class {found.group(1)}.",
        )
    elif _AUTO.search(block.text):
        at = _line_of(block, _AUTO)
        yield Linked(
            evidence=_cite(file, at),
            component="model_architecture",
            url="https://pypi.org/project/transformers/",
            aspect="auto_class",
            detail="The snippet loads the model through a library's automatic class.",
        )
    del line


def _downloads(
    file: File, block: CodeBlock, own: list[tuple[int, str]], release: Release
) -> Iterator[Fact]:
    loads = re.search(
        r"from_pretrained|download|vllm|--model|model_name|model_id|checkpoint|repo_id|ollama"
        r"|snapshot|pipeline|git (?:lfs )?clone|SentenceTransformer",
        block.text,
    )
    for line, name in own[:3]:
        if _COPY.search(name):
            continue
        if (
            loads
            and not _DATA_CALL.search(block.text)
            and release.subject.owns(name.split("/", 1)[0])
        ):
            yield Linked(
                evidence=_cite(file, line),
                component="model_parameters_final",
                url=f"https://huggingface.co/{name}",
                aspect="snippet",
                detail="A snippet loads the weights by their hub id.",
            )
    if own and (found := _STEP.search(block.text)):
        at = block.start + 1 + block.text.count("\n", 0, found.start())
        yield Linked(
            evidence=_cite(file, at),
            component="model_parameters_intermediate",
            url=f"https://huggingface.co/{own[0][1]}",
            aspect="revision",
            detail="A snippet loads a checkpoint of an earlier training step by its revision.",
        )


def _data(file: File, block: CodeBlock, trail: str, release: Release) -> Iterator[Fact]:
    if not _DATA_CALL.search(block.text):
        return
    for line, name in _names(block):
        if not release.subject.owns(name.split("/", 1)[0]):
            continue
        if prose.EVALUATION.search(f"{trail} {name}"):
            component = "evaluation_data"
        elif prose.FINETUNING.search(trail):
            component = "fine_tuning_data"
        else:
            component = "datasets"
        extent = Extent.PART if prose.SAMPLE.search(trail) else Extent.WHOLE
        yield Linked(
            evidence=_cite(file, line),
            component=component,
            url=f"https://huggingface.co/datasets/{name}",
            extent=extent,
            aspect=name,
            detail="A command fetches the publisher's own data set.",
        )


def _evaluation(file: File, document: Document, block: CodeBlock, trail: str) -> Iterator[Fact]:
    found = _HARNESS.search(block.text)
    before = " ".join(document.lines[max(0, block.start - 6) : block.start])
    if not found and not (prose.EVALUATION.search(trail) or _HARNESS.search(before)):
        return
    tasks = _TASKS.search(block.text)
    if found:
        at = block.start + 1 + block.text.count("\n", 0, found.start())
        yield Linked(
            evidence=_cite(file, at),
            component="evaluation_code",
            url=found.group(0),
            aspect="harness",
            detail="A command runs a named evaluation harness.",
        )
    if tasks:
        at = block.start + 1 + block.text.count("\n", 0, tasks.start())
        yield Linked(
            evidence=_cite(file, at),
            component="evaluation_data",
            url=(tasks.group(1) or tasks.group(2)).strip(),
            aspect="harness_tasks",
            detail="The command names the harness tasks that were run.",
        )


def _dependencies(file: File, block: CodeBlock) -> Iterator[Fact]:
    """A command that installs several packages is a dependency list."""
    for index, line in enumerate(block.lines[:100]):
        if _INSTALL.search(line):
            yield Found(
                evidence=_cite(file, block.start + 1 + index),
                component="supporting_libraries",
                extent=Extent.PART,
                aspect="dependency_list",
                detail="A command lists the packages that the code depends on.",
            )
            return
