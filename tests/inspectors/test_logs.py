"""Logs are told by their content: steps with losses."""

from __future__ import annotations

from typing import Any

import pytest

from openassay.inspectors import logs
from openassay.types import Extent

LINES = "".join(f"step {n} | loss {4 - n / 10:.2f} | lr 1e-4\n" for n in range(12))
EVENTS = (24).to_bytes(8, "little") + bytes(4) + b"\x09\x1a\x0dbrain.Event:2" + bytes(20)


@pytest.mark.parametrize(
    ("path", "content", "aspect"),
    [
        ("logs/train.log", "start\n" + LINES, "text_log"),
        ("train_log.txt", LINES, "text_log"),
        ("runs/events.out.tfevents.1.host", EVENTS, "tensorboard"),
        ("ckpt/trainer_state.json", '{\n"epoch": 1,\n"log_history": [{"loss": 1}]\n}',
         "trainer_state"),
        ("logs/loss.csv", "step,train_loss\n" + "1,2.0\n" * 20, "loss_table"),
    ],
)  # fmt: skip
def test_logs_of_a_run(make_release: Any, run: Any, path: str, content: str, aspect: str) -> None:
    (fact,) = run(logs, make_release({path: content}))
    assert (fact.component, fact.extent, fact.aspect) == ("training_logs", Extent.WHOLE, aspect)


def test_the_first_line_with_numbers_is_cited(make_release: Any, run: Any) -> None:
    (fact,) = run(logs, make_release({"logs/train.log": "hello\n\n" + LINES}))
    assert fact.evidence[0].span.start == 3


def test_a_tuning_log_is_marked(make_release: Any, run: Any) -> None:
    (fact,) = run(logs, make_release({"finetune/train.log": LINES}))
    assert (fact.extent, fact.aspect) == (Extent.PART, "finetune_text_log")


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("logs/.gitkeep", "", "a folder called logs is nothing"),
        ("logs/server.log", "GET / 200\n" * 50, "another program's log"),
        ("logs/train.log", "step 1 loss 2\n", "one line is no log"),
        ("CHANGELOG.txt", LINES, "a changelog"),
        ("runs/events.out.tfevents.1", b"not a record", "only the name"),
        ("trainer_state.json", '{"other": 1}', "only the name"),
        ("tests/train.log", LINES, "a fixture"),
        ("eval/log.txt", LINES, "of an evaluation"),
    ],
)
def test_what_is_no_log(make_release: Any, run: Any, path: str, content: str, why: str) -> None:
    assert run(logs, make_release({path: content})) == [], why
