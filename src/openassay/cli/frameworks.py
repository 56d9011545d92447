"""``openassay frameworks``: the frameworks there are."""

from __future__ import annotations

import argparse

from openassay.cli import _steps as steps
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit

HELP = "List the frameworks."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""
    del parser


def run(args: argparse.Namespace) -> int:
    from openassay import frameworks

    del args
    known = [frameworks.load(id_) for id_ in steps.every_framework()]
    room = max((len(framework.id) for framework in known), default=0)
    streams.write("".join(f"{f.id:{room}}  {f.title}\n" for f in known), as_data=False)
    return Exit.FINE
