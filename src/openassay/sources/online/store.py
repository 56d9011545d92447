"""An on-disk store of what was fetched, keyed by pinned revision; safe to delete at any time.

One file an item: the SHA-256 of the content, then the content. It is written beside its place and
renamed, so a killed run leaves nothing half-written; one whose digest does not fit is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile

from openassay.sources._common import cache_folder, small_file

MAX_ITEM = 64 << 20
_HEAD = 32  # bytes of the digest before the content


class Store:
    """Contents by key. ``folder`` is made on the first write; None keeps nothing."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder

    @classmethod
    def default(cls) -> Store:
        """The user's: ``$XDG_CACHE_HOME/openassay/online``."""
        return cls(os.path.join(cache_folder(), "online"))

    def get(self, *key: str) -> bytes | None:
        """What was put under a key, or None."""
        if self._folder is None:
            return None
        kept = small_file(self._path(self._folder, key), MAX_ITEM + _HEAD)
        if kept is None or hashlib.sha256(kept[_HEAD:]).digest() != kept[:_HEAD]:
            return None
        return kept[_HEAD:]

    def put(self, content: bytes, *key: str) -> None:
        """Keep a content; a disk that is full or may not be written keeps nothing."""
        if self._folder is None or len(content) > MAX_ITEM:
            return
        path = self._path(self._folder, key)
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            descriptor, part = tempfile.mkstemp(prefix=".part-", dir=os.path.dirname(path))
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(hashlib.sha256(content).digest() + content)
                os.replace(part, path)
            except BaseException:  # an interruption, too, leaves no half-written file
                os.unlink(part)
                raise

    @staticmethod
    def _path(folder: str, key: tuple[str, ...]) -> str:
        name = hashlib.sha256("\0".join(key).encode("utf-8", "surrogateescape")).hexdigest()
        return os.path.join(folder, name[:2], name[2:])
