"""The rules about roles hold for any program: no crash, and lines that are inside it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from openassay.formats.code_model import Around, is_speed, is_study, stem
from openassay.formats.code_networks import network
from openassay.formats.code_roles import all_roles, api_server
from openassay.formats.code_tooling import preparation, supporting
from openassay.formats.code_use import Use, use_of_code, use_of_script
from openassay.formats.pycode import read_python

PROGRAM = """\
import torch.nn as nn
import jax, tensorflow, datatrove, distilabel, cv2, ftfy
def f(x):
class Block(nn.Module):
    def __init__(self):
        self.a = Attention(nn.Linear(1))
        self.b = nn.ModuleList([Block()])
    loss.backward(); optimizer.step()
    model.generate(x)
    Trainer(m).train()
    AutoModel.from_pretrained('a/b')
    load_dataset('a/b')
    np.memmap(x); enc.encode(y)
def accuracy(x):
    'mmlu'
class Tokenizer:
    def encode(self): pass
    def decode(self): pass
    @triton.jit
def quantize(x): pass
if __name__ == '__main__':
    main()
app = FastAPI()
(
x = '"""
PATHS = st.sampled_from(
    ["a.py", "eval/mmlu.py", "data/x/clean.py", "finetune/train.py", "pretrain.py", "unshard.py",
     "case-studies/a.py", "bench.py", "模型/训练.py", "/", "", "a/b/c/d/e/infer.py"]
)  # fmt: skip
COMPONENTS = {
    "model_architecture", "training_code", "inference_code", "evaluation_code",
    "data_preprocessing_code", "supporting_libraries",
}  # fmt: skip


@given(
    st.lists(st.sampled_from(PROGRAM.split("\n")), max_size=30), PATHS, st.booleans(), st.booleans()
)
@settings(max_examples=200, deadline=None)
def test_every_program_has_roles_with_a_line_of_its_own(
    lines: list[str], path: str, defines: bool, pretrains: bool
) -> None:
    facts = read_python("\n".join(lines))
    around = Around(frozenset({"Block"}), defines, frozenset({"finetune"}), True, pretrains)
    found = [*all_roles(path, facts, around)]
    found += [
        role
        for role in (
            network(path, facts), preparation(path, facts, around), supporting(path, facts)
        )
        if role
    ]  # fmt: skip
    for role in found:
        assert role.component in COMPONENTS
        assert 1 <= role.line <= max(len(lines), 1)
        assert role.why
    assert 0 <= api_server(facts) <= len(lines)
    assert use_of_code(path, facts, around) in Use


@given(st.text(max_size=80))
def test_no_path_raises(path: str) -> None:
    assert isinstance(is_study(path) or is_speed(path), bool)
    assert stem(path) == stem(path).lower()
    assert use_of_script(path) in Use
