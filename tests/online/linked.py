"""One release whose parts stand in many places: the card links them, by their public addresses.

What is the release's own: its code, its data set, its paper. What is somebody else's: the base
model, a library that is thanked, a leaderboard. And links that lead nowhere, elsewhere, to a gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arxiv_server import CC_BY, Paper, Version
from blobs import Stored
from faults import status
from git_server import GitRepo
from hub_repos import Content, HubRepo
from releases import MIT, card, safetensors
from world import World

PAPER = "2405.00001"
CARD = """\
Foo-1B is our language model, fine-tuned from [Bar-1B](https://huggingface.co/barlab/bar-1b).

- Training code: https://github.com/foolab/foo
- Training data: [foo-corpus](https://huggingface.co/datasets/foolab/foo-corpus), and for the last
  stage [foo-secret](https://huggingface.co/datasets/foolab/foo-secret), which is gated.
- Our paper: https://arxiv.org/abs/{paper}
- Evaluation code: https://github.com/foolab/foo-eval (moved since)
- Evaluation results: https://example.org/foo/results.json
- Intermediate checkpoints: https://huggingface.co/foolab/foo-1b-checkpoints
- Data preparation: https://github.com/foolab/foo-data
- Technical report: https://example.org/report-TODO

We thank the authors of [lib](https://github.com/otherlab/lib). Scores are on the
[leaderboard](https://example.org/leaderboard).

```bibtex
@misc{{foo2024, title={{Foo}}, eprint={{{paper}}}, archivePrefix={{arXiv}}}}
```
"""
TRAIN = """\
import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM


def main():
    data = load_dataset("foolab/foo-corpus", split="train")
    model = AutoModelForCausalLM.from_pretrained("barlab/bar-1b")
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    for batch in data:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained("foo-1b")


if __name__ == "__main__":
    main()
"""


#: What each link of the card comes to.
FATE: Mapping[str, str] = {
    "https://huggingface.co/barlab/bar-1b": "base",
    "https://github.com/foolab/foo": "own",
    "https://huggingface.co/datasets/foolab/foo-corpus": "own",
    "https://huggingface.co/datasets/foolab/foo-secret": "gated",
    f"https://arxiv.org/abs/{PAPER}": "own",
    "https://github.com/foolab/foo-eval": "moved",
    "https://example.org/foo/results.json": "own",
    "https://huggingface.co/foolab/foo-1b-checkpoints": "dead",
    "https://github.com/foolab/foo-data": "dead",
    "https://example.org/report-TODO": "placeholder",
    "https://github.com/otherlab/lib": "foreign",
    "https://example.org/leaderboard": "failing",
}


@dataclass(frozen=True)
class Linked:
    """The release and its parts, as they stand on the servers of a world."""

    model: HubRepo
    base: HubRepo  # under a licence with a cap on users, and a README that says so
    data: HubRepo
    gated: HubRepo
    code: GitRepo
    other: GitRepo  # somebody else's
    paper: Paper


def linked(world: World) -> Linked:
    """Build it all; the model is ``foolab/foo-1b`` on the hub."""
    front = {
        "datasets": ["foolab/foo-corpus"],
        "base_model": "barlab/bar-1b",
        "base_model_relation": "finetune",
        "tags": [f"arxiv:{PAPER}"],
    }
    readme = card(license="apache-2.0", title="Foo-1B", body=CARD.format(paper=PAPER), **front)
    weights = Stored(safetensors({"model.embed_tokens.weight": (256, 64)}))
    config = '{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64}'
    model: dict[str, Content] = {
        "README.md": readme,
        "model.safetensors": weights,
        "config.json": config,
    }
    restricted = {"license": "other", "license_name": "bar-community", "license_link": "LICENSE"}
    base: dict[str, Content] = {
        "README.md": card(title="Bar-1B", body="Bar-1B, a base model.", **restricted),
        "LICENSE": "BAR COMMUNITY LICENSE\n\nIf You have more than 700 million monthly active "
        "users, You must request a license from Bar Lab, which it may grant in its sole "
        "discretion. You may not use the Model to improve any other model.\n",
        "model.safetensors": weights,
        "config.json": config,
    }
    corpus = card(license="cc-by-4.0", title="Foo corpus", body="40 GB of text from the web.")
    data: dict[str, Content] = {
        "README.md": corpus,
        "data/train.parquet": b"PAR1" + bytes(4096) + b"PAR1",
    }
    code: dict[str, Content] = {
        "README.md": "# Foo\n\nTrains Foo-1B.\n",
        "LICENSE": MIT,
        "train.py": TRAIN,
    }
    hub, git = world.hub, world.git
    git.add("foolab/evals", {"README.md": "# Foo eval\n"}, former=("foolab/foo-eval",))
    world.web.files["/foo/results.json"] = '{"mmlu": 0.41, "arc": 0.5}'
    world.web.faults.add("/leaderboard", status(503))
    return Linked(
        model=hub.add("foolab/foo-1b", model),
        base=hub.add("barlab/bar-1b", base),
        data=hub.add("foolab/foo-corpus", data, kind="dataset"),
        gated=hub.add("foolab/foo-secret", data, kind="dataset", gated="manual"),
        code=git.add("foolab/foo", code),
        other=git.add(
            "otherlab/lib", {"README.md": "# Lib\n", "LICENSE": MIT, "lib.py": "X = 1\n"}
        ),
        paper=world.arxiv.add(Paper(PAPER, title="Foo", versions=[Version(), Version(CC_BY)])),
    )
