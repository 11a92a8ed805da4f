"""This server, with its default settings and a key without a rate limit."""

import json
import subprocess
from pathlib import Path

from ..paths import TARGET
from ..process import inherited_environment
from ..server import KEY_FILE, Server, Start


class Pivotal(Server):
    name = "pivotal-server"
    title = "**pivotal-server**"
    collection = "/api/v1/customers"
    first_page = "limit=100"

    def __init__(self, binary: Path):
        self.binary = binary

    def version(self) -> str:
        return self._run("--version").split()[-1]

    def fill(self, export: Path, count: int, home: Path) -> None:
        data = ["--data-dir", str(home / "data"), "--json"]
        self._run(*data, "workspaces", "create", "--slug", "bench", "--name", "Bench")
        self._run(*data, "import", "--workspace", "bench", str(export))
        key = self._run(
            *data, "keys", "create", "--workspace", "bench", "--name", "Load", "--tier", "unlimited"
        )
        (home / KEY_FILE).write_text(json.loads(key)["key"])

    def export(self, home: Path, file: Path) -> None:
        """Writes what `fill` has created, exactly as the API returns it."""
        self._run("--data-dir", str(home / "data"), "export", "--workspace", "bench", str(file))

    def start(self, home: Path, port: int) -> Start:
        listen = ["--listen", f"127.0.0.1:{port}", "--no-bootstrap"]
        command = [str(self.binary), "--data-dir", str(home / "data"), "serve", *listen]
        return Start(command, {})

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.binary), *arguments],
            env=inherited_environment(),
            # Not the repository, whose config.toml this would read.
            cwd=TARGET,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout
