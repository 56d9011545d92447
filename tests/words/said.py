"""Everything that OpenAssay can say, collected from its source and data, for the tests.

Three kinds: what reports say (literals given to ``say``, ``many`` and ``mark``), the texts of data
files (vocabulary, frameworks, the licences' checklist), and the sentences that inspectors,
``assemble``, ``truth``, ``governance`` and ``judge`` build (string literals and f-strings that read
like a sentence, the holes of an f-string written as ``{}``).
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import openassay
from openassay import frameworks
from openassay.formats.bounded import Fault
from openassay.frameworks.model import Framework, LicenseRule
from openassay.vocabulary import entries

ROOT = Path(openassay.__file__).parent
#: Modules whose sentences end in a dossier or a verdict. The parsers' own words on a damaged file
#: are left out: a gap shows its reason, which is translated, and a parser's detail in English only.
TELLERS = (
    "inspectors", "assemble.py", "truth.py", "governance.py", "judge", "read.py", "drawn.py",
    "follow.py", "links.py", "changes.py", "drafts.py", "against", "cli/_against.py", "records",
    "frameworks/reference.py",
    "license_answer.py", "verify.py",
    "frameworks/compute.py",
    "licenses/checklist.py", "formats/weights_shape.py",
    *(f"lineage/{what}.py" for what in ("consequences", "equality", "free_tests", "index_tests",
                                        "record", "relations", "rounding", "rule")),
    *(f"weights/{what}.py" for what in ("copies", "families", "findings", "integrity",
                                        "layers", "naming", "parameters", "report",
                                        "value_findings")),
    *(f"formats/code_{what}.py" for what in ("model", "networks", "roles", "tooling", "training",
                                            "use")),
)  # fmt: skip
_HOLE = re.compile(r"\{[^{}]*\}")
# A sentence has two words of small letters in a row; a pattern has signs that no sentence has.
_SENTENCE = re.compile(r"(?:^|[\s(])[A-Za-z'(-]*[a-z]{2,}[,:;)]? \(?[a-z{]")
_PATTERN = re.compile(r"\\[bdswn(.]|\(\?|\[\^|\]\{|\)\*|[*+?]\?|\|.*\||^\s*[|*#>]|\)\|\(")


def skeleton(text: str) -> str:
    """A text with every hole written ``{}``: what a template and the code that uses it share."""
    return _HOLE.sub("{}", text)


def _trees(*names: str) -> Iterator[tuple[str, ast.Module]]:
    for name in names:
        path = ROOT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text("utf-8"))


# ------------------------------------------------------------------------- what reports say


def of_reports() -> Iterator[tuple[str, str]]:
    """(where, text) of every literal given to ``say``, ``many`` or ``mark``."""
    for name, tree in _trees("reports", "frameworks", "words", "lineage/words.py"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) in ("say", "many", "mark"):
                for argument in node.args:
                    for text in _literals(argument):
                        yield f"{name}:{node.lineno}", text


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


# ------------------------------------------------------------------------------- data files


def of_vocabulary() -> Iterator[tuple[str, str]]:
    for entry in entries():
        yield "components.toml", entry.title
        yield "components.toml", entry.counts


def of_framework(id_: str) -> Iterator[tuple[str, str]]:
    """Every text of one framework's file, its answers included."""
    framework = frameworks.load(id_)
    where = f"frameworks/{id_}.toml"
    texts = [framework.title, framework.summary, *framework.notes, *_answers(framework)]
    texts += [group.title for group in framework.groups]
    for rule in framework.criteria:
        texts += [rule.title, rule.rule, rule.counts, rule.human, rule.next_step]
    for listed in (*framework.licenses.values(), *framework.lists.values()):
        texts += _of_list(listed)
    yield from ((where, text) for text in dict.fromkeys(texts) if text)


def _answers(framework: Framework) -> list[str]:
    plain = (framework.met, framework.not_met)
    return [answer for answer in plain if answer and not answer.replace(".", "").isdigit()]


def _of_list(rule: LicenseRule) -> list[str]:
    inner = (other for other in (rule.fit, rule.review) if other is not None)
    return [rule.title, rule.note, *(text for other in inner for text in _of_list(other))]


def of_checklist() -> Iterator[tuple[str, str]]:
    path = ROOT / "licenses" / "data" / "checklist.toml"
    table = tomllib.loads(path.read_text("utf-8"))
    for row in (*table["duty"], *table["warning"]):
        yield "licenses/data/checklist.toml", row["text"]


# -------------------------------------------------------------- sentences of dossiers, verdicts


def of_tellers() -> Iterator[tuple[str, str]]:
    """(where, skeleton) of every sentence in the modules whose words end in a dossier."""
    for name, tree in _trees(*TELLERS):
        skipped = set(_skipped(tree))
        for node in ast.walk(tree):
            if node in skipped:
                continue
            text = _text(node)
            if text is not None and _SENTENCE.search(text) and not _PATTERN.search(text):
                yield f"{name}:{node.lineno}", text  # type: ignore[attr-defined]


def of_gaps() -> Iterator[tuple[str, str]]:
    """(where, id) of every reason for which something can be left unread."""
    for fault in Fault:
        yield "formats/bounded.py", fault.replace("-", "_")
    for name, tree in _trees("sources", "inspectors", "read.py", "files.py", "release.py"):
        for node in ast.walk(tree):
            for value in _reasons(node, name):
                for text in _literals(value):
                    if re.fullmatch(r"[a-z]+(_[a-z]+)*", text):
                        yield f"{name}:{value.lineno}", text


def _reasons(node: ast.AST, name: str) -> Iterator[ast.expr]:
    named = node.arg if isinstance(node, ast.keyword) else ""
    if isinstance(node, ast.Assign):
        named = ast.unparse(node.targets[0])
    if isinstance(node, ast.keyword | ast.Assign) and named in ("reason", "problem"):
        yield node.value
    elif isinstance(node, ast.Call) and _called(node) in ("add", "_gap", "gap"):
        yield from node.args[1:2] if len(node.args) > 2 else ()
    elif isinstance(node, ast.Dict) and name.startswith(
        "sources"
    ):  # answers of a server: status to reason and words
        yield from (v.elts[0] for v in node.values if isinstance(v, ast.Tuple) and len(v.elts) == 2)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.strip()
    if isinstance(node, ast.JoinedStr):
        parts = [str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values]
        return "".join(parts).strip()
    return None


def _skipped(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, patterns, what is raised, and the pieces of f-strings that are seen whole."""
    for node in ast.walk(tree):
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or isinstance(node, ast.Raise):
            yield from ast.walk(node)
        elif isinstance(node, ast.Call) and (
            ast.unparse(node.func).startswith("re.") or _called(node) in ("split", "closed")
        ):
            yield from ast.walk(node)  # patterns, and lists of words
        elif isinstance(node, ast.JoinedStr):
            for value in node.values:
                if isinstance(value, ast.Constant):
                    yield value
