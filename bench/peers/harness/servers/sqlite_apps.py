"""Fastify and FastAPI, as small programs in ../../fastify and ../../fastapi with the same SQLite
database."""

import hashlib
import json
import platform
import secrets
import sqlite3
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import customers
from ..paths import NODE_MODULES, PEERS, VENV_BIN
from ..server import KEY_FILE, Server, Start

# For two processors, which they share with the client.
WORKERS = 2


class SqliteApp(Server):
    collection = "/customers"
    first_page = "limit=100"

    def fill(self, export: Path, count: int, home: Path) -> None:
        connection = sqlite3.connect(home / "customers.db")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript((PEERS / "sqlite" / "schema.sql").read_text())
        key = f"pivotal_{secrets.token_hex(20)}"
        with connection:
            connection.execute("INSERT INTO workspaces VALUES (1, 'bench', 'Bench')")
            connection.execute(
                "INSERT INTO api_keys (prefix, workspace_id, digest, name) VALUES (?, 1, ?, 'Load')",
                (key[: len("pivotal_") + 8], hashlib.sha256(key.encode()).digest()),
            )
            connection.execute("INSERT INTO counters VALUES (1, 'customer', ?)", (count,))
            for customer in customers.read_export(export, count):
                columns = {name: to_column(value) for name, value in customer.items()}
                del columns["object"]
                connection.execute(
                    f"INSERT INTO customers (workspace_id, {', '.join(columns)})"
                    f" VALUES (1{', ?' * len(columns)})",
                    list(columns.values()),
                )
                connection.execute(
                    "INSERT INTO events (workspace_id, type, customer_id, data, created_at)"
                    " VALUES (1, 'customer.created', ?, ?, ?)",
                    (customer["id"], to_column(customer), customer["created_at"]),
                )
        connection.close()
        (home / KEY_FILE).write_text(key)


def to_column(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"))
    return value


class Fastify(SqliteApp):
    name = "fastify"
    title = "Fastify"

    def version(self) -> str:
        node = subprocess.run(["node", "--version"], check=True, stdout=subprocess.PIPE, text=True)
        return (
            f"{package_version('fastify')} with libsql {package_version('libsql')}"
            f" on Node.js {node.stdout.strip().lstrip('v')}, {WORKERS} processes"
        )

    def start(self, home: Path, port: int) -> Start:
        server = PEERS / "fastify" / "server.js"
        command = ["node", str(server), str(home / "customers.db"), str(port), str(WORKERS)]
        return Start(command, {"NODE_PATH": str(NODE_MODULES), "NODE_ENV": "production"})


class FastApi(SqliteApp):
    name = "fastapi"
    title = "FastAPI"

    def version(self) -> str:
        # The harness runs in the same virtual environment.
        return (
            f"{metadata.version('fastapi')} with Uvicorn {metadata.version('uvicorn')} and SQLite"
            f" {sqlite3.sqlite_version} on Python {platform.python_version()}, {WORKERS} processes"
        )

    def start(self, home: Path, port: int) -> Start:
        command = [str(VENV_BIN / "python"), "-m", "uvicorn", "customers.main:app"]
        command += ["--app-dir", str(PEERS / "fastapi")]
        command += ["--port", str(port), "--workers", str(WORKERS)]
        return Start(command, {"DATABASE": str(home / "customers.db")})


def package_version(package: str) -> str:
    version: str = json.loads((NODE_MODULES / package / "package.json").read_text())["version"]
    return version
