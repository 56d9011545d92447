"""Addresses in records are dirty: told apart, compared, and matched to what is at hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openassay.against.addresses import Address, address, of_record, of_source, same_page
from openassay.against.matching import address_of, match, model_names, web_addresses
from openassay.records import Record
from openassay.sources import checkouts


@pytest.mark.parametrize(
    ("text", "host", "id", "path"),
    [
        ("https://github.com/Acme/Foo", "github.com", "acme/foo", ""),
        ("http://www.github.com/acme/foo.git", "github.com", "acme/foo", ""),
        ("https://github.com/acme/foo/tree/main/data", "github.com", "acme/foo", "data"),
        ("https://github.com/acme/foo/blob/v1/a/b.md?raw=1", "github.com", "acme/foo", "a/b.md"),
        ("https://gitlab.com/acme/foo/-/blob/main/x", "gitlab.com", "acme/foo", "x"),
        ("https://hf.co/acme/foo-7b", "huggingface.co", "acme/foo-7b", ""),
        ("https://huggingface.co/acme/foo · Hugging Face", "huggingface.co", "acme/foo", ""),
        ("github.com/acme/foo", "github.com", "acme/foo", ""),
    ],
)
def test_an_address_of_a_repository(text: str, host: str, id: str, path: str) -> None:
    found = address(text)
    assert found is not None
    assert (found.host, found.id, found.path) == (host, id, path)


@pytest.mark.parametrize(
    "text",
    ["", "src/train.py", "https://github.com/acme", "https://arxiv.org/abs/2401.00001",
     "https://[", "https://github.com/a at main", "Foo 2: Open Models", "https://example.org/x"],
)  # fmt: skip
def test_what_is_no_address_of_a_repository(text: str) -> None:
    assert address(text) is None


def test_a_bare_id_of_a_record_is_one_of_the_hub() -> None:
    assert of_record("acme/foo-7b") == Address("huggingface.co", "acme/foo-7b", "", "model")
    assert of_record("Foo 2: Open Models") is None


@pytest.mark.parametrize(
    ("pin", "expected"),
    [
        ("git:https://github.com/acme/foo@0123", Address("github.com", "acme/foo")),
        ("git:acme+foo@0123", Address("", "acme/foo")),
        ("dir:acme__foo@0123", Address("", "acme/foo")),
        ("dir:models--acme--foo@0123", Address("", "acme/foo")),
        ("hf:acme/foo@0123", Address("huggingface.co", "acme/foo", "", "model")),
        ("hf:datasets/acme/foo@0123", Address("huggingface.co", "acme/foo", "", "dataset")),
        ("dir:foo@0123", None),
    ],
)
def test_the_repository_that_a_pin_tells(pin: str, expected: Address | None) -> None:
    assert of_source(pin) == expected


def test_a_hub_keeps_models_and_data_sets_of_one_name_apart() -> None:
    model, data = address("https://hf.co/acme/foo"), address("https://hf.co/datasets/acme/foo")
    assert model
    assert data
    assert not model.same(data)
    assert not Address("", "acme/foo").same(data)
    assert Address("", "acme/foo").same(model)


@pytest.mark.parametrize(
    ("recorded", "link", "same"),
    [
        ("https://github.com/acme/foo", "https://github.com/Acme/foo/blob/main/x.py", True),
        ("https://github.com/acme/foo/tree/main/x", "https://github.com/acme/foo", False),
        ("https://arxiv.org/pdf/2401.00001v3", "http://arxiv.org/abs/2401.00001", True),
        ("https://example.org/data/", "http://www.example.org/data#top", True),
        ("https://example.org/data", "https://example.org/other", False),
    ],
)
def test_when_a_link_leads_where_a_record_says(recorded: str, link: str, same: bool) -> None:
    assert same_page(recorded, link) is same


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_the_reading_of_addresses(one: str, other: str) -> None:
    of_record(one)
    of_source(one)
    same_page(one, other)
    record = Record(name=one, components=(), repository=other, huggingface=one)
    web_addresses(record)
    model_names(record)


# ------------------------------------------------------------------------------------- matching


def record(repository: str = "", huggingface: str = "", name: str = "Foo") -> Record:
    return Record(name=name, components=(), repository=repository, huggingface=huggingface)


def pool(*names: str) -> list[tuple[str, Address]]:
    found = ((name, address_of("", (name,))) for name in names)
    return [(name, where) for name, where in found if where is not None]


def test_a_record_finds_its_repository_and_its_page_on_the_hub() -> None:
    hub = ("hub", Address("huggingface.co", "acme/foo-7b", "", "model"))
    both = record("https://github.com/acme/foo/tree/main", "https://huggingface.co/acme/Foo-7B")
    assert match(both, [*pool("acme+foo", "acme+bar"), hub]) == ("acme+foo", "hub")
    assert match(record(), pool("acme+foo")) == ()


def test_one_folder_is_not_both_the_repository_and_the_page_on_the_hub() -> None:
    same = record("https://github.com/acme/foo", "https://huggingface.co/acme/foo")
    assert match(same, pool("acme+foo")) == ("acme+foo",)


def test_the_remote_tells_more_than_the_folders_name() -> None:
    assert address_of("https://github.com/acme/foo", ("x+y",)) == Address("github.com", "acme/foo")
    assert address_of("/srv/mirror/foo", ("x+y",)) == Address("", "x/y")
    assert address_of("", ("foo", "acme/foo")) == Address("", "acme/foo")


def test_records_of_one_generation_are_about_one_model() -> None:
    small = record(huggingface="https://huggingface.co/acme/Foo-3.1-8B", name="Foo-3.1-8B")
    chat = record(huggingface="acme/Foo-3.1-70B-Instruct", name="Foo-3.1-70B-Instruct")
    assert model_names(small) == model_names(chat) == ("foo-3.1",)
    assert model_names(record(name="Foo-4-8B")) == ("foo-4",)


def test_the_web_addresses_of_a_record_keep_their_capitals() -> None:
    dirty = record("https://github.com/Acme/Foo/tree/main", "Acme/Foo-7B")
    assert web_addresses(dirty) == (
        "https://github.com/Acme/Foo",
        "https://huggingface.co/Acme/Foo-7B",
    )
    assert web_addresses(record("Foo 2: Open Models")) == ()


def test_checkouts_are_found_below_a_folder_and_not_inside_each_other(tmp_path: Path) -> None:
    for inner in ("acme/foo/src", "bar+baz", "empty"):
        (tmp_path / inner).mkdir(parents=True)
    (tmp_path / "acme/foo/README.md").write_text("x")
    (tmp_path / "bar+baz/README.md").write_text("x")
    git = ["git", "-C", str(tmp_path / "bar+baz")]
    subprocess.run([*git, "init", "-q"], check=True)
    address = "https://token:secret@github.com/real/name.git"
    subprocess.run([*git, "remote", "add", "origin", address], check=True)
    found = {Path(c.path).name: c for c in checkouts.find(str(tmp_path))}
    assert set(found) == {"foo", "bar+baz"}
    assert found["foo"].names == ("foo", "acme/foo")
    assert found["bar+baz"].remote == "https://github.com/real/name"


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert list(checkouts.find(str(tmp_path))) == []
