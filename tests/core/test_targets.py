"""What a target names, told from its spelling: nothing is opened, nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openassay.sources.targets import Name, What, parse, reopens, without_login

HUB, GIT, PAGE = What.HUB, What.GIT, What.PAGE
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("org/model", Name(HUB, "org/model", None, "model")),
        ("org/model@v1.0", Name(HUB, "org/model", "v1.0", "model")),
        (f"org/model@{COMMIT}", Name(HUB, "org/model", COMMIT, "model")),
        ("hf:gpt2", Name(HUB, "gpt2", None, "model")),
        ("hf:org/model@main", Name(HUB, "org/model", "main", "model")),
        ("hf:models/org/model", Name(HUB, "org/model", None, "model")),
        ("hf:datasets/org/data@main", Name(HUB, "org/data", "main", "dataset")),
        ("huggingface:org/model", Name(HUB, "org/model", None, "model")),
        ("https://huggingface.co/org/model", Name(HUB, "org/model", None, "model")),
        ("https://huggingface.co/org/model/", Name(HUB, "org/model", None, "model")),
        ("https://www.huggingface.co/org/model?x=1#y", Name(HUB, "org/model", None, "model")),
        ("https://hf-mirror.com/org/model", Name(HUB, "org/model", None, "model")),
        ("https://huggingface.co/org/model/tree/v1", Name(HUB, "org/model", "v1", "model")),
        (
            f"https://huggingface.co/org/model/blob/{COMMIT}/a/README.md",
            Name(HUB, "org/model", COMMIT, "model"),
        ),
        ("https://hf.co/datasets/org/data", Name(HUB, "org/data", None, "dataset")),
        ("https://huggingface.co/datasets/gsm8k", Name(HUB, "gsm8k", None, "dataset")),
        ("https://huggingface.co/spaces/org/demo", Name(PAGE, "https://huggingface.co/spaces/org/demo")),
        ("https://huggingface.co/docs/hub", Name(PAGE, "https://huggingface.co/docs/hub")),
        ("https://github.com/org/code", Name(GIT, "https://github.com/org/code")),
        ("https://github.com/org/code.git", Name(GIT, "https://github.com/org/code")),
        ("https://github.com/o/code/tree/dev/src", Name(GIT, "https://github.com/o/code", "dev")),
        ("https://www.github.com/org/code", Name(GIT, "https://github.com/org/code")),
        ("github:org/code@v2", Name(GIT, "https://github.com/org/code", "v2")),
        ("gitee:org/code", Name(GIT, "https://gitee.com/org/code")),
        (
            "https://gitlab.com/group/sub/code/-/tree/main",
            Name(GIT, "https://gitlab.com/group/sub/code", "main"),
        ),
        ("git@github.com:org/code.git", Name(GIT, "https://github.com/org/code")),
        ("git+https://git.example/x/y.git@v1", Name(GIT, "https://git.example/x/y", "v1")),
        ("git+https://u:p@git.example/x/y@v1", Name(GIT, "https://u:p@git.example/x/y", "v1")),
        ("git+http://git.example:8080/y", Name(GIT, "http://git.example:8080/y")),
        ("https://git.example/x/y.git", Name(GIT, "https://git.example/x/y")),
        ("https://github.com/org", Name(PAGE, "https://github.com/org")),
        (
            "https://github.com/org/code/archive/refs/tags/v1.zip",
            Name(What.ARCHIVE, "https://github.com/org/code/archive/refs/tags/v1.zip"),
        ),
        ("https://modelscope.cn/models/o/model", Name(What.MODELSCOPE, "o/model", None, "model")),
        ("modelscope:org/model@v1", Name(What.MODELSCOPE, "org/model", "v1", "model")),
        ("modelscope:datasets/org/data", Name(What.MODELSCOPE, "org/data", None, "dataset")),
        ("arxiv:2405.00001", Name(What.ARXIV, "2405.00001")),
        ("arXiv:2405.00001v2", Name(What.ARXIV, "2405.00001v2")),
        ("https://arxiv.org/pdf/2405.00001v3", Name(What.ARXIV, "2405.00001v3")),
        ("https://huggingface.co/papers/2405.00001", Name(What.ARXIV, "2405.00001")),
        ("https://example.org/a/m.gguf", Name(What.FILE, "https://example.org/a/m.gguf")),
        ("https://example.org/a/m.GGUF?x=1", Name(What.FILE, "https://example.org/a/m.GGUF?x=1")),
        ("https://example.org/a.tar.gz", Name(What.ARCHIVE, "https://example.org/a.tar.gz")),
        ("https://example.org/", Name(PAGE, "https://example.org/")),
        ("web:https://github.com/org/code", Name(PAGE, "https://github.com/org/code")),
    ],
)  # fmt: skip
def test_spellings(target: str, name: Name) -> None:
    assert parse(target) == name


@pytest.mark.parametrize(
    "target",
    [
        "", "folder", "./org/model", "/abs/path", "../up/x", "a/b/c", "org/mo del", "org/model\n",
        "file:///etc/passwd", "ftp://example.org/a.zip", "javascript:alert(1)", "web:file:///x",
        "hf:", "hf:../../etc", "hf:org/model/../../x", "hf://org/model", "modelscope:a b",
        "arxiv:hep-th", "-rf/x y", "org/model;rm -rf", "C:\\models\\x", "refused:x",
    ],
)  # fmt: skip
def test_what_can_only_be_a_path(target: str) -> None:
    assert parse(target) is None


@given(st.text(max_size=60))
@example("https://[/")
@example("https://[::1")
@example("http://\u2100.com/x")
@example("git@" + "a" * 300)
@example("github:../../x@--upload-pack=x")
def test_nothing_raises(text: str) -> None:
    heads = (
        "",
        "https://",
        "https://github.com/",
        "https://huggingface.co/",
        "hf:",
        "git+https://",
    )
    for head in (*heads, "web:https://", "arxiv:", "github:", "https://modelscope.cn/models/"):
        parse(head + text)
        assert "@" not in without_login("https://u:p@host/") + reopens("https://u:p@host/x")


@given(st.text(alphabet="ab:/?#@%.\\ ", max_size=20))
def test_a_login_is_never_shown(rest: str) -> None:
    for show in (without_login, reopens):
        shown = show(f"https://user:hunter2@example.org/{rest}")
        assert "hunter2" not in shown
        assert shown.startswith("https://example.org/")


@pytest.mark.parametrize(
    ("url", "again"),
    [
        ("https://example.org/a?download=true", "https://example.org/a?download=true"),
        ("https://example.org/a?X-Amz-Signature=1&x=2", "https://example.org/a"),
        ("https://example.org/a?x=1&%74oken=2", "https://example.org/a"),
        ("https://example.org/a#part", "https://example.org/a"),
        ("org/model", "org/model"),
    ],
)
def test_an_address_is_kept_without_what_may_be_secret(url: str, again: str) -> None:
    assert reopens(url) == again
