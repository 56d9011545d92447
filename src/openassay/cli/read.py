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
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    from openassay import dossier as codec

    streams.write(codec.dump(steps.read_targets(args, lineage=args.lineage)), args.output)
    return Exit.FINE
