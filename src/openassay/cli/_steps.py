"""The steps of an audit that several commands take: reading targets, judging, reporting."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import TargetError

if TYPE_CHECKING:
    from openassay.frameworks.model import Framework
    from openassay.gate import Requirement
    from openassay.release import Source
    from openassay.sources import Sources
    from openassay.types import Dossier, Verdict

ONLINE = frozenset(("hf", "modelscope", "arxiv", "url", "web"))  # kinds of sources


def read_targets(args: argparse.Namespace) -> Dossier:
    """The dossier of ``args.targets``; TargetError when nothing of them could be read.

    ``args.lineage`` is a folder of stored sketches that the weights are compared with.
    """
    from openassay.cli import _lineage

    if args.lineage is not None:
        _lineage.check(args.lineage)
    from openassay.sources import Sources

    # reading makes very many small objects that all live on; looking for dead ones often is waste
    gc.set_threshold(50_000, 50, 50)
    with Sources(offline=args.offline) as opener, streams.progress() as say:
        sources = _open(opener, args.targets, say)
        dossier = read_sources(opener, sources, args.follow, args.name, say)
        if args.lineage is not None:
            dossier = _lineage.held_against(dossier, sources, args.lineage, say)
    if not any(source.files for source in dossier.sources):
        raise TargetError(
            f"nothing could be read in {' '.join(args.targets)}",
            hint="; ".join(gap.detail or gap.reason for gap in dossier.gaps[:3]),
        )
    return dossier


def read_release(
    opener: Sources,
    targets: Sequence[str],
    how_far: str | None,
    name: str | None = None,
    say: Callable[[str], None] | None = None,
) -> Dossier:
    """Open targets as one release and read it, with its links as far as asked.

    Unless told, links are followed when a target is online: what lies on this machine is read
    without a network.
    """
    return read_sources(opener, _open(opener, targets, say), how_far, name, say)


def _open(
    opener: Sources, targets: Sequence[str], say: Callable[[str], None] | None
) -> Sequence[Source]:
    if say:
        say(f"opening {' '.join(targets)}")
    return opener.open_all(targets)


def read_sources(
    opener: Sources,
    sources: Sequence[Source],
    how_far: str | None,
    name: str | None = None,
    say: Callable[[str], None] | None = None,
    *,
    about: Sequence[str] = (),
) -> Dossier:
    """Read opened sources as one release; ``about`` are names of the model asked about."""
    from openassay.read import read

    if how_far is None:
        how_far = "own" if any(source.kind in ONLINE for source in sources) else "none"
    if how_far == "none":
        return read(sources, name=name, about=about, progress=say)
    from openassay.follow import follow
    from openassay.links import Follow

    return follow(opener, sources, Follow(how_far), name=name, about=about, progress=say)


def show(get: Callable[[], Dossier], args: argparse.Namespace) -> int:
    """Judge what ``get`` gives and report it; options are checked before anything is read."""
    from openassay import frameworks, gate, reports
    from openassay.judge import judge

    render = reports.renderer(args.format)
    required = [gate.parse(text) for text in args.require]
    chosen = {framework.id: framework for framework in frameworks.chosen(args.framework or ())}
    asked = {r: chosen.get(r.framework) or frameworks.find(r.framework) for r in required}
    for requirement, framework in asked.items():
        gate.check(requirement, framework)
        chosen.setdefault(framework.id, framework)
    dossier = get()
    verdicts = {id_: judge(framework, dossier) for id_, framework in chosen.items()}
    report = reports.Report(
        dossier=dossier,
        verdicts=tuple(verdicts.values()),
        terms=_terms(dossier),
        optional={id_: _optional(framework) for id_, framework in chosen.items()},
    )
    terminal = args.format == "terminal"
    look = streams.look(args.verbose, args.output) if terminal else reports.Look()
    streams.write(render(report, look), args.output, as_data=not terminal)
    met = {r: gate.meets(r, rules, verdicts[rules.id]) for r, rules in asked.items()}
    return _gate_exit(met)


def show_verdicts(
    args: argparse.Namespace, name: str, verdicts: tuple[Verdict, ...], known: frozenset[str]
) -> int:
    """Print verdicts without a report around them."""
    from openassay.reports.json_v1 import render_judgement
    from openassay.reports.terminal import render_verdicts

    if args.format == "json":
        streams.write(render_judgement(name, verdicts, known))
    else:
        streams.write(render_verdicts(name, verdicts, streams.look(args.verbose)), as_data=False)
    return Exit.FINE


def _gate_exit(met: Mapping[Requirement, bool | None]) -> Exit:
    for requirement, answer in met.items():
        if not answer:
            word = "is not met" if answer is False else "is undecided: something was not read"
            streams.complain(f"{requirement.framework}={requirement.level} {word}")
    if False in met.values():
        return Exit.BELOW_REQUIRED
    return Exit.UNDECIDED if None in met.values() else Exit.FINE


def _optional(framework: Framework) -> frozenset[str]:
    return frozenset(rule.id for rule in framework.criteria if not rule.required)


def _terms(dossier: Dossier) -> dict[str, Mapping[str, str]]:
    """The known terms of every licence the dossier names, by id."""
    from openassay import licenses
    from openassay.types import Licensed

    named = {fact.license for fact in dossier.facts if isinstance(fact, Licensed)}
    ids = sorted({id_ for name in named for id_ in (name, *name.replace("(", " ").split())})
    known = ((id_, licenses.info(id_)) for id_ in ids)
    return {id_: info.terms for id_, info in known if info}
