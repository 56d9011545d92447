"""``openassay audit TARGET…``: read, judge and report."""

from __future__ import annotations

import argparse

from openassay.cli import _options as options
from openassay.cli import _steps as steps
from openassay.errors import UsageError

HELP = "Read a release, judge it and report."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_targets(parser, needed=False)
    options.add_report_options(parser)
    parser.add_argument("--against", metavar="RECORD",
                        help="check a model record, or a folder of them, against the release:"
                        " which of its claims stand, and what it lacks; without TARGET where"
                        " the record says that it is")  # fmt: skip
    parser.add_argument("--match", metavar="FILE",
                        help="with --against: which targets are whose release, as"
                        " RECORD.yml: PATH in YAML or JSON")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    if args.against is not None:
        from openassay.cli import _against

        return _against.run(args)
    if args.match is not None:
        raise UsageError("--match goes with --against")
    if not args.targets:
        raise UsageError("the following arguments are required: TARGET")
    return steps.show(lambda: steps.read_targets(args), args)
