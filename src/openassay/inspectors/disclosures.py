"""What the authors state about size, compute, hardware, energy, carbon, copyright and data.

Numbers count with their unit, in a sentence or table row of an own document that speaks of the
model or its training; the fact carries the number in base units and the sentence as its quote:

``parameters``, ``active_parameters``  a plain number
``compute``                            floating-point operations
``accelerator_hours``, ``hardware``    a number and the accelerator's name, ``64 A100``
``energy``                             kilowatt-hours
``carbon``                             tonnes of CO2 equivalent
``copyright_policy``, ``training_summary``  the link or heading that leads there

A size counts where the sentence is about this model and holds no second size: families and
comparisons give none. Not seen: numbers without a unit, in pictures, in linked documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from openassay.files import File
from openassay.passages import Passage, passages, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Fact, Gap, Stated

NAME: Final = "disclosures"
COMPONENTS: Final = ()  # data about the release; no component rests on it

_MAX_TEXT: Final = 3_000  # characters of one passage
_MAX_FACTS: Final = 8  # of one topic in one document
_SAME: Final = 1.15  # sizes within this ratio are roundings of each other
_OF_NOBODY: Final = ("copyright_policy", "training_summary")  # need no model's name beside them
_NUM: Final = r"(\d{1,4}(?:,\d{3}){1,5}(?:\.\d{1,4})?|\d{1,15}(?:\.\d{1,4})?)"
_SCALES: Final = {
    "k": 1e3, "thousand": 1e3, "万": 1e4, "m": 1e6, "million": 1e6, "亿": 1e8, "b": 1e9,
    "bn": 1e9, "billion": 1e9, "t": 1e12, "trillion": 1e12,
}  # fmt: skip
_SCALE: Final = r"(thousand|million|billion|bn|trillion|[KMBT](?![A-Za-z])|亿|万)"

# Most passages hold none of these, and are left at once.
_HINT: Final = re.compile(
    r"param|参数|flop|activ|激活|hours|小时|[AH][128]00|V100|B200|MI[23]\d0X|TPU|Wh\b|CO2|CO₂|CO\$|碳"
    r"|copyright|版权|opt-?out|53\(1\)|summary of|能耗|电量",
    re.I,
)

_SIZE: Final = re.compile(
    rf"(?<![\w.,-]){_NUM}[\s-]{{0,2}}{_SCALE}(?!\s{{0,2}}(?:tokens?|words|hours|次|users|downloads))"
    r"(?![\w.])", re.I,
)  # fmt: skip
_NAMED_SIZE: Final = re.compile(r"(?<![A-Za-z\d.])\d{1,4}(?:\.\d{1,2})?[BM](?![A-Za-z])")
_TOTAL: Final = re.compile(
    rf"(?<![\w.,-]){_NUM}[\s-]{{0,2}}{_SCALE}\s{{0,2}}total param"
    rf"|(?:total|number of|#) param(?:eter)?s?[\s|:*=]{{1,12}}{_NUM}\s{{0,2}}{_SCALE}(?![\w.])",
    re.I,
)
_OF_PARAMETERS: Final = re.compile(
    rf"(?<![\w.,-]){_NUM}[\s-]{{0,2}}{_SCALE}[\s*_-]{{0,4}}"
    r"(?:个)?(?:model |trainable )?(?:param|参数)"
    r"|(?:param(?:eter)?s?(?: count| size)?|参数量?)"
    rf"[\s|:：*为约~≈=]{{1,12}}{_NUM}\s{{0,2}}{_SCALE}(?![\w.])",
    re.I,
)
_COMPARES: Final = re.compile(
    r"\bthan\b|\boutperform|\bsurpass|\bcompar|\bversus\b|\bvs\b|\bfrom\b.{0,40}\bto\b|\brang"
    r"|\bdown from\b|\bbase(?:d on|line)|\bteacher|\blarger\b|\bsmaller\b|\bunder\b|\bup to\b"
    r"|\bevaluated\b|\bresults?\b|embedding|LoRA|adapter|超过|相比|优于",
    re.I,
)
_THIS_MODEL: Final = re.compile(
    r"\b(?:we|our|ours|(?:this|the|these) models?)\b|我们|本模型|该模型|模型具有", re.I
)
_LABEL: Final = re.compile(
    r"\W{0,6}(?:(?:pre-?)?training|carbon|energy|estimated|total|hardware|compute|emissions?"
    r"|greenhouse|activated|训练|碳排放|激活)",
    re.I,
)

_ACTIVE: Final = (
    re.compile(
        rf"{_NUM}\s{{0,2}}{_SCALE}\s{{0,2}}(?:of them |are |is |being )?"
        r"(?:activated|active|激活)(?!\s{0,2}(?:user|contributor|member|download))",
        re.I,
    ),
    re.compile(
        r"(?:activated?|active|激活)\s{0,2}(?:total )?(?:param(?:eter)?s?|参数)?(?:量|数)?"
        rf"(?: per token)?[\s|:：*为约~≈()#]{{1,12}}{_NUM}\s{{0,2}}{_SCALE}(?=[\s|*.,;)。，]|$)",
        re.I,
    ),
    re.compile(rf"activat(?:es|ing) (?:only |about )?{_NUM}\s{{0,2}}{_SCALE}", re.I),
)
_COMPUTE: Final = (
    re.compile(
        r"(\d{1,3}(?:\.\d{1,4})?)\s{0,2}(?:×|x|\*|·|\\times)\s{0,2}\$?10\s{0,2}"
        r"(?:\^|\*\*|<sup>)?\s{0,2}\{?(\d{2})\}?(?:</sup>|\$)?\s{0,3}"
        r"(?:total )?(?:training )?(?:FLOPs?|floating)(?!\s{0,2}/|S\b)",
        re.I,
    ),
    re.compile(
        r"(\d{1,3}(?:\.\d{1,4})?)[eE]\+?(\d{2})\s{0,3}(?:total )?(?:training )?"
        r"(?:FLOPs?|floating)(?!\s{0,2}/)",
        re.I,
    ),
)
_CHIP: Final = (
    r"(?:NVIDIA |Nvidia |AMD |Google |Tesla |Instinct |Cloud )?"
    r"(V100|A100|A800|H100|H800|H200|B200|MI250X|MI300X|TPU ?v[345][pe]?)"
)
_HOURS: Final = (
    re.compile(
        rf"{_NUM}\s{{0,2}}{_SCALE}?\s{{0,2}}(?:total )?{_CHIP}"
        r"(?:[ -](?:SXM\d?|PCIe|\d{2} ?GB|\d{2}G))?"
        r"[ -]{0,2}(?:GPU|TPU|chip|core)?s?[ -]{0,2}(?:hours|hrs|小时)",
    ),
    re.compile(
        rf"{_NUM}\s{{0,2}}{_SCALE}?\s{{0,2}}(?:GPU|TPU|accelerator)[ -]?hours?\b"
        rf"[^.。\n]{{0,80}}?{_CHIP}",
        re.I,
    ),
)
_HARDWARE: Final = re.compile(
    rf"(?<![\w.-])(\d{{1,3}},\d{{3}}|\d{{1,6}})\s{{0,2}}(?:×|x|\*|块|张|个)?\s{{0,2}}{_CHIP}"
    r"(?![ -]{0,2}(?:\w{1,8}[ -]{1,2}){0,2}hours)"
)
_ENERGY: Final = re.compile(rf"{_NUM}\s{{0,2}}([kMGT])Wh\b")
_TO_KWH: Final = {"k": 1.0, "M": 1e3, "G": 1e6, "T": 1e9}
_CARBON: Final = re.compile(
    rf"{_NUM}\s{{0,2}}(kilograms?|kilos?|kg|tonnes?|tons?|metric tons?|t|吨|千克|公斤)(?: of)?"
    r"[\s$]{0,2}(?:carbon|CO_?\{?2\}?|CO₂|CO<sub>2|二氧化碳|碳)",
    re.I,
)
_OF_TRAINING: Final = re.compile(
    r"\btrain|\bemi(?:t|ss)|\benergy\b|\bcarbon\b|\bfootprint\b|\bconsum|训练|排放|能耗", re.I
)
_RUN: Final = re.compile(r"\b(?:pre-?)?train(?:ed|ing)?\b|训练", re.I)
# What the users' machines need, or what another step took, is not the training's hardware.
_NOT_RUN: Final = re.compile(
    r"\binferen|\bdeploy|\bserv(?:e|ing)\b|\bfine-?tun|\bthroughput\b|\blatency\b|\brequire"
    r"|\bcan\b|\byou\b|^\W{0,6}(?:run|launch|to )\b|\bevaluat|推理|部署|微调|评测|可在",
    re.I,
)
_COPYRIGHT: Final = re.compile(
    r"\bcopyright (?:compliance )?polic(?:y|ies)\b"
    r"|\bpolicy (?:to comply )?(?:with|on) [^.\n]{0,30}copyright"
    r"|\b(?:text[- ]and[- ]data[- ]mining|TDM) opt-?outs?\b"
    r"|\bart(?:icle|\.) ?53\(1\)\(c\)|版权政策",
    re.I,
)
_SUMMARY: Final = re.compile(
    r"\bsummary of (?:the )?"
    r"(?:training (?:content|data)|(?:content|data) used (?:for|in|to) (?:the )?train)"
    r"|\btraining (?:data|content) summary\b|\bart(?:icle|\.) ?53\(1\)\(d\)",
    re.I,
)
_NONE: Final = re.compile(
    r"\b(?:no|not|without|never|lack\w*|missing|will be|upcoming|coming soon)\b", re.I
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    """The first statements of each topic in an own document."""
    counts: dict[str, int] = {}
    for passage in passages(file, release):
        text = passage.text[:_MAX_TEXT]
        if not _HINT.search(text):
            continue
        named = release.subject.mentioned(text)
        if (named and Whose.OWN not in named) or release.subject.is_foreign("", passage.trail):
            continue
        own = Whose.OWN in named or bool(_THIS_MODEL.search(text) or _LABEL.match(text))
        for topic, read in _READERS.items():
            value = read(text) if own or topic in _OF_NOBODY else ""
            if value and counts.get(topic, 0) < _MAX_FACTS:
                counts[topic] = counts.get(topic, 0) + 1
                yield _fact(topic, value, passage)


def _fact(topic: str, value: str, passage: Passage) -> Stated:
    return Stated(
        topic=topic,
        value=value,
        subject="model_parameters_final" if topic.endswith("parameters") else "release",
        evidence=(passage.cite(),),
        detail=f"{_DETAIL[topic]}, as stated.",
    )


def _parameters(text: str) -> str:
    """One size and no other: the total where that is said, else the only size there is."""
    if _COMPARES.search(text) or not re.search(r"param|参数", text, re.I):
        return ""
    if "|" in text and len(_SIZE.findall(text)) > 1:
        return ""  # a row that compares models
    totals = {_amount(hit) for hit in _TOTAL.finditer(text)}
    if totals:
        return _only(totals)
    if re.search(r"activ|激活|experts?\b|专家", text, re.I):
        return ""  # perhaps the number that works per token
    sizes = {_amount(hit) for hit in _SIZE.finditer(text)}
    sizes |= {
        _number(hit[0][:-1]) * _SCALES[hit[0][-1].lower()] for hit in _NAMED_SIZE.finditer(text)
    }
    stated = {_amount(hit) for hit in _OF_PARAMETERS.finditer(text)}
    return _only(stated) if all(_is_near(one, other) for one in stated for other in sizes) else ""


def _is_near(one: float, other: float) -> bool:
    """Whether two numbers are roundings of each other."""
    return max(one, other) <= _SAME * min(one, other)


def _only(numbers: set[float]) -> str:
    likely = [number for number in numbers if 1e6 <= number <= 1e14]
    return f"{likely[0]:.0f}" if len(likely) == len(numbers) == 1 else ""


def _amount(hit: re.Match[str]) -> float:
    digits, scale = [group for group in hit.groups() if group][:2]
    return _number(digits) * _SCALES[scale.lower()]


def _active(text: str) -> str:
    if not re.search(r"param|expert|MoE|参数|专家|per token|each token", text, re.I):
        return ""
    if "|" in text and len(_SIZE.findall(text)) > 1:
        return ""  # a row that compares models
    return _only({_amount(hit) for pattern in _ACTIVE for hit in pattern.finditer(text)})


def _compute(text: str) -> str:
    if not _RUN.search(text) or _NOT_RUN.search(text):
        return ""
    for pattern in _COMPUTE:
        if hit := pattern.search(text):
            exponent = int(hit[2])
            return f"{float(hit[1])}e{exponent}" if 15 <= exponent <= 30 else ""
    return ""


def _hours(text: str) -> str:
    if not _RUN.search(text):
        return ""
    for pattern in _HOURS:
        if hit := pattern.search(text):
            scale = _SCALES[hit[2].lower()] if hit[2] else 1.0
            return f"{_number(hit[1]) * scale:.0f} {_chip(hit[3])}"
    return ""


def _hardware(text: str) -> str:
    if not _RUN.search(text) or _NOT_RUN.search(text):
        return ""
    hit = _HARDWARE.search(text)
    return f"{_number(hit[1]):.0f} {_chip(hit[2])}" if hit else ""


def _energy(text: str) -> str:
    hit = _ENERGY.search(text)
    if not hit or not _OF_TRAINING.search(text):
        return ""
    return f"{_number(hit[1]) * _TO_KWH[hit[2]]:.0f} kWh"


def _carbon(text: str) -> str:
    hit = _CARBON.search(text)
    if not hit or not _OF_TRAINING.search(text):
        return ""
    tonnes = _number(hit[1]) / (1000 if hit[2].lower().startswith(("k", "千", "公")) else 1)
    return f"{tonnes:g} tCO2eq" if tonnes else ""


def _copyright_policy(text: str) -> str:
    return _said(_COPYRIGHT, text)


def _training_summary(text: str) -> str:
    return _said(_SUMMARY, text)


def _said(pattern: re.Pattern[str], text: str) -> str:
    """The words that name a document, where the sentence does not say that there is none."""
    hit = pattern.search(text)
    return hit[0][:100] if hit and not _NONE.search(text[:1_000]) else ""


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _chip(name: str) -> str:
    return name.replace(" ", "")


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "parameters": _parameters,
    "active_parameters": _active,
    "compute": _compute,
    "accelerator_hours": _hours,
    "hardware": _hardware,
    "energy": _energy,
    "carbon": _carbon,
    "copyright_policy": _copyright_policy,
    "training_summary": _training_summary,
}
_DETAIL: Final = {
    "parameters": "The number of parameters",
    "active_parameters": "The number of parameters active per token",
    "compute": "The compute of the training",
    "accelerator_hours": "The accelerator hours of the training",
    "hardware": "The hardware of the training",
    "energy": "The energy of the training",
    "carbon": "The carbon emitted by the training",
    "copyright_policy": "A copyright policy",
    "training_summary": "A summary of the training content",
}
