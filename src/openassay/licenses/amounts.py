"""Numbers, phrases and places out of a clause: the values of the terms that are not yes or no."""

from __future__ import annotations

import re
from functools import cache

_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "five": 5,
    "seven": 7,
    "ten": 10,
    "twenty": 20,
    "fifty": 50,
    "hundred": 100,
    "one hundred": 100,
    "two hundred": 200,
    "three hundred": 300,
    "five hundred": 500,
    "seven hundred": 700,
}
_ZH_DIGITS = {
    "一": 1,
    "二": 2,
    "三": 3,
    "五": 5,
    "十": 10,
    "百": 100,
    "千": 1000,
    "五十": 50,
    "一百": 100,
    "一千": 1000,
    "七": 7,
}
_ZH_UNITS = {"万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8}


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    words = "|".join(sorted(_WORDS, key=len, reverse=True))
    return {
        "en": re.compile(
            r"(?P<cur>us\$|usd|\$|eur|€|rmb|cny|¥|£)?\s*\$?\s*(?:(?P<num>\d[\d,]*(?:\.\d+)?)|(?P<word>"
            + words
            + r"))\s*(?:\([\w ,$]{1,30}\)\s*)?(?P<unit>million|billion|m\b|bn\b)?"
            r"\s*(?P<cur2>us dollars|u\.s\. dollars|dollars|usd|rmb|euros?|yuan)?"
        ),
        "zh": re.compile(
            r"(?P<num>\d[\d,]*(?:\.\d+)?|[一二三五七十百千]{1,3})\s*(?P<unit>百万|千万|万|亿)"
        ),
    }


def threshold(body: str) -> str:
    """The thresholds of a sentence as people write them, ``100M MAU or US$20M monthly revenue``."""
    p = _patterns()
    out: list[str] = []
    for hit in p["en"].finditer(body):
        if hit["num"]:
            number = float(hit["num"].replace(",", "").rstrip(".") or 0)
        else:
            number = float(_WORDS[hit["word"]])
        number *= {"million": 1e6, "m": 1e6, "billion": 1e9, "bn": 1e9}.get(hit["unit"] or "", 1)
        if number >= 10_000:
            out.append(
                _amount(number, _currency(hit["cur"] or hit["cur2"] or ""), body, hit.span())
            )
    for hit in p["zh"].finditer(body):
        digits = hit["num"]
        number = _ZH_DIGITS.get(digits, 0) or float(re.sub(r"[^\d.]", "", digits) or 0)
        number *= _ZH_UNITS[hit["unit"]]
        if number >= 10_000:
            currency = (
                "RMB "
                if re.search(
                    r"人民币|元|营业额|收入|营收",
                    body[hit.start() - 20 : hit.end() + 8]
                    if hit.start() > 20
                    else body[: hit.end() + 8],
                )
                else ""
            )
            out.append(_amount(number, currency, body, hit.span()))
    return " or ".join(dict.fromkeys(out))[:160]


def _currency(sign: str) -> str:
    if not sign:
        return ""
    if sign in ("rmb", "cny", "¥", "yuan"):
        return "RMB "
    return "EUR " if sign.startswith(("eur", "€")) else "US$"


def _amount(number: float, currency: str, body: str, span: tuple[int, int]) -> str:
    size = f"{number / 1e9:g}B" if number >= 1e9 else f"{number / 1e6:g}M"
    size = f"{number / 1e3:g}K" if number < 1e6 else size
    after, around = body[span[1] : span[1] + 60], body[max(0, span[0] - 120) : span[1] + 80]
    what = ""
    for pattern, name in (
        (r"monthly active|\bmau\b|月活", "MAU"),
        (r"daily active|\bdau\b|日活", "DAU"),
        (r"revenue|turnover|income|营业额|收入|营收", "revenue"),
        (r"funding|raised", "funding"),
        (r"visits?|访问", "visits"),
        (r"users|用户", "users"),
    ):
        if re.search(pattern, after):
            what = name
            break
        if not what and re.search(pattern, around):
            what = name
    if what == "revenue":
        period = re.search(r"annual|year|年", around) or re.search(r"month|月", around)
        kind = {"a": "annual ", "y": "annual ", "年": "annual ", "m": "monthly ", "月": "monthly "}
        what = (kind.get(period.group()[0], "") if period else "") + what
    return f"{currency}{size} {what}".strip()


def phrase(raw: str) -> str:
    """The words to be shown, or the sentence's part about the name."""
    quoted = re.findall(r"[\"“‘「『]([^\"”’」』\n]{2,120})[\"”’」』]", raw)
    quoted += re.findall(r"[\"“]([^\"”\n]{2,120})[\"”]", raw[raw.find('"') + 1 :])
    shown = [q.strip() for q in quoted if re.match(r"\s?[\w\[【]", q) and q.lower() != "notice"]
    telling = r"(?i)built|powered|inside|made with|developed|created|improved|licensed by"
    shown = [q for q in shown if re.search(telling, q)] or shown
    if shown:
        return "; ".join(f'"{q.strip()}"' for q in dict.fromkeys(shown[:3]))
    found = re.search(
        r"[^.]{0,80}(?:built using|beginning of|prefix|开头|前缀|命名)[^.]{0,80}", raw
    )
    return found.group().strip() if found else raw[:120].strip()


def place(body: str) -> str:
    """The places a clause leaves out, or the only one it leaves."""
    named = [
        name
        for pattern, name in (
            (r"european union|\beu\b|欧盟", "European Union"),
            (r"united kingdom|英国", "United Kingdom"),
            (r"south korea|韩国", "South Korea"),
            (r"russia", "Russia"),
            (r"israel", "Israel"),
        )
        if re.search(pattern, body)
    ]
    if named:
        return "excludes " + ", ".join(named)
    if re.search(r"china|中国|中华人民共和国|境内|大陆", body):
        return "only China" if re.search(r"仅|only|solely|exclusively|limited", body) else ""
    return "limited to a named territory" if "territory" in body else ""


def law(raw: str) -> str:
    """Whose law governs, as the sentence names it; empty where it names none."""
    found = re.search(
        r"(?i:laws?)\s+(?i:of)\s+(?i:the\s+)?((?:State\s+of\s+|Federal\s+)?[A-Z][\w.’' -]{1,110}?)"
        r"(?=\s*(?:[,;.()]|$)|\s+(?:without|excluding|and|as|shall|will|are|is|regardless|where|applicable"
        r"|except|notwithstanding|irrespective|for|United Nations)\b)",
        raw,
    )
    if found:
        return " ".join(found[1].split()).removeprefix("State of ")
    if re.search(r"中华人民共和国|中国(?:大陆)?(?:的)?法律", raw):
        return "People's Republic of China"
    named = re.search(r"\b([A-Z][a-z]+(?:\s[A-Z][a-z]+)?) law\b", raw)
    return named[1] if named and named[1] not in ("Applicable", "Governing") else ""
