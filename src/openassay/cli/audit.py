"""``openassay audit TARGET…``: read, judge and report."""

from __future__ import annotations

import argparse

from openassay.cli import _options as options
from openassay.cli import _steps as steps

HELP = "Read a release, judge it and report."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_targets(parser)
    options.add_report_options(parser)


def run(args: argparse.Namespace) -> int:
    return steps.show(lambda: steps.read_targets(args), args)
