"""Passages: a link with what stands around it, a sentence with its lines and its headings."""

from __future__ import annotations

from openassay.files import File
from openassay.formats.locators import Target
from openassay.passages import MAX_LINKS, Passage, Spot, passages, spots, wanted
from openassay.release import Release, Source
from openassay.subject import Subject, Whose

FOO2 = Subject(("acme/Foo2-7B",), frozenset({"acme"}), ("acme/BarVLM",))


def document(text: str, path: str = "README.md", subject: Subject = FOO2) -> tuple[File, Release]:
    raw = text.encode()
    file = File("dir:m@0", path, len(raw), lambda at, length: raw[at : at + length])
    source = Source("dir:m@0", "dir", "/m", "0", "acme/Foo2", (file,))
    return file, Release([source], subject)


def all_spots(text: str) -> list[Spot]:
    return list(spots(*document(text)))


def all_passages(text: str) -> list[Passage]:
    return list(passages(*document(text)))


def test_a_spot_knows_its_sentence_its_headings_and_its_target() -> None:
    (spot,) = all_spots(
        "# Foo2\n\n## Data\n\nTrained on [corpus](https://hf.co/datasets/acme/c).\n"
    )
    assert spot.locator.target is Target.DATASET
    assert "Trained on" in spot.near
    assert "foo2" in spot.trail  # folded, for looking words up
    assert "data" in spot.trail
    assert spot.label == "corpus"
    evidence = spot.cite()
    assert evidence.span.start == 5
    assert "https://hf.co/datasets/acme/c" in evidence.quote


def test_the_words_nearest_a_link_say_whose_it_is_before_the_headings_do() -> None:
    text = "# Foo2\n\nOlder: [Foo1](https://hf.co/acme/Foo1-7B)\n\n[here](https://a.org/x)\n"
    older, here = all_spots(text)
    assert older.whose == {Whose.SIBLING}
    assert older.about_sibling
    assert here.whose == {Whose.OWN}  # of the heading, as the line names nobody


def test_a_link_in_a_table_is_read_with_the_header_of_its_table() -> None:
    text = "| Model | Data set |\n|---|---|\n| Foo2 | [c](https://hf.co/datasets/acme/c) |\n"
    (spot,) = all_spots(text)
    assert "Data set" in spot.near
    assert spot.cite().span.start == 3


def test_a_link_on_a_very_long_line_is_quoted_with_the_link() -> None:
    url = "https://hf.co/acme/Foo2-7B"
    (spot,) = all_spots(f"{'word ' * 300}[weights]({url}) {'tail ' * 300}\n")
    assert url in spot.cite().quote
    assert len(spot.near) < 1000
    assert "weights" in spot.near


def test_links_are_bounded() -> None:
    text = "\n".join(f"https://a.org/{number}" for number in range(MAX_LINKS + 50))
    assert len(all_spots(text)) <= MAX_LINKS


def test_passages_are_headings_sentences_and_table_rows_each_with_its_line() -> None:
    text = (
        "# Foo2\n\nFirst sentence. Second one\ngoes on here. Third.\n\n"
        "| Model | MMLU |\n|---|---|\n| Foo2 | 61 |\n"
    )
    found = [(p.text, p.start, p.end) for p in all_passages(text)]
    assert ("Foo2", 1, 1) in found
    assert ("First sentence.", 3, 3) in found
    assert ("Second one goes on here.", 3, 4) in found
    assert ("Third.", 4, 4) in found
    assert ("Foo2 | 61", 8, 8) in found


def test_a_passage_is_cited_on_its_own_lines() -> None:
    for passage in all_passages("# T\n\nOne. Two\nthree.\n\n- four\n- five\n"):
        quote = passage.cite().quote
        assert passage.text.split()[0] in quote
        assert passage.text.split()[-1] in quote


def test_the_trail_is_that_of_the_passage_and_not_of_the_section_before() -> None:
    text = "# Foo2\n\n## License\n\nApache.\n\n## Data\n\nThe Pile.\n"
    trails = {p.text: p.trail for p in all_passages(text)}
    assert "license" in trails["Apache."]
    assert "license" not in trails["The Pile."]


def test_only_the_release_s_own_documents_are_wanted() -> None:
    assert wanted(*document("x"))
    assert not wanted(*document("x", "third_party/lib/README.md"))
    assert not wanted(*document("x", "train.py"))
