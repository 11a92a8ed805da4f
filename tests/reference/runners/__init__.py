"""A runner for the blocks of each language: programs are run, and files are checked by the programs
that read them."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from page import Block
from runners import deployments, files, prometheus, proxies, systemd
from sandbox import Sandbox
from server import Server
from shell import Shell


@dataclass
class Stage:
    """The environment in which the blocks of a page run: a server and a shell."""

    server: Server
    shell: Shell
    openapi: dict[str, Any]
    # The commands that run programs built in advance, by the names of their blocks.
    commands: dict[str, str]
    # A directory for files, shared with the sandbox.
    files: Path
    sandbox: Sandbox | None = None
    # The last settings that the page showed.
    settings: Path | None = None
    # The shells on other machines, by their names.
    machines: dict[str, Shell] = field(default_factory=dict)

    def setting(self, name: str) -> str | None:
        """The value of a text among the last settings."""
        found = re.search(rf'^{name} = "(.*)"$', self.settings.read_text(), re.MULTILINE)
        return found and found[1]


# The type of the fixture `stage`.
SetStage = Callable[..., AbstractContextManager[Stage]]


# Replaces the server that ran in the background before, which listens on the same port.
_IN_BACKGROUND = """
if [ -n "${{BACKGROUND:-}}" ]; then kill "$BACKGROUND"; wait "$BACKGROUND" || true; fi
{command} &
BACKGROUND=$!
until (: < "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null; do kill -0 "$BACKGROUND"; sleep 0.1; done
"""


def _program(block: Block, stage: Stage) -> str:
    command = stage.commands[block.name]
    if "background" in block.marks:
        command = _IN_BACKGROUND.format(command=command)
    return stage.shell.run(command)


def _bash(block: Block, stage: Stage) -> str:
    shells = [stage.machines[name] for name in block.machines] or [stage.shell]
    with ThreadPoolExecutor(len(shells)) as threads:
        return "".join(threads.map(lambda shell: shell.run(block.code), shells))


def _yaml(block: Block, stage: Stage) -> None:
    is_prometheus = block.marks.get("check") == "prometheus"
    check = prometheus.config if is_prometheus else deployments.check
    check(block, stage)


RUNNERS: dict[str, Callable[[Block, Stage], str | None]] = {
    "bash": _bash,
    "typescript": _program,
    "python": _program,
    "rust": _program,
    "json": files.json,
    "toml": files.toml,
    "ini": systemd.unit,
    "nginx": proxies.nginx,
    "caddyfile": proxies.caddy,
    "yaml": _yaml,
}
