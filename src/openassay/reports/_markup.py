"""HTML elements whose text and attributes cannot act: everything is escaped once, here.

``element("p", "a < b", class_="note")`` gives ``<p class="note">a &lt; b</p>``. A child that is
:class:`Markup` is taken as it stands, any other string is audited text. What comes out is at the
same time well-formed XML, so that it can be checked with the standard library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import quote, urlsplit

from openassay.canonical import spell, visible

_VOID = frozenset(("meta", "br"))
_NOT_XML = re.compile("[\ufffe\uffff]")  # the two characters that no XML text may hold


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | Markup | None | Iterable[str | Markup | None]
Attribute = str | int | bool | None


def element(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """One element. ``class_`` is the attribute ``class``, ``aria_label`` is ``aria-label``.

    An attribute that is None or False is left out; one that is True stands without a value.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{"" if value is True else text(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{written} />")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Children in a row, what is not markup escaped; None is nothing."""
    pieces: list[str] = []
    for child in children:
        if isinstance(child, str):
            pieces.append(child if isinstance(child, Markup) else text(child))
        elif child is not None:
            pieces.append(join(*child))
    return Markup("".join(pieces))


def text(audited: str) -> Markup:
    """Audited text as one visible line of HTML text, safe in an attribute as well.

    A space at either end stays: it may part this text from its neighbour.
    """
    shown = _NOT_XML.sub(lambda found: spell(found.group()), visible(audited))
    before = " " if audited[:1].isspace() else ""
    after = " " if shown and audited[-1:].isspace() else ""
    return Markup(before + escape(shown, quote=True) + after)


def safe_link(url: str | None) -> str | None:
    """An http(s) address with everything that could end the link spelled out; else None."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return quote(url, safe="/:?#@!$&'*+,;=%~.-_", errors="replace")
