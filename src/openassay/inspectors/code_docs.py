"""Measures how much of the release's own code is documented in place, by docstrings.

Own Python files are sampled evenly when there are many. Docstrings say that a definition is
described, not how well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from openassay.files import File
from openassay.formats.code_source import read_code
from openassay.formats.pycode import MAX_SOURCE
from openassay.release import Release
from openassay.subject import Place
from openassay.types import Extent, Found

NAME = "code_docs"
COMPONENTS = ("code_documentation",)

MAX_SAMPLE: Final = 60  # files that are parsed
MIN_PUBLIC: Final = 10  # fewer public definitions say nothing
SHARE: Final = 0.5


def survey(release: Release) -> Iterator[Found]:
    """One fact when more than half of the sampled public definitions have a docstring."""
    files = sorted(
        (file for file in release.files if _counts(file, release)),
        key=lambda file: (file.source, file.path),
    )
    step = max(1, -(-len(files) // MAX_SAMPLE))
    public = documented = 0
    best: tuple[int, File] | None = None
    for file in files[::step]:
        facts = release.parsed(file, read_code).facts
        public += facts.public
        documented += facts.documented
        if facts.documented and (best is None or facts.documented > best[0]):
            best = (facts.documented, file)
    if best is None or public < MIN_PUBLIC or documented <= SHARE * public:
        return
    file = best[1]
    sampled = f" (a sample of {len(files[::step])} of {len(files)} files)" if step > 1 else ""
    yield Found(
        evidence=(file.cite_lines(_first_docstring(file)),),
        component="code_documentation",
        extent=Extent.PART,
        aspect="docstrings",
        detail=f"{documented} of {public} public definitions have a docstring{sampled}",
    )


def _counts(file: File, release: Release) -> bool:
    return (
        file.suffix == ".py"
        and file.is_readable
        and file.size <= MAX_SOURCE
        and file.name not in ("setup.py", "__init__.py")
        and release.place(file) is Place.OWN
    )


def _first_docstring(file: File) -> int:
    for number, line in enumerate(file.lines, 1):
        if line.lstrip().startswith(('"""', "'''", 'r"""')):
            return number
    return 1
