"""Whether a sentence names a licence, or a licence made from it by changes.

"Modified MIT" and "Apache 2.0 with additional terms" are other licences than those they name.
"Based on" may mean either: what is published (*the project is based on the Apache licence*) is
under the licence, while a licence (*our terms are based on the Apache licence*) is a changed copy
of it. The subject of the sentence tells them apart; where it does not, the reading that grants less
is taken.
The same holds in Chinese, where 基于 (based on) is the common way to say "under".
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

_BEFORE: Final = 240  # characters in which the subject must begin
_AFTER: Final = 500  # a link's address may stand between the name and what is said of it

_OPENING = r"[\s\[\"“”'*_`(《-]{0,4}$"
_THINGS = (
    r"projects?|repo(?:sitor(?:y|ies))?|code(?:base)?|software|librar(?:y|ies)|packages?|programs?"
    r"|toolkits?|tools?|scripts?|models?|weights|checkpoints?|parameters|data ?sets?|data|corpus"
    r"|corpora|materials?|releases?|works?|series|framework|implementation|plugin|app(?:lication)?"
)
_GIVEN = (
    r"licen[cs]ed|released|published|distributed|provided|offered|available|shared"
    r"|open[- ]?sourced|opened"
)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "before": re.compile(
            r"(?i)(?:\b(?:modified|customi[sz]ed|custom|adapted|altered|amended|variant of"
            r"|version of|similar to|inspired by|(?:derived|adapted|evolved) from"
            r"|(?:modification|adaptation|extension|rewrite|derivative) of"
            r"|model(?:l?ed|ed) (?:on|after))(?:\s+the)?"
            r"|修改(?:版|后)?的?|类似|(?:改编|改写|衍生|派生|演变|脱胎)[自于])" + _OPENING
        ),
        "based": re.compile(r"(?i)\bbased\s+(?:up)?on(?:\s+the)?" + _OPENING),
        "terms_based": re.compile(
            r"(?:许可证?|协议|条款)[）)》」”\"\s]{0,3}(?:[是均都则也系亦]|主要|整体|完全){0,3}\s?"
            r"(?:基于|依据|根据|依照|参照|参考|借鉴|源[于自]|来自)了?(?:\s?GNU)?" + _OPENING
        ),
        "after": re.compile(
            r"(?i)[\s\]\"”*]{0,3}(?:licen[cs]e)?[\s\]\"”*]{0,3}(?:-(?:style|like|inspired)|"
            r"(?:\([^)]{0,60}\)\s*)?,?\s*(?:with|plus|\+|and)\s+"
            r"(?:an?\s+|the\s+|some\s+|our\s+)?"
            r"(?:additional|extra|further|special|commons clause|modif|restrict|exception|"
            r"non-?commercial|custom|following|attribution req|changes))"
        ),
        "made_from": re.compile(
            r"\s?(?:(?:开源|许可证?|协议|授权|licen[cs]e)\s?){0,2}(?:"
            r"的?(?:基础上|变体|衍生|(?:修改|改编|魔改|定制)版)|为(?:基础|蓝本|范本)"
            r"|(?:进行|做|略作|稍作|加以)?了?(?:修改|改编|改写|修订|演变)"
            r"(?:而[成来得]|得到|制定|[，。；,.;]|$)"
            r"|[，,；\s]{0,2}(?:[并但且另还]|同时|另外|不过){1,2}(?:修改|删除)"
            r"|[，,；]\s?(?:[并但且另还]|同时|另外|不过){0,2}(?:增加|新增|追加|补充)"
            r"|[，,；\s]{0,2}(?:[并但且另还]|同时|另外|不过){0,2}(?:附加|附带|额外))"
        ),
        "link": re.compile(r"\]\(\s{0,400}(?:[^()\s]{0,400}\))?"),
        "clause": re.compile(
            r"[;:!?|。；：！？]|(?<![A-Z])(?<!Inc)(?<!Ltd)(?<!Corp)(?<!Co)\.[\s*_]+(?=[^a-z\s])"
            r"|\n[ \t]*\n|(?:^|\n)[ \t]*#[^\n]*\n"
        ),
        "joined": re.compile(
            r"(?i),?\s(?:and|while|whereas|but)\s(?=(?:the|our|all|this|these)\s)"
        ),
        "finite": re.compile(r"(?i)\b(?:is|are|was|were)\b"),
        "relative": re.compile(r"(?i)\b(?:which|that|whose)\b"),
        "terms": re.compile(
            r"(?i)licen[cs]|\b(?:terms?|agreements?|conditions|polic(?:y|ies)|copyrights?|notice"
            r"|wording|clauses?|contract|text of)\b"
        ),
        "thing": re.compile(
            rf"(?i)\b(?:{_THINGS})\b[^,]{{0,60}}\s(?:is|are|was|were|(?:has|have) been)\s+"
            r"(?:(?:also|all|both|each|now|currently|entirely|fully)\s+)?$"
        ),
        "given": re.compile(rf"(?i)\b(?:{_GIVEN})\s+$"),
        "whole_name": re.compile(
            r"(?i)\s{0,2}(?:\([^()]{0,200}\)\s{0,2})?(?:licen[cs]e|agreement)?s?"
            r"(?:,?\s{0,2}v(?:ersion )?\d[\d.]{0,4})?\s{0,2}(?:\([^()]{0,200}\))?"
            r"\s*(?:$|[.,;:!|。，；)<]|and\b)"
        ),
        "caveat": re.compile(
            r"(?i)\b(?:but|except\w*|however|modif\w+|amend\w+|chang\w+|alter\w+|add\w*|extra"
            r"|further|plus|restrict\w*|custom\w*|adapt\w+|non-?commercial|unless|other than"
            r"|apart from|provided that|minus|with|without|remov\w+|exclud\w+)\b"
        ),
        "end": re.compile(r"[;。；]|\.(?=\s|$)"),
        "besides": re.compile(r"(?i)[.;]?\s*(?:however|but|except)\b"),
    }


def is_changed(text: str, start: int, end: int) -> bool:
    """Whether the licence that ``text[start:end]`` names is said to be a changed one."""
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    p = _patterns()
    if p["before"].search(before) or p["terms_based"].search(before) or p["after"].match(after):
        return True
    after = _unmarked(after)
    if p["made_from"].match(after):
        return True
    based = p["based"].search(before)
    if based is None:
        return False
    cut_off = start > _BEFORE and p["clause"].search(before) is None  # who knows what it began with
    return cut_off or not (_is_of_a_work(before[: based.start()]) and _ends_there(after))


def _unmarked(after: str) -> str:
    """Without links' addresses and emphasis, which may stand within or after a name."""
    return re.sub(r"[\[\]*_`\"“”]", "", _patterns()["link"].sub(" ", after))


def _is_of_a_work(before: str) -> bool:
    """Whether the subject is something published, not a licence: ``our models are (based on)``."""
    p = _patterns()
    begins = max((found.end() for found in p["clause"].finditer(before)), default=0)
    clause = before[begins:]
    for found in p["joined"].finditer(clause):
        head = clause[: found.start()]
        if p["finite"].search(head) and not p["relative"].search(head):
            clause = clause[found.end() :]
            break
    if given := p["given"].search(clause):
        return not p["terms"].search(clause[: given.start()])
    return p["thing"].search(clause) is not None and not p["terms"].search(clause)


def _ends_there(after: str) -> bool:
    """Whether nothing follows the name that takes it back, or that is the real noun.

    ``based on the MIT licensed Foo`` names what was copied; ``…, but`` announces a change.
    """
    p = _patterns()
    if not p["whole_name"].match(after):
        return False
    found = p["end"].search(after)
    sentence, rest = (after[: found.start()], after[found.end() :]) if found else (after, "")
    return not p["caveat"].search(sentence) and not p["besides"].match(rest)
