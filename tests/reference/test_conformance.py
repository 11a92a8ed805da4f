"""Tests of the server against its OpenAPI document with Schemathesis: valid and invalid data
generated from the document, its examples and links, and all checks."""

import re
from pathlib import Path

import tools
from documentation import Documentation
from server import Server


def test_the_server_conforms_to_its_openapi_document(docs: Documentation, tmp_path: Path) -> None:
    # A rate limit would stop this after sixty requests. `tests/black_box/ops/load/rate_limits.rs`
    # tests it.
    with Server(tmp_path, PIVOTAL_RATE_LIMITS_STANDARD="1000000") as server:
        output = tools.run(
            "schemathesis", "--no-color", "--config-file", tools.HERE / "schemathesis.toml",
            "run", f"{server.api}/openapi.json",
            cwd=tools.HERE, PIVOTAL_API_KEY=server.live_key,
        )  # fmt: skip
    print(output)
    # The endpoint of the document itself is not tested.
    (tested,) = re.findall(r"Tested: (\d+)", output)
    assert int(tested) == len(docs.endpoints) - 1
