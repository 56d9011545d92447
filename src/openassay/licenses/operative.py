"""Does a difference matter? The words that make a licence say something else.

A difference between a text and a known licence is harmless when it consists of names, dates,
titles, list markers, addresses and disclaimers; it matters as soon as it permits, forbids,
requires, limits or counts something. The lists err on the side of "it matters".
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import cache

# One of these is enough, wherever it stands.
STRONG = frozenset(
    ["not", "never", "without", "only", "solely", "exclusively", "except", "excepting", "exception", "exceptions", "excluding", "excluded", "exclude", "excludes", "unless", "until", "must", "prohibited", "prohibit", "prohibits", "forbidden", "forbid", "forbids", "restricted", "restrict", "restricts", "restriction", "restrictions", "banned", "ban", "disallowed", "noncommercial", "commercial", "commercially", "monetize", "monetise", "academic", "academia", "nonprofit", "educational", "research", "researchers", "military", "weapon", "weapons", "warfare", "surveillance", "biometric", "nuclear", "police", "fee", "fees", "royalty", "royalties", "pay", "payment", "paid", "sell", "sold", "sale", "rent", "lease", "revenue", "million", "billion", "users", "mau", "monthly", "daily", "threshold", "exceed", "exceeds", "exceeding", "sublicense", "sublicensable", "consent", "approval", "approved", "written", "register", "registration", "request", "terminate", "terminated", "terminates", "termination", "revoke", "revoked", "revocable", "revocation", "cancel", "prominently", "attribution", "advertising", "advertise", "endorse", "acknowledgment", "acknowledgement", "cannot", "required", "requires", "require", "requirement", "obligation", "obligations", "obliged", "compete", "competing", "competitor", "competitors", "competitive", "train", "training", "distill", "distillation", "personal", "evaluation", "production", "territory", "territories", "country", "countries", "jurisdiction", "sanction", "sanctioned", "embargo", "embargoed", "export", "prefix", "share", "alike", "derivatives", "noderivatives", "internal", "hosted", "compensation", "ethical", "harm", "harmful", "unlawful", "illegal", "discriminate", "adversarial", "good", "evil", "vaccine", "agree", "agrees", "agreed", "shall", "non", "deny", "denied", "refuse", "withdraw", "withdrawn", "reverse"]
)
# Enough in a run of six words or more.
WEAK = frozenset(
    ["may", "no", "can", "permitted", "permit", "permits", "permission", "grant", "grants", "granted", "use", "used", "using", "provided", "condition", "conditions", "conditional", "subject", "limited", "limit", "limits", "license", "licensed", "licence", "licensee", "distribute", "distributed", "distribution", "redistribute", "redistribution", "redistributions", "modify", "modified", "copy", "reproduce", "publish", "display", "notice", "notices", "include", "included", "retain", "contact", "purposes", "purpose", "want", "should", "need", "needs", "policy", "terms", "comply", "compliance", "applicable", "law"]
)
STRONG_ZH = frozenset("不禁勿非仅只限须需应必得未唯军商费售批撤终违")
WEAK_ZH = frozenset("可以许权利用途使约定条件法律")

DISCLAIMING = frozenset(
    ["warranty", "warranties", "liable", "liability", "damages", "merchantability", "fitness", "disclaims", "disclaimed", "negligence", "tort", "consequential", "incidental", "indirect", "noninfringement"]
)
GRANTING = frozenset(
    ["permission", "permitted", "granted", "grant", "grants", "redistribution", "redistributions", "redistribute", "sublicense", "sell", "commercial", "conditions", "provided", "condition", "modify", "modification", "modifications", "reproduce", "publish", "derivative", "restriction", "notice"]
)


def strong(word: str) -> bool:
    """Whether this one word can turn a licence into another."""
    return word in STRONG or word in STRONG_ZH


def matters(words: list[str]) -> bool:
    """Whether a run of differing words changes what a licence says.

    >>> matters("the mit license copyright 2024 jane doe".split())
    False
    >>> matters("for non commercial purpose".split())
    True
    """
    if any(w in STRONG or w in STRONG_ZH for w in words):
        return True
    if len(words) < 6:
        return False
    return any(w in WEAK or w in WEAK_ZH for w in words)


def strong_only(words: list[str]) -> bool:
    """The same with the strong words alone, for passages that stand outside a licence."""
    return any(w in STRONG or w in STRONG_ZH for w in words)


@cache
def _sentence_patterns() -> tuple[re.Pattern[str], ...]:
    rights = r"(?:\W{0,4}all rights reserved\W{0,4}(?:use\W+of\W+this)?)?"
    copyright_line = re.compile(
        r"(?im)^[ \t#*/>;%.\-\"']{0,12}(?:portions? )?(?:copyright|\(c\)|©|版权所有)"
        r"[^\n]{0,160}?" + rights + r"\s*$"
    )
    disclaimer = re.compile(
        r"(?i)as[ -]is|warrant(?:y|ies)|\bliab(?:le|ility)|\bdamages\b|按原样|保证|责任|liability"
    )
    limits = re.compile(
        r"(?i)\bcommercial(?:ly)?\s+(?:use|purpose|product|service|activit)|non-?\s?commercial|"
        r"(?:must|shall|may|can|will)\s*not\s+(?:be\s+)?(?:use|copy|distribut|sell|modif|train|host)|"
        r"prohibit|forbid|forbidden|military|weapon|million|revenue|permission|redistribut|"
        r"\bonly\s+(?:for|in|if|by|to)\b|provided\s+that|(?:academic|for|scientific)\s+research|"
        r"research\s+(?:purpose|use|only)|must\b|\btrain(?:ing)?\s|"
        r"商业|商用|军事|不得|禁止|仅限|只能"
    )
    statement = re.compile(
        r"(?i)(?:licensed|released|distributed|provided|made available|governed)\s+(?:under|by)\b|"
        r"\bthird[- ]party\b|listed below|following (?:components?|licen[cs]es?|software)|"
        r"\bis pleased to\b|open source (?:community|software)|licen[cs]e terms|本(?:模型|项目|代码)"
    )
    return copyright_line, disclaimer, limits, statement


# Words of the strong list that a copyright line (in names), a disclaimer, or a sentence that says
# which licence applies may hold without saying more.
_IN_NAMES = frozenset("research academic academia nuclear production good share alike police".split())
_IN_DISCLAIMERS = frozenset("not without shall never non cannot sale".split())
_IN_STATEMENTS = frozenset("not without".split())


def without_formalities(passage: str) -> str:
    """The passage less copyright lines, and sentences that only disclaim or only say what is
    under which licence. Whatever also permits, forbids or limits is kept."""
    copyright_line, disclaimer, limits, statement = _sentence_patterns()
    kept = []
    for line in passage.split("\n"):
        formal = len(line) < 300 and copyright_line.search(line)
        if not formal or limits.search(line) or _says_more(line, _IN_NAMES):
            kept.append(line)
    sentences = re.split(r"(?<=[.;。；])\s+|\n\s*\n", "\n".join(kept))
    return " ".join(s for s in sentences if not _formal(s, disclaimer, limits, statement))


def _formal(
    sentence: str, disclaimer: re.Pattern[str], limits: re.Pattern[str], statement: re.Pattern[str]
) -> bool:
    if limits.search(sentence):
        return False
    if disclaimer.search(sentence) and not _says_more(sentence, _IN_DISCLAIMERS):
        return True
    if not statement.search(sentence):
        return False
    listed = re.search(r"(?i)except\b.{0,30}third[- ]party", sentence)
    return not _says_more(sentence, _IN_STATEMENTS | ({"except"} if listed else set()))


def _says_more(text: str, allowed: Set[str]) -> bool:
    words = re.findall(r"[a-z]+|[\u3400-\u9fff]", text.lower())
    return any(strong(w) and w not in allowed for w in words)


def restricts(passage: str) -> bool:
    """Whether a passage (of a list of third-party parts) permits, forbids or limits in so many words.

    Names of parts and holders ("AI Research", "not applicable") do not count here.
    """
    limits = _sentence_patterns()[2]
    return bool(limits.search(without_formalities(passage)))
