"""What the name of a weights file says: could it be one, whose, which step of a run, which role.

Names only choose what to open and whom to credit; what a file is, its bytes say (`weights_file`).
"""

from __future__ import annotations

import re
from enum import StrEnum
from posixpath import splitext
from typing import Final

from openassay.formats import path_words

SUFFIXES: Final = frozenset(
    """.safetensors .gguf .ggml .bin .pt .pth .ckpt .onnx .npz .h5 .hdf5 .keras .tflite .msgpack .pb
    .pdparams .mlmodel .nemo .distcp .llamafile .jit .npy .pkl .index .pth.tar""".split()
)
_NEEDS_WORD: Final = frozenset([".npz", ".npy", ".pkl", ".pb", ".bin", ".h5", ".hdf5"])
_WEIGHT_WORDS: Final = frozenset(
    """model models weights weight checkpoint checkpoints ckpt params parameters pytorch flax tf
    consolidated diffusion adapter ggml pretrained saved""".split()
)
_GENERIC: Final = _WEIGHT_WORDS | frozenset(
    """final best last latest ema unet transformer decoder encoder text vision state states rank mp
    tensor shard variables quantized fp bf int q f onnx layer layers module base
    small medium large xl tiny mini nano net network generator discriminator prior of dict step
    iter epoch global merged full half variant optim optimizer scheduler
    zero pp dp rng training args opt data index k m s l b""".split()
)
_NOT_OURS: Final = frozenset(
    """demo demos example examples dummy toy mock mocks fixture fixtures debug sample samples random
    unittest""".split()
)
_HELPERS: Final = frozenset(
    """vae vqgan lpips vgg vgg16 vgg19 alexnet inception i3d resnet raft clip detector landmarks
    s3fd arcface hifigan vocoder filters mel""".split()
)
_OPTIMIZER: Final = re.compile(
    r"(?:optimizer|optim_states|optimizer_states|scheduler|lr_scheduler|opt_state)", re.IGNORECASE
)
#: Names of norms, for whoever tells roles apart by names.
NORM: Final = re.compile(
    r"norm|(?:^|[._/])ln_?[0-9f]?[._/]|(?:^|[._/])ln_|(?:^|[._/])bn\d{0,3}[._/]", re.IGNORECASE
)
_NO_GAIN: Final = re.compile(
    r"bias|beta|running_|moving_|num_batches|zero_point|position", re.IGNORECASE
)
_NOT_WEIGHTS: Final = re.compile(
    r"(?:training_args|rng_state|random_states|vocab|tokenizer|merges)"
)
_STEP: Final = re.compile(
    r"(?:checkpoint|ckpt|global_?step|step|iter|iteration|epoch)s?[-_=]?(\d{1,9})", re.IGNORECASE
)


class Naming(StrEnum):
    """What a file's name says of the model in it."""

    GENERIC = "generic"  # only words any model uses: model, weights, final, fp16
    HELPER = "helper"  # a network other models use: a perceptual loss, a detector, a vocoder
    NAMED = "named"  # a name of its own


def suffix_of(name: str) -> str:
    """The suffix in lower case; a checkpoint saved under no name is called `.index` alone.

    Many training scripts call what `torch.save` writes `.pth.tar`, though it is no archive.
    """
    if name.lower().endswith((".pth.tar", ".pt.tar", ".ckpt.tar")):
        return ".pth.tar"
    return ".index" if name == ".index" else splitext(name)[1].lower()


def may_hold_weights(path: str, suffix: str) -> bool:
    """Whether a path is worth opening: a suffix of weights, and not openly a demo or a setting."""
    name = path.rpartition("/")[2]
    bundle = ".data-" in name
    if suffix not in SUFFIXES and not bundle:
        return False
    if not path_words.words(path).isdisjoint(_NOT_OURS) or _NOT_WEIGHTS.search(name.lower()):
        return False
    if suffix in _NEEDS_WORD or bundle:
        return not path_words.words(name).isdisjoint(_WEIGHT_WORDS | {"optimizer", "optim"})
    return True


def is_gain(tensor: str) -> bool:
    """Whether a tensor's name is that of the gain of a norm."""
    return NORM.search(tensor) is not None and _NO_GAIN.search(tensor) is None


def is_bias(tensor: str) -> bool:
    """Whether a tensor's name is that of a bias, of a norm or of a layer."""
    last = re.split(r"[./]", tensor.lower().removesuffix(":0"))[-1]
    return last in ("bias", "beta") or last.endswith("_bias")


def names_optimizer(name: str) -> bool:
    """Whether a name speaks of an optimizer's or a schedule's state."""
    return _OPTIMIZER.search(name) is not None


def naming(stem: str, folder: str) -> Naming:
    """What a file's stem says; for a generic one its last folder is asked as well."""
    words = {word for word in path_words.words(stem) if not word[0].isdigit()}
    if words <= _GENERIC:
        above = path_words.words(folder.rpartition("/")[2])
        return Naming.GENERIC if above.isdisjoint(_HELPERS) else Naming.HELPER
    return Naming.NAMED if words.isdisjoint(_HELPERS) else Naming.HELPER


def step_of(path: str) -> int | None:
    """The training step a path names, the last if there are several; None when it names none."""
    found = _STEP.findall(path)
    return int(found[-1]) if found else None


def run_of(path: str) -> str:
    """The path with its steps and numbers masked: equal for checkpoints of one run.

    Numbers of a size (``7B``) stay, for two sizes are two runs.
    """
    return re.sub(r"\d+(?![\d.]*[bBmM]\b)", "#", _STEP.sub("@", path))
