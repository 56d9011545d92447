"""Reads Python files and notebooks for their role: networks, training, inference, evaluation, data.

Claims components only for the release's own files, each by the line that decides. It surveys the
whole listing because a role depends on the rest: what a script trains is told by the networks that
the release defines. Files are chosen by cheap words first, and a component with enough evidence is
not looked for further. It cannot see code in other languages (kernels in CUDA apart), and what a
configuration file chooses at run time. Of other languages it sees only programs that are named for
cleaning a corpus, and those as a part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from openassay.excepted import taken_out
from openassay.files import File
from openassay.formats.code_locators import Loaded, code_loads
from openassay.formats.code_model import (
    EVALUATION_WORDS,
    Around,
    Role,
    closed,
    folder_words,
    is_speed,
    is_study,
    listed,
    stem,
)
from openassay.formats.code_networks import network
from openassay.formats.code_roles import (
    BENCHMARKS,
    LOADS_MODEL,
    all_roles,
    api_server,
    benchmark_files,
)
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
from openassay.formats.code_tooling import preparation, supporting
from openassay.formats.path_words import words
from openassay.formats.pycode import MAX_SOURCE, CodeFacts
from openassay.release import Release
from openassay.subject import Place, Subject, Whose, parse_name
from openassay.types import Extent, Found, Gap, Linked

NAME = "code"
COMPONENTS = (
    "model_architecture",
    "training_code",
    "inference_code",
    "evaluation_code",
    "evaluation_data",
    "data_preprocessing_code",
    "supporting_libraries",
)

ENOUGH: Final = 8  # whole facts for one component; more evidence changes nothing
MAX_PARSED: Final = 250  # files; under a second
MAX_CANDIDATES: Final = 20_000

# Words without which a file cannot have the role; looked for before anything is parsed.
_INFERENCE: Final = listed(
    """generate chat( completion( predict sample pipeline( transcribe no_grad inference_mode
    synthesi infer argmax multinomial forecast("""
)
_PREPARATION: Final = listed(
    """memmap tofile save_to_disk to_parquet push_to_hub to_csv to_json IndexedDataset datatrove
    fasttext kenlm datasketch dedup minhash clean filter shard sha256 warc distilabel trafilatura
    langdetect langid TFRecordWriter PackedDataset MDSWriter jsonl TarWriter ShardWriter caption"""
)
_SUPPORTING: Final = (
    "Tokenizer", "BPE", "class Encoder", "triton", "Sampler", "DataLoader)", "IndexedDataset",
    "quantize", "autograd.Function", "webdataset", "class Alphabet", "class Vocab", "Partitioner",
)  # fmt: skip
_OWN_LOADS: Final = closed(
    "load_state_dict load_checkpoint load_model restore build_model load_file"
)


def survey(release: Release) -> Iterator[Found | Linked | Gap]:
    """All roles of all own files, the most telling first."""
    files, gaps = _candidates(release)
    yield from gaps
    reader = _Reader(release)
    around = yield from _networks(files, reader)
    own = (file.path for file in release.files if release.place(file) is Place.OWN)
    around = replace(_trainings(files, reader, around), benchmarks=benchmark_files(own))
    yield from _others(files, reader, around)
    if not around.defines:
        yield from islice(_library_classes(files, reader), 3)
    yield from _environment(release)
    yield from islice(_cleaning_programs(release), 3)
    if reader.refused:
        first = next(iter(reader.refused.values()))
        left = f"{len(reader.refused)} further code files were not parsed after {MAX_PARSED}"
        yield _gap(first, "too_many_files", left)


class _Reader:
    """Parses files within the budget and remembers which were refused."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.seen: dict[tuple[str, str], CodeText] = {}
        self.refused: dict[tuple[str, str], File] = {}
        self.counts: Counter[str] = Counter()

    def code(self, file: File) -> CodeText | None:
        key = (file.source, file.path)
        if key not in self.seen:
            if len(self.seen) >= MAX_PARSED:
                self.refused[key] = file
                return None
            self.seen[key] = self.release.parsed(file, read_code)
        return self.seen[key]

    def enough(self, component: str) -> bool:
        return self.counts[component] >= ENOUGH

    def found(self, file: File, code: CodeText, role: Role) -> Found:
        self.counts[role.component] += role.whole
        return Found(
            evidence=(file.cite_lines(code.place(role.line)),),
            component=role.component,
            extent=Extent.WHOLE if role.whole else Extent.PART,
            aspect=role.aspect,
            detail=f"{file.path} {role.why}",
        )


def _candidates(release: Release) -> tuple[list[File], list[Gap]]:
    """Own code files, those near the root first, and gaps for those that cannot be read."""
    files: list[File] = []
    gaps: list[Gap] = []
    for file in release.files:
        if file.suffix not in (".py", ".ipynb") or not file.is_regular:
            continue
        if release.place(file) is not Place.OWN:
            continue
        if file.suffix == ".py" and file.size > MAX_SOURCE:
            gaps.append(_gap(file, "too_large", f"{file.size} bytes of Python are not parsed"))
        elif file.is_readable:
            files.append(file)
        elif file.lfs is not None:
            gaps.append(_gap(file, "lfs_pointer", "the code is in LFS storage"))
        elif file.problem is not None:
            gaps.append(_gap(file, file.problem, "the bytes of this code file are not at hand"))
    others = taken_out(release)  # under terms of their own: not to be crowded out by the rest
    files.sort(key=lambda f: (not _is_among(f, others), telling_first(f.path), f.source))
    if left := files[MAX_CANDIDATES:]:
        detail = f"{len(left)} further code files were not looked at after {MAX_CANDIDATES}"
        gaps.append(_gap(left[0], "too_many_files", detail))
    return files[:MAX_CANDIDATES], gaps


def _is_among(file: File, named: tuple[tuple[str, str], ...]) -> bool:
    return any(
        file.source == source
        and (file.path == path or (path.endswith("/") and file.path.startswith(path)))
        for source, path in named
    )


def _gap(file: File, reason: str, detail: str) -> Gap:
    return Gap(
        source=file.source,
        path=file.path,
        by=NAME,
        reason=reason,
        detail=detail,
        components=COMPONENTS,
    )


def _networks(files: list[File], reader: _Reader) -> Generator[Found, None, Around]:
    found: list[tuple[str, CodeFacts]] = []
    for file in files:
        if reader.enough("model_architecture"):
            break
        if not mentions(file, NETWORK_MARKS) or (code := reader.code(file)) is None:
            continue
        if role := network(file.path, code.facts):
            found.append((file.path, code.facts))
            yield reader.found(file, code, role)
    return with_networks(found, (file.path for file in reader.release.files))


def _trainings(files: list[File], reader: _Reader, around: Around) -> Around:
    chosen = (file for file in files if mentions(file, TRAINING_MARKS))
    parsed = ((file.path, reader.code(file)) for file in chosen)
    return with_trainings(((path, code.facts) for path, code in parsed if code), around)


def _others(files: list[File], reader: _Reader, around: Around) -> Iterator[Found | Linked]:
    for file in files:
        if not _worth(file, reader) or (code := reader.code(file)) is None:
            continue
        for found in _roles(file, code, around):
            role = _settled(code, found, reader.release)
            spent = role.whole and reader.enough(role.component)
            if not spent and _is_ours(code, role, reader.release.subject):
                yield reader.found(file, code, role)
                if role.aspect == "harness_driver":
                    yield from _harness_tasks(file, code)
        if line := api_server(code.facts):
            yield Found(
                evidence=(file.cite_lines(code.place(line)),),
                component="api",
                extent=Extent.PART,
                aspect="server",
                detail=f"{file.path} serves the model over HTTP",
            )


def _harness_tasks(file: File, code: CodeText) -> Iterator[Linked]:
    """The public sets that a program has a harness fetch, by the first of their task ids."""
    for lit in code.facts.strings:
        if len(lit.value) <= 120 and BENCHMARKS.search(lit.value.lower()):
            yield Linked(
                evidence=(file.cite_lines(code.place(lit.line)),),
                component="evaluation_data",
                url=f"harness-task:{lit.value}",
                aspect="harness_tasks",
                detail=f"{file.path} names benchmark tasks that a harness fetches",
            )
            return


_NO_MODEL = re.compile(
    r"(?:Config|Configuration|Tokenizer\w{0,10}|Processor|Args|Arguments|Dataset|Trainer|Error"
    r"|Client|Pipeline|Loader|Output|Server|Engine)$"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _library_classes(files: list[File], reader: _Reader) -> Iterator[Linked]:
    """The model's own class where it is built but comes from a library that is not in the tree."""
    subject = reader.release.subject
    roots = {part for file in reader.release.files for part in file.path.split("/")[:-1]}
    roots |= {stem(file.path) for file in files}
    seen = [(file, reader.seen.get((file.source, file.path))) for file in files]
    for file, code in seen:
        if code is None or is_study(file.path) or is_speed(file.path):
            continue
        for call in code.facts.calls:
            root = call.name.partition(".")[0]
            known = call.last[:1].isupper() and not _NO_MODEL.search(call.last)
            if not known or call.name not in code.facts.imports or root in roots or not root:
                continue
            if Whose.OWN in subject.mentioned(_CAMEL.sub(" ", call.last)):
                yield Linked(
                    evidence=(file.cite_lines(code.place(call.line)),),
                    component="model_architecture",
                    url=f"python:{call.name}",
                    aspect="library_class",
                    detail=f"the layers are those of {call.last}, a class of the library {root}",
                )
                break


def _worth(file: File, reader: _Reader) -> bool:
    """Whether the file may tell something of a component that still lacks evidence."""
    path = file.path
    return (
        (not reader.enough("training_code") and mentions(file, TRAINING_MARKS))
        or (not reader.enough("inference_code") and mentions(file, _INFERENCE))
        or (
            not reader.enough("evaluation_code")
            and bool(words(path) & EVALUATION_WORDS or BENCHMARKS.search(stem(path)))
        )
        or (not reader.enough("data_preprocessing_code") and mentions(file, _PREPARATION))
        or (not reader.enough("supporting_libraries") and mentions(file, _SUPPORTING))
        or is_speed(path)
    )


def _roles(file: File, code: CodeText, around: Around) -> list[Role]:
    """A file has one main role: a trainer does not count as inference, nor does a data script."""
    found = list(all_roles(file.path, code.facts, around))
    settled = {"training_code", "evaluation_code"}
    prepared = preparation(file.path, code.facts, around)
    if prepared and not any(role.component in settled for role in found):
        found = [prepared]
    if support := supporting(file.path, code.facts):
        found.append(support)
    return found


def _settled(code: CodeText, role: Role, release: Release) -> Role:
    """What a role comes to in this release.

    A script beside tuning code that names the release's own model runs that one. Distillation is
    the whole training of a model that is called distilled, else a way of tuning.
    """
    subject = release.subject
    if role.aspect == "distill":
        whole = _is_distilled(release)
        return replace(role, whole=whole, aspect="distill" if whole else "finetune")
    if role.aspect != "tuned":
        return role
    named = (lit.value for lit in code.facts.strings if 3 < len(lit.value) < 80)
    names = (value for value in named if " " not in value and ("-" in value or "/" in value))
    if any(subject.whose(value) is Whose.OWN for value in names):
        return replace(role, whole=True, aspect="generate", why="runs the released model")
    return role


_DISTILLED = re.compile(
    r"\b(?:is|are|was|were) (?:an? |the )?distilled\b"
    r"|\bdistilled (?:version|variant|model)s? of\b|蒸馏得到",
    re.I,
)
_DISTILLED_NAME = re.compile(r"(?:^|[^a-z])distil", re.I)


def _is_distilled(release: Release) -> bool:
    """Whether the release's name or its first documents call the model distilled."""
    if any(_DISTILLED_NAME.search(name) for name in release.subject.names):
        return True
    fronts = [file for file in release.own_documents() if release.is_front(file)]
    return any(_DISTILLED.search(line[:2000]) for file in fronts[:2] for line in file.lines[:200])


def _is_ours(code: CodeText, role: Role, subject: Subject) -> bool:
    """Whether a script works on this release's model, as far as the ids in it tell."""
    runs = role.component in ("inference_code", "training_code", "evaluation_code")
    if not runs or not subject.names:
        return True
    ids = [load.value for load in code_loads(code.facts) if load.kind is Loaded.MODEL]
    whose = {subject.whose(value) for value in ids}
    if not whose or Whose.OWN in whose:
        return True
    if any(_other_generation(value, subject) for value in ids):
        return False
    if role.component != "inference_code":
        return True
    # Somebody else's encoder beside own weights is common; alone it is somebody else's demo.
    loads = any(
        call.last in _OWN_LOADS or LOADS_MODEL.match(call.last) for call in code.facts.calls
    )
    return Whose.SIBLING not in whose and loads


def _other_generation(name: str, subject: Subject) -> bool:
    """An older or newer model of the own family; a base model of the same house is none."""
    parsed = parse_name(name)
    return (
        parsed is not None
        and parsed.family in subject.families
        and subject.whose(name) is Whose.SIBLING
    )


_OTHER_LANGUAGES: Final = closed(".scala .java .rs .go .cpp .cc .kt .jl .pl")
_PREPARES: Final = closed(
    "data dataset datasets preprocess preprocessing corpus processing cleaning"
)
_CLEANING: Final = closed("clean cleaner cleaning dedup deduplicate deduplication filter minhash")


def _cleaning_programs(release: Release) -> Iterator[Found]:
    """Programs in other languages that are named for cleaning data: read by name, so a part."""
    for file in release.files:
        if file.suffix not in _OTHER_LANGUAGES or not file.is_readable or not file.lines:
            continue
        named = folder_words(file.path) & _PREPARES and words(_spelled_stem(file)) & _CLEANING
        if named and release.place(file) is Place.OWN:
            line = next((n for n, text in enumerate(file.lines, 1) if _OPENS.match(text)), 1)
            yield Found(
                evidence=(file.cite_lines(line),),
                component="data_preprocessing_code",
                extent=Extent.PART,
                aspect="other_language",
                detail=f"{file.path} is named for cleaning data; its language is not parsed",
            )


_OPENS = re.compile(
    r"^(?:pub |public |private |final |case |abstract |static ){0,4}"
    r"(?:object|class|fn|func|fun|int|void|def|function|sub|trait)\b"
)


def _spelled_stem(file: File) -> str:
    """The file's name without its suffix; case tells where words of a class name begin."""
    return file.name.rpartition(".")[0]


def _environment(release: Release) -> Iterator[Found]:
    """Container recipes and own CUDA kernels, which are no Python."""
    kernels = 0
    for file in release.files:
        name = file.name.lower()
        recipe = name.startswith("dockerfile") or name.endswith((".dockerfile", "containerfile"))
        if not (recipe or file.suffix in (".cu", ".cuh")) or not file.is_readable:
            continue
        if release.place(file) is not Place.OWN:
            continue
        if recipe:
            yield Found(
                evidence=(file.cite_lines(1) if file.lines else file.cite_whole(),),
                component="supporting_libraries",
                extent=Extent.PART,
                aspect="environment",
                detail=f"{file.path} builds the environment",
            )
        elif kernels < 3:
            line = next((n for n, text in enumerate(file.lines, 1) if "__global__" in text), 0)
            if line:
                kernels += 1
                yield Found(
                    evidence=(file.cite_lines(line),),
                    component="supporting_libraries",
                    aspect="kernels",
                    detail=f"{file.path} defines accelerator kernels",
                )
