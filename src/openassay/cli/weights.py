"""``openassay weights TARGET``: what the bytes of published weights prove."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openassay.cli import _options as options
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import UsageError

if TYPE_CHECKING:
    from openassay.weights.report import Asked

HELP = "Say what the weights themselves prove: whole, how many parameters, at what precision."
_UNSOUND = frozenset({"broken", "refused", "contradiction", "risk"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("targets", metavar="TARGET", nargs="+",
                        help="a folder, file, git checkout, archive, wheel, pypi:NAME[==VERSION],"
                        " a hub's OWNER/NAME, or an address")  # fmt: skip
    parser.add_argument("--name", help="what to call the release")
    options.add_offline(parser)
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal")
    options.add_lang(parser)
    values = parser.add_mutually_exclusive_group()
    values.add_argument("--samples", action="store_true", default=None, dest="samples",
                        help="look at a few ranges of values too (default for local weights,"
                        " where numpy is there)")  # fmt: skip
    values.add_argument("--headers-only", action="store_false", dest="samples",
                        help="read nothing but headers")  # fmt: skip
    parser.add_argument("--full", action="store_true",
                        help="read every byte once: digest, statistics, zeros")  # fmt: skip
    parser.add_argument("--journal", metavar="FILE",
                        help="with --full: keep here what was read, and go on")  # fmt: skip
    parser.add_argument("--tensors", action="store_true", help="list every tensor (JSON, or -vv)")
    parser.add_argument("--require", choices=("whole", "sound"),
                        help="exit 10 if not met, 11 if it cannot be told: whole (every byte is"
                        " there and the format's own reader takes it), sound (also nothing"
                        " broken, contradicted or risky)")  # fmt: skip
    options.add_output(parser)
    options.add_verbose(parser, "with the places; -vv with every tensor")


def run(args: argparse.Namespace) -> int:
    from openassay import words
    from openassay.canonical import dump_json
    from openassay.release import Release
    from openassay.reports.weights import render_terminal
    from openassay.sources import Sources
    from openassay.subject import Subject
    from openassay.weights.report import build

    words.speaker(args.lang)
    if args.journal and not args.full:
        raise UsageError("--journal keeps what --full reads", hint="add --full")
    with Sources(offline=args.offline) as opener, streams.progress() as say:
        sources = opener.open_all(args.targets)
        subject = Subject(names=(args.name,)) if args.name else Subject()
        asked = _asked(args)
        try:
            document = build(Release(sources, subject), asked, say)
        except KeyboardInterrupt:
            if not (asked.journal.files or asked.journal.begun):
                raise
            streams.complain("stopped", f"The same command goes on from {args.journal}.")
            return Exit.INTERRUPTED
    if args.format == "json":
        streams.write(dump_json(document), args.output)
    else:
        look = replace(streams.look(args.verbose, args.output), lang=args.lang)
        text = render_terminal(document, look)
        streams.write(text, args.output, as_data=False)
    found: list[Any] = document["checkpoints"]
    if not any(row["status"] != "unread" for row in found):
        return Exit.NOTHING_READ
    return _met(document, args.require) if args.require else Exit.FINE


def _met(document: dict[str, Any], required: str) -> Exit:
    """Whether every set of weights is whole, or sound; undecided where one could not be read."""
    rows = document["checkpoints"]
    status = {row["status"] for row in rows}
    bad = {"broken", "refused"} if required == "whole" else _UNSOUND
    findings = [f for row in (*rows, document) for f in row["findings"]]
    if status & {"incomplete", "refused"} or any(f["level"] in bad for f in findings):
        return Exit.BELOW_REQUIRED
    return Exit.FINE if status == {"whole"} else Exit.UNDECIDED


def _asked(args: argparse.Namespace) -> Asked:
    from openassay.weights.report import Asked

    asked = Asked(samples=args.samples, full=args.full, tensors=args.tensors or args.verbose > 1)
    if args.journal:
        from openassay.weights import journal

        asked.journal = journal.load(_old(args.journal))
        if asked.journal.older:
            streams.complain(
                f"{args.journal} is an {asked.journal.older}: its figures are no longer made that"
                " way, so everything is read again"
            )
        asked.keep = lambda: streams.write(asked.journal.dump(), args.journal)
        asked.tell = streams.complain
    return asked


def _old(path: str) -> bytes:
    from pathlib import Path

    return streams.read_input(path) if Path(path).exists() else b""
