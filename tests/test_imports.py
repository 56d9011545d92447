"""Who may import whom, and who may touch the world: the syntax tree of every module is walked.

Frameworks never see a file, inspectors never see a framework, reports never decide, licences never
know models; nothing that was audited can be executed.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

import openassay

SAFE_LOADERS = (yaml.SafeLoader, yaml.CSafeLoader)
ROOT = Path(openassay.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

#: What each room may import of ours, its own package and the package's version aside.
MAY_IMPORT: dict[str, set[str]] = {
    "types": set(),
    "kinship": {"types"},
    "errors": set(),
    "canonical": set(),
    "columns": set(),
    "words": {"errors"},
    "arrays": {"errors"},
    "licenses": set(),
    "formats": set(),
    "subject": set(),
    "vocabulary": {"types"},
    "files": {"types", "errors"},
    "release": {"types", "errors", "files", "subject", "formats"},
    "about": {"types", "errors", "files", "subject", "formats", "release"},
    "passages": {"types", "errors", "files", "subject", "formats", "release", "about"},
    "excepted": {"types", "files", "formats", "release", "licenses"},
    "sources": {"types", "errors", "canonical", "files", "formats", "release"},
    "weights": {
        "types", "errors", "canonical", "arrays", "files", "subject", "formats", "release",
        "reports",
    },
    "inspectors": {
        "types", "errors", "files", "subject", "formats", "release", "about", "passages",
        "licenses", "excepted", "vocabulary", "weights",
    },
    "governance": {"types", "licenses", "vocabulary"},
    "truth": {"types", "kinship", "licenses", "vocabulary"},
    "assemble": {"types", "licenses", "vocabulary", "governance", "truth"},
    "read": {
        "types", "errors", "files", "subject", "formats", "release", "about", "sources",
        "inspectors", "assemble", "dossier",
    },
    "links": {"types", "release", "formats", "subject"},
    "drawn": {"types", "errors", "files", "formats", "licenses", "links", "release"},
    "follow": {"types", "errors", "read", "drawn", "links", "release", "sources"},
    "dossier": {"types", "kinship", "errors", "canonical"},
    "frameworks": {"types", "errors", "licenses", "vocabulary", "words", "columns"},
    "judge": {"types", "errors", "licenses", "frameworks", "vocabulary"},
    "checked": {"types"},
    "records": {
        "types", "errors", "licenses", "frameworks", "judge", "vocabulary", "checked",
    },
    "against": {
        "types", "errors", "files", "formats", "licenses", "subject", "vocabulary", "records",
        "checked",
    },
    "gate": {"types", "errors", "licenses", "frameworks", "vocabulary"},
    "config": {"types", "errors", "files", "licenses", "frameworks", "gate", "vocabulary"},
    "overrides": {"types", "licenses", "truth", "vocabulary"},
    "states": {"types", "errors"},
    "changes": {"types", "frameworks", "gate", "states", "vocabulary"},
    "drafts": {"types", "vocabulary"},
    "compare": {"types", "errors", "frameworks", "states", "changes", "reports", "vocabulary"},
    "reports": {
        "types", "kinship", "errors", "canonical", "vocabulary", "checked", "words", "columns",
    },
    "license_answer": {"types", "errors", "files", "formats", "licenses", "reports"},
    "verify": {"types", "errors", "files", "release", "sources"},
    "lineage": {
        "types", "kinship", "errors", "canonical", "arrays", "files", "formats", "release",
        "reports", "weights", "words", "columns",
    },
    "cli": {"*"},
    "__main__": {"cli"},
    "__init__": set(),
}  # fmt: skip

#: Modules that can run, import or rebuild what they are given, or open a connection.
RISKY = {
    "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "runpy",
    "code", "codeop", "ctypes", "multiprocessing", "subprocess", "socket", "http", "urllib",
    "ftplib", "asyncio", "requests", "httpx2", "huggingface_hub", "torch", "numpy", "pty",
}  # fmt: skip
#: Sources run git and pip, and ask an index; nobody else reaches out.
OF_SOURCES = {"subprocess", "http", "urllib", "socket", "httpx2", "huggingface_hub"}


@dataclass(frozen=True)
class Seen:
    """One thing a module does: where, and what."""

    line: int
    what: str


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[Seen]:
    """Dotted names that a module imports, relative ones made absolute."""
    package = ["openassay", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Seen(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            head = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Seen(node.lineno, f"{head}.{alias.name}")


def ours(path: Path) -> Iterator[tuple[int, str]]:
    """(line, room) of every import of our own; names of the package itself do not count."""
    for seen in imports_of(path):
        parts = seen.what.split(".")
        rooms = parts[1:2] if parts[0] == "openassay" else []
        for room in rooms:
            if (ROOT / room).is_dir() or (ROOT / f"{room}.py").is_file():
                yield seen.line, room


def names_of(path: Path) -> Iterator[Seen]:
    """Dotted names of everything a module reads or calls."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Name | ast.Attribute):
            yield Seen(node.lineno, ast.unparse(node))


def calls_of(path: Path) -> Iterator[Seen]:
    """Dotted names of everything a module calls."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield Seen(node.lineno, ast.unparse(node.func))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    assert room in MAY_IMPORT, f"{room}: say in MAY_IMPORT what this room may import"
    allowed = MAY_IMPORT[room]
    wrong = [
        f"{name_of(path)}:{line} imports {other}"
        for line, other in ours(path)
        if other != room and "*" not in allowed and other not in allowed
    ]
    assert not wrong


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room_of(p) == "inspectors" and p.name != "__init__.py"],
    ids=name_of,
)  # fmt: skip
def test_inspectors_never_import_each_other(path: Path) -> None:
    siblings = {p.stem for p in MODULES if room_of(p) == "inspectors"} - {"__init__"}
    wrong = [
        f"{name_of(path)}:{seen.line} imports {seen.what}"
        for seen in imports_of(path)
        if seen.what.startswith("openassay.inspectors.")
        and not seen.what.split(".")[2].startswith("_")
        and seen.what.split(".")[2] in siblings
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_can_run_what_was_audited(path: Path) -> None:
    name = name_of(path)
    allowed = OF_SOURCES if room_of(path) == "sources" else set()
    if name == "arrays.py":  # what reads files is banned below
        allowed = {"numpy"}
    if name == "weights/hashing.py":  # three functions of libcrypto, which see bytes to hash
        allowed = {"ctypes"}
    wrong = [
        f"{name}:{seen.line} imports {seen.what}"
        for seen in imports_of(path)
        if seen.what.split(".")[0] in RISKY - allowed and not seen.what.startswith("urllib.parse")
    ]
    banned = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execv"}
    banned |= {f"np.{call}" for call in ("load", "fromfile", "memmap", "genfromtxt", "loadtxt")}
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in banned:
            wrong.append(f"{name}:{node.lineno} calls {ast.unparse(node.func)}")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("yaml.load", "yaml.load_all"):
            loader = next(ast.unparse(k.value) for k in node.keywords if k.arg == "Loader")
            module = importlib.import_module(dotted(path))
            if not issubclass(getattr(module, loader), SAFE_LOADERS):
                wrong.append(f"{name}:{node.lineno} loads YAML unsafely")
    assert not wrong


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) != "cli"], ids=name_of)
def test_only_the_command_line_prints_exits_and_looks_around(path: Path) -> None:
    name = name_of(path)
    may_read_environment = room_of(path) == "sources"  # git and pip are configured there
    wrong = []
    for seen in names_of(path):
        prints = seen.what in ("print", "input", "sys.stdout", "sys.stderr", "sys.argv")
        exits = seen.what in ("exit", "quit", "sys.exit", "os._exit", "os.abort")
        looks = seen.what in ("os.environ", "os.getenv") and not may_read_environment
        if prints or exits or looks:
            wrong.append(f"{name}:{seen.line} uses {seen.what}")
    for node in ast.walk(tree_of(path)):
        raises = isinstance(node, ast.Name) and node.id == "SystemExit"
        if raises and name != "__main__.py":
            wrong.append(f"{name}:{getattr(node, 'lineno', 0)} raises SystemExit")
    assert not wrong


#: Who opens files: sources those of targets, the rest only data files of their own or what the
#: user names on the command line.
OPENS = {
    "cli/": "what the user names on the command line",
    "records/": "a record that the user names",
    "frameworks/": "its own data files, and a framework that the user names",
    "licenses/": "its own data files",
    "reports/": "its own data files",
    "vocabulary.py": "its own data file",
    "words/": "its own data files",
    "weights/families.py": "its own data file",
    "sources/": "targets",
}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_sources_open_files_of_targets(path: Path) -> None:
    name = name_of(path)
    if any(name == who or (who.endswith("/") and name.startswith(who)) for who in OPENS):
        return
    wrong = [
        f"{name}:{seen.line} uses {seen.what}"
        for seen in calls_of(path)
        if seen.what in ("open", "os.open", "io.open", "os.scandir", "os.listdir", "os.walk")
        or seen.what.endswith((".read_text", ".read_bytes", ".write_text", ".write_bytes"))
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_imports_cleanly(path: Path) -> None:
    importlib.import_module(dotted(path))


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) == "cli"], ids=name_of)
def test_the_command_line_imports_late(path: Path) -> None:
    """`--version` must not pay for the readers: at their tops, commands import errors and cli."""
    top = [node for node in tree_of(path).body if isinstance(node, ast.ImportFrom)]
    ours = {node.module or "" for node in top if (node.module or "").startswith("openassay")}
    assert ours <= {"openassay", "openassay.errors", "openassay.cli", "openassay.cli._exit",
                    "openassay.cli._streams"}  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_outgrows_its_room(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 500
