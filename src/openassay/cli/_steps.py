"""The steps of an audit that several commands take: reading targets, judging, reporting."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from openassay.cli import _project as project
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import TargetError

if TYPE_CHECKING:
    from openassay.frameworks.model import Framework
    from openassay.gate import Requirement
    from openassay.release import Source
    from openassay.reports.license import LicenseAnswer
    from openassay.sources import Sources
    from openassay.types import Dossier, Verdict

ONLINE = frozenset(("hf", "modelscope", "arxiv", "url", "web", "refused"))  # kinds of sources


def read_targets(
    args: argparse.Namespace, *, lineage: str | None = None, sketch: str | None = None
) -> Dossier:
    """The dossier of ``args.targets``; TargetError when nothing of them could be read.

    ``lineage`` is a folder of stored sketches that the weights are compared with, ``sketch`` where
    to store one of these weights.
    """
    from openassay.cli import _lineage
    from openassay.sources import Sources

    weighed = lineage is not None or sketch is not None
    if weighed:
        _lineage.check(lineage)

    # reading makes very many small objects that all live on; looking for dead ones often is waste
    gc.set_threshold(50_000, 50, 50)
    with Sources(offline=args.offline) as opener, streams.progress() as say:
        sources = _open(opener, args.targets, say)
        dossier = read_sources(opener, sources, args.follow, args.name, say)
        if weighed:
            dossier = _lineage.weighed(dossier, sources, lineage, sketch, say)
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
        online = any(s.kind in ONLINE or "://" in s.locator for s in sources)
        how_far = "own" if online else "none"
    if how_far == "none":
        return read(sources, name=name, about=about, progress=say)
    from openassay.follow import follow
    from openassay.links import Follow

    return follow(opener, sources, Follow(how_far), name=name, about=about, progress=say)


def show(get: Callable[[], Dossier], args: argparse.Namespace) -> int:
    """Judge what ``get`` gives and report it; options are checked before anything is read."""
    from openassay import gate, reports, words
    from openassay.judge import judge

    config = project.settle(args)
    render = reports.renderer(args.format)
    words.speaker(args.lang)
    required, chosen = _asked(args)
    for requirement in required:
        gate.check(requirement, chosen)
    before = project.load_state(args.baseline, chosen) if args.baseline else None
    dossier = get()
    verdicts = tuple(judge(framework, dossier) for framework in chosen.values())
    review = project.review(config, dossier, chosen)
    since = project.since(args.baseline, before, dossier, verdicts, chosen) if before else None
    report = reports.Report(
        dossier=dossier,
        verdicts=verdicts,
        terms=_terms(dossier),
        # looked up for the one format that shows rights and duties: it takes a moment
        licenses=_licenses(dossier) if args.format == "html" else {},
        optional={id_: _optional(framework) for id_, framework in chosen.items()},
        review=review,
        since=since,
    )
    terminal = args.format == "terminal"
    look = streams.look(args.verbose, args.output) if terminal else reports.Look()
    look = replace(look, lang=args.lang)
    streams.write(render(report, look), args.output, as_data=not terminal)
    judged = report if review is None or args.as_found else review
    return project.gate_exit(required, judged.dossier, chosen, judged.verdicts, since)


def _asked(args: argparse.Namespace) -> tuple[list[Requirement], dict[str, Framework]]:
    """What is required, and the frameworks to judge by; both know a framework by its id."""
    from openassay import frameworks, gate

    required = [gate.parse(text) for text in args.require or ()]
    chosen = {framework.id: framework for framework in frameworks.chosen(args.framework or ())}
    names = [name for name in gate.frameworks_of(required) if name not in chosen]
    others = {name: frameworks.find(name) for name in names}
    every = frameworks.chosen([*(args.framework or chosen), *others])
    known = [
        replace(one, name=others[one.name].id)
        if one.subject is gate.Subject.FRAMEWORK and one.name in others
        else one
        for one in required
    ]
    return known, {framework.id: framework for framework in every}


def show_verdicts(
    args: argparse.Namespace, name: str, verdicts: tuple[Verdict, ...], known: frozenset[str]
) -> int:
    """Print verdicts without a report around them."""
    from openassay.reports.json_v1 import render_judgement
    from openassay.reports.terminal import render_verdicts

    if args.format == "json":
        streams.write(render_judgement(name, verdicts, known))
    else:
        look = replace(streams.look(args.verbose), lang=args.lang)
        streams.write(render_verdicts(name, verdicts, look), as_data=False)
    return Exit.FINE


def _optional(framework: Framework) -> frozenset[str]:
    return frozenset(rule.id for rule in framework.criteria if not rule.required)


def _licenses(dossier: Dossier) -> dict[str, LicenseAnswer]:
    """All that is known of every licence the dossier names, by the expression it is named by."""
    from openassay import license_answer
    from openassay.types import Licensed

    named = {fact.license for fact in dossier.facts if isinstance(fact, Licensed)}
    return {expression: license_answer.of_expression(expression) for expression in sorted(named)}


def _terms(dossier: Dossier) -> dict[str, Mapping[str, str]]:
    """The known terms of every licence the dossier names, by id."""
    from openassay import licenses
    from openassay.types import Licensed

    named = {fact.license for fact in dossier.facts if isinstance(fact, Licensed)}
    ids = sorted({id_ for name in named for id_ in (name, *name.replace("(", " ").split())})
    known = ((id_, licenses.info(id_)) for id_ in ids)
    return {id_: info.terms for id_, info in known if info}
