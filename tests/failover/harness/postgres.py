"""A PostgreSQL server that is operated by hand."""

import signal
import subprocess
from pathlib import Path

from .database import AS_USER, ENVIRONMENT, USER, Database
from .failure import Failure
from .network import DATABASE_NETWORK, Namespace
from .paths import postgres_programs
from .process import Process, send
from .waiting import wait_until

# For copies of whole databases: what is killed here are processes, never the machine with its disk.
UNSYNCED = "--no-sync"

# A change is acknowledged once it is on the disk of this machine and of one of the others. What
# pg_rewind needs is on, too: checksums (see `create`) and enough of the WAL.
SETTINGS = """\
data_directory = '{data}'
hba_file = '{directory}/pg_hba.conf'
listen_addresses = '{address}'
unix_socket_directories = '{directory}'
cluster_name = '{name}'
synchronous_commit = on
synchronous_standby_names = '{synchronous}'
primary_conninfo = '{primary}'
wal_keep_size = '64MB'
recovery_init_sync_method = syncfs
shared_buffers = '32MB'
log_line_prefix = '%m [%p] '
"""

HBA = f"""\
local all all trust
host all all {DATABASE_NETWORK}.0/24 trust
host replication all {DATABASE_NETWORK}.0/24 trust
"""


class Postgres(Database):
    def __init__(self, name: str, directory: Path, namespace: Namespace, synchronous: str):
        super().__init__(name, directory, namespace)
        self.address = namespace.database_address
        # `synchronous_standby_names`: which of the others a change has to be on.
        self._synchronous = synchronous
        self._process: Process | None = None

    def create(self) -> None:
        """Creates an empty database, and the role and the database of the server."""
        self._prepare()
        options = ["--data-checksums", "--wal-segsize=1", "--encoding=UTF8", "--locale=C"]
        login = ["--auth=trust", f"--username={USER}"]
        self.run("initdb", UNSYNCED, "--pgdata", self._data, *login, *options)
        self.start(None)
        self.create_database()

    def copy(self, source: "Postgres") -> None:
        """Creates this server as a standby of another, from a base backup."""
        self._prepare()
        subprocess.run(["rm", "-rf", self._data], check=True)
        options = [UNSYNCED, "--pgdata", self._data, "--checkpoint=fast"]
        self.run("pg_basebackup", "--dbname", self._conninfo(source), *options)
        self._start_standby(source)

    def rewind(self, source: "Postgres") -> None:
        """Makes a former primary a standby: undoes what only this machine has."""
        # pg_rewind looks at the last checkpoint to find the timeline of the new primary.
        source.sql("CHECKPOINT")
        self._configure(source)
        self.run(
            "pg_rewind",
            UNSYNCED,
            *("--target-pgdata", self._data),
            *("--config-file", self._directory / "postgresql.conf"),
            *("--source-server", self._conninfo(source, dbname=USER)),
        )
        self._start_standby(source)

    def start(self, primary: "Postgres | None") -> None:
        self._configure(primary)
        config = f"config_file={self._directory / 'postgresql.conf'}"
        command = [postgres_programs() / "postgres", "-D", self._data, "-c", config]
        inside = [*self._namespace.inside(), *AS_USER]
        self._process = Process([*inside, *command], self._log, ENVIRONMENT)
        wait_until(f"PostgreSQL {self.name} accepts connections", self._accepts_connections)

    def stop(self) -> None:
        """Stops the server without a shutdown checkpoint, unless it has been killed already."""
        if self._process and self._process.runs():
            self._process.ask_to_end(signal.SIGQUIT)

    def processes(self) -> list[int]:
        return [self._process.pid] if self._process and self._process.runs() else []

    def stop_following(self) -> None:
        """Receives nothing more from any primary."""
        self._configure(None)
        self._reload()
        receivers = "SELECT count(*) FROM pg_stat_wal_receiver"
        wait_until(f"{self.name} has stopped following", lambda: self.sql(receivers) == "0")

    def follow(self, primary: "Postgres") -> None:
        self._configure(primary)
        self._reload()

    def received(self) -> int:
        """Returns how far this standby has received the WAL."""
        position = "coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
        return int(self.sql(f"SELECT pg_wal_lsn_diff({position}, '0/0')"))

    def promote(self) -> None:
        if self.sql("SELECT pg_promote(wait => true, wait_seconds => 60)") != "t":
            raise Failure(f"{self.name} could not be promoted")

    def _reload(self) -> None:
        for pid in self.processes():
            send(pid, signal.SIGHUP)

    def _prepare(self) -> None:
        self.own_directory()
        (self._directory / "pg_hba.conf").write_text(HBA)

    def _configure(self, primary: "Postgres | None") -> None:
        settings = SETTINGS.format(
            data=self._data,
            directory=self._directory,
            address=self.address,
            name=self.name,
            synchronous=self._synchronous,
            primary=self._conninfo(primary) if primary else "",
        )
        (self._directory / "postgresql.conf").write_text(settings)

    def _conninfo(self, source: "Postgres", **more: str) -> str:
        options = {"host": source.address, "user": USER, "application_name": self.name} | more
        return " ".join(f"{name}={value}" for name, value in options.items())

    def _start_standby(self, primary: "Postgres") -> None:
        signal_file = self._data / "standby.signal"
        subprocess.run([*AS_USER, "touch", signal_file], check=True)
        self.start(primary)

    def _accepts_connections(self) -> bool:
        if not self.processes():
            raise Failure(f"PostgreSQL {self.name} did not start; see {self._log}")
        ready = [
            postgres_programs() / "pg_isready",
            "--quiet",
            f"--host={self._directory}",
            f"--username={USER}",
        ]
        return subprocess.run(ready, check=False).returncode == 0
