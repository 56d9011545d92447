"""What a host says of a thing, as a file that can be cited: API answers and statuses.

Such a file is no part of the tree. It keeps only what does not change from one day to the next
(no counts of downloads), so that the same revision gives the same bytes.
"""

from __future__ import annotations

import math
from typing import Any

from openassay.canonical import dump_json
from openassay.files import File


def answer_file(source: str, path: str, value: Any) -> File:
    """A JSON value, written canonically, as a file of a source."""
    content = dump_json(plain(value), sort=True).encode("utf-8")
    return bytes_file(source, path, content)


def bytes_file(source: str, path: str, content: bytes) -> File:
    """Bytes at hand as a file of a source."""

    def read(offset: int, length: int) -> bytes:
        return content[offset : offset + length]

    return File(source=source, path=path, size=len(content), reader=read)


def plain(value: Any, depth: int = 0) -> Any:
    """A value that JSON can hold; what it cannot hold is written as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if depth < 12 and isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if depth < 12 and isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    return str(value)[:1000]
