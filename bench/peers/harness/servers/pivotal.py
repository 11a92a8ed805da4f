"""This server, with its default settings and keys without a rate limit."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ..paths import TARGET
from ..process import inherited_environment
from ..server import KEY_FILE, Server, Start

# With a key each. The first one holds the customers, and the others are empty.
WORKSPACES = ["bench", *(f"bench-{n}" for n in range(2, 9))]


class Pivotal(Server):
    name = "pivotal-server"
    title = "**pivotal-server**"
    collection = "/api/v1/customers"
    first_page = "limit=100"

    def __init__(self, binary: Path):
        self.binary = binary

    def version(self) -> str:
        return self._run({}, "--version").split()[-1]

    def fill(self, export: Path, count: int, home: Path) -> None:
        self.fill_database(export, home, {})

    def fill_database(self, export: Path, home: Path, environment: Mapping[str, str]) -> None:
        def run(*arguments: str) -> str:
            return self._run(environment, *data_options(home), "--json", *arguments)

        keys = []
        for slug in WORKSPACES:
            run("workspaces", "create", "--slug", slug, "--name", slug)
            key = ("keys", "create", "--workspace", slug, "--name", "Load", "--tier", "unlimited")
            keys.append(json.loads(run(*key))["key"])
        run("import", "--workspace", WORKSPACES[0], str(export))
        (home / KEY_FILE).write_text("\n".join(keys))

    def export(self, home: Path, file: Path) -> None:
        """Writes what `fill` has created, exactly as the API returns it."""
        self._run({}, *data_options(home), "export", "--workspace", WORKSPACES[0], str(file))

    def start(self, home: Path, port: int) -> Start:
        listen = ["--listen", f"127.0.0.1:{port}", "--no-bootstrap"]
        return Start([str(self.binary), *data_options(home), "serve", *listen], {})

    def key(self, home: Path, port: int) -> str:
        return self.keys(home)[0]

    def keys(self, home: Path) -> list[str]:
        """Returns the key of each workspace."""
        return (home / KEY_FILE).read_text().split()

    def _run(self, environment: Mapping[str, str], *arguments: str) -> str:
        done = subprocess.run(
            [str(self.binary), *arguments],
            env={**inherited_environment(), **environment},
            # Not the repository, whose config.toml this would read.
            cwd=TARGET,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout


def data_options(home: Path) -> list[str]:
    return ["--data-dir", str(home / "data")]
