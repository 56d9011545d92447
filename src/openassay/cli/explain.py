"""``openassay explain FRAMEWORK[/CRITERION]``: a framework, or one rule, with its source."""

from __future__ import annotations

import argparse

from openassay.cli import _options as options
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit

HELP = "Print a framework, or one rule, with its source."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", metavar="FRAMEWORK[/CRITERION]",
                        help="FRAMEWORK is an id, or a file of your own")  # fmt: skip
    options.add_lang(parser)


def run(args: argparse.Namespace) -> int:
    from openassay import frameworks

    text = frameworks.explain(args.rule, lang=args.lang)
    streams.write(text.rstrip("\n") + "\n", as_data=False)
    return Exit.FINE
