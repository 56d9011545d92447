"""``openassay compare A B …``: releases side by side, or versions of one."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openassay.cli import _options as options
from openassay.cli import _project as project
from openassay.cli import _steps as steps
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import UsageError

if TYPE_CHECKING:
    from openassay.states import State

HELP = "Put releases, or versions of one, side by side: differences first."
_HEAD = 4096  # bytes of a file that show whether it is JSON


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("targets", metavar="A", nargs="+",
                        help="two or more dossiers, JSON reports, or targets")  # fmt: skip
    parser.add_argument("--format", choices=("terminal", "json", "markdown"), default="terminal")
    options.add_lang(parser)
    options.add_framework(parser, "all that no later one has replaced")
    parser.add_argument("--versions", action="store_true",
                        help="they are versions of one release, the oldest first")  # fmt: skip
    options.add_online(parser)
    options.add_output(parser)
    options.add_verbose(parser, "with what is the same")


def run(args: argparse.Namespace) -> int:
    from openassay import frameworks, words
    from openassay.compare import compare
    from openassay.reports import Look
    from openassay.reports.comparison import renderer

    if len(args.targets) < 2:
        raise UsageError("compare takes two or more releases", hint="openassay compare A B")
    words.speaker(args.lang)
    chosen = {framework.id: framework for framework in frameworks.chosen(args.framework or ())}
    states = [_state(target, chosen, args) for target in args.targets]
    found = compare(states, chosen, versions=True if args.versions else None)
    terminal = args.format == "terminal"
    look = streams.look(args.verbose, args.output) if terminal else Look()
    look = replace(look, lang=args.lang)
    streams.write(renderer(args.format)(found, look), args.output, as_data=not terminal)
    return Exit.FINE


def _state(target: str, chosen: project.Frameworks, args: argparse.Namespace) -> State:
    """A stored dossier or report where the file is one, else a target that is read now."""
    if target == "-" or _is_json(target):
        return project.load_state(target, chosen)
    from openassay import states
    from openassay.judge import judge

    alone = argparse.Namespace(
        targets=[target], name=None, follow=args.follow, offline=args.offline
    )
    dossier = steps.read_targets(alone)
    return states.of_dossier(dossier, [judge(item, dossier) for item in chosen.values()])


def _is_json(path: str) -> bool:
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as stream:
        return stream.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
