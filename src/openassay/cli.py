"""The command line: the only code that prints, exits or looks at the terminal's environment.

stdout is data, stderr is everything else. Modules are imported inside the commands that need
them, so that ``--version`` and ``--help`` answer at once.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from openassay import __version__
from openassay.errors import (
    DossierError,
    OpenAssayError,
    ReadError,
    TargetError,
    UsageError,
)

if TYPE_CHECKING:
    from openassay.frameworks.model import Framework
    from openassay.gate import Requirement
    from openassay.records import Record
    from openassay.reports import Look
    from openassay.types import Dossier, Verdict

MAX_INPUT = 256 << 20  # bytes of a stored dossier or report
_UNCHECKED = ("unreadable", "not_checkable")  # neither stands nor falls
MAX_LICENSE = 16 << 20  # bytes of one licence file (a PDF may carry pictures)


class Exit(IntEnum):
    """What the exit status means; docs/cli.md says the same."""

    FINE = 0
    OUR_FAULT = 1
    USAGE = 2
    NOTHING_READ = 3
    BELOW_REQUIRED = 10  # a required level was not met
    UNDECIDED = 11  # floor below the required level, ceiling not
    EVIDENCE_GONE = 12  # `verify`: something quoted no longer stands
    INTERRUPTED = 130
    BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is returned, never raised."""
    debug = "--debug" in (sys.argv[1:] if argv is None else argv)
    try:
        args = _parser().parse_args(argv)
        code: int = args.run(args)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse: --help, --version, wrong usage
        return stop.code if isinstance(stop.code, int) else Exit.USAGE
    except OpenAssayError as error:
        _complain(str(error), error.hint)
        return _exit_of(error)
    except BrokenPipeError:
        # The reader has left; nothing may be written to the closed pipe at shutdown either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except KeyboardInterrupt:
        _complain("interrupted")
        return Exit.INTERRUPTED
    except Exception as error:  # the last resort: a crash becomes one line that can be reported
        if debug:
            raise
        return _bug(error)
    return code


def _exit_of(error: OpenAssayError) -> Exit:
    if isinstance(error, UsageError):
        return Exit.USAGE
    if isinstance(error, TargetError | ReadError | DossierError):
        return Exit.NOTHING_READ
    return Exit.OUR_FAULT


def _complain(message: str, hint: str = "") -> None:
    from openassay.canonical import visible

    with suppress(OSError):
        print(f"openassay: {visible(message)}", file=sys.stderr)
        if hint:
            print(f"  {visible(hint)}", file=sys.stderr)


def _bug(error: Exception) -> Exit:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    at = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "?"
    _complain(
        f"this is a bug in openassay {__version__}: {type(error).__name__} at {at}: {error}",
        "please report it with this line and the command; --debug shows where it happened",
    )
    return Exit.OUR_FAULT


# --- what the user may type


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="openassay",
        description="Find out how open an AI model release really is, with evidence.",
        epilog="exit status: 0 fine, 1 our fault, 2 usage, 3 nothing could be read, 10 a required"
        " level was not met, 11 undecided, 12 evidence no longer stands",
    )
    parser.add_argument("--version", action="version", version=f"openassay {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        made.add_argument("--debug", action="store_true", help="show a traceback for a crash")
        return made

    audit = command("audit", _audit, "Read a release, judge it and report.")
    _add_targets(audit)
    _add_report_options(audit)
    read = command("read", _read, "Read a release into a dossier.")
    _add_targets(read)
    read.add_argument("-o", "--output", metavar="FILE", help="write here instead of stdout")
    judge = command("judge", _judge, "Judge a stored dossier, or another tool's record.")
    judge.add_argument("dossier", metavar="DOSSIER|RECORD")
    judge.add_argument("--framework", metavar="ID", action="append", help="default: mof-1.0")
    judge.add_argument("--mode", choices=("strict", "mot"), default="strict",
                       help="mot: as the MOF's reference tool does, defects included")  # fmt: skip
    judge.add_argument("--format", choices=("terminal", "json"), default="terminal")
    judge.add_argument("-v", "--verbose", action="count", default=0, help="with the next steps")
    report = command("report", _report, "Report on a stored dossier.")
    report.add_argument("dossier", metavar="DOSSIER")
    _add_report_options(report)
    verify = command("verify", _verify, "Reopen the sources: does every quote still stand?")
    verify.add_argument("dossier", metavar="DOSSIER|REPORT")
    verify.add_argument("targets", metavar="TARGET", nargs="*",
                        help="where the sources are now; default: where they were")  # fmt: skip
    license_ = command("license", _license, "Say what one licence is, and what it means.")
    license_.add_argument("license", metavar="FILE|NAME|-")
    license_.add_argument("--format", choices=("terminal", "json"), default="terminal")
    license_.add_argument("-v", "--verbose", action="count", default=0, help="with every quote")
    explain = command("explain", _explain, "Print a framework, or one rule, with its source.")
    explain.add_argument("rule", metavar="FRAMEWORK[/CRITERION]")
    command("frameworks", _frameworks, "List the frameworks.")
    return parser


def _add_targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("targets", metavar="TARGET", nargs="+",
                        help="a folder, git checkout, archive, wheel, or pypi:NAME[==VERSION];"
                        " several make one release")  # fmt: skip
    parser.add_argument("--name", help="what to call the release")


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", default="terminal", help="terminal (default), json, markdown")
    parser.add_argument("--framework", metavar="ID", action="append", help="default: all")
    parser.add_argument("--require", metavar="ID=LEVEL", action="append", default=[],
                        help="exit 10 below this level, 11 if undecided (mof-1.0=III)")  # fmt: skip
    parser.add_argument("-o", "--output", metavar="FILE", help="write here instead of stdout")
    parser.add_argument("-v", "--verbose", action="count", default=0,
                        help="with the evidence; -vv with every fact")  # fmt: skip


# --- the commands


def _audit(args: argparse.Namespace) -> int:
    return _show(lambda: _read_targets(args), args)


def _report(args: argparse.Namespace) -> int:
    from openassay import dossier as codec

    return _show(lambda: codec.load(_input(args.dossier, MAX_INPUT)), args)


def _read(args: argparse.Namespace) -> int:
    from openassay import dossier as codec

    _write(codec.dump(_read_targets(args)), args.output)
    return Exit.FINE


def _read_targets(args: argparse.Namespace) -> Dossier:
    from openassay.read import read
    from openassay.sources import open_targets

    # reading makes very many small objects that all live on; looking for dead ones often is waste
    gc.set_threshold(50_000, 50, 50)
    with _progress() as say:
        dossier = read(open_targets(args.targets), name=args.name, progress=say)
    if not any(source.files for source in dossier.sources):
        raise TargetError(
            f"nothing could be read in {' '.join(args.targets)}",
            hint="; ".join(gap.detail or gap.reason for gap in dossier.gaps[:3]),
        )
    return dossier


def _show(get: Callable[[], Dossier], args: argparse.Namespace) -> int:
    """Judge what ``get`` gives and report it; options are checked before anything is read."""
    from openassay import frameworks, gate, reports
    from openassay.judge import judge

    render = reports.renderer(args.format)
    required = [gate.parse(text) for text in args.require]
    wanted = [*(args.framework or _every_framework()), *(r.framework for r in required)]
    chosen = {id_: frameworks.load(id_) for id_ in wanted}
    for requirement in required:
        gate.check(requirement, chosen[requirement.framework])
    dossier = get()
    verdicts = {id_: judge(framework, dossier) for id_, framework in chosen.items()}
    report = reports.Report(
        dossier=dossier,
        verdicts=tuple(verdicts.values()),
        terms=_terms(dossier),
        optional={id_: _optional(framework) for id_, framework in chosen.items()},
    )
    look = _look(args.verbose, args.output) if args.format == "terminal" else reports.Look()
    _write(render(report, look), args.output, as_data=args.format != "terminal")
    met = {r: gate.meets(r, chosen[r.framework], verdicts[r.framework]) for r in required}
    return _gate_exit(met)


def _every_framework() -> list[str]:
    """All that come with OpenAssay: ladders first, then yes or no, then scores."""
    from openassay import frameworks
    from openassay.frameworks.model import RollUp

    order = list(RollUp)
    return sorted(
        frameworks.available(), key=lambda id_: (order.index(frameworks.load(id_).roll_up), id_)
    )


def _gate_exit(met: Mapping[Requirement, bool | None]) -> Exit:
    for requirement, answer in met.items():
        if not answer:
            word = "is not met" if answer is False else "is undecided: something was not read"
            _complain(f"{requirement.framework}={requirement.level} {word}")
    if False in met.values():
        return Exit.BELOW_REQUIRED
    return Exit.UNDECIDED if None in met.values() else Exit.FINE


def _optional(framework: Framework) -> frozenset[str]:
    return frozenset(rule.id for rule in framework.criteria if not rule.required)


def _terms(dossier: Dossier) -> dict[str, Mapping[str, str]]:
    """The known terms of every licence the dossier names, by id."""
    from openassay import licenses
    from openassay.types import Licensed

    named = {fact.license for fact in dossier.facts if isinstance(fact, Licensed)}
    ids = sorted({id_ for name in named for id_ in (name, *name.replace("(", " ").split())})
    known = ((id_, licenses.info(id_)) for id_ in ids)
    return {id_: info.terms for id_, info in known if info}


def _judge(args: argparse.Namespace) -> int:
    from openassay import dossier as codec
    from openassay import frameworks
    from openassay.judge import judge
    from openassay.reports.json_v1 import source_ids

    raw = _input(args.dossier, MAX_INPUT)
    wanted = list(dict.fromkeys(args.framework or ["mof-1.0"]))
    if not codec.is_dossier(raw):
        return _judge_record(args, raw, wanted)
    dossier = codec.load(raw)
    if args.mode == "mot":
        from openassay.records import record_of

        return _judge_as_record(args, record_of(dossier), wanted)
    verdicts = tuple(judge(frameworks.load(id_), dossier) for id_ in wanted)
    return _show_verdicts(args, dossier.release, verdicts, source_ids(dossier))


def _judge_record(args: argparse.Namespace, raw: bytes, wanted: Sequence[str]) -> int:
    from openassay.records import read_record

    return _judge_as_record(args, read_record(raw), wanted)


def _judge_as_record(args: argparse.Namespace, record: Record, wanted: Sequence[str]) -> int:
    from openassay.records import judge_record

    if wanted != ["mof-1.0"]:
        raise UsageError(
            "a record can only be judged by mof-1.0",
            hint="other frameworks need a dossier, and mode strict: "
            "openassay read TARGET -o dossier.json",
        )
    verdict = judge_record(record, args.mode)
    return _show_verdicts(args, record.name, (verdict,), frozenset())


def _show_verdicts(
    args: argparse.Namespace, name: str, verdicts: tuple[Verdict, ...], known: frozenset[str]
) -> int:
    from openassay.reports.json_v1 import render_judgement
    from openassay.reports.terminal import render_verdicts

    if args.format == "json":
        _write(render_judgement(name, verdicts, known))
    else:
        _write(render_verdicts(name, verdicts, _look(args.verbose)), as_data=False)
    return Exit.FINE


def _verify(args: argparse.Namespace) -> int:
    from openassay import dossier as codec
    from openassay.reports.json_v1 import read_evidence, read_locators
    from openassay.reports.verification import Fallen, render
    from openassay.sources import open_targets
    from openassay.verify import Outcome, verify

    raw = _input(args.dossier, MAX_INPUT)
    if codec.is_dossier(raw):
        dossier = codec.load(raw)
        evidence = codec.evidence_of(dossier)
        locators = tuple(source.locator for source in dossier.sources)
    else:
        document = codec.parse_json(raw)
        evidence, locators = read_evidence(document), read_locators(document)
    found = verify(evidence, open_targets(args.targets or locators))
    fallen = [
        Fallen(check.evidence, str(check.outcome), check.detail)
        for check in found.checks
        if check.outcome is not Outcome.STANDS
    ]
    counts = {str(outcome): count for outcome, count in found.counts().items()}
    edited = [path for _, path in found.edited]
    _write(render(fallen, counts, edited, found.replaced, _look(0)), as_data=False)
    if found.edited or any(item.outcome not in _UNCHECKED for item in fallen):
        return Exit.EVIDENCE_GONE
    return Exit.UNDECIDED if fallen else Exit.FINE


def _license(args: argparse.Namespace) -> int:
    from openassay import license_answer
    from openassay.reports.license import render_json, render_terminal

    given = args.license
    if given == "-" or Path(given).exists():
        answer = license_answer.of_bytes(given, _input(given, MAX_LICENSE))
    else:
        answer = license_answer.of_name(given)
    if answer.expression is None and os.sep in given and not Path(given).exists():
        raise TargetError(f"there is no file {given}, and no licence of that name")
    if args.format == "json":
        _write(render_json(answer))
    else:
        _write(render_terminal(answer, _look(args.verbose)), as_data=False)
    return Exit.FINE


def _explain(args: argparse.Namespace) -> int:
    from openassay import frameworks

    framework, _, criterion = args.rule.partition("/")
    _write(frameworks.explain(framework, criterion or None).rstrip("\n") + "\n", as_data=False)
    return Exit.FINE


def _frameworks(args: argparse.Namespace) -> int:
    from openassay import frameworks

    del args
    known = [frameworks.load(id_) for id_ in _every_framework()]
    room = max((len(framework.id) for framework in known), default=0)
    _write("".join(f"{f.id:{room}}  {f.title}\n" for f in known), as_data=False)
    return Exit.FINE


# --- streams


def _input(path: str, limit: int) -> bytes:
    """The bytes of a file, or of stdin for ``-``; at most ``limit`` of them."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as stream:
                data = stream.read(limit + 1)
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror or error}") from error
    if len(data) > limit:
        raise TargetError(f"{path}: larger than {limit >> 20} MiB")
    return data


def _write(text: str, path: str | None = None, *, as_data: bool = True) -> None:
    """To ``path`` as a whole or not at all, or to stdout; data is always UTF-8."""
    if path is not None and path != "-":
        _write_file(text, Path(path))
    elif as_data:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
    else:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()


def _write_file(text: str, path: Path) -> None:
    data = text.encode("utf-8")
    try:
        if path.exists() and not path.is_file():  # a pipe or /dev/stdout: nothing to replace
            path.write_bytes(data)
            return
        target = path.resolve()
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.write_bytes(data)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _look(detail: int, output: str | None = None) -> Look:
    """What the stream can show: width, colour and signs."""
    import shutil

    from openassay.reports import Look

    to_file = output is not None and output != "-"
    terminal = sys.stdout.isatty() and not to_file
    dumb = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    try:
        "✔◐↗✘…".encode("utf-8" if to_file else sys.stdout.encoding or "ascii")
        signs = True
    except UnicodeEncodeError:
        signs = False
    columns = shutil.get_terminal_size((100, 40)).columns if terminal else 100
    return Look(
        width=max(60, min(columns, 120)), colour=terminal and not dumb, unicode=signs, detail=detail
    )


@contextmanager
def _progress() -> Iterator[Callable[[str], None] | None]:
    """One line on stderr that is rewritten, on a terminal only, and gone at the end."""
    if not sys.stderr.isatty():
        yield None
        return
    from openassay.canonical import visible

    def say(text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{visible(text)[:78]}")
        sys.stderr.flush()

    try:
        yield say
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
