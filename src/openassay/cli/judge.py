"""``openassay judge DOSSIER|RECORD``: verdicts without reading anything again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from openassay.cli import _options as options
from openassay.cli import _steps as steps
from openassay.cli import _streams as streams
from openassay.errors import UsageError

if TYPE_CHECKING:
    from openassay.records import Record

HELP = "Judge a stored dossier, or another tool's record."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dossier", metavar="DOSSIER|RECORD")
    parser.add_argument("--framework", metavar="ID", action="append", help="default: mof-1.0")
    parser.add_argument("--mode", choices=("strict", "mot"), default="strict",
                        help="mot: as the MOF's reference tool does, defects included")  # fmt: skip
    parser.add_argument("--format", choices=("terminal", "json"), default="terminal")
    options.add_lang(parser)
    options.add_verbose(parser, "with the next steps")


def run(args: argparse.Namespace) -> int:
    from openassay import dossier as codec
    from openassay import frameworks
    from openassay.judge import judge
    from openassay.records import read_record, record_of
    from openassay.reports.json_v1 import source_ids

    raw = streams.read_input(args.dossier)
    wanted = list(dict.fromkeys(args.framework or ["mof-1.0"]))
    if not codec.is_dossier(raw):
        return _judge_record(args, read_record(raw), wanted)
    dossier = codec.load(raw)
    if args.mode == "mot":
        return _judge_record(args, record_of(dossier), wanted)
    verdicts = tuple(judge(frameworks.load(id_), dossier) for id_ in wanted)
    return steps.show_verdicts(args, dossier.release, verdicts, source_ids(dossier))


def _judge_record(args: argparse.Namespace, record: Record, wanted: Sequence[str]) -> int:
    from openassay.records import judge_record

    if wanted != ["mof-1.0"]:
        raise UsageError(
            "a record can only be judged by mof-1.0",
            hint="other frameworks need a dossier, and mode strict: "
            "openassay read TARGET -o dossier.json",
        )
    verdict = judge_record(record, args.mode)
    return steps.show_verdicts(args, record.name, (verdict,), frozenset())
