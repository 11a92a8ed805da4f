"""The clients that generators make of a server's OpenAPI document, by the commands that
`docs/clients.md` gives."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import tools


@dataclass
class Clients:
    """What was generated, by language."""

    typescript: Path
    python: Path
    rust: Path


def generate(document: str, into: Path) -> Clients:
    """Makes all three of the document at an address."""
    shutil.rmtree(into, ignore_errors=True)
    clients = Clients(into / "pivotal.d.ts", into / "pivotal_client", into / "pivotal")
    into.mkdir(parents=True)
    tools.run(
        "openapi-typescript", document, "--default-non-nullable", "false", "-o", clients.typescript
    )
    tools.run(
        "openapi-python-client", "generate", "--fail-on-warning", "--url", document,
        "--meta", "none", "--output-path", clients.python,
    )  # fmt: skip
    tools.run("openapi-to-rust", "generate", document, "--output-dir", clients.rust)
    return clients
