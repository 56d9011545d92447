"""The command line: the only code that prints, exits or looks at the terminal's environment.

One module a command, found by name. It offers ``HELP`` (a sentence), ``add_arguments(parser)``
and ``run(args) -> int``, and imports what is heavy inside ``run``, so that ``--version`` and
``--help`` answer at once. Modules that begin with an underscore are shared.

stdout is data, stderr is everything else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from openassay import __version__
from openassay.cli._exit import Exit
from openassay.cli._streams import complain
from openassay.errors import (
    DossierError,
    OpenAssayError,
    ReadError,
    TargetError,
    UsageError,
)

__all__ = ["Exit", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is returned, never raised."""
    debug = "--debug" in (sys.argv[1:] if argv is None else argv)
    try:
        args = _parser().parse_args(argv)
        code: int = args.run(args)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse: --help, --version, wrong usage
        return stop.code if isinstance(stop.code, int) else Exit.USAGE
    except OpenAssayError as error:
        complain(str(error), error.hint)
        return _exit_of(error)
    except BrokenPipeError:
        # The reader has left; nothing may be written to the closed pipe at shutdown either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except KeyboardInterrupt:
        complain("interrupted")
        return Exit.INTERRUPTED
    except Exception as error:  # the last resort: a crash becomes one line that can be reported
        if debug:
            raise
        return _bug(error)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="openassay",
        description="Find out how open an AI model release really is, with evidence.",
        epilog="exit status: 0 fine, 1 our fault, 2 usage, 3 nothing could be read, 10 a required"
        " level was not met, 11 undecided, 12 evidence no longer stands, 13 worse than before",
    )
    parser.add_argument("--version", action="version", version=f"openassay {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in _commands():
        module = import_module(f"{__name__}.{name}")
        made = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(made)
        made.add_argument("--debug", action="store_true", help="show a traceback for a crash")
        made.set_defaults(run=module.run)
    return parser


def _commands() -> list[str]:
    """The names of all commands, in the order of the alphabet."""
    names = (module.name for module in iter_modules(__path__))
    return sorted(name for name in names if not name.startswith("_"))


def _exit_of(error: OpenAssayError) -> Exit:
    if isinstance(error, UsageError):
        return Exit.USAGE
    if isinstance(error, TargetError | ReadError | DossierError):
        return Exit.NOTHING_READ
    return Exit.OUR_FAULT


def _bug(error: Exception) -> Exit:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    at = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "?"
    complain(
        f"this is a bug in openassay {__version__}: {type(error).__name__} at {at}: {error}",
        "please report it with this line and the command; --debug shows where it happened",
    )
    return Exit.OUR_FAULT
