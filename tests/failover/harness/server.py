"""The server under test on one machine. It knows only the URL of the whole cluster."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .failure import Failure
from .network import CLIENT_NETWORK, Namespace
from .process import Process
from .waiting import TIMEOUT

PORT = 8080

SETTINGS = {
    "PIVOTAL_LISTEN": f":{PORT}",
    "PIVOTAL_RATE_LIMITS_ENABLED": "false",
    # Everything that was not delivered during a failover is sent again soon, and often enough.
    "PIVOTAL_WEBHOOKS_SCHEDULE": ",".join(["0s", *["1s"] * 30]),
    "PIVOTAL_WEBHOOKS_TIMEOUT": "3s",
    "PIVOTAL_WEBHOOKS_DISABLE_AFTER": "1000000",
    "PIVOTAL_WEBHOOKS_ALLOW": f"{CLIENT_NETWORK}.0/24",
    "PIVOTAL_WEBHOOKS_ALLOW_HTTP": "true",
}


@dataclass(frozen=True)
class Key:
    """An API key."""

    prefix: str
    secret: str


class Server:
    def __init__(
        self,
        name: str,
        directory: Path,
        namespace: Namespace,
        binary: Path,
        database: str,
        require_sync: bool,
    ):
        self.name = name
        self.host = namespace.client_address
        self._directory = directory
        self._namespace = namespace
        self._binary = binary
        own = {
            "PIVOTAL_DATABASE": database,
            "PIVOTAL_REQUIRE_SYNC": str(require_sync).lower(),
            "PIVOTAL_DATA_DIR": str(directory / "server"),
        }
        self._environment = inherited_environment() | SETTINGS | own
        self._process: Process | None = None

    @property
    def log(self) -> Path:
        return self._directory / "server.log"

    def processes(self) -> list[int]:
        return [self._process.pid] if self._process and self._process.runs() else []

    def start(self) -> None:
        """Starts the server. Returns when it listens."""
        command = [*self._namespace.inside(), self._binary, "--json", "serve"]
        self._process = Process(command, self.log, self._environment, stdout=subprocess.PIPE)
        stdout = self._process.child.stdout
        assert stdout
        # The line contains new keys, so it is not logged.
        if not stdout.readline():
            raise Failure(f"the server of {self.name} did not start; see {self.log}")

    def try_command(self, *arguments: str, timeout: float) -> str | None:
        """Runs a command on this machine. Returns its output, or None if it failed or took too
        long."""
        try:
            result = self._run(arguments, timeout)
        except subprocess.TimeoutExpired:
            return None
        return result.stdout if result.returncode == 0 else None

    def command(self, *arguments: str) -> Any:
        """Runs a command on this machine and returns its JSON."""
        result = self._run(("--json", *arguments), TIMEOUT)
        if result.returncode != 0:
            raise Failure(f"{' '.join(arguments)} on {self.name}: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def create_key(self, workspace: str, name: str) -> Key:
        created = self.command(
            "keys", "create", "--workspace", workspace, "--name", name, "--tier", "unlimited"
        )
        return Key(created["prefix"], created["key"])

    def _run(self, arguments: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._namespace.inside(), self._binary, *arguments],
            check=False,
            cwd="/",
            env=self._environment,
            stdin=subprocess.DEVNULL,
            text=True,
            capture_output=True,
            timeout=timeout,
        )


def inherited_environment() -> dict[str, str]:
    """Returns the environment without what would change the settings of the server."""
    foreign = ("PIVOTAL_", "PG")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
