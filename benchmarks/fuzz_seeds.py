"""What the fuzzer starts from: for each parser small inputs that touch much of its format.

No seed may be refused by its parser: its mutations would never get far. `fuzz_parsers` checks that.
"""

from __future__ import annotations

import io
import json
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections import OrderedDict

from benchmarks import fuzz_weights

from openassay import types
from openassay.dossier import dump
from openassay.formats import torch_zip

Seeds = tuple[bytes, ...]


# --- weights -------------------------------------------------------------------------------------


def safetensors_seeds() -> Seeds:
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "b": {"dtype": "F4", "shape": [8], "data_offsets": [16, 20]},
    }
    raw = json.dumps(header).encode()
    return (struct.pack("<Q", len(raw)) + raw + bytes(20),)


def index_seeds() -> Seeds:
    shards = {"a": "m-00001-of-00002.safetensors", "b": "m-00002-of-00002.safetensors"}
    return (json.dumps({"metadata": {"total_size": 36}, "weight_map": shards}).encode(),)


def gguf_seeds() -> Seeds:
    return tuple(gguf_file(version, order) for version, order in ((1, "<"), (3, "<"), (3, ">")))


def gguf_file(version: int, order: str) -> bytes:
    def number(code: str, value: float) -> bytes:
        return struct.pack(order + code, value)

    def count(value: int) -> bytes:
        return number("I" if version == 1 else "Q", value)

    def text(value: str) -> bytes:
        return count(len(value)) + value.encode()

    strings = number("I", 8) + count(40) + text("ab") * 40
    head = b"GGUF" + number("I", version) + count(2) + count(4)
    head += text("general.architecture") + number("I", 8) + text("llama")
    head += text("tokens") + number("I", 9) + strings
    head += text("nested") + number("I", 9) + number("I", 9) + count(1) + number("I", 0) + count(2)
    head += b"xy" + text("n") + number("I", 6) + number("f", 1.5)
    head += text("a") + number("I", 2) + count(32) + count(2) + number("I", 2) + number("Q", 0)
    head += text("b") + number("I", 1) + count(2) + number("I", 0) + number("Q", 64)
    return head + bytes(-len(head) % 32) + bytes(72)


def torch_pickle() -> bytes:
    """A state dict of one tensor, as torch writes it; no torch needed."""
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x06tQ"
    hooks = b"ccollections\nOrderedDict\n)R"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0K\x02K\x03\x86K\x03K\x01\x86\x89"
    )
    return b"\x80\x02" + hooks + b"(X\x01\0\0\0w" + tensor + hooks + b"tRu."


def torch_seeds() -> Seeds:
    members = {"a/data.pkl": torch_pickle(), "a/data/0": bytes(24), "a/version": b"3"}
    heads = (torch_zip.MAGIC, 1001, {"little_endian": True})
    legacy = b"".join(pickle.dumps(part, 2) for part in heads) + torch_pickle()
    legacy += pickle.dumps(["0"], 2) + struct.pack("<Q", 6) + bytes(24)
    scripted = members | {"a/constants.pkl": b"\x80\x02).", "a/code/x.py": b"pass"}
    return (zip_of(members), zip_of(scripted, zipfile.ZIP_DEFLATED), legacy)


def pickle_seeds() -> Seeds:
    value = [{"a": (1, 2.5, None, True), "b": OrderedDict(x="y")}, {2**70}, b"bytes"] * 2
    return (*(pickle.dumps(value, protocol) for protocol in range(6)), torch_pickle())


def onnx_seeds() -> Seeds:
    def part(field: int, raw: bytes) -> bytes:
        return bytes([field << 3 | 2, len(raw)]) + raw

    array = part(1, b"\2\2") + b"\x10\1" + part(8, b"w") + part(9, bytes(16))
    outside = b"\x08\2\x10\1" + part(8, b"e") + part(13, part(1, b"location") + part(2, b"w.bin"))
    inner = part(1, part(4, b"Add"))
    branch = part(2, b"y") + part(4, b"If") + part(5, part(1, b"g") + part(6, inner))
    graph = part(5, array) + part(5, outside + b"\x70\1") + part(1, branch)
    opset = part(8, b"\x10\x11")
    return (b"\x08\x08" + part(2, b"maker") + part(7, graph) + opset,)


def npy_file(descr: str) -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 3), }}".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(24)


def npz_seeds() -> Seeds:
    members = {"a.npy": npy_file("<f4"), "b.npy": npy_file(">i4")}
    return (zip_of(members), zip_of(members, zipfile.ZIP_DEFLATED))


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


# --- documents and code --------------------------------------------------------------------------


def texts(*parts: str) -> Seeds:
    return tuple(part.encode() for part in parts)


CARD = """---
license: [apache-2.0, other]
base_model: acme/Foo-7B
tags: &t [a, b]
---
# Foo-7B 大模型 <a id="x"></a>

We release **Foo-7B**, trained on 2.5 trillion tokens. [Paper](https://arxiv.org/abs/2309.10305v2)
and ![plot](media/a.png "t") or <https://huggingface.co/acme/Foo-7B>, `pip install foo`[^1].
模型权重对学术研究完全开放；商用需申请。License: [MODEL_LICENSE](MODEL_LICENSE "x").

Results
-------
| Model | MMLU | [GSM8K](https://hf.co/datasets/gsm8k) |
|:------|-----:|---|
| Foo-7B | 61.2 | **40** |

1. coming soon
   - [x] nested *item*
> quote https://modelscope.cn/models/acme/Foo-7B/summary

<table><tr><td>Foo</td><td>1.0</td></tr></table><img src='a.png' alt="b"/>

```bash
huggingface-cli download acme/Foo-7B --local-dir x
```
~~~python
print(1)
~~~
[ref]: https://github.com/acme/foo/tree/main/train
[^1]: note
"""
READMES = (CARD, "Foo\n===\n\n.. code:: sh\n\n   make\n\n`Link <https://a.org>`_ :ref:`x`\n")
PROSE = (
    "We train on 1.4T tokens. E.g. 2,600 billion tokens; see [A](b)! 包含2.6万亿 tokens。下一句？",
    "- one\n* two\n1. three\n（1）四\n\nTrained from 300 B high-quality English tokens (v2.0).",
)
URLS = (
    "https://huggingface.co/datasets/acme/corpus/resolve/main/a.parquet?download=true",
    "https://github.com/acme/foo/blob/main/docs/a.md#l1",
    "https://modelscope.cn/models/acme/Foo/summary",
    "https://arxiv.org/pdf/2309.10305v2.pdf",
    "magnet:?xt=urn:btih:5f96d43576e3d386c9ba65b883210a393b68210e",
    "s3://bucket/a/b",
    "http://[::1]:8080/a%20b/c.safetensors",
    "https://img.shields.io/badge/a-b-c",
)
NAMES = (
    "acme/Foo2-7B-Chat",
    "Foo-1_8B-V3.2.1",
    "ACME-foo_k2 7b base",
    "大模型-13B",
    "m.n.8x22B-a3b",
)
YAML = """a: &x {b: [1, 0x1F, 1_000, 1:30, 2024-01-02, ~, yes, .inf]}
c: *x
? [complex, key]
: |
  literal
d: >-
  folded
e: !!str 12
f: 'it''s'
<<: {g: "\\u00e9"}
"""
YAML_PLAIN = YAML.replace("? [complex, key]\n: |\n  literal\n", "")
JSON = '{"a": [1, -2.5e3, true, null, "\\u00e9\\ud83d\\ude00"], "b": {"c": {}}, "d": 123456789012}'
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "source": ["# Title\n", "text"]},
            {"cell_type": "code", "source": "%pip install x\nimport torch\n", "outputs": [{}]},
        ],
        "nbformat": 4,
    },
    indent=1,
)
NOTEBOOK_3 = (
    '{"worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1"]}]}], "nbformat": 3}'
)
PYTHON = """# coding: utf-8
import torch, os.path as p
from transformers import AutoModel as M, Trainer
BASE = "https://hf.co" + "/acme"
class Net(torch.nn.Module):
    "Doc."
    def __init__(self, n: int = 3, *a, **k) -> None:
        self.l = torch.nn.Linear(n, 4)
    async def forward(self, x):
        return [y async for y in x if (z := y)]
def main(argv=None):
    m = M.from_pretrained(f"{BASE}/Foo-{7}B", trust_remote_code=True)
    loss = m(1); loss.backward(); opt.step()
    with open("%s/a" % BASE) as f: pass
    os.system("python train.py --data {}".format(BASE))
if __name__ == "__main__":
    main()
"""
PYTHON_2 = "import torch\nprint 'a', 0777L\ntry: pass\nexcept E, e: raise V, 'x'\nexec code in d\n"
SHELL = """#!/bin/bash
export A=1 B="two $A" # comment
for M in acme/Foo-7B b; do
  torchrun --nproc 8 \\
    train.py --model ${M:-x} --data='a b' && echo "$(date)" | tee log
done
cat <<'EOF' > f
inner
EOF
wget -c "https://a.org/x.tar" ; if [ -f a ]; then git lfs pull; fi
"""
MAKEFILE = "X = 1\nall: dep\n\t@$(PY) train.py $$HOME \\\n\t  --a b\n.PHONY: all\n"
DOCKERFILE = (
    'FROM a:1\nRUN pip install x && \\\n  python -m y\nCMD ["python", "serve.py", "--port=1"]\n'
)
RECORDS = (
    '{"prompt": "a", "output": "b"}\n{"prompt": "c"}\n',
    '[{"question": "a", "answer": 1}, {"question": "b"}]',
    'id,"text, long",label\n1,"a ""b""",0\n2,c,1\n',
)


# --- licences, records and stored files ----------------------------------------------------------

MIT = """MIT License

Copyright (c) 2024 Acme

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED.
"""
COMMUNITY = """Foo 模型社区许可协议
1. 您及关联方的服务或产品的日均用户活跃量（DAU）低于100万。不得用于商业用途，除非另行申请。
2. You may not use the Materials to improve any other large language model. If monthly active users
exceed 700 million, You must request a license. This Agreement does not apply in the European Union.
3. Licensor may revoke this license; non-commercial research purposes only. Attribution required.
"""
EXPRESSIONS = ("(MIT OR Apache-2.0) AND GPL-2.0-only WITH Classpath-exception-2.0", "MIT AND 0BSD")
LICENSE_NAMES = (*EXPRESSIONS, "Apache License, Version 2.0", "CC BY-NC-SA 4.0", "Llama 3.1 协议")
MENTIONS = (
    "# SPDX-License-Identifier: Apache-2.0\n# Licensed under the MIT license; weights under the\n"
    "Tongyi Qianwen LICENSE AGREEMENT, data CC-BY-4.0. 代码遵循 Apache 2.0 协议。\n",
    "This project uses [GPLv3](https://www.gnu.org/licenses/gpl-3.0.html) or BSD-3-Clause.\n",
)
POINTER = (
    "version https://git-lfs.github.com/spec/v1\nsize 12345\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
)
RECORD = """framework: {name: MOF, version: '1.0'}
release:
  name: m
  repository: https://github.com/acme/m
  license: {distribution: {name: Apache-2.0, path: LICENSE}}
  components:
  - {name: Training code, license: MIT, component_path: train.py}
  - {name: Datasets, license: Component not included}
"""
FRAMEWORK = """schema = "openassay-framework/1"
id = "mine"
title = "Mine"
version = "1"
source = "https://example.org/rules"
summary = "A test."
roll_up = "all"
[[group]]
id = "g"
title = "Group"
[licenses.code]
title = "the approved licences"
source = "https://example.org/licences"
sets = ["spdx-osi"]
[[criterion]]
id = "first"
title = "First"
group = "g"
rule = "Code."
next_step = "Publish code."
parts = ["training_code"]
"""
INDEX_PAGE = (
    '<!DOCTYPE html><base href="b/"><a href="foo-1.0-py3-none-any.whl#sha256=00" '
    'data-yanked="x">foo</a><a href="https://a.org/foo-1.0.tar.gz">b</a>'
)
GIT_URLS = (
    "https://u:p@github.com/acme/foo.git",
    "git@gitlab.com:a/b/c.git",
    "ssh://h:22/x",
    "../y",
)


def dossier_seeds() -> Seeds:
    """A small dossier with every kind of fact."""
    digest = types.Digest("sha256", "00")
    place = types.Evidence("dir:a@0", "a.md", types.Span(types.Unit.LINE, 1, 2), "q", digest)
    shown = (place,)
    facts: tuple[types.AnyFact, ...] = (
        types.Found(evidence=shown, component="training_code"),
        types.Licensed(evidence=shown, scope="path:", license="MIT", how=types.How.TEXT),
        types.Stated(evidence=shown, topic="claim", value="open_source"),
        types.Linked(evidence=shown, component="datasets", url="https://a.org"),
        types.Derived(evidence=shown, base="a/b", relation=types.Relation.MERGE),
        types.Gated(evidence=shown, barrier="form"),
        types.RuledOut(evidence=shown, component="datasets", looked_for=("x",)),
    )
    gap = types.Gap(source="dir:a@0", path="b", by="read", reason="crashed")
    part = types.Component(id="datasets", status=types.Status.PARTIAL, because=(facts[0], gap))
    claim = types.Claim(kind="open", subject="release", evidence=place, holds=None)
    against = types.Contradiction(id="x", text="y", evidence=shown)
    source = types.SourceInfo(id="dir:a@0", kind="dir", locator="a", revision="0", files=1)
    whole = types.Dossier(
        schema="openassay-dossier/1",
        release="a",
        sources=(source,),
        facts=facts,
        gaps=(gap,),
        components=(part,),
        claims=(claim,),
        contradictions=(against,),
    )
    return (dump(whole).encode(),)


def pdf_seeds() -> Seeds:
    """One page of one font, its content packed, then plain; the latter with a letter map."""
    words = b"The quick brown fox jumps over the lazy dog and the licence ends here"
    content = b"BT /F1 12 Tf 72 700 Td (" + words + b") Tj 0 -14 Td [(Sec) -20 (ond)] TJ T* ET"
    cmap = (
        b"1 begincodespacerange <00><ff> endcodespacerange 1 beginbfrange <20><7e><0020> endbfrange"
    )
    helvetica = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    mapped = b"<< /Type /Font /Subtype /TrueType /ToUnicode 6 0 R /Widths [500] /FirstChar 32 >>"
    extra = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap)
    return (pdf_file(content, True, helvetica), pdf_file(content, False, mapped, extra))


def pdf_file(content: bytes, packed: bool, *fonts: bytes) -> bytes:
    data = zlib.compress(content) if packed else content
    filters = b"/Filter /FlateDecode " if packed else b""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
        b"<< %s/Length %d >>\nstream\n%s\nendstream" % (filters, len(data), data),
        *fonts,
    )
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, o) for n, o in enumerate(objects, start=1))
    return b"%PDF-1.4\n" + body + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"


# --- archives ------------------------------------------------------------------------------------


def zip_seeds() -> Seeds:
    members = {"m/README.md": b"# M\n", "m/empty": b"", "m/a.bin": bytes(3000), "名.txt": b"x"}
    return (zip_of(members), zip_of(members, zipfile.ZIP_DEFLATED))


def tar_seeds(mode: str) -> Seeds:
    """A long name and a link, in both ways of writing extended headers."""
    return tuple(tar_of(mode, form) for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))


def tar_of(mode: str, form: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in {"m/a.md": b"# M\n", "m/" + "n" * 120: bytes(700)}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("m/link")
        link.type, link.linkname = tarfile.SYMTYPE, "a.md"
        archive.addfile(link)
    return buffer.getvalue()


BUNDLE = {"layer/bias": (1, (3,), 12), "layer/kernel": (19, (4, 3), 24), "steps": (9, (), 8)}
JOURNAL = b"""{"schema": "openassay-journal/2", "files": {"dir:a@1:m.gguf": {"mark": "dir:a@1",
"path": "m.gguf", "size": 9, "sha256": "00", "zero_pages": 0, "pages": 1, "tensors": [{"name": "w",
"dtype": "F32", "shape": [2], "multiset": "2:0000000000000000", "mean": 0.0, "std": 0.0,
"largest": 0.0, "zeros": 2, "not_finite": 0}]}}, "begun": {"dir:a:n.gguf": {"mark": "1-2",
"size": 9000000, "offset": 4194304, "sha256": "", "zero_pages": 0, "layout": "0", "before": "0",
"tensors": ["0 0 5 0.5 0.25 7 1 2"], "cut": ["00"]}}}"""


def hdf5_seeds() -> tuple[bytes, ...]:
    again, out = fuzz_weights.hard_link(b"again", 96), b"\0/x\0y\0"
    return (
        fuzz_weights.hdf5(),
        fuzz_weights.hdf5(links=again),
        fuzz_weights.hdf5(links=fuzz_weights.other_link(b"out", 64, out)),
    )
