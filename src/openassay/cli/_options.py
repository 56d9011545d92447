"""Options that several commands share."""

from __future__ import annotations

import argparse

from openassay.cli import _project as project


def add_targets(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    parser.add_argument("targets", metavar="TARGET", nargs="+" if needed else "*",
                        help="a folder, git checkout, archive, wheel, pypi:NAME[==VERSION], a"
                        " hub's OWNER/NAME, or an address; several make one release")  # fmt: skip
    parser.add_argument("--name", help="what to call the release")
    add_online(parser)


def add_lineage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lineage", metavar="DIR",
                        help="compare the weights with every stored sketch there: bases that are"
                        " declared and not found, or found and not declared")  # fmt: skip


def add_online(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--follow", choices=("none", "own", "all"),
                        help="which links to open: own (this release's other parts and its base"
                        " model; the default online), all (also others' parts that it uses), none"
                        " (the default for what is on this machine)")  # fmt: skip
    add_offline(parser)


def add_offline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--offline", action="store_true",
                        help="open no connection; what was fetched before is used")  # fmt: skip


def add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", metavar="NAME",
                        help="terminal (default), html, markdown, json, csv, sarif, badge,"
                        " badge_json, cyclonedx, spdx3, mof_json, mof_yaml")  # fmt: skip
    add_lang(parser)
    add_framework(parser, "all that no later one has replaced")
    parser.add_argument("--require", metavar="ID=LEVEL", action="append",
                        help="exit 10 if not met, 11 if undecided: mof-1.0=III,"
                        " license.commercial_use=yes, component.training_code=present,"
                        " claims=hold, contradictions=none")  # fmt: skip
    project.add_arguments(parser)
    add_output(parser)
    add_verbose(parser, "with the evidence; -vv with every fact")


def add_framework(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--framework", metavar="ID|FILE", action="append",
                        help=f"an id, a file of your own, or all; default: {default}")  # fmt: skip


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help="write here instead of stdout")


def add_verbose(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("-v", "--verbose", action="count", default=0, help=text)


def add_lang(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lang", default="en",
                        help="language of what people read: en (default) or zh; data such as JSON"
                        " stays English")  # fmt: skip
