"""``openassay lineage A B``: do two models share an origin? Also sketches, and one against many."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from openassay.cli import _options as options
from openassay.cli import _sketches as sketches
from openassay.cli import _streams as streams
from openassay.cli._exit import Exit
from openassay.errors import UsageError

if TYPE_CHECKING:
    from openassay.lineage.consequences import Consequence
    from openassay.lineage.result import Comparison
    from openassay.lineage.sketch import Sketch
    from openassay.sources import Sources
    from openassay.types import Dossier, Fact, SourceInfo

HELP = "Do two models share an origin? Compare their weights."
_DEEP = 4 << 30  # bytes of whole layers with --deep
_DEEP_AWAY = 448 << 20  # of weights far away: what one source may fetch, with room for headers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help="the older model or claimed base: a target, "
                        "TARGET#PATH for one file of it, or a stored sketch")  # fmt: skip
    parser.add_argument("b", metavar="B", nargs="?", help="the model under audit, likewise")
    parser.add_argument("--against", metavar="DIR", help="compare A with every stored sketch there")
    parser.add_argument("--save", metavar="FILE", help="store the sketch of A")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--whole", action="store_true", help="read every byte (default where local)")
    how.add_argument("--sampled", action="store_true", help="read headers and sampled rows only")
    parser.add_argument("--deep", action="store_true",
                        help="read whole layers too, which finds rearranged weights")  # fmt: skip
    parser.add_argument("--published", nargs=2, metavar=("A_DATE", "B_DATE"), default=("", ""),
                        help="dates of publication (YYYY-MM-DD), as you know them")  # fmt: skip
    parser.add_argument("--dossier", metavar="FILE",
                        help="dossier of B: what it declares is checked")  # fmt: skip
    parser.add_argument("--format", choices=("terminal", "json", "svg", "html", "markdown"),
                        default="terminal")  # fmt: skip
    options.add_lang(parser)
    options.add_offline(parser)
    options.add_output(parser)
    options.add_verbose(parser, "with every match")


def run(args: argparse.Namespace) -> int:
    from openassay import words
    from openassay.lineage.rule import compare
    from openassay.sources import Sources

    _check(args)
    words.speaker(args.lang)
    dossier = _dossier(args.dossier)
    with Sources(offline=args.offline) as sources, streams.progress() as say:
        first = _Side(args.a, args, sources)
        if args.against:
            paths = sketches.stored_in(args.against)
            target = first.take(_seed([first]), say)
            if args.save:
                sketches.save(target, args.save)
            found, mixed = sketches.compare_all(target, paths)
            return _show(args, _Answer(found, dossier, "", mixed, first.places()))
        if args.b is None:
            sketches.save(first.take(_seed([first]), say), args.save)
            return Exit.FINE
        second = _Side(args.b, args, sources)
        seed = _seed([first, second])
        a, b = first.take(seed, say), second.take(seed, say)
        one = compare(a, b, dates=(args.published[0], args.published[1]))
    places = first.places() | second.places()
    return _show(args, _Answer([one], dossier, args.a, "", places))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found out of B; ``name`` is what the only A was called, and ``places`` says where
    that lies which was read live, by its pin.
    """

    found: Sequence[Comparison]
    dossier: Dossier | None
    name: str
    mixed: str
    places: Mapping[str, SourceInfo]

    @property
    def follows(self) -> tuple[Consequence, ...]:
        """What all comparisons mean; with --against only for a release whose dossier is given."""
        from openassay.lineage.consequences import consequences

        if not self.name and self.dossier is None:
            return ()
        return tuple(
            made for one in self.found for made in consequences(one, self.dossier, [self.name])
        )

    def facts(self) -> Iterator[Fact]:
        """The comparisons as a dossier keeps them."""
        from openassay.lineage.consequences import consequences, declared_as
        from openassay.lineage.record import kept

        pairs = []
        for one in self.found:
            declared = declared_as(self.dossier, (one.a.name, self.name))
            pairs.append((one, consequences(one, self.dossier, [self.name]), bool(declared)))
        return kept(pairs, self.found[0].b.evidence, in_full=len(self.found) == 1)


def _check(args: argparse.Namespace) -> None:
    import re

    if not (args.b or args.against or args.save):
        raise UsageError("one model alone has nothing to be compared with",
                         hint="Name B, or --against DIR, or --save FILE.")  # fmt: skip
    if args.b and args.against:
        raise UsageError("B and --against exclude each other", hint="Name one of them.")
    if args.b and args.save:
        raise UsageError("--save stores the sketch of one model", hint="Leave B out.")
    if args.against and args.format == "svg":
        raise UsageError("a picture shows one pair", hint="Name A and B.")
    for date in args.published:
        if date and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date):
            raise UsageError(f"{date!r} is no date", hint="Write it like 2026-01-31.")


class _Side:
    """What one of the two names stands for: a stored sketch, or weights that can be sketched."""

    def __init__(self, name: str, args: argparse.Namespace, sources: Sources) -> None:
        self.name = name
        self.args = args
        self.stored: Sketch | None = None
        target, _, inside = name.partition("#")
        if os.path.isfile(target) and not inside:
            self.stored = sketches.load(target)
        if self.stored is None:
            from openassay.lineage.table import weight_sets
            from openassay.release import Release

            self.source = sources.open(target)
            self.weights, *self.others = weight_sets(Release([self.source]), inside)

    @property
    def pin(self) -> str:
        return f"{self.source.id}#{self.weights.label}"

    @property
    def _deep(self) -> int:
        """Bytes of whole layers that were asked for by name."""
        if not self.args.deep:
            return 0
        return _DEEP if self.source.is_local else _DEEP_AWAY

    def places(self) -> dict[str, SourceInfo]:
        """Where the target lies, by its pin; nothing for a stored sketch."""
        return {} if self.stored is not None else {self.source.id: self.source.info()}

    def take(self, seed: str, say: Callable[[str], None] | None) -> Sketch:
        """The stored sketch, or a new one with this seed."""
        if self.stored is not None:
            return self.stored
        from openassay.lineage.take import MAX_DEEP, take

        local = sketches.read_whole(self.source, self.weights)
        made = take(
            self.weights,
            self.name,
            seed=seed,
            whole=self.args.whole or (local and not self.args.sampled),
            deep=self._deep or MAX_DEEP,
            beside=sketches.beside(self.source, self.weights),
            progress=say,
        )
        return sketches.with_others(made, self.others)


def _seed(sides: Sequence[_Side]) -> str:
    """Where rows are drawn: by both pins for a live pair, else as stored sketches have it."""
    import hashlib

    from openassay.lineage.sketch import SEED

    for side in sides:
        if side.stored is not None:
            return side.stored.seed
    if len(sides) == 1:
        return SEED
    pins = "\n".join(sorted(side.pin for side in sides))
    return hashlib.sha256(pins.encode("utf-8", "replace")).hexdigest()


def _dossier(path: str | None) -> Dossier | None:
    if path is None:
        return None
    from openassay import dossier as codec

    return codec.load(streams.read_input(path))


def _show(args: argparse.Namespace, answer: _Answer) -> int:
    from openassay.lineage import picture, words

    look = replace(streams.look(args.verbose, args.output), lang=args.lang)
    if args.format == "json":
        where = {pin: info.locator for pin, info in answer.places.items()}
        text = words.render_json(answer.found, answer.follows, answer.mixed, where)
        streams.write(text, args.output)
    elif args.format == "svg":
        streams.write(picture.svg(answer.found[0]), args.output)
    elif args.format in ("html", "markdown"):
        streams.write(_page(args.format, args.lang, answer), args.output)
    else:
        if args.against:
            text = words.render_many(answer.found, answer.mixed, look, answer.follows)
        else:
            text = words.render(answer.found[0], answer.follows, look)
        shown = text if look.unicode else text.replace("✔", "+").replace("·", "-")
        streams.write(shown, args.output, as_data=False)
    return Exit.FINE


def _page(name: str, lang: str, answer: _Answer) -> str:
    """The comparisons as a page or a document of their own, as reports on releases show them."""
    from openassay import __version__
    from openassay.reports import Look, Report, html, markdown
    from openassay.types import Dossier

    dossier = Dossier(
        schema="openassay-dossier/1",
        release=answer.found[0].b.name,
        sources=tuple(answer.places[pin] for pin in sorted(answer.places)),
        facts=tuple(answer.facts()),
        read_by=f"openassay {__version__}",
    )
    render = html.render_lineage if name == "html" else markdown.render_lineage
    return render(Report(dossier=dossier), Look(lang=lang))
