"""``openassay report DOSSIER``: report on what was read before."""

from __future__ import annotations

import argparse

from openassay.cli import _options as options
from openassay.cli import _steps as steps
from openassay.cli import _streams as streams

HELP = "Report on a stored dossier."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dossier", metavar="DOSSIER")
    options.add_report_options(parser)


def run(args: argparse.Namespace) -> int:
    from openassay import dossier as codec

    return steps.show(lambda: codec.load(streams.read_input(args.dossier)), args)
