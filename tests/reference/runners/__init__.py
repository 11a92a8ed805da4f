"""What is done with a block of each language: programs run, files are checked by who reads them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from page import Block
from runners import files, proxies, systemd
from sandbox import Sandbox
from server import Server
from shell import Shell


@dataclass
class Stage:
    """Where the blocks of a page are run: a server of their own and a shell beside it."""

    server: Server
    shell: Shell
    openapi: dict[str, Any]
    # The commands that run programs which had to be made before, by the blocks' names.
    commands: dict[str, str]
    # A directory for files, which a sandbox shares.
    files: Path
    sandbox: Sandbox | None = None
    # The last settings that the page showed.
    settings: Path | None = None


# What the fixture `stage` is.
SetStage = Callable[..., AbstractContextManager[Stage]]


def _program(block: Block, stage: Stage) -> str:
    return stage.shell.run(stage.commands[block.name])


RUNNERS: dict[str, Callable[[Block, Stage], str | None]] = {
    "bash": lambda block, stage: stage.shell.run(block.code),
    "typescript": _program,
    "python": _program,
    "rust": _program,
    "json": files.json,
    "toml": files.toml,
    "ini": systemd.unit,
    "nginx": proxies.nginx,
    "caddyfile": proxies.caddy,
}
