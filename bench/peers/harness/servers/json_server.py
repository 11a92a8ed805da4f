"""json-server, with fewer customers: it rewrites its file for each POST."""

import json
import secrets
from pathlib import Path

from .. import customers
from ..paths import NODE_MODULES, PEERS
from ..server import KEY_FILE, Server, Start
from .sqlite_apps import package_version


class JsonServer(Server):
    name = "json-server"
    title = "json-server"
    collection = "/customers"
    first_page = "_sort=created_at&_order=desc&_limit=100"
    most_customers = 10_000
    validates = False

    def version(self) -> str:
        return package_version("json-server")

    def fill(self, export: Path, count: int, home: Path) -> None:
        rows = list(customers.read_export(export, count))
        (home / "db.json").write_text(json.dumps({"customers": rows}))
        (home / KEY_FILE).write_text(secrets.token_hex(20))

    def start(self, home: Path, port: int) -> Start:
        command = [
            "node",
            str(PEERS / "json-server" / "server.js"),
            str(home / "db.json"),
            str(port),
        ]
        environment = {
            "NODE_PATH": str(NODE_MODULES),
            "NODE_ENV": "production",
            "API_KEY": (home / KEY_FILE).read_text(),
        }
        return Start(command, environment)
