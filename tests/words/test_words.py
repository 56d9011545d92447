"""Every language says everything: what the program can say is collected and looked up.

A failure lists the English texts that are missing and the file that they belong in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import said
from hypothesis import given
from hypothesis import strategies as st

from openassay import frameworks, words
from openassay.errors import UsageError
from openassay.judge import judge
from openassay.read import read
from openassay.sources import open_targets
from openassay.types import Answer, Dossier, Status

RELEASES = Path(__file__).parents[1] / "releases"
OTHERS = words.languages()[1:]
#: Pieces of sentences and other texts that nobody reads by themselves.
PIECES = {
    "the {}",  # how a component is called inside a sentence
    "and {} more",  # of headers: the whole sentence is in the catalogue
    "(and {} more)",  # behind a parser's own words
    "(a sample of {} of {} files)",
    "{}: could not be read",  # a component's title and a text, both in the catalogue
    "openassay {}",  # name and version
    "opening {}",
    "The release links {}, which",  # its two endings follow
    "holds nothing of it.",
    "is not there.",
    "The declared base is {}: the weights have {} it.",  # both forms of these two are in it
    "The weights have {} {}; the release {}.",
    "the same weights as",
    "an origin in common with",
    "{}, as a merged adapter leaves it",  # these two end sentences that are in the catalogue
    "{}; {} of {} shared rows are equal",
    "{}; the others are the same",
    "{}; the others differ",
    ", under other names",
    "; others, no sign of an origin, differ",
    "; others, no sign of an origin, are not in both",
    "{} of {} {}",  # parts that share an origin, each in the catalogue
    "sampled layers of {}",
    "sampled layers",
    "sampled matrices",
    "{}; both share an origin, so it may be a step between them",
    # how sentences on tests of weights go on; findings.toml has them whole
    "no norm gains of {} {}",
    "no sampled rows of {} {}",
    "are shown to be of hidden units: where an index means something, agreement proves nothing",
    "fixed waves of positions are added to the embedding, each to a dimension of its own",
    "the embedding's columns follow an order of their own",
    "which alone is no sign, and no rows of layers are there to be put in that order",
    "which alone is no sign: put in that order, rows of layers are not in place",
    "{}; columns put in that order, {}",
    ", wrong units of one layer {}; {} of {} layers of B",
    "the name says",  # replaced inside a sentence whose two forms are both in the catalogue
    "the metadata say",
    "Not open:",  # how a sentence begins that is told otherwise of a list
    "working out who the release is about",  # progress, never part of a report
    # how sentences on records go on; records.toml has them whole
    "It is published elsewhere and linked",
    "Only part of it is published elsewhere and linked",
    "; the link was not opened",
    "; perhaps {} is meant",
    "; the record also names {}, which was not read",
    "This is none of the framework's component names{}.",
    "The record names no licence{}.",
    "; the release states {}",
    "Its licence would stand where it is kept{}, and none was read there.",
    "The release {} {} ({}).",
    "offers it as one choice of",
    "The audited revision has nothing at this path{}.",
    "; {} has the same name",
    "{} file{} at {}",  # what stands in for a quote, where a listing is cited
    "the whole listing",
    "The reference tool lets it inherit {} from the licence of the {}, wherever it is kept{}; "
    "strictly that does not reach it: {}.",
    "not disclosed",  # what records say for want of a licence
    "pending evaluation",
    "other license",
    "; an exporter that folds layers into each other may be why",  # weighing.toml has it whole
    "give its text: pdftotext FILE - | openassay license -",  # an error's hint
}
_WORD_LIST = re.compile(r"[\w\s./:(-]+")
ZH = "[\u3007\u4e00-\u9fff]"


def catalogue(lang: str) -> dict[str, tuple[str, str]]:
    """English text: (file, translation); a text that stands in two files must agree."""
    found: dict[str, tuple[str, str]] = {}
    for name, texts in words.catalogues(lang):
        for text, own in texts.items():
            assert text not in found or found[text][1] == own, f"{name} and {found[text][0]}"
            found[text] = (name, own)
    return found


def require(lang: str, file: str, texts: Iterable[tuple[str, str]]) -> None:
    """All of them are in the catalogue; else say which, from where, and where to write them."""
    known = catalogue(lang)
    missing = {text: where for where, text in texts if text not in known}
    listed = "\n".join(f"  {text!r} = …   # {where}" for text, where in missing.items())
    assert not missing, f"write these into src/openassay/words/{lang}/{file}:\n{listed}"


@pytest.mark.parametrize("lang", OTHERS)
def test_what_reports_say(lang: str) -> None:
    require(lang, words.OF_REPORTS, said.of_reports())


@pytest.mark.parametrize("lang", OTHERS)
def test_the_vocabulary(lang: str) -> None:
    require(lang, "components.toml", said.of_vocabulary())


@pytest.mark.parametrize("id_", frameworks.available())
@pytest.mark.parametrize("lang", OTHERS)
def test_every_framework(lang: str, id_: str) -> None:
    """A new framework needs a file of its own name; texts it shares with others stand once."""
    require(lang, f"frameworks/{id_}.toml", said.of_framework(id_))


@pytest.mark.parametrize("lang", OTHERS)
def test_duties_and_warnings(lang: str) -> None:
    require(lang, "licences.toml", said.of_checklist())


@pytest.mark.parametrize("lang", OTHERS)
def test_reasons_of_gaps(lang: str) -> None:
    require(lang, "gaps.toml", said.of_gaps())


@pytest.mark.parametrize("lang", OTHERS)
def test_closed_choices(lang: str) -> None:
    """Values that stand in sentences: statuses, answers, restrictions."""
    values = [str(value) for kind in (Status, Answer) for value in kind]
    require(lang, "reports.toml", [("types.py", v) for v in values if v != "not_applicable"])


@pytest.mark.parametrize("lang", OTHERS)
def test_sentences_of_dossiers_and_verdicts(lang: str) -> None:
    """Each sentence in the code has its template, the names of the holes aside.

    A role of a code file is told behind the file's name; a sentence may be said with or without
    its last hole (", for example …").
    """
    known = {_same(text) for text in catalogue(lang)}
    missing = {
        text: where
        for where, text in said.of_tellers()
        if not {_same(text), _same(f"{{}} {text}")} & known
        and text not in PIECES
        and not (_WORD_LIST.fullmatch(text) and ("_" in text or "\n" in text))
    }
    listed = "\n".join(f"  {text!r}   # {where}" for text, where in missing.items())
    assert not missing, f"write templates into {lang}/findings.toml or judging.toml:\n{listed}"


def _same(text: str) -> str:
    """Texts that count as one: holes side by side are one hole, the last point may lack."""
    text = re.sub(r"(\{\})+", "{}", said.skeleton(text)).strip().rstrip(".")
    return text[:1].upper() + text[1:]


@pytest.mark.parametrize("lang", OTHERS)
def test_nothing_is_translated_that_nobody_says(lang: str) -> None:
    """Texts that were changed or taken away leave no translation behind."""
    vocabulary = {text for _, text in said.of_vocabulary()}
    chosen = {str(value) for kind in (Status, Answer) for value in kind}
    reports = {text for _, text in said.of_reports()} | chosen
    rules = {text for id_ in frameworks.available() for _, text in said.of_framework(id_)}
    said_by = {words.OF_REPORTS: reports, words.OF_COMPONENTS: vocabulary}
    for name, texts in words.catalogues(lang):
        of_one = name.startswith(words.OF_ONE_REPORT)
        living = reports if of_one else said_by.get(name, rules)
        if of_one or name.startswith("frameworks/") or name in said_by:
            assert not texts.keys() - living, f"nobody says this any more: {lang}/{name}"


# ------------------------------------------------------------------------- the catalogues' form


@pytest.mark.parametrize("lang", OTHERS)
def test_a_translation_has_the_holes_of_its_text(lang: str) -> None:
    for text, (name, own) in catalogue(lang).items():
        holes = {hole for _, hole, _, _ in Formatter().parse(text) if hole is not None}
        told = [(hole, how) for _, hole, how, _ in Formatter().parse(own) if hole is not None]
        assert {hole for hole, _ in told} == holes, f"{name}: {text}"
        assert {how for _, how in told} <= {"", "told", "name", "list", "number"}, f"{name}: {text}"


@pytest.mark.parametrize("lang", OTHERS)
def test_no_two_holes_side_by_side(lang: str) -> None:
    """Where one value ends and the next begins could not be told."""
    for text, (name, _) in catalogue(lang).items():
        of_reports = name == words.OF_REPORTS or name.startswith(words.OF_ONE_REPORT)
        assert of_reports or "}{" not in text, f"{name}: {text}"


def test_chinese_is_set_as_chinese() -> None:
    """Full-width marks beside Chinese, none of the half-width ones; no spaces between Chinese."""
    for text, (name, own) in catalogue("zh").items():
        bare = re.sub(r"\{[^}]*\}|`[^`]*`", "x", own)
        wrong = re.search(rf"{ZH}[,;:!?()]|[,;:!?()]{ZH}|{ZH} {ZH}|[。，；：]\s|\.{ZH}", bare)
        assert not wrong, f"{name}: {text}: {own}"
        if text.endswith(".") and len(own) > 6 and re.search(ZH, own):
            assert own[-1] in "。}？", f"{name}: {text}: {own}"


def test_nothing_is_left_in_english() -> None:
    """A Chinese text has Chinese in it, but for names, codes and bare punctuation."""
    for text, (name, own) in catalogue("zh").items():
        plain = re.sub(r"\{[^}]*\}", "", own)
        assert re.search(ZH, plain) or not re.search(r"[a-z]{3}", plain), f"{name}: {text}"


# ------------------------------------------------------------------------------- how it is told

CHINESE = words.speaker("zh")


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("present", "完整"),
        ("Missing: nothing that was read holds the data card.",
         "缺失：在所读内容中没有找到数据卡。"),
        ("Open: released under Apache-2.0.", "开放：已发布，采用 Apache-2.0。"),
        ("State an open licence for the model card, for example CC-BY-4.0.",
         "为模型卡声明开放许可证（例如 CC-BY-4.0）。"),
        ("Partial: only some of it is released. Open: partly released under MIT.",
         "部分：仅发布了其中一部分。开放：部分发布，采用 MIT。"),
        ("Training code: open: released under MIT.", "训练代码：开放：已发布，采用 MIT。"),
        ("Research paper in its place: open: published elsewhere under CC-BY-4.0.",
         "以研究论文代替：开放：发布在别处，采用 CC-BY-4.0。"),
        ("train.py trains a newly built model: a loss is propagated back and an optimizer steps",
         "train.py 训练新建的模型：损失反向传播，优化器更新"),
        ("fields of use are forbidden (README.md:55)", "禁止部分用途（README.md:55）"),
        ("Model parameters (Final): LicenseRef-x (not open)",
         "模型参数（最终）：LicenseRef-x（不开放）"),
        ("undecided: none to III", "未定：未达任何等级 至 III"),
        # a quote stays as it is, whatever it says
        ('Restricted: the use is limited (user_cap): "not open. Missing: x".',
         "受限：使用受到限制（用户数上限）：“not open. Missing: x”。"),
        # more sentences than anybody says in a row are not looked for
        ("Released: API. " * 13 + "x", "Released: API. " * 13 + "x"),
        ("7 of 15", "7/15"),
        ("undecided: 4 to 8 of 15", "未定：4 至 8/15"),
        ("Points: 1 to 3 of 3.", "得分：1 至 3/3。"),
        ("some of them", "some of them"),  # no numbers: another sentence
        ("m: the name says BF16, most parameters are F32; 32.00 bits per weight",
         "m：名称为 BF16，而多数参数为 F32（每个权重 32.00 位）"),
        ("The weights have an origin in common with foo-1b; the release names no base.",
         "权重与 foo-1b 同源；而发布未指明基座模型。"),
        ("Foo is declared as the base (finetune), but no test finds a sign of it in the weights.",
         "声明以 Foo 为基座模型（微调），但各项检验均未在权重中发现其痕迹。"),
        ("13 of 13 gains of B rank their dimensions as one of A's does; best rho 1.00",
         "B 的 13 个增益中有 13 个对各维的排序与 A 的某个增益一致；最高 ρ 为 1.00"),
        ("two views agree on 9 of 40 units (22%); pairs that cannot belong together reach 2.5%,"
         " wrong units of one layer 1.2%; 2 of 3 layers of B",
         "两种视角在 40 个单元中有 9 个一致（22%）；不可能对应者达 2.5%，同层中错配的单元达 1.2%；"
         "涉及 B 的 3 层中的 2 层"),
        ("two views agree on 9 of 40 columns (22%); there are no other layers to measure chance by",
         "两种视角在 40 个列中有 9 个一致（22%）；没有其他层可用来衡量偶然一致的程度"),
        ("two views agree on 30 of 40 columns (75%); pairs that cannot belong together reach 2.5%;"
         " which alone is no sign: put in that order, rows of layers are not in place",
         "两种视角在 40 个列中有 30 个一致（75%）；不可能对应者达 2.5%；"
         "仅此不足为迹象：按此次序排列后，各层的行并不在原位"),
        ("two views agree on 30 of 40 columns (75%); pairs that cannot belong together reach 2.5%;"
         " which alone is no sign, and no rows of layers are there to be put in that order",
         "两种视角在 40 个列中有 30 个一致（75%）；不可能对应者达 2.5%；"
         "仅此不足为迹象，而又没有各层的行可按此次序排列"),
        ("two views agree on 30 of 40 columns (75%); pairs that cannot belong together reach 2.5%;"
         " columns put in that order, 5 of 6 sampled matrices of B have rows in the places of"
         " one of A's; best 32 of 32",
         "两种视角在 40 个列中有 30 个一致（75%）；不可能对应者达 2.5%；列按此次序排列后，"
         "B 的 6 个抽样矩阵中有 5 个的行位于 A 的某个矩阵的相同位置；最佳为 32 行中的 32 行"),
        ("no norm gains of foo and bar are shown to be of hidden units: where an index means"
         " something, agreement proves nothing",
         "foo 与 bar 都没有可表明属于隐藏单元的归一化增益：下标本身有含义时，一致不能证明什么"),
        ("T2 could not be run: foo: the embedding's columns follow an order of their own",
         "T2 无法进行：foo：词嵌入的列自有次序"),
        ("T0 is unclear: 1 of 9 tensors have the same bytes; an equal tensor may come from one"
         " origin, from one formula or from a part that both took from elsewhere",
         "T0 不明确：9 个张量中有 1 个字节相同；相同的张量可能出自同一渊源、同一公式，"
         "或双方都取自别处的部分"),
        ("T3 is unclear (p about 1e-5): no norm gains; read more rows",
         "T3 不明确（p 约为 1e-5）：没有归一化增益；请多读取一些行"),
        ("A: 2 more sets of weights were not read (first: x, y); name one as TARGET#PATH",
         "A：另有 2 组权重未读取（首先为 x, y）；请以 TARGET#PATH 指明其一"),
        ("B: m.bin: a Git LFS pointer", "B：m.bin：Git LFS 指针"),
        ("B: 3 of 5 shards are missing", "B：5 个分片中缺少 3 个"),
        ("The weights show common origin: B's values are rounded (11 distinct values in groups of"
         " 32), those of A are not",
         "权重显示同源：B 的数值经过舍入（每 32 个一组，有 11 个不同的值），A 的则没有"),
        ("hidden_size is 8, the weights hold 4", "hidden_size 为 8，而权重中为 4"),
        ("Stated: the terms of use: a, b, c and 2 more.", "已说明：使用条款：a, b, c，另有 2 项。"),
        ("To judge: Estimate: 3e25 FLOP, as stated, above 1e25 FLOP.",
         "待判断：估算：3e25 FLOP（文中所述），高于 1e25 FLOP。"),
        # nothing known: as it stands
        ("Some sentence that nobody wrote.", "Some sentence that nobody wrote."),
        ("nothing: {0} {x} %s", "nothing: {0} {x} %s"),
    ],
)  # fmt: skip
def test_sentences_are_told(sentence: str, told: str) -> None:
    assert CHINESE.told(sentence) == told
    assert words.ENGLISH.told(sentence) == sentence


def test_a_name_keeps_its_official_english() -> None:
    assert CHINESE.name("Model card") == "模型卡 Model card"
    assert CHINESE.name("API") == "API"
    assert CHINESE.short_name("Model card") == "模型卡"
    assert words.ENGLISH.name("Model card") == "Model card"


def test_counts() -> None:
    assert words.ENGLISH.many(1, "{n} file", "{n} files") == "1 file"
    assert words.ENGLISH.many(2, "{n} file", "{n} files") == "2 files"
    assert CHINESE.many(1, "{n} file", "{n} files") == "1 个文件"


def test_a_language_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="'xx'") as caught:
        words.speaker("xx")
    assert "zh" in caught.value.hint
    for odd in ("../zh", "", "ZH", "__pycache__"):
        with pytest.raises(UsageError):
            words.speaker(odd)


@given(st.text(max_size=300))
def test_any_text_can_be_told(text: str) -> None:
    assert isinstance(CHINESE.told(text), str)


@given(st.lists(st.sampled_from([t for t in catalogue("zh") if "{" in t]), max_size=30))
def test_a_sentence_of_nothing_but_templates_takes_no_time(pieces: list[str]) -> None:
    """Hostile text made of our own templates: bounded depth, and each is tried once."""
    CHINESE.told(" ".join(pieces) * 3)


# ------------------------------------------------------------------------------- whole releases


def _sentences(value: Any, key: str = "") -> Iterable[str]:
    """Every sentence of ours in a dossier or verdict; what is quoted is not."""
    if isinstance(value, str):
        if key in ("detail", "because", "text", "notes", "next_step", "license_reason", "title"):
            yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _sentences(item, key)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _sentences(getattr(value, part.name), part.name)


def unknown(dossier: Dossier) -> list[str]:
    judged = [judge(frameworks.load(id_), dossier) for id_ in frameworks.available()]
    every = dict.fromkeys([*_sentences(dossier), *_sentences(judged)])
    return [text for text in every if text and not CHINESE.knows(" ".join(text.split()))]


@pytest.fixture(params=["community", "open", "tuned"])
def dossier(request: pytest.FixtureRequest, tmp_path: Path) -> Dossier:
    for file in (RELEASES / request.param).iterdir():
        target = tmp_path / file.name.removesuffix(".txt")
        target.write_bytes(file.read_bytes())
    (tmp_path / "model.bin").write_bytes(b"")
    return read(open_targets([str(tmp_path)]))


def test_no_english_sentence_is_left_in_a_whole_audit(dossier: Dossier) -> None:
    assert unknown(dossier) == []


def test_the_terminal_keeps_its_width_in_chinese(dossier: Dossier) -> None:
    from openassay.columns import width
    from openassay.reports import Look, Report, terminal

    verdicts = tuple(judge(frameworks.load(id_), dossier) for id_ in frameworks.available())
    for columns in (60, 100):
        shown = terminal.render(
            Report(dossier=dossier, verdicts=verdicts), Look(width=columns, lang="zh")
        )
        assert [line for line in shown.splitlines() if width(line) > columns] == []


@pytest.mark.parametrize("name", ["json", "terminal"])
def test_data_stays_english(dossier: Dossier, name: str) -> None:
    """JSON is the same bytes in every language; what people read is not."""
    from openassay.reports import Look, Report, renderer

    report = Report(dossier=dossier)
    render: Callable[..., str] = renderer(name)
    same = render(report, Look()) == render(report, Look(lang="zh"))
    assert same is (name == "json")
