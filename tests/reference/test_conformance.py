"""The server and its OpenAPI document agree, as Schemathesis tries them: with valid and invalid
data made of the document, the document's examples and links, and every check that it has."""

import re
from pathlib import Path

import tools
from documentation import Documentation
from server import Server


def test_the_server_does_what_its_document_says(docs: Documentation, tmp_path: Path) -> None:
    # A limit would end this after sixty requests; `tests/black_box/ops/load/rate_limits.rs` is
    # about it.
    with Server(tmp_path, PIVOTAL_RATE_LIMITS_STANDARD="1000000") as server:
        said = tools.run(
            "schemathesis", "--no-color", "--config-file", tools.HERE / "schemathesis.toml",
            "run", f"{server.api}/openapi.json",
            cwd=tools.HERE, PIVOTAL_API_KEY=server.live_key,
        )  # fmt: skip
    print(said)
    # It leaves out the address of the document itself.
    (tested,) = re.findall(r"Tested: (\d+)", said)
    assert int(tested) == len(docs.endpoints) - 1
