"""A link counts for what the words around it say, and only when it is this release's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openassay.inspectors import card_links, code_links, data_links, weights_links
from openassay.subject import Subject
from openassay.types import Gated, Linked, Stated

US = Subject(names=("acme/Foo3",), owners=frozenset({"acme"}), siblings=("acme/BarVLM",))
HUB = "https://huggingface.co"
SLOW = pytest.mark.slow
Links = Callable[..., list[str]]
INSPECTORS = (weights_links, data_links, code_links, card_links)


def run_links(run: Any, release: Any) -> list[Any]:
    """What the four inspectors of links say together."""
    return [fact for inspector in INSPECTORS for fact in run(inspector, release)]


@pytest.fixture
def links(make_release: Any, run: Any) -> Links:
    """`links(component, text)`: "whole README.md:3 URL" for each link to that component."""

    def told(component: str, text: str, path: str = "README.md") -> list[str]:
        return [
            f"{f.extent} {f.evidence[0].path}:{f.evidence[0].span.start} {f.url}"
            for f in run_links(run, make_release({path: text}, US))
            if isinstance(f, Linked) and f.component == component
        ]

    return told


# -- weights -----------------------------------------------------------------------------------

WEIGHTS = {
    "a sentence": (
        f"# Foo3\n\nDownload the weights of [Foo3-7B]({HUB}/acme/Foo3-7B).",
        [f"whole README.md:3 {HUB}/acme/Foo3-7B"],
    ),
    "Chinese": (
        "# Foo3\n\n模型权重可在 [Foo3-7B](https://modelscope.cn/models/acme/Foo3-7B) 下载。",
        ["whole README.md:3 https://modelscope.cn/models/acme/Foo3-7B"],
    ),
    "a bare address": (
        f"# Foo3\n\nWeights: {HUB}/acme/Foo3-7B\n",
        [f"whole README.md:3 {HUB}/acme/Foo3-7B"],
    ),
    "each row of a table is its own size": (
        f"| Model | Download |\n|---|---|\n| Foo3-7B | [hub]({HUB}/acme/Foo3-7B) |\n"
        f"| Foo3-70B | [hub]({HUB}/acme/Foo3-70B) |\n",
        [f"whole README.md:3 {HUB}/acme/Foo3-7B", f"whole README.md:4 {HUB}/acme/Foo3-70B"],
    ),
    "the link under a badge is a link": (
        f"# Foo3\n\n[![hub](https://img.shields.io/badge/hub-Foo3-blue)]({HUB}/acme/Foo3-7B)",
        [f"whole README.md:3 {HUB}/acme/Foo3-7B"],
    ),
    "an HTML link": (
        f'# Foo3\n\n<p>Weights: <a href="{HUB}/acme/Foo3-7B">Foo3-7B</a></p>',
        [f"whole README.md:3 {HUB}/acme/Foo3-7B"],
    ),
    "a magnet under a heading on weights": (
        "# Foo3\n\n## Downloading the weights\n\nUse a torrent client: magnet:?xt=urn:btih:0a1b2c\n",  # noqa: E501
        ["whole README.md:5 magnet:?xt=urn:btih:0a1b2c"],
    ),
    "a drive": (
        "# Foo3\n\nFoo3 权重：[百度网盘](https://pan.baidu.com/s/1abc)",
        ["whole README.md:3 https://pan.baidu.com/s/1abc"],
    ),
    "a file of weights": (
        "# Foo3\n\nGet the checkpoint: https://dl.acme.example/foo3.safetensors\n",
        ["whole README.md:3 https://dl.acme.example/foo3.safetensors"],
    ),
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_where_the_weights_are_is_linked(links: Links, case: str) -> None:
    text, expected = WEIGHTS[case]
    assert links("model_parameters_final", text) == expected


def test_the_size_of_linked_weights_is_kept(make_release: Any, run: Any) -> None:
    """Two sizes of one model are two links that assembling can tell apart."""
    text = f"Weights: [a]({HUB}/acme/Foo3-7B) and [b]({HUB}/acme/Foo3-70B)."
    facts = run_links(run, make_release({"README.md": text}, US))
    sizes = [f.aspect for f in facts if getattr(f, "component", "") == "model_parameters_final"]
    assert sizes == ["7b", "70b"]


NO_WEIGHTS = {
    "a sibling of the house": f"Weights of BarVLM: [BarVLM-2B]({HUB}/acme/BarVLM-2B).",
    "an older generation": f"The weights of Foo2 stay online: [Foo2-7B]({HUB}/acme/Foo2-7B).",
    "somebody else's model": f"Download the weights of [ZebraLM]({HUB}/zebra/ZebraLM-7B) first.",
    "a quantised copy by others": f"GGUF weights: [Foo3-7B-GGUF]({HUB}/copyist/Foo3-7B-GGUF).",
    "a 4-bit copy by others": f"4-bit weights: [Foo3]({HUB}/copyist/Foo3-7B-4bit).",
    "an adapter": f"The adapter weights: [Foo3-7B-LoRA]({HUB}/acme/Foo3-7B-LoRA).",
    "a badge that is no link": f"![weights](https://img.shields.io/badge/{HUB[8:]}/acme/Foo3-7B)",
    "the acknowledgements": f"## Acknowledgements\n\nThanks to [ours]({HUB}/zebra/Foo3-7B-weights)!",  # noqa: E501
    "a community's tunes": f"## Community models\n\n- [medical]({HUB}/someone/Foo3-7B-Medical)",
    "a live demo": f"Try the model: [demo]({HUB}/spaces/acme/Foo3-7B)",
    "a poster on a drive": "[Poster of Foo3](https://drive.google.com/file/d/poster)",
    "a data set on a drive": "[Foo3 training data set](https://drive.google.com/file/d/data)",
    "a drive with a sibling's": "BarVLM weights: [drive](https://drive.google.com/file/d/1)",
    "a bare mention": "The weights of acme/Foo3-7B are on a hub.",
    "an anchor": "[Model weights](#weights) and [download](docs/download.md)",
}


@pytest.mark.parametrize("case", NO_WEIGHTS)
def test_what_are_not_this_releases_weights(links: Links, case: str) -> None:
    assert links("model_parameters_final", f"# Foo3\n\n{NO_WEIGHTS[case]}\n") == []


def test_a_users_tune_in_running_text_is_not_the_release(links: Links) -> None:
    """Weights of other models do not count, also where no heading says "community"."""
    text = f"# Foo3\n\nA user tuned Foo3 for medicine: [Medical]({HUB}/someone/Foo3-7B-Medical).\n"
    assert links("model_parameters_final", text) == []


def test_coming_soon_is_no_link(links: Links) -> None:
    """A promise is nothing, even with the address where it will be kept."""
    text = f"# Foo3\n\nThe models will be released soon on [our hub page]({HUB}/acme).\n"
    assert links("model_parameters_final", text) == []


def test_a_form_before_the_weights_is_a_gate(make_release: Any, run: Any) -> None:
    text = (
        "# Foo3\n\nTo download the weights, fill in the [request form](https://acme.example/form)."
    )
    facts = run_links(run, make_release({"README.md": text}, US))
    assert [f.url for f in facts if isinstance(f, Linked)] == ["https://acme.example/form"]
    assert [f.evidence[0].span.start for f in facts if isinstance(f, Gated)] == [3]


def test_a_chinese_application_before_the_weights_is_a_gate(make_release: Any, run: Any) -> None:
    text = f"# Foo3\n\n需要申请后下载模型权重：[Foo3-7B]({HUB}/acme/Foo3-7B)"
    facts = run_links(run, make_release({"README.md": text}, US))
    assert [f.evidence[0].span.start for f in facts if isinstance(f, Gated)] == [3]


# -- checkpoints along the run -----------------------------------------------------------------


def test_checkpoints_along_the_run(links: Links) -> None:
    url = f"{HUB}/acme/Foo3-7B-Intermediate-Checkpoints"
    english = f"# Foo3\n\nIntermediate checkpoints: [Foo3-7B]({url})."
    chinese = f"# Foo3\n\n训练过程中的中间 checkpoint：[Foo3-7B]({url})。"
    for text in (english, chinese):
        assert links("model_parameters_intermediate", text) == [f"whole README.md:3 {url}"]
        assert links("model_parameters_final", text) == []


@pytest.mark.parametrize("name", ["Foo3-7B", "Foo3-7B-Chat", "Foo3-70B", "Foo3-7B-Base"])
def test_sizes_and_variants_are_not_intermediate(links: Links, name: str) -> None:
    assert links("model_parameters_intermediate", f"Weights: [x]({HUB}/acme/{name})") == []


def test_the_end_of_a_stage_is_only_part(links: Links) -> None:
    url = f"{HUB}/acme/Foo3-7B-stage1-checkpoint"
    told = links("model_parameters_intermediate", f"After the first stage: [stage 1]({url})")
    assert told == [f"part README.md:1 {url}"]


# -- data --------------------------------------------------------------------------------------

CORPUS = f"{HUB}/datasets/acme/FooCorpus"
OTHERS_CORPUS = f"{HUB}/datasets/zebra/ZebraWeb"
CHATTY = f"{HUB}/datasets/zebra/chatty"

DATA = {
    "own": (f"Foo3 was pre-trained on [FooCorpus]({CORPUS}).", CORPUS),
    "Chinese": (f"Foo3 的预训练语料已发布：[FooCorpus]({CORPUS})。", CORPUS),
    "public sets of others that were used": (
        f"Foo3 was pre-trained on [ZebraWeb]({OTHERS_CORPUS}).",
        OTHERS_CORPUS,
    ),
}


@pytest.mark.parametrize("case", DATA)
def test_training_data_is_what_the_release_says_it_used(links: Links, case: str) -> None:
    text, url = DATA[case]
    assert links("datasets", f"# Foo3\n\n{text}") == [f"whole README.md:3 {url}"]


NO_DATA = {
    "a fine-tuning demo": f"## Fine-tuning\n\nThis demo tunes Foo3 on [chatty]({CHATTY}).",
    "a Chinese fine-tuning demo": f"## 微调\n\n以 [chatty]({CHATTY}) 数据集为例。",
    "a benchmark": f"## Evaluation\n\nWe test on [ZebraBench]({HUB}/datasets/zebra/ZebraBench).",
    "thanks": f"## Acknowledgements\n\nWe thank the makers of the corpus [ZebraWeb]({OTHERS_CORPUS}).",  # noqa: E501
    "a sibling's": f"BarVLM was trained on [ZebraWeb]({OTHERS_CORPUS}).",
    "an older generation's": f"Foo2 was pre-trained on [ZebraWeb]({OTHERS_CORPUS}).",
    "outputs": f"Sample outputs: [outputs]({HUB}/datasets/acme/foo3-output-dataset).",
    "a mention without a link": "Foo3 was pre-trained on zebra/ZebraWeb.",
}


@pytest.mark.parametrize("case", NO_DATA)
def test_what_is_not_the_training_data(links: Links, case: str) -> None:
    assert links("datasets", f"# Foo3\n\n{NO_DATA[case]}") == []


def test_a_sample_of_the_training_data_is_part(links: Links) -> None:
    text = f"# Foo3\n\nWe share a sample of the pre-training corpus: [FooCorpus]({CORPUS})."
    assert links("datasets", text) == [f"part README.md:3 {CORPUS}"]


def test_far_fewer_tokens_than_were_trained_on_are_part(links: Links) -> None:
    """A corpus of 150B tokens is no more than a part of what 3T tokens came from."""
    text = (
        "# Foo3\n\nFoo3 was pre-trained on 3 trillion tokens.\n\n"
        f"We release 150 billion tokens of the pre-training corpus: [FooCorpus]({CORPUS})."
    )
    assert links("datasets", text) == [f"part README.md:5 {CORPUS}"]


def test_own_tuning_data_is_part_of_the_data_and_tuning_data(links: Links) -> None:
    url = f"{HUB}/datasets/acme/foo3-sft"
    text = f"# Foo3\n\nThe chat model was fine-tuned on [foo3-sft]({url})."
    assert links("datasets", text) == [f"part README.md:3 {url}"]
    assert links("fine_tuning_data", text) == [f"whole README.md:3 {url}"]


# -- evaluation --------------------------------------------------------------------------------

BENCH = f"{HUB}/datasets/zebra/zebra_bench"


@pytest.mark.parametrize(
    "text",
    [
        f"## Evaluation\n\nWe report accuracy on [ZebraBench]({BENCH}).",
        f"## 评测\n\n我们在 [ZebraBench]({BENCH}) 上测试。",
    ],
)
def test_a_benchmarks_data_is_evaluation_data(links: Links, text: str) -> None:
    assert links("evaluation_data", text) == [f"whole README.md:3 {BENCH}"]


@pytest.mark.parametrize(
    "text",
    [
        "## Evaluation\n\nFoo3 leads the [leaderboard](https://leaders.example/board).",
        f"## Evaluation\n\nFoo3 leads the [board]({HUB}/spaces/zebra/leaderboard).",
        "## Evaluation\n\nWe report ZebraBench and ZebraQA.",
        f"## Evaluation of BarVLM\n\nBarVLM was tested on [ZebraBench]({BENCH}).",
        f"## Acknowledgements\n\nThanks for [ZebraBench]({BENCH}).",
    ],
)
def test_leaderboards_and_names_are_not_evaluation_data(links: Links, text: str) -> None:
    assert links("evaluation_data", text) == []


HARNESS = "https://github.com/zebra/zebra-eval-harness"


@pytest.mark.parametrize(
    "text",
    [
        f"## Evaluation\n\nAll numbers were made with [zebra-eval-harness]({HARNESS}).",
        f"## 评测\n\n我们使用 [zebra-eval-harness]({HARNESS}) 进行评测。",
    ],
)
def test_a_harness_that_was_used_is_linked_code(links: Links, text: str) -> None:
    assert links("evaluation_code", text) == [f"whole README.md:3 {HARNESS}"]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (
            "# Foo3\n\nEval code (ZebraQA, ZebraSum): https://github.com/acme/extras/tree/main/fast",
            "https://github.com/acme/extras/tree/main/fast",
        ),
        (
            "# Foo3\n\nZebraQA: https://github.com/acme/chat/blob/main/run_eval.py",
            "https://github.com/acme/chat/blob/main/run_eval.py",
        ),
    ],
)
def test_the_authors_evaluation_code_elsewhere_is_linked(links: Links, text: str, url: str) -> None:
    assert links("evaluation_code", text) == [f"whole README.md:3 {url}"]
    assert links("evaluation_code", text.replace("github.com/acme", "github.com/zebra")) == []


@pytest.mark.parametrize(
    "text",
    [
        f"## Acknowledgements\n\nEvaluation was eased by [zebra-eval-harness]({HARNESS}).",
        "## Evaluation\n\nFoo3 leads the [leaderboard](https://leaders.example/board).",
        f"## Evaluation\n\nBarVLM was evaluated with [zebra-eval-harness]({HARNESS}).",
        "## Evaluation\n\nWe use [ZebraLM](https://github.com/zebra/ZebraLM) as a baseline.",
    ],
)
def test_what_is_no_evaluation_code(links: Links, text: str) -> None:
    assert links("evaluation_code", text) == []


def test_a_list_of_released_checkpoints_is_part_of_them(links: Links) -> None:
    url = "https://files.example/list_of_ckpts.txt"
    said = f"We also release intermediate checkpoints every 10k steps. The list is [here]({url})."
    (row,) = links("model_parameters_intermediate", f"# Foo3\n\n{said}")
    assert row == f"part README.md:3 {url}"
    soon = f"We will release intermediate checkpoints soon; see [the list]({url})."
    assert links("model_parameters_intermediate", f"# Foo3\n\n{soon}") == []


# -- code --------------------------------------------------------------------------------------

TRAINER = "https://github.com/acme/acme-train"


@pytest.mark.parametrize(
    "text",
    [
        f"# Foo3\n\nFoo3 was pre-trained with [acme-train]({TRAINER}).",
        f"# Foo3\n\nFoo3 使用 [acme-train]({TRAINER}) 进行预训练。",
    ],
)
def test_the_framework_it_was_trained_with(links: Links, text: str) -> None:
    assert links("training_code", text) == [f"whole README.md:3 {TRAINER}"]
    assert links("supporting_libraries", text) == [f"whole README.md:3 {TRAINER}"]


@pytest.mark.parametrize(
    "text",
    [
        "# Foo3\n\nFine-tune Foo3 with [tuner](https://github.com/zebra/tuner).",
        "# Foo3\n\nDeploy Foo3 with [fastserve](https://github.com/zebra/fastserve).",
        "# Foo3\n\n可以使用 [fastserve](https://github.com/zebra/fastserve) 部署 Foo3。",
        "# Foo3\n\n## Thanks\n\nTrained with the help of [gear](https://github.com/zebra/gear).",
        f"# Foo3\n\nBarVLM was pre-trained with [acme-train]({TRAINER}).",
        "# Foo3\n\nThis repository is [acme/model](https://github.com/acme/model).",
    ],
)
def test_tuners_engines_and_thanks_are_no_training_code(links: Links, text: str) -> None:
    assert links("training_code", text) == []
    assert links("supporting_libraries", text) == []


def test_the_authors_cleaning_pipeline(links: Links) -> None:
    own = "https://github.com/acme/foo-data-cleaning"
    other = "https://github.com/zebra/data-cleaning"
    text = "# Foo3\n\nThe corpus was cleaned by our [data-cleaning pipeline]({}).".format
    assert links("data_preprocessing_code", text(own)) == [f"whole README.md:3 {own}"]
    assert links("data_preprocessing_code", text(other).replace("our ", "")) == []


# -- documents, galleries, logs ----------------------------------------------------------------


@pytest.mark.parametrize("label", ["model card", "Model Card", "模型卡"])
def test_a_page_called_model_card_is_linked(links: Links, label: str) -> None:
    url = "https://acme.example/foo3-card"
    assert links("model_card", f"# Foo3\n\nSee the [{label}]({url}).") == [
        f"whole README.md:3 {url}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[Model Cards for Model Reporting](https://arxiv.org/abs/1901.00001)",
        "[BarVLM model card](https://acme.example/barvlm-card)",
        "[Model card](MODEL_CARD.md)",
        "The model card is coming soon.",
    ],
)
def test_what_is_no_linked_model_card(links: Links, text: str) -> None:
    assert links("model_card", f"# Foo3\n\n{text}") == []


def test_sent_to_the_models_cards(links: Links) -> None:
    """The hub pages of the models are the cards when the text says so."""
    text = f"# Foo3\n\n[Foo3-7B]({HUB}/acme/Foo3-7B)\n\nFor limits, please see the model cards.\n"
    assert links("model_card", text) == [f"whole README.md:5 {HUB}/acme/Foo3-7B"]


@pytest.mark.parametrize("label", ["datasheet", "Data card", "数据卡"])
def test_a_linked_datasheet_is_a_data_card(links: Links, label: str) -> None:
    url = "https://acme.example/foocorpus.pdf"
    text = f"# Foo3\n\nThe corpus has a [{label}]({url})."
    assert links("data_card", text) == [f"whole README.md:3 {url}"]


@pytest.mark.parametrize("label", ["Gallery", "Sample outputs", "生成结果"])
def test_a_gallery_elsewhere_is_linked(links: Links, label: str) -> None:
    url = "https://acme.example/foo3"
    assert links("sample_outputs", f"# Foo3\n\n[{label}]({url})") == [f"whole README.md:3 {url}"]


@pytest.mark.parametrize(
    "text",
    [
        f"[Try it live]({HUB}/spaces/acme/Foo3)",
        f"[BarVLM gallery]({HUB}/spaces/acme/BarVLM)",
        "## Related projects\n\n[Gallery](https://zebra.example/gallery)",
    ],
)
def test_live_demos_and_other_peoples_galleries_do_not_count(links: Links, text: str) -> None:
    assert links("sample_outputs", f"# Foo3\n\n{text}") == []


def test_an_experiment_tracker_holds_training_logs(links: Links) -> None:
    url = "https://wandb.ai/acme/foo3/runs/1"
    assert links("training_logs", f"# Foo3\n\n[Curves]({url})") == [f"whole README.md:3 {url}"]
    assert links("training_logs", "# Foo3\n\n## Credits\n\n[Curves](https://wandb.ai/z/y)") == []


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Foo3 was trained on 2.5 trillion tokens.", "2500000000000"),
        ("Foo3 在 2.6 万亿 tokens 的语料上训练。", "2600000000000"),
    ],
)
def test_training_tokens_are_stated_once(
    make_release: Any, run: Any, text: str, tokens: str
) -> None:
    facts = run_links(run, make_release({"README.md": f"# Foo3\n\n{text}\n"}, US))
    told = [(f.topic, f.value, f.evidence[0].span.start) for f in facts if isinstance(f, Stated)]
    assert told == [("tokens", tokens, 3)]


@pytest.mark.parametrize(
    "path", ["third_party/lib/README.md", "Foo2/README.md", "tests/data.md", "BarVLM/README.md"]
)
def test_documents_that_are_not_the_releases_are_not_read(links: Links, path: str) -> None:
    text = f"Download the weights of [Foo3-7B]({HUB}/acme/Foo3-7B)."
    assert links("model_parameters_final", text, path) == []


# -- anything at all ---------------------------------------------------------------------------

TELLING = f"Download the weights of [Foo3-7B]({HUB}/acme/Foo3-7B), pre-trained on [x]({CORPUS})."
HOSTILE = {
    "100k lines": (f"{TELLING}\n" + "plain text\n" * 9) * 10_000,
    "one endless line": f"{TELLING} " * 10_000,
    "an unclosed fence": f"```\n{TELLING}\n" * 999,
    "deep nesting": "> " * 4000 + TELLING + "\n" + "[" * 9000 + "](" * 9000 + "<a><p>" * 4000,
    "control characters": "".join(map(chr, range(1, 32))) + TELLING + "\x7f\u202e\ufeff\u2028",
}


@pytest.mark.parametrize("case", [pytest.param("100k lines", marks=SLOW), *list(HOSTILE)[1:]])
def test_hostile_documents(make_release: Any, all_cited: Any, case: str) -> None:
    release = make_release({"README.md": HOSTILE[case]}, US)
    assert sum(all_cited(inspector, release) for inspector in INSPECTORS) < 20_000


def test_what_stands_before_the_hostile_part_is_still_read(links: Links) -> None:
    text = f"{TELLING}\n\n{'[' * 5000}{'|' * 5000}\n```\n"
    assert links("datasets", text) == [f"whole README.md:1 {CORPUS}"]


PIECES = st.sampled_from(
    [
        TELLING,
        "# Foo3",
        "## 评测",
        "```",
        "| a | b |",
        "|---|---|",
        "---",
        "<table><tr><td>",
        f"[BarVLM]({HUB}/acme/BarVLM)",
        "](",
        "![](",
        f"{HUB}/",
        "magnet:?",
        "https://[",
        "model card",
    ]
)
MARKDOWN = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=25).map("\n".join)


@given(MARKDOWN)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cited_where_it_stands(make_release: Any, all_cited: Any, text: str) -> None:
    release = make_release({"README.md": text}, US)
    for inspector in INSPECTORS:
        all_cited(inspector, release)
