"""A cluster whose failover is done by Patroni, with etcd, as in the sample configuration."""

from pathlib import Path

from .cluster import NUMBERS, Cluster, Machine
from .database import AS_USER, ENVIRONMENT, Database
from .failure import Failure
from .network import DATABASE_NETWORK, Namespace
from .paths import SAMPLES, postgres_programs
from .process import Process, exists
from .waiting import wait_until

NETWORK = f"{DATABASE_NETWORK}.0/24"


def patroni_cluster(directory: Path, binary: Path) -> "PatroniCluster":
    machines = []
    for number in NUMBERS:
        name, namespace = f"n{number}", Namespace(number)
        own = directory / name
        own.mkdir()
        postgres = PatroniPostgres(name, own / "postgres", namespace)
        machines.append(Machine(own, namespace, postgres, binary))
    return PatroniCluster(machines)


class PatroniPostgres(Database):
    """etcd, Patroni, and the PostgreSQL that Patroni starts."""

    def __init__(self, name: str, directory: Path, namespace: Namespace):
        super().__init__(name, directory, namespace)
        self._etcd: Process | None = None
        self._patroni: Process | None = None

    def start_etcd(self) -> None:
        config = self._configure("etcd.yml", {"/var/lib/etcd/pivotal": self._directory / "etcd"})
        self._etcd = self._start("etcd", "--config-file", config)

    def start_patroni(self) -> None:
        config = self._configure(
            "patroni.yml",
            {
                "/usr/lib/postgresql/15/bin": postgres_programs(),
                "/var/lib/postgresql/15/pivotal": self._data,
                "/var/lib/postgresql/pivotal.pgpass": self._directory / "pgpass",
                "/var/run/postgresql": self._directory,
                # The tests and the server under test have no passwords.
                "local all postgres peer": "local all all trust",
                f"host all all {NETWORK} scram-sha-256": f"host all all {NETWORK} trust",
            },
        )
        self._patroni = self._start("patroni", config)

    def processes(self) -> list[int]:
        return [
            *(process.pid for process in (self._etcd, self._patroni) if process and process.runs()),
            *self._postmaster(),
        ]

    def is_primary(self) -> bool:
        """Whether PostgreSQL accepts changes."""
        return self._says("SELECT NOT pg_is_in_recovery()")

    def is_standby(self) -> bool:
        return self._says(
            "SELECT count(*) = 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'"
        )

    def _says(self, query: str) -> bool:
        # Patroni may be starting or stopping it.
        try:
            return self.sql(query) == "t"
        except Failure:
            return False

    def _postmaster(self) -> list[int]:
        """Returns PostgreSQL's first process, which is no child of Patroni."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, IndexError):
            return []
        return [pid] if exists(pid) else []

    def _start(self, program: str, *arguments: str | Path) -> Process:
        command = [*self._namespace.inside(), *AS_USER, program, *arguments]
        return Process(command, self._directory / f"{program}.log", ENVIRONMENT)

    def _configure(self, sample: str, replaced: dict[str, object]) -> Path:
        """Writes a configuration file that is the sample with other paths."""
        text = (SAMPLES / sample).read_text()
        own = {"NAME": self.name, "ADDRESS": self._namespace.database_address}
        for before, after in (replaced | own).items():
            assert before in text, f"{sample} does not contain {before}"
            text = text.replace(before, str(after))
        file = self._directory / sample
        file.write_text(text)
        return file


class PatroniCluster(Cluster[PatroniPostgres]):
    def start_databases(self) -> None:
        for machine in self.machines:
            machine.postgres.own_directory()
            machine.postgres.start_etcd()
        for machine in self.machines:
            machine.postgres.start_patroni()
        self._wait_for_primary(self.machines)
        self.primary.postgres.create_database()

    def fail_over(self) -> None:
        self._wait_for_primary(self.others(self.primary))

    def take_back(self, lost: Machine[PatroniPostgres]) -> None:
        if not lost.postgres.processes():
            lost.postgres.start_etcd()
            lost.postgres.start_patroni()
        wait_until(f"{lost.name} is a standby again", lost.postgres.is_standby)

    def _wait_for_primary(self, machines: list[Machine[PatroniPostgres]]) -> None:
        found: list[Machine[PatroniPostgres]] = []

        def is_found() -> bool:
            found.extend(machine for machine in machines if machine.postgres.is_primary())
            return bool(found)

        wait_until("Patroni has promoted a standby", is_found)
        self.primary = found[0]
