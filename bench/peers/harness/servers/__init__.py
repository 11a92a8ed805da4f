"""The servers that are compared."""

from pathlib import Path

from ..server import Server
from .json_server import JsonServer
from .pivotal import Pivotal
from .pivotal_postgres import PivotalPostgres
from .pocketbase import PocketBase
from .sqlite_apps import FastApi, Fastify


def all_servers(binary: Path) -> tuple[Pivotal, list[Server]]:
    """Returns this server and the others."""
    others: list[Server] = [
        PivotalPostgres(binary),
        PocketBase(),
        Fastify(),
        FastApi(),
        JsonServer(),
    ]
    return Pivotal(binary), others
