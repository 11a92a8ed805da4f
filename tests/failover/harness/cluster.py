"""Three machines, each with a PostgreSQL server and a server under test."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

from .database import DATABASE, Database
from .network import DATABASE_NETWORK, Namespace
from .process import freeze, kill, thaw
from .server import Server
from .waiting import wait_until

NUMBERS = (1, 2, 3)
HOSTS = ",".join(f"{DATABASE_NETWORK}.{number}:5432" for number in NUMBERS)
URL = f"postgres://{DATABASE}@{HOSTS}/{DATABASE}?target_session_attrs=read-write&connect_timeout=2"

AnyDatabase = TypeVar("AnyDatabase", bound=Database)


class Machine(Generic[AnyDatabase]):
    def __init__(
        self,
        directory: Path,
        namespace: Namespace,
        postgres: AnyDatabase,
        binary: Path,
        require_sync: bool = True,
    ):
        self.name = postgres.name
        self.namespace = namespace
        self.postgres = postgres
        self.server = Server(self.name, directory, namespace, binary, URL, require_sync)

    def kill(self) -> None:
        kill(self._processes())

    def freeze(self) -> None:
        freeze(self._processes())

    def thaw(self) -> None:
        thaw(self._processes())

    def _processes(self) -> list[int]:
        return self.server.processes() + self.postgres.processes()


class Cluster(ABC, Generic[AnyDatabase]):
    def __init__(self, machines: Sequence[Machine[AnyDatabase]]):
        self.machines = list(machines)
        self.primary = self.machines[0]

    def start(self) -> None:
        self.start_databases()
        self.wait_until_replicated()
        for machine in self.machines:
            machine.server.start()

    def stop(self) -> None:
        for machine in self.machines:
            machine.kill()

    def others(self, machine: Machine[AnyDatabase]) -> list[Machine[AnyDatabase]]:
        return [other for other in self.machines if other is not machine]

    def wait_until_replicated(self) -> None:
        expected = {machine.name for machine in self.others(self.primary)}
        standbys = self.primary.postgres.standbys
        wait_until("all standbys have everything", lambda: standbys() == expected)

    @abstractmethod
    def start_databases(self) -> None: ...

    @abstractmethod
    def fail_over(self) -> None:
        """Returns when one of the other machines has replaced the primary, which is lost."""

    @abstractmethod
    def take_back(self, lost: Machine[AnyDatabase]) -> None:
        """Returns when the database of the lost machine is a standby of the new primary."""
