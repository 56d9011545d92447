"""Does a file define the layers of a network and put them together?

Counts: subclasses of the module classes of the usual libraries that compose blocks (attention,
perceptron, convolution, state space), and functions that create variables and attend, as TensorFlow
1 and plain JAX have them. Does not count: adapters, losses, metrics, reward heads, classifiers that
filter data, tools that make data, a port inside a tuning script, wrappers round a loaded model.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from openassay.formats.code_model import (
    Role,
    closed,
    folder_words,
    is_data_tool,
    is_study,
    lasts,
    stem,
)
from openassay.formats.path_words import is_finetune
from openassay.formats.pycode import Class, CodeFacts, Function

_NET_BASE = re.compile(
    r"(?:^|\.)(?:Module|ScriptModule|PreTrainedModel|\w{1,40}PreTrainedModel|ModelMixin"
    r"|\w{0,40}MegatronModule|PipelineModule|LightningModule|Layer|Cell|MyModule"
    r"|Fairseq\w{0,30}(?:Model|Decoder|Encoder)|BaseFairseqModel|\w{1,30}GenerationMixin"
    r"|Base(?:Decoder|Encoder))$"
    r"|keras\.Model$"
)
_NOT_NET = re.compile(
    r"lora|adapter|loss|lpips|metric|reward|discriminator|critic|probe|classif|dataset|collat"
    r"|trainer|wrapper|criterion|loader|(?:^|_)ema(?:$|_)|valuehead|tokeniz|scaling_?layer|vgg",
    re.I,
)
_WEIGHTED: Final = closed(  # layers with weights of their own
    """Linear Dense ColumnParallelLinear RowParallelLinear Embedding Embed VocabParallelEmbedding
    ParallelEmbedding TokenEmbedding Conv1d Conv2d Conv3d Conv ConvTranspose1d ConvTranspose2d
    ConvTranspose3d Conv1D Conv2D Conv3D ConvTranspose parameter get_parameter param
    create_parameter MultiheadAttention MultiHeadAttention MultiHeadDotProductAttention
    scaled_dot_product_attention flash_attn_func LSTM GRU ModuleList Sequential ModuleDict LayerList
    Einsum DenseGeneral get_variable Linear4bit BitLinear QuantLinear TransformerEncoderLayer
    TransformerDecoderLayer TransformerEncoder TransformerDecoder"""
)
_BOXES: Final = closed(
    "ModuleList Sequential ModuleDict LayerList SequentialCell CellList scan remat"
)
_BLOCKS = re.compile(
    r"attn|attention|transformer|(?:de|en)coder(?!config)|mlp|feed_?forward|ffn|(?:^|_)moe|expert"
    r"|mamba|ssm|rwkv|time_?mix|channelmix|conv(?!ert|ersation)|resnet|resblock|unet|block|hyena"
    r"|retention|backbone",
    re.I,
)
_PART = re.compile(
    r"(?:Block|Layer|Attention|Decoder|Encoder|MLP|FeedForward|Transformer|Mixer|Backbone|MoE)s?"
    r"(?:2d|3d|_\w{1,20})?$"
)
_MODEL_NAME = re.compile(r"(?:Model|Transformer|ForCausalLM|LMHead|GPT|Net|DiT|LM)$|^model$")
_OTHER_FOLDERS: Final = closed(
    """eval evals evaluation evaluate metric metrics loss losses reward rewards lora peft fid lpips
    baseline baselines benchmark benchmarks data dataset datasets decontamination filter
    filtering"""
)
_PRODUCTS: Final = closed("einsum dot matmul dot_general")


def network_classes(facts: CodeFacts) -> tuple[Class, ...]:
    """Classes that are layers or models: they derive, in this file, from a network base."""
    found: dict[str, Class] = {}
    for _ in range(4):  # a child may stand above its base
        before = len(found)
        for item in facts.classes:
            if item.name not in found and any(
                _NET_BASE.search(base) or base.rpartition(".")[2] in found for base in item.bases
            ):
                found[item.name] = item
        if len(found) == before:
            break
    return tuple(item for item in found.values() if not _NOT_NET.search(item.name))


def network(path: str, facts: CodeFacts) -> Role | None:
    """The role of a file that defines and composes the layers of a network."""
    if folder_words(path) & _OTHER_FOLDERS or is_study(path) or _NOT_NET.search(stem(path)):
        return None
    if is_data_tool(path) or is_finetune(stem(path)):
        return None
    if network_classes(facts):
        return _of_classes(facts) or _of_products(facts)
    return _of_functions(facts)


def _of_classes(facts: CodeFacts) -> Role | None:
    classes = _with_helpers(network_classes(facts), facts)
    own = frozenset(item.name for item in classes)
    defining = [item for item in classes if not _only_wraps(item)]
    weighted = frozenset[str]().union(*(lasts(item.builds) & _WEIGHTED for item in defining))
    composed = max(
        (item for item in defining if _composes(item, own)),
        key=lambda item: (_rank(item, own), item.line),
        default=None,
    )
    if composed is None or len(weighted) < 2:
        return None
    kinds = [item.name for item in classes if _BLOCKS.search(item.name)] or sorted(
        name for name in _parts(composed, own) if _BLOCKS.search(name)
    )
    if not (kinds or _BLOCKS.search(composed.name)):
        return None
    shown = ", ".join(dict.fromkeys([composed.name, *kinds]))[:120]
    why = f"defines the layers of a network and composes them: {shown}"
    return Role("model_architecture", True, "layers", composed.line, why)


def _with_helpers(classes: tuple[Class, ...], facts: CodeFacts) -> tuple[Class, ...]:
    """The classes, each building also what the functions of the file build that it calls."""
    helpers = {item.name: item.calls for item in facts.functions if not item.owner}
    return tuple(
        replace(item, builds=item.builds.union(*(helpers[name] for name in used)))
        if (used := sorted(helpers.keys() & item.builds))
        else item
        for item in classes
    )


def _only_wraps(item: Class) -> bool:
    called = lasts(item.builds)
    return "from_pretrained" in called and len(called & _WEIGHTED) < 3


def _parts(item: Class, own: frozenset[str]) -> frozenset[str]:
    """Blocks that a class builds: network classes of the file, or imported ones by their names."""
    return frozenset(
        name
        for name in lasts(item.builds) - {item.name}
        if name in own or (_PART.search(name) and name[:1].isupper())
    )


def _composes(item: Class, own: frozenset[str]) -> bool:
    parts = _parts(item, own)
    return len(parts) >= 2 or (bool(parts) and bool(lasts(item.builds) & _BOXES))


def _rank(item: Class, own: frozenset[str]) -> int:
    return len(_parts(item, own)) + (5 if _MODEL_NAME.search(item.name) else 0)


_MIXES = re.compile(
    r"(?:^|_)(?:attn|att|attention|tmix|time_?mix(?:ing)?|ssm|retention)(?:_|$)", re.I
)
_FEEDS = re.compile(r"(?:^|_)(?:ffn|mlp|feed_?forward|cmix|channel_?mix(?:ing)?|moe)(?:_|$)", re.I)
_MATHS: Final = closed("sigmoid softmax relu silu gelu layer_norm group_norm rms_norm matmul")


def _of_products(facts: CodeFacts) -> Role | None:
    """Layers written out for inference: a mixer and a feed-forward over weights that are loaded."""
    if not facts.imported("torch") or "forward" not in facts.names:
        return None
    maths = [item for item in facts.functions if lasts(item.calls) & _MATHS]
    mixers = [item for item in maths if _MIXES.search(item.name)]
    feeders = [item for item in maths if _FEEDS.search(item.name)]
    loads = any(call.name in _LOADS_TENSORS for call in facts.calls)
    if not (mixers and feeders and loads):
        return None
    shown = f"{mixers[0].name}, {feeders[0].name}"
    why = f"computes the layers of a network from its loaded weights: {shown}"
    return Role("model_architecture", True, "layers", mixers[0].line, why)


_LOADS_TENSORS: Final = closed("torch.load safetensors.torch.load_file safetensors.safe_open")


def _of_functions(facts: CodeFacts) -> Role | None:
    found = [
        item
        for item in facts.functions
        if any(name.endswith(("variable_scope", "get_variable")) for name in item.calls)
    ]
    if not found and facts.imported("jax"):
        found = [item for item in facts.functions if lasts(item.calls) & _PRODUCTS]
    blocks: list[Function] = [item for item in found if _BLOCKS.search(item.name)]
    if len(found) < 3 or len(blocks) < 2:
        return None
    top = next((item for item in found if _MODEL_NAME.search(item.name)), blocks[0])
    shown = ", ".join(item.name for item in blocks)[:120]
    why = f"defines the layers of a network as functions: {shown}"
    return Role("model_architecture", True, "layers", top.line, why)
