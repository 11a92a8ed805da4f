"""What is measured: one or several servers, and what their database is."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.load import Target
from harness.postgres import STANDBY, Postgres
from harness.process import Process, free_port
from harness.servers.pivotal import Pivotal
from harness.servers.pivotal_postgres import DATABASE


@dataclass(frozen=True)
class Setup:
    # For `--only`.
    name: str
    # For the table.
    title: str
    postgres: bool = True
    # How many servers use the database.
    servers: int = 1
    # Whether a commit waits for a standby, too.
    standby: bool = False


SETUPS = [
    Setup("sqlite", "SQLite", postgres=False),
    Setup("postgres", "PostgreSQL"),
    Setup("postgres-2", "PostgreSQL, 2 servers", servers=2),
    Setup("postgres-3", "PostgreSQL, 3 servers", servers=3),
    Setup("standby", "PostgreSQL and standby", standby=True),
    Setup("standby-3", "PostgreSQL and standby, 3 servers", servers=3, standby=True),
]


@dataclass(frozen=True)
class Running:
    target: Target
    servers: list[Process]
    primary: Postgres | None
    standby: Postgres | None

    def processes(self) -> list[Process]:
        databases = [database for database in (self.primary, self.standby) if database]
        return self.servers + [database.process for database in databases]


@contextmanager
def running(setup: Setup, server: Pivotal, home: Path) -> Iterator[Running]:
    """Starts everything, with the database in `home`, and ends it."""
    with ExitStack() as stack:
        primary = standby = None
        environment: dict[str, str] = {}
        if setup.postgres:
            settings = {"synchronous_standby_names": f"ANY 1 ({STANDBY})"} if setup.standby else {}
            primary = stack.enter_context(Postgres(home / DATABASE, settings))
            environment = primary.environment
        if setup.standby:
            assert primary
            standby = stack.enter_context(primary.create_standby(home / STANDBY))
            primary.wait_for_standby()
            environment["PIVOTAL_REQUIRE_SYNC"] = "true"
        servers, ports = [], []
        for _ in range(setup.servers):
            port = free_port()
            start = server.start(home, port)
            process = stack.enter_context(Process(start.command, environment))
            process.wait_until_listening(port)
            servers.append(process)
            ports.append(port)
        yield Running(Target(ports, server.keys(home)), servers, primary, standby)
