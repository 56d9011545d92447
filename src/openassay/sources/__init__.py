"""Opening what a user names: a folder, a commit, an archive, a package, a hub's repository.

The only code that opens or fetches anything. A target that cannot be read at all raises
:class:`TargetError`, or :class:`ReadError` with the reason when a server does not give it; what is
missing from one that can be read is a gap of its source.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from openassay.errors import ReadError, TargetError
from openassay.release import Source
from openassay.sources import _gitrepo as gitrepo
from openassay.sources import local
from openassay.sources.targets import Name, parse

if TYPE_CHECKING:
    from openassay.sources.online.web import Web

__all__ = ["Sources", "open_target", "open_targets"]

_HINT = (
    "Name a folder, a file, pypi:NAME, a hub's owner/name, or the address of a repository, an "
    "archive or a weights file."
)


class Sources:
    """Opens targets; holds what stays open (processes, files, connections) until it is left.

    ``offline`` never opens a socket: what was fetched before is read from where it was kept.
    """

    def __init__(self, *, offline: bool = False, web: Web | None = None) -> None:
        self.offline = offline or (web is not None and web.offline)
        self._web = web
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Sources:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    @property
    def web(self) -> Web:
        """The one session of everything online, made when it is first needed."""
        if self._web is None:
            try:
                from openassay.sources.online.web import Web, is_offline
            except ModuleNotFoundError as error:
                raise TargetError(
                    f"online targets need the package {error.name}, which is not installed",
                    hint="pip install 'openassay[online]'",
                ) from error
            self._web = Web(offline=self.offline or is_offline())
            self._stack.callback(self._web.close)
        return self._web

    def open(self, target: str, *, named: bool = True) -> Source:
        """Open one target; see :func:`open_target`. ``named`` says that the user named it."""
        if named:
            self._trust(target)
        return open_target(target, stack=self._stack, sources=self)

    def _trust(self, target: str) -> None:
        """Its host may have a private address: the user named it."""
        if "://" in target and not os.path.lexists(target):
            self.web.trust(target.removeprefix("git+").removeprefix("web:"))

    def visit(self, target: str) -> Source:
        """Open what a release links to. A server's settled "no" is a source that says so.

        Raises as :func:`open_target` does when nothing can be said: no answer, no network.
        """
        try:
            name = parse(target)  # never a path, whatever lies in this folder
            if name is None:
                raise TargetError(f"{target}: not an address that can be opened")
            return _open_online(target, name, self.web, self._stack)
        except ReadError as error:
            from openassay.sources.online.direct import refusal
            from openassay.sources.online.faults import FetchError

            settled = refusal(target, error) if isinstance(error, FetchError) else None
            if settled is None:
                raise
            return settled

    def open_again(self, locator: str) -> Source:
        """Open what a source's locator names, as a dossier keeps it. Grants nothing."""
        if os.path.lexists(locator) or not parse(locator.removeprefix("refused:")):
            return open_target(locator, stack=self._stack, sources=self)
        return self.visit(locator.removeprefix("refused:"))

    def open_all(self, wanted: Iterable[str]) -> tuple[Source, ...]:
        """Open several targets that make one release; what is named twice is kept once.

        The user named them: what a file from elsewhere names is for :meth:`open_again`.
        """
        return _each_once(self.open(target) for target in wanted)


def open_target(
    target: str,
    *,
    stack: contextlib.ExitStack | None = None,
    sources: Sources | None = None,
) -> Source:
    """Open one target: a path, ``PATH@REVISION``, ``pypi:NAME[==VERSION]``, or something online.

    Processes and files stay open until ``stack`` closes, or without one, until the last file of
    the source is forgotten. Raises :class:`TargetError` when nothing of it can be read, and
    :class:`ReadError` when its server does not give it.
    """
    if not target or "\0" in target:
        raise TargetError("an empty target", hint=_HINT)
    if target.startswith("pypi:"):
        from openassay.sources.pypi import open_pypi  # the network code is seldom needed

        return open_pypi(target, stack, offline=sources is not None and sources.offline)
    if os.path.lexists(target):
        return _open_path(target, stack)
    if target.startswith("refused:"):  # as a dossier keeps it; it may be there by now
        return (sources or Sources()).visit(target.removeprefix("refused:"))
    for at in (found.start() for found in re.finditer("@", target)):
        path, revision = target[:at], target[at + 1 :]
        if path and revision and os.path.isdir(path):
            return _open_revision(target, path, revision, stack)
    if name := parse(target):
        return _open_online(target, name, (sources or Sources()).web, stack)
    raise TargetError(f"{target}: no such file or folder", hint="Check the path. " + _HINT)


def open_targets(
    wanted: Iterable[str],
    *,
    stack: contextlib.ExitStack | None = None,
    sources: Sources | None = None,
) -> tuple[Source, ...]:
    """Open several targets that make one release; what is named twice is kept once."""
    return _each_once(open_target(target, stack=stack, sources=sources) for target in wanted)


def _each_once(opened: Iterable[Source]) -> tuple[Source, ...]:
    found: dict[str, Source] = {}
    for source in opened:
        found.setdefault(source.id, source)
    if not found:
        raise TargetError("no target", hint=_HINT)
    return tuple(found.values())


def _open_online(target: str, name: Name, web: Web, stack: contextlib.ExitStack | None) -> Source:
    from openassay.sources.online.opener import open_online

    try:
        return open_online(target, name, web, stack)
    except ReadError as error:
        if target in (name.id, f"{name.id}@{name.revision}") and "://" not in target:
            error.hint = f"There is no folder {target} here either. {error.hint}".strip()
        raise


def _open_path(target: str, stack: contextlib.ExitStack | None) -> Source:
    if os.path.isdir(target):
        if repository := gitrepo.find(target):
            from openassay.sources.git import open_git

            return open_git(target, repository, None, stack)
        return local.open_folder(target, target)
    from openassay.sources.archive import is_archive, open_archive

    if is_archive(target):
        return open_archive(target, target, stack)
    return local.open_file(target, target)


def _open_revision(
    target: str, path: str, revision: str, stack: contextlib.ExitStack | None
) -> Source:
    repository = gitrepo.find(path)
    if repository is None:
        raise TargetError(
            f"{path} is no Git repository, so it has no revision {revision!r}",
            hint=f"Leave out @{revision} to read the folder as it is.",
        )
    from openassay.sources.git import open_git

    return open_git(target, repository, revision, stack)
