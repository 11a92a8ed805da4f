"""What all PostgreSQL servers here have in common."""

import os
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

from .failure import Failure
from .network import Namespace
from .paths import postgres_programs
from .waiting import TIMEOUT

# PostgreSQL refuses to run as root.
USER = "postgres"
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--"]
DATABASE = "pivotal"
# Without PGHOST and the like.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}


class Database(ABC):
    def __init__(self, name: str, directory: Path, namespace: Namespace):
        self.name = name
        # Contains its Unix socket, which the tests use.
        self._directory = directory
        self._data = directory / "data"
        self._log = directory / "postgres.log"
        self._namespace = namespace

    @abstractmethod
    def processes(self) -> list[int]:
        """Returns the processes that have started all others."""

    def create_database(self) -> None:
        """Creates the role and the database of the server."""
        self.sql(
            # There may be no standby yet to wait for.
            "SET synchronous_commit = local",
            f"CREATE ROLE {DATABASE} LOGIN",
            f"CREATE DATABASE {DATABASE} OWNER {DATABASE}",
        )

    def standbys(self) -> set[str]:
        """Returns the standbys that have everything."""
        have_all = "state = 'streaming' AND flush_lsn >= pg_current_wal_flush_lsn()"
        query = f"SELECT application_name FROM pg_stat_replication WHERE {have_all}"
        return set(self.sql(query).split())

    def sql(self, *statements: str, database: str = USER) -> str:
        """Returns the output of the statements, without headers and with `|` between columns."""
        commands = [part for statement in statements for part in ("--command", statement)]
        options = ["--no-psqlrc", "--no-align", "--tuples-only", "--quiet"]
        login = [f"--host={self._directory}", f"--username={USER}", f"--dbname={database}"]
        return self.run("psql", *options, "--set=ON_ERROR_STOP=1", *login, *commands).strip()

    def own_directory(self) -> None:
        """Creates the directory of the database, which belongs to its user."""
        self._directory.mkdir(exist_ok=True)
        subprocess.run(["chown", f"{USER}:{USER}", self._directory], check=True)

    def run(self, program: str, *arguments: str | Path) -> str:
        """Runs one of PostgreSQL's programs on this machine and returns its output."""
        command = [*self._namespace.inside(), *AS_USER, postgres_programs() / program, *arguments]
        result = subprocess.run(
            command,
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            text=True,
            capture_output=True,
            timeout=TIMEOUT,
        )
        with self._log.open("a") as log:
            log.write(result.stderr)
        if result.returncode != 0:
            raise Failure(f"{program} on {self.name}: {result.stderr.strip()}")
        return result.stdout
