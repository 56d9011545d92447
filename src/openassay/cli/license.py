"""``openassay license FILE|NAME|-``: which licence is this, and what does it mean?"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from openassay.cli import _options as options
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import TargetError

HELP = "Say what one licence is, and what it means."
MAX_LICENSE = 16 << 20  # bytes of one licence file (a PDF may carry pictures)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("license", metavar="FILE|NAME|-")
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal")
    options.add_lang(parser)
    options.add_verbose(parser, "with every quote")


def run(args: argparse.Namespace) -> int:
    from openassay import license_answer, words
    from openassay.reports.license import render_json, render_terminal

    words.speaker(args.lang)
    given = args.license
    if given == "-" or Path(given).exists():
        answer = license_answer.of_bytes(given, streams.read_input(given, MAX_LICENSE))
    else:
        answer = license_answer.of_name(given)
    if answer.expression is None and os.sep in given and not Path(given).exists():
        raise TargetError(f"there is no file {given}, and no licence of that name")
    if args.format == "json":
        streams.write(render_json(answer))
    else:
        look = replace(streams.look(args.verbose), lang=args.lang)
        streams.write(render_terminal(answer, look), as_data=False)
    return Exit.FINE
