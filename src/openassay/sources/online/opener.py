"""From what a target names to its source: one function for each kind."""

from __future__ import annotations

import contextlib

from openassay.release import Source
from openassay.sources.online.web import Web
from openassay.sources.targets import Name, What


def open_online(target: str, name: Name, web: Web, stack: contextlib.ExitStack | None) -> Source:
    """Open an online target; raises :class:`FetchError` or :class:`TargetError`."""
    if name.what is What.HUB:
        from openassay.sources.online.hub import HubName, open_hub

        return open_hub(HubName(name.kind, name.id, name.revision), web)
    if name.what is What.GIT:
        from openassay.sources.online.gitremote import open_remote

        return open_remote(target, name.id, name.revision, web, stack)
    if name.what is What.MODELSCOPE:
        from openassay.sources.online.modelscope import open_modelscope

        return open_modelscope(name, web)
    if name.what is What.ARXIV:
        from openassay.sources.online.arxiv import open_arxiv

        return open_arxiv(name.id, web)
    from openassay.sources.online.direct import open_address

    return open_address(target, name, web, stack)
