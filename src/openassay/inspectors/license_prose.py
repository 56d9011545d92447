"""What documents say about licences: for code, for weights, for data, and with which limits.

Reads sentences that name a licence and works out what each is said of ("the code is under X, the
weights under Y"); front matter, licence files and headers have inspectors of their own. Also reads
restrictions stated in prose: applications, user caps, territories, non-commercial terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openassay import licenses
from openassay.excepted import OTHER_TERMS, Excepted, excepted
from openassay.files import File
from openassay.formats import prose
from openassay.passages import Passage, passages, wanted
from openassay.release import Release
from openassay.subject import Whose
from openassay.types import Evidence, Fact, Gap, Gated, How, Licensed, Stated

NAME = "license_prose"
COMPONENTS: tuple[str, ...] = ()

_LICENSE_WORD = prose.keyed(
    "licen|agreement|terms|协议|许可|授权|apache|mit|gpl|cc-by|cc by|cc0|cdla|odc|rail",
    r"licen[cs]|agreement|terms|协议|许可|授权|apache|\bmit\b|\bgpl|\bcc[- ]?(?:by|0)"
    r"|\bcdla|\bodc|openrail"
    r"|\brail\b",
)
_GOVERNS = re.compile(
    r"\b(?:licen[cs]ed?|released|distributed|available|provided|published|covered|governed"
    r"|subject|under|requires?|follow|complies|comply|applies|agreement|terms|see|refer"
    r"|accept)\b|遵循|遵守|采用|依照|基于|使用|协议|许可|授权",
    re.I,
)
_SCOPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "weights",
        re.compile(
            r"\b(?:weights?|models?(?! ?card)|checkpoints?|parameters)\b|权重|模型(?!代码|卡)|参数",
            re.I,
        ),
    ),
    (
        "code",
        re.compile(
            r"\b(?:code(?:base)?(?! repo)|source(?: files?| code)|scripts?|software|library)\b"
            r"|代码(?!仓)|源码",
            re.I,
        ),
    ),
    ("data", re.compile(r"\b(?:data ?sets?|data|corpus|corpora|annotations)\b|数据|语料", re.I)),
    ("document", re.compile(r"\b(?:documentation|docs|documents|paper)\b|文档", re.I)),
)
_OURS = re.compile(
    r"\b(?:we|our|this|these|all|here)\b|^(?:the )?(?:source )?(?:code|model|weights|data"
    r"|checkpoints)\b"
    r"|\bthe (?:source )?(?:code|models?|weights|checkpoints|data ?set|repository"
    r"|project)\b|本|我们|所有|以上|^(?:代码|模型|权重|数据)"
    r"|(?:代码|权重|模型|数据集?)(?:均|都|则)?(?:采用|遵循|依照|使用)",
    re.I,
)
_LOCAL = ("release", "code", "document")  # said in a folder's README, of that folder
_DENIED = re.compile(
    r"\b(?:not|never|no longer)\b[^.]{0,40}\b(?:under|by|with)\b[^.]{0,12}$|(?:不"
    r"|未)(?:采用|遵循|适用)[^。]{0,8}$",
    re.I,
)
_NOT_OURS = re.compile(
    r"\b(?:third[- ]part|adapted from|borrowed|their (?:own )?licen|respective|original licen"
    r"|built on|dependenc|copied|derived from|thanks|based on code|is a fork)",
    re.I,
)
_OF_MODEL = re.compile(
    r"\b(?:code)\b.{0,20}\band\b.{0,40}\b(?:weights?|models?|checkpoints?)\b|\b(?:weights?"
    r"|models?|checkpoints?)\b.{0,20}\band\b.{0,30}\bcode\b|as well as|代码(?:和|与|及)(?:模型"
    r"|权重)|模型(?:和|与|及)代码",
    re.I,
)

# words without which the pattern of a kind cannot match
_WORDS = {
    "user_cap": "active user|dau|mau| users|用户|月活|日活",
    "commercial_application": "commercial|商用|商业",
    "non_commercial": "commercial|research|academic|仅|商",
    "no_training": "not|prohibit|compete with openai|不得",
    "territory": "european|eu member|not licensed|not available|excluding|outside|欧盟|英国|地区",
    "field_of_use": "must not|shall not|may not|should not|危害|军事|违法",
    "registration": "填写|登记|form|questionnaire|accept the agreement",
    "acceptable_use_policy": "use policy",
    "revocable": "revo|可撤销",
}
_RESTRICTIONS: tuple[tuple[str, prose.Keyed], ...] = tuple(
    (kind, prose.keyed(_WORDS[kind], pattern))
    for kind, pattern in (
        (
            "user_cap",
            r"\b(?:monthly|daily) active users?\b|\b(?:dau|mau)\b|\b\d[\d,.]* ?(?:m|million"
            r"|k) (?:monthly |daily )?(?:active )?users|日均用户|月活|日活|用户活跃量",
        ),
        (
            "commercial_application",
            r"\bcommercial\b[^.。]{0,120}\b(?:apply|application|contact|permission|approv"
            r"|request|registration|separate (?:licen|agreement)|authoriz|email|e-mail|form)\b"
            r"|\b(?:apply|contact|register|request)\b[^.。]{0,80}\bcommercial"
            r"|商用[^。]{0,40}(?:申请|许可|授权|登记|联系|填写)|(?:申请|登记|填写|授权"
            r"|邮件)[^。]{0,60}(?:商用|商业)",
        ),
        (
            "non_commercial",
            r"\bnon-?\s?commercial\b(?! and commercial)|\bresearch (?:purposes? )?only\b"
            r"|\bacademic (?:research |use )?only\b|\bonly (?:for|intended for) (?:academic "
            r"|scientific )?research\b|\bprohibit\w*[^.。]{0,30}\bcommercial|\bnot (?:be used "
            r")?for commercial|仅(?:供|限|用于)[^。]{0,8}(?:学术|科研|研究)|非商业"
            r"|禁止[^。]{0,6}商[业用]|不得用于商",
        ),
        (
            "no_training",
            r"\b(?:not|prohibit\w*|may not)\b[^.。]{0,80}\b(?:train|improve"
            r"|develop)\b[^.。]{0,50}\b(?:other|another|compet\w+|any)\b[^.。]{0,20}\b(?:model"
            r"|llm)|compete with openai|不得[^。]{0,30}(?:训练|改进)[^。]{0,12}模型",
        ),
        (
            "territory",
            r"\b(?:european union|eu member|not (?:licensed|available) in|excluding (?:the "
            r")?(?:eu|uk|european)|outside (?:the )?(?:eu|european))\b|除[^。]{0,10}(?:欧盟"
            r"|英国)外|不(?:适用|授权)[^。]{0,10}(?:欧盟|地区)",
        ),
        (
            "field_of_use",
            r"\b(?:must|shall|may|should) not\b[^.。]{0,60}\b(?:be "
            r")?used?\b[^.。]{0,60}\b(?:military|surveillance|illegal|harm|national security"
            r"|unlawful|weapons?|threat)|危害国家|军事|(?:不要|不得|勿|禁止)[^。]{0,24}(?:违法"
            r"|危害)",
        ),
        (
            "registration",
            r"(?:填写|登记)[^。]{0,20}(?:问卷|信息|表)|\b(?:fill|complet)\w* (?:in |out "
            r")?(?:the |this |a )?(?:form|questionnaire)|\baccept the agreement\b",
        ),
        ("acceptable_use_policy", r"\bacceptable use policy\b|\buse policy\b"),
        ("revocable", r"\brevocable\b|\brevoke\b|可撤销"),
    )
)
_NEGATED = re.compile(
    r"\b(?:no|without|not (?:require|need))\b[^.。]{0,30}\b(?:apply|application|registration"
    r"|permission|restriction)|无需(?:再次)?(?:申请|登记|授权)",
    re.I,
)


def wants(file: File, release: Release) -> bool:
    return wanted(file, release)


def inspect(file: File, release: Release) -> Iterator[Fact | Gap]:
    lists = excepted(file, release)
    for found in lists:
        yield from _of_named_files(found)
    for passage in passages(file, release):
        text = passage.text
        if len(text) > 3000 or release.subject.is_foreign(text, passage.trail):
            continue
        if _speaks_of_us(passage, release):
            yield from _restrictions(passage)
        if _LICENSE_WORD.search(text) and not prose.OTHERS.search(passage.trail):
            yield from _licensed(passage, release, lists)
            yield from _gated(passage)


def _of_named_files(found: Excepted) -> Iterator[Licensed]:
    """The licences of files that a list takes out of the main one, as far as words say them."""
    unsaid = ((path, OTHER_TERMS) for path in found.paths if not found.spoken_for(path))
    for path, license in (*found.named, *unsaid):
        yield Licensed(
            evidence=(found.evidence,),
            scope=f"path:{path}",
            license=license,
            how=How.PROSE,
            detail=f"The document takes it out of {found.license}.",
        )


def _licensed(
    passage: Passage, release: Release, lists: tuple[Excepted, ...] = ()
) -> Iterator[Fact]:
    heading = re.search(r"licen[cs]e|协议|许可|授权", passage.trail, re.I)
    if _NOT_OURS.search(passage.text):
        return
    named = Whose.OWN in release.subject.mentioned(passage.text)
    ours = named or _OURS.search(passage.text) is not None
    if not heading and not (ours and _GOVERNS.search(passage.text)):
        return  # outside a licence section another's licence may be spoken of
    taken_out = {
        id
        for found in lists
        if found.start <= passage.start and passage.end <= found.end
        for _, id in found.named
        if id != found.license
    }
    mentions = [
        m
        for m in licenses.mentions(passage.text)
        if m.id and m.id != "NONE" and m.id not in taken_out
    ]
    at = 0
    for index, mention in enumerate(mentions):
        following = (
            mentions[index + 1].start_offset if index + 1 < len(mentions) else len(passage.text)
        )
        scopes = _scopes(
            passage, at, mention.start_offset, mention.end_offset, following, bool(heading)
        )
        local = not _speaks_of_us(passage, release)
        nested = not release.is_front(passage.file) and bool(passage.file.folder)
        for scope in scopes:
            yield Licensed(
                evidence=(passage.cite(),),
                scope=f"path:{passage.file.folder}/"
                if nested and (local or scope in _LOCAL)
                else scope,
                license=mention.id,
                how=How.PROSE,
                detail=f"A sentence says so of {scope}.",
            )
        between = passage.text[mention.end_offset : following]
        if any(pattern.search(between) for _, pattern in _SCOPES) or len(between) > 200:
            at = mention.end_offset  # the next licence has a subject of its own


def _speaks_of_us(passage: Passage, release: Release) -> bool:
    """A front document, or a deeper one that names the own model in the passage or its title."""
    if release.is_front(passage.file):
        return True
    title = release.document(passage.file).title
    return Whose.OWN in release.subject.mentioned(f"{passage.text}\n{title}\n{passage.file.path}")


def _scopes(
    passage: Passage, at: int, start: int, end: int, following: int, heading: bool
) -> tuple[str, ...]:
    """What a licence is said of: the nouns before it in its clause, else after it, else above."""
    before = passage.text[at:start]
    if _DENIED.search(before):
        return ()
    found = tuple(name for name, pattern in _SCOPES if pattern.search(before))
    if not found:
        after = passage.text[end:following]
        found = tuple(name for name, pattern in _SCOPES if pattern.search(after[:160]))
        if found and not re.search(r"\bfor\b|\bappl|\bcover|\bto\b|用于|适用", after[:60], re.I):
            found = ()
    if found:
        return found
    if passage.start and heading:
        title = passage.trail.rsplit(" / ", 1)[-1]
        named = tuple(name for name, pattern in _SCOPES if pattern.search(title))
        about_model = re.search(r"\bmodel\b|模型", passage.text[start:end], re.I)
        return named or (("weights",) if about_model else ("release",))
    whole = re.search(r"\bproject|\bwork\b|\bthis\b|\brepo|本项目|仓库", before, re.I)
    return ("release",) if _GOVERNS.search(before) and whole else ()


def _restrictions(passage: Passage) -> Iterator[Fact]:
    if prose.OTHERS.search(passage.trail) or prose.EVALUATION.search(passage.trail):
        return
    for kind, pattern in _RESTRICTIONS:
        if pattern.search(passage.text) and not _NEGATED.search(passage.text):
            yield Stated(
                evidence=(_cite_line(passage, pattern),),
                topic="restriction",
                value=kind,
                subject=_restricted(passage),
                detail="The documents state this limit.",
            )


def _cite_line(passage: Passage, pattern: prose.Keyed) -> Evidence:
    for number in range(passage.start, passage.end + 1):
        if pattern.search(passage.file.lines[number - 1]):
            return passage.file.cite_lines(number)
    return passage.cite()


def _restricted(passage: Passage) -> str:
    text = passage.text
    if re.search(r"\b(?:data ?sets?|data)\b|数据", text, re.I) and not re.search(
        r"\bmodels?\b|weights|模型|权重", text, re.I
    ):
        return "data"
    if re.search(r"\bcode\b|代码", text, re.I) and not re.search(
        r"\bmodels?\b|weights|模型|权重", text, re.I
    ):
        return "code"
    return "weights"


def _gated(passage: Passage) -> Iterator[Fact]:
    if re.search(
        r"\baccept\w*\b[^.]{0,40}\b(?:agreement|licen[cs]e|terms)\b|\brequest (?:is|has been) "
        r"approved|\bonce your request",
        passage.text,
        re.I,
    ):
        yield Gated(evidence=(passage.cite(),), barrier="agreement to accept before download")
