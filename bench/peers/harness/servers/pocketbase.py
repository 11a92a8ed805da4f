"""PocketBase, with a collection that only signed-in users may read and write."""

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from .. import customers
from ..client import Client
from ..paths import PEERS, VENV_BIN
from ..process import Process, free_port
from ..server import Server, Start

BINARY = str(VENV_BIN / "pocketbase")
# Other users can read these arguments. They protect only generated data, on loopback.
ADMIN = {"identity": "admin@bench.example", "password": "only-for-the-benchmark"}
USER = {"identity": "user@bench.example", "password": "only-for-the-benchmark"}


class PocketBase(Server):
    name = "pocketbase"
    title = "PocketBase"
    collection = "/api/collections/customers/records"
    # Without the total, which would be counted for each page.
    first_page = "perPage=100&sort=-created_at&skipTotal=1"

    def version(self) -> str:
        done = subprocess.run([BINARY, "--version"], check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.split()[-1]

    def fill(self, export: Path, count: int, home: Path) -> None:
        subprocess.run(
            [BINARY, "superuser", "upsert", *ADMIN.values(), "--dir", str(home / "data")],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        port = free_port()
        start = self.start(home, port)
        with Process(start.command, start.environment) as process:
            process.wait_until_listening(port)
            token = log_in(port, "_superusers", ADMIN)
            client = Client(port, token)
            definition = json.loads((PEERS / "pocketbase" / "customers.json").read_text())
            client.expect(200, "POST", "/api/collections", definition)
            user = {
                "email": USER["identity"],
                "password": USER["password"],
                "passwordConfirm": USER["password"],
            }
            client.expect(200, "POST", "/api/collections/users/records", user)
        insert(home / "data" / "data.db", export, count)

    def start(self, home: Path, port: int) -> Start:
        listen = ["--http", f"127.0.0.1:{port}"]
        return Start([BINARY, "serve", *listen, "--dir", str(home / "data")], {})

    def key(self, home: Path, port: int) -> str:
        # A token expires after a few days, so the database can't keep one.
        return log_in(port, "users", USER)


def log_in(port: int, collection: str, credentials: dict[str, str]) -> str:
    path = f"/api/collections/{collection}/auth-with-password"
    token: str = Client(port).expect(200, "POST", path, credentials)["token"]
    return token


def insert(database: Path, export: Path, count: int) -> None:
    """Adds the customers to the table of the collection: much faster than over HTTP."""
    connection = sqlite3.connect(database)
    with connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM pragma_table_info('customers')")
        ]
        placeholders = ", ".join("?" * len(names))
        connection.executemany(
            f"INSERT INTO customers ({', '.join(names)}) VALUES ({placeholders})",
            (
                [to_column(name, customer[name]) for name in names]
                for customer in customers.read_export(export, count)
            ),
        )
    connection.close()


def to_column(name: str, value: Any) -> Any:
    """Returns a value as PocketBase stores it: it has empty texts instead of nulls."""
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"))
    if name in ("created_at", "updated_at"):
        return value.replace("T", " ")
    return "" if value is None else value
