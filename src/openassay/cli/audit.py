"""``openassay audit TARGET…``: read, judge and report; or many releases with ``--from``."""

from __future__ import annotations

import argparse

from openassay.cli import _options as options
from openassay.cli import _steps as steps
from openassay.errors import UsageError

HELP = "Read a release, judge it and report."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_targets(parser, needed=False)
    options.add_report_options(parser)
    record = parser.add_argument_group("records of the release")
    record.add_argument("--against", metavar="RECORD",
                        help="check a model record, or a folder of them, against the release:"
                        " which of its claims stand, and what it lacks; without TARGET where"
                        " the record says that it is")  # fmt: skip
    record.add_argument("--match", metavar="FILE",
                        help="with --against: which targets are whose release, as"
                        " RECORD.yml: PATH in YAML or JSON")  # fmt: skip
    options.add_lineage(parser)
    many = parser.add_argument_group("many releases at once")
    many.add_argument("--from", dest="from_list", metavar="LIST",
                      help="a file with the targets of a release on each line, or -")  # fmt: skip
    many.add_argument("--jobs", type=int, default=2, metavar="N", help="read N at a time")
    many.add_argument("--out", metavar="DIR",
                      help="write dossiers here; a stopped run goes on from them")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    if args.match is not None and args.against is None:
        raise UsageError("--match goes with --against")
    if args.lineage is not None and (args.against is not None or args.from_list is not None):
        raise UsageError("--lineage takes neither --against nor --from")
    if args.against is not None:
        return _check_records(args)
    if args.from_list is not None:
        if args.targets or args.require or args.output:
            raise UsageError(
                "--from takes its targets from the list, and writes dossiers to --out DIR",
                hint="`openassay report DIR/NAME.dossier.json` reports on one of them.",
            )
        from openassay.cli import _batch

        return _batch.run(args)
    if not args.targets:
        raise UsageError("the following arguments are required: TARGET", hint="or --from LIST")
    return steps.show(lambda: steps.read_targets(args, lineage=args.lineage), args)


def _check_records(args: argparse.Namespace) -> int:
    if args.from_list is not None or args.out is not None:
        raise UsageError(
            "--against takes no --from and no --out",
            hint="a folder of records is checked against folders of checkouts given as TARGET",
        )
    from openassay.cli import _against

    return _against.run(args)
