"""Under a licence, or under a changed one: "based on" means either, and its subject tells which."""

from __future__ import annotations

import time

import pytest

from openassay import licenses

APACHE, CHANGED_APACHE = "Apache-2.0", "LicenseRef-Modified-Apache-2.0"
MIT, CHANGED_MIT = "MIT", "LicenseRef-Modified-MIT"


def named(text: str) -> set[str]:
    return {mention.id for mention in licenses.mentions(text)}


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("The project is based on the Apache 2.0 license.", APACHE),
        ("The Foo2 project is based on the [Apache 2.0 license](https://e.org/x); more", APACHE),
        ("This repository is based on the MIT License.", MIT),
        ("## License\nThis repository is based on the MIT License.\n", MIT),
        ("This repository is based on the MIT License, see LICENSE.", MIT),
        ("The models are all based on the Apache License, Version 2.0.", APACHE),
        ("All model weights are based upon the Apache-2.0 license.", APACHE),
        ("The source code in this repo is based on the MIT license (see LICENSE).", MIT),
        ("Our code is based on the **MIT** license", MIT),
        ("This software is licensed based on [MIT License](https://example.org/LICENSE)", MIT),
        ("This program and its materials are licensed based on Apache 2 License.", APACHE),
        ("Foo is open-sourced based on the Apache 2.0 license.", APACHE),
        ("The code is under MIT, and the models are based on the Apache 2.0 license.", APACHE),
        ("The code is under the MIT license, and the models are based on the Apache 2.0 license.",
         APACHE),
        ("The training code is based on the Apache 2.0 license and the data on CC BY 4.0.", APACHE),
        ("本项目基于 Apache 2.0 许可证开源。", APACHE),
        ("本项目基于 Apache License 2.0 授权。完整许可证文本请参阅 LICENSE。", APACHE),
        ("Foo 基于 MIT 协议开源。", MIT),
        ("许可协议：本项目基于 Apache License 2.0 开源协议发布，允许商用、修改和分发。", APACHE),
        ("代码依据 Apache-2.0 协议开放。", APACHE),
        ("模型权重遵循 Apache-2.0 协议。", APACHE),
        ("本指南基于 [Apache-2.0 License](../LICENSE) 提供", APACHE),
        ("您可以根据 MIT 许可证修改和分发本软件。", MIT),
        ("版权所有 © 2024，基于 MIT 协议授权。", MIT),
        ("本项目授权基于 MIT 协议。", MIT),
        ("本项目遵循 MIT 协议，修改和分发均被允许。", MIT),
        ("Foo2项目基于 [Apache 2.0 license](https://example.org/x) 协议；更多", APACHE),
    ],
)  # fmt: skip
def test_what_is_published_is_based_on_a_licence_when_it_is_under_it(text: str, id: str) -> None:
    found = named(text)
    assert id in found
    assert not any("Modified" in other for other in found), found


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("Our licence is based on the Apache 2.0 license with these changes.", CHANGED_APACHE),
        ("The license of this project is based on the Apache 2.0 license.", CHANGED_APACHE),
        ("The terms of the model are based on the MIT License.", CHANGED_MIT),
        ("The project's licence is based on the MIT license.", CHANGED_MIT),
        ("The license of the\nproject is based on the MIT license.", CHANGED_MIT),
        ("This project is licensed under the Foo Source License, which is based on the Apache "
         "License 2.0 with additional restrictions.", CHANGED_APACHE),
        ("This project is under a licence based on the Apache 2.0 license.", CHANGED_APACHE),
        ("The code is licensed under terms based on the MIT license.", CHANGED_MIT),
        ("The project has a custom licence. It is based on the MIT license.", CHANGED_MIT),
        ("FooPL is based on the Apache 2.0 license.", CHANGED_APACHE),
        ("The project is based on the Apache 2.0 license, with some changes.", CHANGED_APACHE),
        ("The code is based on the Apache 2.0 license but forbids selling.", CHANGED_APACHE),
        ("The model is based on the MIT license, except that services are forbidden.", CHANGED_MIT),
        ("The model is based on the MIT license. However, users above 1M must ask.", CHANGED_MIT),
        ("The code is based on the MIT license, modified to forbid resale.", CHANGED_MIT),
        ("The code is based on the MIT licensed implementation of Bar.", CHANGED_MIT),
        ("This code is based on the MIT license video example of Bar.", CHANGED_MIT),
        ("Terms derived from the Apache 2.0 license.", CHANGED_APACHE),
        ("The model's agreement is adapted from the Apache License 2.0.", CHANGED_APACHE),
        ("Our terms are a modification of the MIT License.", CHANGED_MIT),
        ("Based on the MIT License.", CHANGED_MIT),
        ("This is based on the MIT License.", CHANGED_MIT),
        ("Our agreement is based on [this text](https://www.apache.org/licenses/LICENSE-2.0).",
         CHANGED_APACHE),
        ("我们的许可证基于 Apache 2.0 许可证修改而成。", CHANGED_APACHE),
        ("本项目的许可协议是基于 Apache 2.0 协议制定的。", CHANGED_APACHE),
        ("本协议基于 MIT 协议。", CHANGED_MIT),
        ("本许可证（以下简称“本协议”）依据 Apache License 2.0 制定。", CHANGED_APACHE),
        ("模型使用条款改编自 Apache 2.0 许可证。", CHANGED_APACHE),
        ("本项目采用 Apache 2.0 许可证的修改版。", CHANGED_APACHE),
        ("在 MIT 协议的基础上增加了限制。", CHANGED_MIT),
        ("本项目遵循 Apache 2.0 协议，并附加以下条款。", CHANGED_APACHE),
        ("本项目基于 MIT 协议，但增加了非商业限制。", CHANGED_MIT),
    ],
)  # fmt: skip
def test_a_licence_based_on_another_is_a_changed_one(text: str, id: str) -> None:
    """When it cannot be told, the reading that grants less is taken."""
    found = named(text)
    assert id in found, found
    assert id.removeprefix("LicenseRef-Modified-") not in found, found


def test_long_sentences_cost_little() -> None:
    text = ("the project and the code is, " * 4_000 + "is based on the MIT license ") * 3
    start = time.process_time()
    licenses.mentions(text)
    assert time.process_time() - start < 5
