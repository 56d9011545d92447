"""Reads launch commands for evaluation harnesses: which harness, on which tasks.

A command such as ``lm_eval --tasks hellaswag`` names the code behind the numbers and the data that
they were measured on. Read from shell scripts, Makefiles, Dockerfiles, notebooks and Python that
calls a harness; commands inside documents are read where documents are read. It does not know
harnesses beyond its table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openassay.files import File
from openassay.formats.code_model import is_speed, is_study
from openassay.formats.code_source import mentions, read_code
from openassay.formats.shell import Command, read_dockerfile, read_makefile, read_shell
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Linked

NAME = "launch"
COMPONENTS = ("evaluation_code", "evaluation_data")

MAX_SCRIPT: Final = 1 << 20
MAX_FACTS: Final = 6  # per file
_SCRIPTS: Final = (".sh", ".bash", ".slurm", ".sbatch", ".mk", ".zsh")


@dataclass(frozen=True, slots=True)
class Harness:
    """A third-party evaluation harness, as its own documentation says to call it."""

    name: str
    url: str
    command: re.Pattern[str]  # matched on the words of a command, joined by single spaces
    options: tuple[str, ...]  # those that name tasks


def _harness(name: str, repository: str, command: str, *options: str) -> Harness:
    return Harness(name, f"https://github.com/{repository}", re.compile(command), options)


# Spellings from the README of each project (read in 2025).
HARNESSES: Final = (
    _harness(
        "LM Evaluation Harness",
        "EleutherAI/lm-evaluation-harness",
        r"(?:^|[ /])lm[_-]eval(?: |$)|-m lm_eval\b|lm-evaluation-harness/main\.py"
        r"|main\.py (?=.{0,400}--model (?:hf|gpt|vllm|local))(?=.{0,400}--tasks )",
        "--tasks",
        "-t",
    ),
    _harness(
        "BigCode Evaluation Harness",
        "bigcode-project/bigcode-evaluation-harness",
        r"(?:bigcode-evaluation-harness/|accelerate launch .{0,200})main\.py (?=.{0,600}--tasks )",
        "--tasks",
    ),
    _harness(
        "LightEval",
        "huggingface/lighteval",
        r"(?:^|[ /])lighteval |-m lighteval\b|run_evals_\w+\.py",
        "--tasks",
    ),
    _harness(
        "OpenCompass",
        "open-compass/opencompass",
        r"(?:^|[ /])opencompass |run\.py (?=.{0,400}--datasets )",
        "--datasets",
    ),
    _harness(
        "EvalPlus", "evalplus/evalplus", r"evalplus\.(?:evaluate|codegen|sanitize)", "--dataset"
    ),
    _harness(
        "VLMEvalKit",
        "open-compass/VLMEvalKit",
        r"(?:^|[ /])vlmutil |run\.py (?=.{0,400}--data )(?=.{0,400}--model )",
        "--data",
    ),
    _harness(
        "lmms-eval",
        "EvolvingLMMs-Lab/lmms-eval",
        r"-m lmms_eval\b|(?:^|[ /])lmms[_-]eval ",
        "--tasks",
    ),
    _harness(
        "HELM",
        "stanford-crfm/helm",
        r"(?:^|[ /])helm-run ",
        "--run-entries",
        "--conf-paths",
        "--suite",
    ),
    _harness("EvalScope", "modelscope/evalscope", r"(?:^|[ /])evalscope eval", "--datasets"),
    _harness("LLM Foundry", "mosaicml/llm-foundry", r"(?:^|[ /])composer .{0,100}eval/eval\.py"),
)
_MARKS: Final = (
    "simple_evaluate",
    "lm_eval",
    "lighteval",
    "opencompass",
    "evalplus",
    "lmms_eval",
    "evalscope",
)


def survey(release: Release) -> Iterator[Linked]:
    """One fact for the harness and one for its tasks, for each command that calls it."""
    for file in sorted(release.files, key=lambda file: (file.path.count("/"), file.path)):
        if not file.is_readable or file.size > MAX_SCRIPT:
            continue
        commands = _commands(file)
        if commands is not None:
            found = _of_commands(file, commands)
        elif file.suffix in (".py", ".ipynb") and mentions(file, _MARKS):
            found = _of_code(file, release)
        else:
            continue
        if release.place(file) is Place.OWN and not is_study(file.path) and not is_speed(file.path):
            yield from found


def _commands(file: File) -> tuple[Command, ...] | None:
    name = file.name.lower()
    script = file.suffix in _SCRIPTS
    if not (script or name in ("makefile", "gnumakefile") or name.startswith("dockerfile")):
        return None
    text = file.text()
    if text is None:
        return ()
    if script:
        return read_shell(text.text)
    return read_makefile(text.text) if "makefile" in name else read_dockerfile(text.text)


def _of_commands(file: File, commands: tuple[Command, ...]) -> Iterator[Linked]:
    shown = 0
    for command in commands:
        line = " ".join(command.words)[:2000]
        harness = next((item for item in HARNESSES if item.command.search(line)), None)
        if harness is None or command.program in ("pip", "pip3", "echo", "cd", "mkdir", "rm"):
            continue
        shown += 1
        if shown > MAX_FACTS:
            return
        tasks = command.option(*harness.options) if harness.options else ""
        yield from _facts(file, command.start, command.end, harness, tasks)


def _facts(file: File, start: int, end: int, harness: Harness, tasks: str) -> Iterator[Linked]:
    end = min(end, len(file.lines))
    evidence = (file.cite_lines(start, max(start, end)),)
    yield Linked(
        evidence=evidence,
        component="evaluation_code",
        url=harness.url,
        aspect="harness",
        detail=f"{file.path} evaluates with {harness.name}",
    )
    if tasks and not tasks.startswith("$"):
        yield Linked(
            evidence=evidence,
            component="evaluation_data",
            url=harness.url,
            aspect="harness_tasks",
            detail=f"{file.path} names the tasks {tasks[:200]}",
        )


def _of_code(file: File, release: Release) -> Iterator[Linked]:
    """Python that calls the harness as a library."""
    code = release.parsed(file, read_code)
    harness = HARNESSES[0]
    for call in code.facts.calls:
        if call.last == "simple_evaluate" and code.facts.imported("lm_eval"):
            tasks = ", ".join(lit.value for lit in call.keyword("tasks"))
            line = code.place(call.line)
            yield from _facts(file, line, line, harness, tasks)
            return
