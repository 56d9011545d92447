"""What surrounds an audit in a project: its configuration, reviews, baseline and gate.

The configuration is the file that ``--config`` names, or ``openassay.toml`` in the folder where
the command runs. One that lies in an audited release is never looked for: a release must not
configure somebody else's audit of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import DossierError

if TYPE_CHECKING:
    from openassay.config import Config
    from openassay.frameworks.model import Framework
    from openassay.gate import Requirement
    from openassay.reports import Review, Since
    from openassay.states import State
    from openassay.types import Dossier, Verdict

Frameworks = Mapping[str, "Framework"]
NAME = "openassay.toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--baseline", metavar="FILE",
                        help="a dossier or JSON report: exit 13 if anything got worse")  # fmt: skip
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--config", metavar="FILE", help=f"default: {NAME} in this folder, if any")
    chosen.add_argument("--no-config", action="store_true", help=f"do not read {NAME}")
    parser.add_argument("--as-found", action="store_true",
                        help="--require is met by what was found, not by reviews")  # fmt: skip


# --- the configuration


def settle(args: argparse.Namespace) -> Config:
    """The configuration in force; what it says fills in what ``args`` leave open."""
    from openassay.config import Config

    path = None if args.no_config else args.config or _here()
    config = _read(path, args) if path else Config()
    args.format = args.format or config.format or "terminal"
    args.framework = args.framework or _frameworks(config)
    args.require = args.require or config.require
    if args.baseline is None and config.baseline is not None:
        args.baseline = str(Path(config.path).parent / config.baseline)
    _tell_unused(args, path)
    return config


def _frameworks(config: Config) -> list[str]:
    """The frameworks it names; files of one's own lie where the configuration says, beside it."""
    folder = Path(config.path).parent
    return [
        str(folder / name) if name.endswith(".toml") else name for name in config.frameworks or ()
    ]


def _here() -> str | None:
    return NAME if Path(NAME).is_file() else None


def _read(path: str, args: argparse.Namespace) -> Config:
    from openassay import config, frameworks, reports

    data = streams.read_input(path, config.MAX_BYTES)
    known = (*frameworks.available(), frameworks.EVERY)
    found = config.parse(data, path, frameworks=known, formats=reports.available())
    count = len(found.overrides)
    reviewed = f", {count} reviewed override{'' if count == 1 else 's'}" if count else ""
    own = ", which lies in what is audited" if _is_audited(path, args) else ""
    streams.complain(f"using {path}{own}{reviewed}")
    return found


def _is_audited(path: str, args: argparse.Namespace) -> bool:
    folder = Path(path).resolve().parent
    roots = (Path(target) for target in getattr(args, "targets", ()))
    return any(folder.is_relative_to(root.resolve()) for root in roots if root.is_dir())


def _tell_unused(args: argparse.Namespace, used: str | None) -> None:
    """A configuration inside a target looks as if it were in force; say that it is not."""
    for target in getattr(args, "targets", ()):
        inside = Path(target) / NAME
        is_used = used is not None and Path(used).resolve() == inside.resolve()
        if inside.is_file() and not is_used and not args.no_config:
            streams.complain(
                f"{inside} is not used: a release does not configure its own audit",
                "--config FILE uses it all the same, --no-config says no more of it",
            )


# --- reviews and the baseline


def review(config: Config, dossier: Dossier, chosen: Frameworks) -> Review | None:
    """The reviewed overrides of the configuration, with what they come to; None without any."""
    if not config.overrides:
        return None
    from openassay import overrides
    from openassay.judge import judge
    from openassay.reports import Review

    again, items = overrides.apply(dossier, config.overrides, config.release)
    for item in items:
        if not item.applied:
            streams.complain(f"override of {item.override.target} not applied: {item.note}")
    verdicts = tuple(judge(framework, again) for framework in chosen.values())
    return Review(file=Path(config.path).name, items=items, dossier=again, verdicts=verdicts)


def load_state(path: str, chosen: Frameworks) -> State:
    """The state in a stored dossier, judged now, or in a JSON report, judged when it was made."""
    from openassay import dossier as codec
    from openassay import states
    from openassay.judge import judge

    raw = streams.read_input(path)
    try:
        if codec.is_dossier(raw):
            dossier = codec.load(raw)
            verdicts = [judge(framework, dossier) for framework in chosen.values()]
            return states.of_dossier(dossier, verdicts)
        return states.of_report(codec.parse_json(raw))
    except DossierError as error:
        hint = "`openassay read TARGET -o FILE` or `audit TARGET --format json -o FILE` writes one"
        raise DossierError(f"{path}: {error}", hint=error.hint or hint) from None


def since(
    baseline: str, before: State, dossier: Dossier, verdicts: Sequence[Verdict], chosen: Frameworks
) -> Since:
    """What changed since the baseline; both sides as found, whatever was reviewed."""
    from openassay import changes, states
    from openassay.reports import Since

    after = states.of_dossier(dossier, verdicts)
    return Since(baseline=Path(baseline).name, changes=changes.between(before, after, chosen))


# --- the gate


def gate_exit(
    required: Sequence[Requirement],
    dossier: Dossier,
    chosen: Frameworks,
    verdicts: Sequence[Verdict],
    since: Since | None,
) -> Exit:
    """Say on stderr what is not met or got worse; the exit status says the same."""
    from openassay import gate
    from openassay.types import Direction

    by_id = {verdict.framework: verdict for verdict in verdicts}
    met = [gate.weigh(requirement, dossier, chosen, by_id) for requirement in required]
    for outcome in met:
        if not outcome.met:
            word = "is not met" if outcome.met is False else "is undecided: something was not read"
            if outcome.because:
                word = word.replace("something was not read", "not everything is known")
            streams.complain(f"{outcome.requirement.text} {word}", "; ".join(outcome.because))
    answers = {outcome.met for outcome in met}
    moved = [change.direction for change in since.changes] if since else []
    worse, unclear = moved.count(Direction.WORSE), moved.count(Direction.UNCLEAR)
    if since is not None and (worse or unclear):
        said = [f"{worse} got worse"] if worse else []
        said += [f"{unclear} cannot be told any more"] if unclear else []
        streams.complain(f"since {since.baseline}: {', '.join(said)}")
    if False in answers:
        return Exit.BELOW_REQUIRED
    if worse:
        return Exit.GOT_WORSE
    return Exit.UNDECIDED if None in answers or unclear else Exit.FINE
