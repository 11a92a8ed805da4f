"""The databases: created once, and copied for each measurement."""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import customers
from .customers import Customer
from .paths import PEERS, TARGET
from .server import Server
from .servers.pivotal import Pivotal

PAGE = 100


@dataclass(frozen=True)
class Data:
    """A filled database that is not used itself."""

    home: Path
    ids: list[str]
    # The newest customers, newest first.
    newest: list[Customer]


def prepare(server: Server, pivotal: Pivotal, count: int) -> Data:
    """Returns the server's database, and creates it if there is none or if it is out of date."""
    export = exported(pivotal, count)
    rows = min(count, server.most_customers or count)
    home = export.parent / server.name
    if not home.exists():
        print_step(f"filling {server.name} with {rows:,} customers")
        with draft(home) as unfinished:
            server.fill(export, rows, unfinished)
    oldest_first = read(export)[:rows]
    return Data(home, [row["id"] for row in oldest_first], oldest_first[: -PAGE - 1 : -1])


@cache
def read(export: Path) -> list[Customer]:
    return list(customers.read_export(export))


def exported(pivotal: Pivotal, count: int) -> Path:
    """Returns the export that all servers are filled with: what this server makes of the
    customers."""
    directory = TARGET / "data" / f"{count}-{fingerprint(pivotal.binary)}"
    export = directory / "customers.jsonl"
    if not export.exists():
        for out_of_date in directory.parent.glob(f"{count}-*"):
            shutil.rmtree(out_of_date)
        directory.mkdir(parents=True)
        print_step(f"creating {count:,} customers")
        generated = directory / "generated.jsonl"
        customers.write_export(generated, count)
        with draft(directory / pivotal.name) as home:
            pivotal.fill(generated, count, home)
            unfinished = directory / "export.unfinished"
            pivotal.export(home, unfinished)
        unfinished.rename(export)
        generated.unlink()
    return export


def fingerprint(binary: Path) -> str:
    """Returns a name that changes with whatever the databases are made by."""
    digest = hashlib.sha256()
    parts = [binary, PEERS / "requirements.txt"]
    for made_by in (
        "harness/customers.py",
        "harness/postgres.py",
        "harness/servers/*.py",
        "pocketbase/*",
        "sqlite/*",
    ):
        parts += sorted(PEERS.glob(made_by))
    for part in parts:
        digest.update(hashlib.sha256(part.read_bytes()).digest())
    return digest.hexdigest()[:12]


@contextmanager
def draft(directory: Path) -> Iterator[Path]:
    """Creates a directory that gets its name once it is complete."""
    unfinished = directory.with_name(directory.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    yield unfinished
    unfinished.rename(directory)


def copy(data: Data, to: Path) -> None:
    shutil.copytree(data.home, to)
    # Otherwise, the system might write the copy to disk during the measurements.
    os.sync()


def print_step(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
