"""Records that other tools keep of a release, and what they come to.

The Model Openness Framework's reference tool keeps one YAML file a model (JSON from its API, and a
``MOF.json`` beside a release); :func:`read_record` reads it however dirty, :func:`judge_record`
judges it as the tool does, defects included (mode ``mot``), or strictly, and :func:`differences`
says where and why the two part. The openness table of Dingemanse & Liesenfeld keeps one YAML file
a project: :mod:`openassay.frameworks.rows`.

Nothing here reads a release: a record's word is taken for what it lists, so results carry no
evidence. :mod:`openassay.against` holds a record against what was read.
"""

from openassay.records.judging import differences, judge_record
from openassay.records.reading import (
    FRAMEWORK,
    Record,
    RecordedComponent,
    Word,
    inherited,
    names,
    read_record,
    read_records,
    record_of,
)

__all__ = [
    "FRAMEWORK",
    "Record",
    "RecordedComponent",
    "Word",
    "differences",
    "inherited",
    "judge_record",
    "names",
    "read_record",
    "read_records",
    "record_of",
]
