"""What the name of a weights file says."""

from __future__ import annotations

import pytest

from openassay.formats import weights_names as names
from openassay.formats.weights_names import Naming


@pytest.mark.parametrize(
    ("path", "suffix", "expected"),
    [
        ("model.safetensors", ".safetensors", True),
        ("pytorch_model-00001-of-00002.bin", ".bin", True),
        ("data/train.bin", ".bin", False),  # tokens
        ("demo/model.safetensors", ".safetensors", False),
        ("training_args.bin", ".bin", False),
        ("mel_filters.npz", ".npz", False),
        ("ckpt/model.ckpt.data-00000-of-00001", ".data-00000-of-00001", True),
        ("model.py", ".py", False),
        ("runs/model_best.pth.tar", ".pth.tar", True),
    ],
)
def test_may_hold_weights(path: str, suffix: str, expected: bool) -> None:
    assert names.may_hold_weights(path, suffix) is expected


@pytest.mark.parametrize(
    ("stem", "folder", "expected"),
    [
        ("model", "", Naming.GENERIC),
        ("diffusion_pytorch_model.fp16", "unet", Naming.GENERIC),
        ("model", "vae", Naming.HELPER),
        ("lpips_vgg", "", Naming.HELPER),
        ("foo-7b", "", Naming.NAMED),
    ],
)
def test_naming(stem: str, folder: str, expected: Naming) -> None:
    assert names.naming(stem, folder) is expected


def test_steps_and_runs() -> None:
    assert names.step_of("out/checkpoint-500/model.safetensors") == 500
    assert names.step_of("out/model.safetensors") is None
    one, two = "a/global_step10/m.pt", "a/global_step200/m.pt"
    assert names.run_of(one) == names.run_of(two)
    assert names.run_of("7B/step1/m.pt") != names.run_of("13B/step1/m.pt")
