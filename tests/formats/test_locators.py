"""Locators: what a URL or a hub id points to, told from its spelling alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.formats.locators import Target, arxiv_id, classify, hub_id

HF = "https://huggingface.co"


@pytest.mark.parametrize(
    ("url", "target", "id"),
    [
        (f"{HF}/acme/Foo-7B", Target.MODEL, "acme/Foo-7B"),
        (f"{HF}/acme/Foo-7B/tree/main", Target.MODEL, "acme/Foo-7B"),
        (f"{HF}/acme/Foo-7B/resolve/main/model.safetensors", Target.MODEL, "acme/Foo-7B"),
        ("https://hf.co/acme/Foo-7B", Target.MODEL, "acme/Foo-7B"),
        ("https://www.huggingface.co/acme/Foo-7B?x=1#readme", Target.MODEL, "acme/Foo-7B"),
        ("huggingface.co/acme/Foo-7B", Target.MODEL, "acme/Foo-7B"),  # without a scheme
        (f"{HF}/datasets/acme/corpus", Target.DATASET, "acme/corpus"),
        (f"{HF}/datasets/gsm8k", Target.DATASET, "/gsm8k"),  # canonical, without owner
        (f"{HF}/spaces/acme/demo", Target.SPACE, "acme/demo"),
        (f"{HF}/collections/acme/foo-123", Target.COLLECTION, "acme/foo-123"),
        (f"{HF}/acme", Target.ACCOUNT, "acme"),
        (f"{HF}/papers/2309.10305", Target.PAPER, ""),
        (f"{HF}/blog/acme/foo", Target.BLOG, ""),
        (f"{HF}/docs/transformers", Target.PAGE, ""),
        (HF, Target.PAGE, ""),
        ("https://modelscope.cn/models/acme/Foo-7B/summary", Target.MODEL, "acme/Foo-7B"),
        ("https://www.modelscope.cn/datasets/acme/corpus", Target.DATASET, "acme/corpus"),
        ("https://modelscope.cn/organization/acme", Target.ACCOUNT, "acme"),
        ("https://modelscope.cn/studios/acme/demo", Target.SPACE, "acme/demo"),
        ("https://github.com/acme/foo", Target.REPOSITORY, "acme/foo"),
        ("https://github.com/acme/foo.git", Target.REPOSITORY, "acme/foo"),
        ("https://gitee.com/acme/foo/tree/main/train", Target.REPOSITORY, "acme/foo"),
        ("https://github.com/acme", Target.ACCOUNT, "acme"),
    ],
)
def test_hubs_and_hosts(url: str, target: Target, id: str) -> None:
    found = classify(url)
    assert found.target is target
    assert found.id == id
    assert found.url == url


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://arxiv.org/abs/2309.10305", Target.PAPER),
        ("https://arxiv.org/pdf/2309.10305v2.pdf", Target.PAPER),
        ("https://aclanthology.org/2023.acl-long.1/", Target.PAPER),
        ("https://doi.org/10.1000/182", Target.PAPER),
        ("https://openreview.net/forum?id=abc", Target.PAPER),
        ("https://acme.ai/foo-report.pdf", Target.DOCUMENT_FILE),
        ("https://acme.ai/blog/foo", Target.BLOG),
        ("https://blog.acme.ai/foo", Target.BLOG),
        ("magnet:?xt=urn:btih:5f96d43576e3d386c9ba65b883210a393b68210e", Target.WEIGHTS_FILE),
        ("https://cdn.acme.ai/foo-7b.safetensors", Target.WEIGHTS_FILE),
        ("https://cdn.acme.ai/foo.pt?download=1", Target.WEIGHTS_FILE),
        ("https://cdn.acme.ai/train.jsonl.gz", Target.DATA_FILE),
        ("https://cdn.acme.ai/plot.PNG", Target.IMAGE),
        ("https://github.com/acme/foo/blob/main/a.png", Target.IMAGE),
        ("https://wandb.ai/acme/foo/runs/1", Target.TRACKER),
        ("s3://acme/foo", Target.STORAGE),
        ("https://acme.org/public/foo-6b/step_100_slim.tar.zstd", Target.STORAGE),
        ("https://acme.org/foo.tgz", Target.STORAGE),
        ("gs://acme/foo", Target.STORAGE),
        ("https://drive.google.com/drive/folders/abc", Target.STORAGE),
        ("https://pan.baidu.com/s/abc", Target.STORAGE),
        ("https://acme.s3.amazonaws.com/foo", Target.STORAGE),
        ("https://img.shields.io/badge/license-MIT-green", Target.BADGE),
        ("https://pypi.org/project/foo", Target.PACKAGE),
        ("https://acme.ai", Target.PAGE),
        ("mailto:a@b.org", Target.PAGE),
        ("", Target.PAGE),
        ("http://[", Target.PAGE),
    ],
)
def test_other_places(url: str, target: Target) -> None:
    assert classify(url).target is target


@pytest.mark.parametrize(
    "url",
    [
        "https://huggingface.co.evil.org/acme/Foo-7B",
        "https://nothuggingface.co/acme/Foo-7B",
        "https://evil.org/huggingface.co/acme/Foo-7B",
        "https://huggingface.co@evil.org/acme/Foo-7B",
        "https://evil.org/?u=https://huggingface.co/acme/Foo-7B",
    ],
)
def test_a_look_alike_of_a_hub_is_no_hub(url: str) -> None:
    assert classify(url).target not in (Target.MODEL, Target.DATASET)


@pytest.mark.parametrize(
    "url", ["https://notarxiv.org/abs/2309.10305", "https://a.org/arxiv.org/x"]
)
def test_a_look_alike_of_an_archive_is_no_paper(url: str) -> None:
    assert classify(url).target is Target.PAGE


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("https://arxiv.org/abs/2309.10305", "2309.10305"),
        ("https://arxiv.org/pdf/2309.10305v3.pdf", "2309.10305"),
        ("arXiv:2309.10305", "2309.10305"),
        (f"{HF}/papers/2309.10305", "2309.10305"),
        ("version 2309.10305 of it", None),
        ("https://a.org/2309.10305", None),
        ("https://arxiv.org/", None),
    ],
)
def test_arxiv_numbers(text: str, number: str | None) -> None:
    assert arxiv_id(text) == number


@pytest.mark.parametrize("text", ["acme/Foo-7B", "a-b_c.d/e.f-g", "01-ai/Yi-34B", "acme/foo_7b"])
def test_what_has_the_form_of_a_hub_id(text: str) -> None:
    assert hub_id(text)


@pytest.mark.parametrize(
    "text",
    ["Foo-7B", "a/b/c", "a/", "/b", "", "https://a/b", "models/foo", "acme/train.py", "text/plain",
     "./foo", "../foo", "~/foo", "a b/c", "data/x", "acme/a.json", "and/or", "模型/权重"],
)  # fmt: skip
def test_what_has_not(text: str) -> None:
    assert not hub_id(text)


PARTS = st.sampled_from(
    ["https://", "huggingface.co", "/", "datasets", "acme", "foo", "%2F", "%", "?", "#", "@", ":",
     "arxiv.org/abs/", "github.com", "[", "]", ".png", "..", "\\", " ", "模型",
     "modelscope.cn", "models"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=12).map("".join) | st.text(max_size=60))
def test_any_text_is_classified(text: str) -> None:
    found = classify(text)
    assert found.url == text
    if found.target in (Target.MODEL, Target.SPACE, Target.COLLECTION):
        assert found.owner
        assert found.name
    assert isinstance(hub_id(text), bool)
    arxiv_id(text)


@given(st.from_regex(r"[A-Za-z0-9][\w.-]{0,20}", fullmatch=True))
def test_a_model_s_address_gives_back_its_id(name: str) -> None:
    found = classify(f"{HF}/acme/{name}")
    assert found.id == f"acme/{name}" or found.target is not Target.MODEL
