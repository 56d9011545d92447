"""What the exit status means; docs/cli.md says the same."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit status of every command."""

    FINE = 0
    OUR_FAULT = 1
    USAGE = 2
    NOTHING_READ = 3
    BELOW_REQUIRED = 10  # a required level was not met
    UNDECIDED = 11  # floor below the required level, ceiling not
    EVIDENCE_GONE = 12  # `verify`: something quoted no longer stands
    GOT_WORSE = 13  # something is worse than in the baseline
    INTERRUPTED = 130
    BROKEN_PIPE = 141
