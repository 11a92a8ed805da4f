"""PostgreSQL from Debian's package, with the settings that it has by default: every commit is
synced, and autovacuum runs."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .failure import Failure
from .process import Process, free_port, inherited_environment, wait_until

HOST = "127.0.0.1"
USER = "postgres"
STANDBY = "standby"
TIMEOUT = 300


class Postgres:
    """A server whose files are in a directory that belongs to it."""

    def __init__(self, data: Path, settings: Mapping[str, str] | None = None):
        self.port = free_port()
        self._data = data
        self._settings = settings or {}

    def __enter__(self) -> "Postgres":
        own(self._data)
        settings = {
            "port": str(self.port),
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            **self._settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # SIGQUIT ends it without a checkpoint, which would delay what is measured next.
        command = [*as_user(), program("postgres"), "-D", str(self._data), *options]
        self.process = Process(command, {"LC_ALL": "C"}, end_with=signal.SIGQUIT)
        try:
            wait_until(self._accepts_connections, 0.05)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.__exit__()

    @property
    def environment(self) -> dict[str, str]:
        """Returns the settings with which this server uses the database."""
        return {"PIVOTAL_DATABASE": f"postgres://{USER}@{HOST}:{self.port}/pivotal?sslmode=disable"}

    def sql(self, statement: str, database: str = USER) -> str:
        options = ["--no-psqlrc", "--no-align", "--tuples-only", "--quiet"]
        return run(
            "psql", f"--dbname={self._address()} dbname={database}", *options, "-c", statement
        )

    def shut_down(self) -> None:
        """Ends it with everything in its place, so that its files can be copied."""
        self.sql("CHECKPOINT")
        self.process.child.send_signal(signal.SIGINT)
        self.process.child.wait(TIMEOUT)

    def create_standby(self, data: Path) -> "Postgres":
        """Returns a standby that is not started yet. It gets a copy of this server's files."""
        data.mkdir(mode=0o700)
        own(data)
        address = f"{self._address()} application_name={STANDBY}"
        run("pg_basebackup", f"--pgdata={data}", f"--dbname={address}", "--checkpoint=fast")
        (data / "standby.signal").touch()
        return Postgres(data, {"primary_conninfo": address})

    def wait_for_standby(self) -> None:
        """Waits until the standby has everything, and commits wait for it."""
        query = (
            "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
            " AND sync_state = 'quorum' AND replay_lsn >= pg_current_wal_flush_lsn()"
        )
        wait_until(lambda: self.sql(query) == "1", 0.1)

    def written(self) -> int:
        """Returns how much has been written to the WAL, in bytes."""
        return int(self.sql("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))

    def _accepts_connections(self) -> bool:
        if self.process.child.poll() is not None:
            raise Failure(f"PostgreSQL did not start in {self._data}")
        ready = [program("pg_isready"), "--quiet", f"--host={HOST}", f"--port={self.port}"]
        return subprocess.run(ready, check=False).returncode == 0

    def _address(self) -> str:
        return f"host={HOST} port={self.port} user={USER}"


def create(data: Path) -> None:
    """Creates a server without databases. Everyone on this machine can log in to it."""
    data.mkdir(mode=0o700)
    own(data)
    options = [f"--username={USER}", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    run("initdb", f"--pgdata={data}", *options)


def version() -> str:
    return run("postgres", "--version").split()[2]


def program(name: str) -> str:
    """Returns a program of the newest PostgreSQL that is installed."""
    found = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(found, key=lambda file: int(file.parents[1].name), default=None)
    if newest is None:
        raise Failure("PostgreSQL is missing. Install the Debian package postgresql.")
    return str(newest)


def run(name: str, *arguments: str) -> str:
    """Runs one of PostgreSQL's programs and returns its output."""
    done = subprocess.run(
        [*as_user(), program(name), *arguments],
        check=False,
        cwd="/",
        env={**inherited_environment(), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    if done.returncode != 0:
        raise Failure(f"{name} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def as_user() -> list[str]:
    """Returns how to run a program as PostgreSQL's user: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--"]


def own(data: Path) -> None:
    """Gives the files to PostgreSQL's user."""
    if os.getuid() != 0:
        return
    subprocess.run(["chown", "--recursive", f"{USER}:", str(data)], check=True)
    reachable = subprocess.run([*as_user(), "test", "-x", str(data)], check=False)
    if reachable.returncode != 0:
        raise Failure(
            f"the user {USER} cannot enter {data}. Allow it to enter the directories above, or run"
            " this as another user than root."
        )
