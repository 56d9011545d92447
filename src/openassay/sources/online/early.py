"""Fetching side by side, before anyone asks, what every audit reads: documents and headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from openassay.files import File
from openassay.sources._common import GapLog
from openassay.sources.online.faults import FetchError
from openassay.sources.online.ranges import BLOCK
from openassay.sources.online.transport import PARALLEL

SMALL = 256 << 10  # bytes; larger ones are read when they are asked for
MAX_FILES = 200
MAX_HEADERS = 64
_DOCUMENTS = re.compile(
    r"(?i)(?:^|/)(?:[^/]*\.(?:md|txt|rst|json|ya?ml|py|toml|cfg|ini|sh|jinja)|licen[sc]e[^/]*"
    r"|notice[^/]*|copying[^/]*|readme[^/]*|citation[^/]*)$"
)
_WEIGHTS = (".safetensors", ".gguf")  # formats whose header stands first


def fetch_early(files: Sequence[File], gaps: GapLog) -> frozenset[str]:
    """Fill the store; a file that cannot be had is a gap, and is not asked for again.

    Returns the paths of what could be had.
    """
    small = [f for f in files if 0 < f.size <= SMALL and _DOCUMENTS.search(f.path)]
    small.sort(key=lambda file: (file.path.count("/"), file.path))
    weights = [file for file in files if file.size > 0 and file.suffix in _WEIGHTS]
    wanted = [(file, file.size) for file in small[:MAX_FILES]]
    wanted += [(file, min(BLOCK, file.size)) for file in weights[:MAX_HEADERS]]
    if not wanted:
        return frozenset()
    with ThreadPoolExecutor(PARALLEL) as pool:
        faults = list(pool.map(_try, wanted))
    for (file, _), fault in zip(wanted, faults, strict=True):
        if fault is not None:
            file.problem = fault.reason
            gaps.add(file.path, fault.reason, str(fault))
    tried = zip(wanted, faults, strict=True)
    return frozenset(file.path for (file, _), fault in tried if fault is None)


def _try(wanted: tuple[File, int]) -> FetchError | None:
    file, length = wanted
    try:
        file.reader(0, length)
    except FetchError as error:
        return error
    return None
