"""Shape configurations are part of the metadata; tokenizer files part of the libraries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openassay.formats.bounded import FormatError
from openassay.inspectors import model_config
from openassay.subject import Subject
from openassay.types import Derived, Extent, Found, Relation, Stated

CONFIG = json.dumps(
    {
        "_name_or_path": "base/other-6l",
        "architectures": ["FooForCausalLM"],
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "torch_dtype": "float16",
        "vocab_size": 30522,
    },
    indent=2,
)


def test_a_shape_is_part_and_states_its_values(make_release: Any, run: Any) -> None:
    facts = run(model_config, make_release({"config.json": CONFIG}))
    found = [fact for fact in facts if isinstance(fact, Found)]
    assert [(f.component, f.extent, f.aspect) for f in found] == [
        ("model_metadata", Extent.PART, "shape_config")
    ]
    stated = {f.topic: (f.value, f.evidence[0].span.start) for f in facts if isinstance(f, Stated)}
    assert stated == {
        "architecture": ("FooForCausalLM", 3),
        "dtype": ("float16", 8),
        "layers": ("6", 7),
        "hidden_size": ("384", 6),
        "vocab_size": ("30522", 9),
    }


ARGUMENTS = """class ModelArgs:
    dim: int = -1
    n_layers: int = -1
    n_heads: int = -1
    vocab_size: Optional[int] = None
"""


@pytest.mark.parametrize("path", ["models/args.py", "foo/configuration_foo.py", "config.py"])
def test_arguments_of_the_model_as_python_are_a_shape(
    make_release: Any, run: Any, path: str
) -> None:
    (fact,) = run(model_config, make_release({path: ARGUMENTS}))
    assert (fact.extent, fact.aspect, fact.evidence[0].span.start) == (
        Extent.PART,
        "shape_class",
        2,
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("config.py", "port = 8080\nhost = 'x'\n"),
        ("finetune/args.py", ARGUMENTS),
        ("demo/config.py", ARGUMENTS),
        ("model.py", ARGUMENTS),  # the code inspector reads it
    ],
)
def test_python_that_is_no_shape(make_release: Any, run: Any, path: str, text: str) -> None:
    assert run(model_config, make_release({path: text})) == []


def test_the_base_is_named(make_release: Any, run: Any) -> None:
    facts = run(model_config, make_release({"config.json": CONFIG}, Subject(names=("acme/foo",))))
    (base,) = [fact for fact in facts if isinstance(fact, Derived)]
    assert (base.base, base.relation) == ("base/other-6l", Relation.FINETUNE)


def test_a_model_saved_from_its_own_page_has_no_base(make_release: Any, run: Any) -> None:
    release = make_release({"config.json": CONFIG}, Subject(names=("base/other-6l",)))
    assert not [f for f in run(model_config, release) if isinstance(f, Derived)]


def test_an_adapter_names_its_base(make_release: Any, run: Any) -> None:
    text = '{"base_model_name_or_path": "org/base-7b", "peft_type": "LORA", "r": 8}'
    (fact,) = run(model_config, make_release({"adapter_config.json": text}))
    assert isinstance(fact, Derived)
    assert (fact.base, fact.relation) == ("org/base-7b", Relation.ADAPTER)


def test_sentence_modules(make_release: Any, run: Any) -> None:
    text = '[{"idx": 0, "type": "sentence_transformers.models.Transformer"}]'
    (fact,) = run(model_config, make_release({"modules.json": text}))
    assert fact.aspect == "shape_config"


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("config.json", '{"port": 8080, "theme": "dark"}', "another program's settings"),
        ("config.json", '{"model_type": "x"}', "one key is no shape"),
        ("generation_config.json", '{"temperature": 1.0, "top_p": 0.9}', "about inference"),
        ("tests/config.json", CONFIG, "a fixture"),
        ("config.json", "", "0 bytes"),
    ],
)
def test_what_is_no_shape_says_nothing(
    make_release: Any, run: Any, path: str, text: str, why: str
) -> None:
    assert run(model_config, make_release({path: text})) == [], why


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '["list"]'])
def test_a_broken_configuration_is_a_format_error(make_release: Any, run: Any, text: str) -> None:
    """`read` turns it into a gap; it never hides another file."""
    with pytest.raises(FormatError):
        run(model_config, make_release({"config.json": text}))


@pytest.mark.parametrize("name", ["tokenizer.model", "utils/20B_tokenizer.json", "vocab.bpe",
                                  "merges.txt", "a/spiece.model", "gpt2.tiktoken"])  # fmt: skip
def test_tokenizer_files_are_part_of_the_libraries(make_release: Any, run: Any, name: str) -> None:
    (fact,) = run(model_config, make_release({name: b"\x0a" * 2_000}))
    assert (fact.component, fact.extent, fact.aspect) == (
        "supporting_libraries",
        Extent.PART,
        "tokenizer_files",
    )


@pytest.mark.parametrize("name", ["tokenizer_config.json", "data/vocab_notes.csv", "encoder.py"])
def test_names_that_are_no_tokenizer(make_release: Any, run: Any, name: str) -> None:
    assert run(model_config, make_release({name: '{"a": 1}' + " " * 2_000})) == []


BUILD = """from .modeling import Encoder, Foo

def build_foo_large(checkpoint=None):
    return _build_foo(
        encoder_embed_dim=1024,
        encoder_depth=24,
        encoder_num_heads=16,
        checkpoint=checkpoint,
    )
"""
DEFAULTS = """class Foo(nn.Module):
    def __init__(self, num_layers: int = 33, embed_dim: int = 1280, attention_heads: int = 20):
        super().__init__()
"""


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [("foo/build_foo.py", BUILD, 5), ("foo/model/foo.py", DEFAULTS, 2)],
)
def test_numbers_of_a_shape_in_code_are_part(
    make_release: Any, run: Any, path: str, text: str, line: int
) -> None:
    (fact,) = run(model_config, make_release({path: text}))
    assert (fact.component, fact.extent, fact.aspect, fact.evidence[0].span.start) == (
        "model_metadata",
        Extent.PART,
        "shape_code",
        line,
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("foo/build_foo.py", BUILD.replace("=16", "=heads")),  # two numbers are no shape
        ("foo/build_foo.py", BUILD.replace("encoder_depth=24,", "\n" * 40 + "encoder_depth=24,")),
        ("examples/build_foo.py", BUILD),
        ("tests/test_foo.py", BUILD),
        ("finetune/model.py", DEFAULTS),
        ("foo/run.py", "args.n_layer = 24\nargs.n_embd = 1024\nargs.n_head = 16\n"),  # for one file
    ],
)
def test_numbers_that_are_no_shape_of_the_model(
    make_release: Any, run: Any, path: str, text: str
) -> None:
    assert run(model_config, make_release({path: text})) == []
