"""What running text speaks of: topics, tenses and sentences, in English and Chinese.

Small lexicons that several inspectors share. A topic only says what a passage is about; it is
never a finding by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SENTENCE_END = re.compile(
    r"(?<=[.!?;])\s{1,8}(?=[A-Z\"“(\[*✨🔥0-9])|(?<=[。！？；])|\n(?=[ \t]{0,12}(?:[-*+•]|\d+[.)、]"
    r"|[（(]\d)\s?)|\n{2,}"
)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A pattern that is only tried on texts with one of its words: most have none of them.

    ``words`` are lower case; every match of the pattern holds one of them.
    """

    pattern: re.Pattern[str]
    words: tuple[str, ...]

    def search(self, text: str) -> re.Match[str] | None:
        low = text.lower()
        for word in self.words:  # a plain loop: this runs for every sentence
            if word in low:
                return self.pattern.search(text)
        return None


def keyed(words: str, *parts: str) -> Keyed:
    """Alternatives in any case, and the words that tell where to try; bars separate these."""
    return Keyed(_words(*parts), tuple(words.split("|")))


def _words(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.I)


TRAINING = _words(
    r"\bpre-?train",
    r"\btrain(?:ed|ing)\b",
    r"\bcorp(?:us|ora)\b",
    r"训练",
    r"预训练",
    r"语料",
)
PRETRAINING = _words(r"\bpre-?train", r"\bfrom scratch\b", r"预训练", r"从头训练", r"从零")
FINETUNING = _words(
    r"\bfine-?\s?tun",
    r"\bsft\b",
    r"\blora\b",
    r"\brlhf\b",
    r"\bdpo\b",
    r"\bpost-?train",
    r"\binstruction[- ](?:data|tun)",
    r"\bpeft\b",
    r"\balignment\b",
    r"微调",
    r"精调",
    r"指令数据",
    r"对齐",
)
EVALUATION = keyed(
    "eval|benchmark|leaderboard|test set|performance|score|评|基准|测|榜单|性能",
    r"\bevaluat",
    r"\bbenchmark",
    r"\beval\b",
    r"\bevals\b",
    r"\bleaderboard",
    r"\btest sets?\b",
    r"\bperformance\b",
    r"\bscores?\b",
    r"评测",
    r"评估",
    r"基准",
    r"测评",
    r"测试集",
    r"榜单",
    r"评价",
    r"性能",
)
OTHERS = keyed(
    "acknowledg|community|ecosystem|third-part|third part|related |powered by"
    "|project|thanks|credit|contributor|research building on|friend|who uses"
    "|awesome|致谢|感谢|社区|生态|友情|相关|第三方",
    r"\backnowledg",
    r"\bcommunity\b",
    r"\becosystem\b",
    r"\bthird[- ]part",
    r"\brelated (?:work|project)",
    r"\bpowered by\b",
    r"\bprojects? (?:using|based|built)",
    r"\bthanks\b",
    r"\bcredits?\b",
    r"\bcontributors?\b",
    r"\bresearch building on\b",
    r"\bfriend",
    r"\bderived projects",
    r"\bwho uses",
    r"\bawesome\b",
    r"致谢",
    r"感谢",
    r"社区",
    r"生态",
    r"友情",
    r"相关项目",
    r"第三方",
    r"相关工作",
)
SAMPLE = _words(
    r"\bexamples?\b",
    r"\bsamples?\b",
    r"\bdemo(?:s|nstrat)?\b",
    r"\btoy\b",
    r"\bsubset\b",
    r"\bpart of\b",
    r"\bmini\b",
    r"示例",
    r"样例",
    r"例子",
    r"部分",
    r"演示",
)
SPEED = _words(
    r"\bspeed\b",
    r"\blatency\b",
    r"\bthroughput\b",
    r"\bmemory\b",
    r"\befficiency\b",
    r"\bvram\b",
    r"\bgpus?\b",
    r"\bhardware\b",
    r"\bcost\b",
    r"\btokens?/s",
    r"\bquanti[sz]",
    r"显存",
    r"速度",
    r"推理性能",
    r"硬件",
    r"量化",
)
SHAPE = _words(
    r"\bmodel (?:structure|summary|specification|configuration|architecture|details"
    r"|variants|overview|sizes?)",
    r"\bhyper-?param",
    r"\barchitecture\b",
    r"\bspecifications?\b",
    r"\bconfigurations?\b",
    r"模型结构",
    r"模型参数",
    r"模型配置",
    r"超参",
    r"架构",
    r"模型细节",
)
FUTURE = keyed(
    "soon|to be released|will |plan|to-do|todo|tbd|stay tuned|in the future"
    "|we may release|not yet |即将|敬请期待|将|计划|待|后续|暂未",
    r"\bcoming soon\b",
    r"\bto be released\b",
    r"\bwill (?:be )?(?:soon )?(?:release|publish|open|made|update|upload|available)",
    r"\bplan(?:ning|s|ned)? to (?:release|open|publish)",
    r"\bto-?do\b",
    r"\btbd\b",
    r"\bstay tuned\b",
    r"\bin the future\b",
    r"\bwe may release\b",
    r"\bnot yet (?:released|available)",
    r"\bsoon\b",
    r"即将",
    r"敬请期待",
    r"将(?:会|在[^，。]{0,6})?(?:陆续)?(?:开源|发布|公开|开放)",
    r"计划(?:开源|发布)",
    r"待(?:开源|发布|更新)",
    r"后续(?:会|将)?(?:开源|发布|公开)",
    r"暂未",
)
WITHHELD = keyed(
    "releas|publish|sourc|disclos|share|made public|made available|proprietary"
    "|internal|private|in-house|confidential|closed|custom training|开源|公开|发布|提供"
    "|内部",
    r"\b(?:not|never|cannot|can't|won't|don't|unable to)\s+(?:\w+\s+){0,3}(?:releas\w+"
    r"|publish\w*|open[- ]?sourc\w+|disclos\w+|(?:be )?shared?|(?:be )?made (?:public"
    r"|available))\b",
    r"\b(?:proprietary|internal|private|in-house|confidential"
    r"|closed)\b[^.。]{0,30}\b(?:data|corpus|corpora|dataset|code|infrastructure|librar)",
    r"\bcustom training librar",
    r"不(?:会|予|能|便)?(?:开源|公开|发布|提供)",
    r"未(?:开源|公开|发布)",
    r"内部(?:数据|语料)",
    r"无法(?:公开|开源|提供)",
)

METRIC = re.compile(
    r"mmlu|gsm8?k|humaneval|mbpp|\bbbh\b|c-?eval|cmmlu|hellaswag|\barc\b|arc[-_ ]|boolq"
    r"|winogrande|piqa|agieval|gaokao|truthfulqa|\bmath\b|lambada|\bppl\b|perplexity"
    r"|accuracy|\bacc\b|\bf1\b|bleu|rouge|\bwer\b|\bcer\b|pass@|exact match|\bem\b|fid\b"
    r"|vbench|clip|elo|win rate|mt-?bench|alpacaeval|\bscore|average|\bavg\b|平均|准确率"
    r"|benchmark|metric|\bloss\b|squad|glue|imagenet|top-?1|\bmteb\b|\bbpb\b|aime|gpqa"
    r"|swe-?bench|ifeval|simpleqa|livecodebench"
    r"|\bprecision\b|\bmap\b|miou|\biou\b|psnr|ssim|lpips|\bmae\b|\bmse\b|rmse|spearman|pearson"
    r"|tm-?score|lddt|\bcasp|\bcameo|\bauc\b|\bmos\b|librispeech|\bcoco\b|ade20k|kinetics|crps"
    r"|\bmase\b|unsupervised contact|geneval|dpg|mmbench|mmmu|mathvista",
    re.I,
)

GALLERY = re.compile(
    r"\bgaller|\bsample (?:outputs?|page|videos?|images?)|\b(?:generated|output"
    r"|generation) (?:samples?|dataset|examples?|videos?)|output[-_ ]dataset|\bsamples\b"
    r"|\bshowcase|demo (?:page|videos?)|作品|样例|生成结果",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it starts in the text it was cut from."""

    start: int
    text: str


def sentences(text: str, limit: int = 4000) -> Iterator[Sentence]:
    """Cut a paragraph into sentences and list items, at most ``limit`` of them."""
    at = 0
    for count, cut in enumerate(_SENTENCE_END.finditer(text)):
        if count >= limit:
            break
        piece = text[at : cut.start()]
        if piece.strip():
            yield Sentence(at + len(piece) - len(piece.lstrip()), piece.strip())
        at = cut.end()
    rest = text[at:]
    if rest.strip():
        yield Sentence(at + len(rest) - len(rest.lstrip()), rest.strip())


_AMOUNT = re.compile(
    r"(?<![A-Za-z0-9_.])(?<!\d,)(\d{1,4}(?:,\d{3}){0,4}(?:[.,]\d{1,3})?)\s{0,3}(t|trillion|b|billion|m|million|万亿|千亿|百亿"
    r"|十亿|亿|万)(?![a-z])[\s-]{0,3}"
    r"(?:of\s{1,3})?(?:\w{1,30}[\s-]{1,3}){0,2}?(?:tokens?|词元|个?\s?tokens?|字节对)",
    re.I,
)
_SCALE = {
    "t": 1e12,
    "trillion": 1e12,
    "万亿": 1e12,
    "千亿": 1e11,
    "百亿": 1e10,
    "b": 1e9,
    "billion": 1e9,
    "十亿": 1e9,
    "亿": 1e8,
    "m": 1e6,
    "million": 1e6,
    "万": 1e4,
}


def tokens_stated(text: str) -> float | None:
    """The largest number of training tokens that a passage states, or None.

    >>> tokens_stated("trained on 2.5 trillion tokens")
    2500000000000.0
    """
    found = [
        _number(hit.group(1)) * _SCALE[hit.group(2).lower()]
        for hit in _AMOUNT.finditer(text[:20_000])
    ]
    return max(found, default=None)


def _number(text: str) -> float:
    """``1,234.5`` in English, and ``1,5`` where the comma is the decimal point."""
    decimal_comma = re.fullmatch(r"\d+,\d{1,2}", text)
    return float(text.replace(",", "." if decimal_comma else ""))
