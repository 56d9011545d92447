"""``openassay read TARGET…``: a release into a dossier."""

from __future__ import annotations

import argparse

from openassay.cli import _options as options
from openassay.cli import _steps as steps
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit

HELP = "Read a release into a dossier."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_targets(parser)
    options.add_lineage(parser)
    parser.add_argument("--sketch", metavar="FILE",
                        help="store a sketch of the weights too")  # fmt: skip
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    from openassay import dossier as codec

    dossier = steps.read_targets(args, lineage=args.lineage, sketch=args.sketch)
    streams.write(codec.dump(dossier), args.output)
    return Exit.FINE
