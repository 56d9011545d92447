"""OpenAssay finds out how open an AI model release really is.

Released, allowed, true, usable: four questions, answered from the release itself, with a place
(file, line, quote, digest) for every statement. ``openassay.read`` turns sources into a dossier;
``openassay.judge`` and ``openassay.reports`` are pure functions of that dossier.
"""

__version__ = "0.1.0"
