"""The YAML record of the Model Openness Framework's reference tool, as a proposal."""

from __future__ import annotations

from typing import Any

import yaml

from openassay.reports import Look, Report
from openassay.reports._mof import record


class _Quoted(str):
    """A value that is a string whoever reads it: YAML 1.1 and 1.2 differ on ``no``, ``1e3``."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, as the reference tool's own records have them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _represent(dumper: yaml.SafeDumper, value: _Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style="'")


_Dumper.add_representer(_Quoted, _represent)


def render(report: Report, look: Look) -> str:
    """The proposed record as YAML text."""
    del look
    text: str = yaml.dump(
        _quoted(record(report)), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6
    )
    return text


def _quoted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    return _Quoted(value)
