"""This server on a PostgreSQL server of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..postgres import Postgres, create, version
from ..process import Process
from .pivotal import Pivotal

DATABASE = "postgres"


class PivotalPostgres(Pivotal):
    name = "pivotal-postgres"
    title = "pivotal-server on PostgreSQL"

    def version(self) -> str:
        return version()

    def fill(self, export: Path, count: int, home: Path) -> None:
        create(home / DATABASE)
        with Postgres(home / DATABASE) as database:
            database.sql("CREATE DATABASE pivotal")
            self.fill_database(export, home, database.environment)
            # As autovacuum would have done by the time that the database is used.
            database.sql("VACUUM ANALYZE", database="pivotal")
            database.shut_down()

    @contextmanager
    def running(self, home: Path, port: int) -> Iterator[list[Process]]:
        start = self.start(home, port)
        with (
            Postgres(home / DATABASE) as database,
            Process(start.command, start.environment | database.environment) as process,
        ):
            process.wait_until_listening(port)
            yield [process, database.process]
