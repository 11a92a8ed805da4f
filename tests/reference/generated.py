"""Clients generated from a server's OpenAPI document. All but the converting one use the commands
in `docs/clients.md`."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import tools


@dataclass
class Clients:
    """The generated clients, by language."""

    typescript: Path
    # Also TypeScript, but with converted types: a `date-time` is a `Date`.
    converting: Path
    python: Path
    rust: Path


def generate(document: str, into: Path) -> Clients:
    """Generates all clients from the document at a URL."""
    shutil.rmtree(into, ignore_errors=True)
    clients = Clients(
        typescript=into / "pivotal.d.ts",
        converting=into / "converting/pivotal",
        python=into / "pivotal_client",
        rust=into / "pivotal",
    )
    into.mkdir(parents=True)
    tools.run(
        "openapi-typescript", document, "--default-non-nullable", "false", "-o", clients.typescript
    )
    tools.run(
        "openapi-ts", "--file", tools.HERE / "clients/openapi-ts.config.mjs",
        DOCUMENT=document, INTO=str(clients.converting),
    )  # fmt: skip
    tools.run(
        "openapi-python-client", "generate", "--fail-on-warning", "--url", document,
        "--meta", "none", "--output-path", clients.python,
    )  # fmt: skip
    tools.run("openapi-to-rust", "generate", document, "--output-dir", clients.rust)
    return clients
