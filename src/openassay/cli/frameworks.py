"""``openassay frameworks``: the frameworks there are."""

from __future__ import annotations

import argparse

from openassay.cli import _streams as streams
from openassay.cli._exit import Exit

HELP = "List the frameworks."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""
    del parser


def run(args: argparse.Namespace) -> int:
    from openassay import frameworks

    del args
    replaced = [f for id_ in frameworks.available() if (f := frameworks.load(id_)).superseded_by]
    known = [*frameworks.standing(), *replaced]
    room = max(len(framework.id) for framework in known)
    lines = (f"{f.id:{room}}  {f.title}{_replaced(f.superseded_by)}\n" for f in known)
    streams.write("".join(lines), as_data=False)
    return Exit.FINE


def _replaced(by: str) -> str:
    return f" (replaced by {by}; judged by only when asked for)" if by else ""
