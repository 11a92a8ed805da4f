"""Three machines, each with a PostgreSQL server and a server under test, and how they fail over."""

from pathlib import Path

from .network import DATABASE_NETWORK, Namespace, create_networks
from .postgres import DATABASE, Postgres
from .server import Server
from .waiting import wait_until

NUMBERS = (1, 2, 3)
HOSTS = ",".join(f"{DATABASE_NETWORK}.{number}:5432" for number in NUMBERS)
URL = f"postgres://{DATABASE}@{HOSTS}/{DATABASE}?target_session_attrs=read-write&connect_timeout=2"


class Machine:
    def __init__(self, number: int, directory: Path, binary: Path, synchronous: bool):
        self.name = f"n{number}"
        directory = directory / self.name
        directory.mkdir()
        others = ", ".join(f"n{other}" for other in NUMBERS if other != number)
        names = f"ANY 1 ({others})" if synchronous else ""
        self.namespace = Namespace(number)
        self.postgres = Postgres(self.name, directory / "postgres", self.namespace, names)
        self.server = Server(self.name, directory, self.namespace, binary, URL)


class Cluster:
    def __init__(self, directory: Path, binary: Path, synchronous: bool = True):
        create_networks()
        self.machines = [Machine(number, directory, binary, synchronous) for number in NUMBERS]
        self.primary = self.machines[0]

    def start(self) -> None:
        self.primary.postgres.create()
        for machine in self.others(self.primary):
            machine.postgres.copy(self.primary.postgres)
        self.wait_until_replicated()
        for machine in self.machines:
            machine.server.start()

    def stop(self) -> None:
        for machine in self.machines:
            machine.server.process.kill()
            machine.postgres.process.kill()

    def others(self, machine: Machine) -> list[Machine]:
        return [other for other in self.machines if other is not machine]

    def fail_over(self) -> None:
        """Replaces the primary, which is lost, with the standby that has more.

        Each acknowledged change is on at least one of the two. That holds only for what was
        acknowledged before both stopped following the lost primary: it may still run, and one
        standby is enough for it to acknowledge more. So they stop first, are compared then, and
        must both be there.
        """
        standbys = self.others(self.primary)
        for standby in standbys:
            standby.postgres.stop_following()
        behind, ahead = sorted(standbys, key=lambda standby: standby.postgres.received())
        ahead.postgres.promote()
        behind.postgres.follow(ahead.postgres)
        self.primary = ahead

    def take_back(self, lost: Machine) -> None:
        """Makes a former primary a standby of the new one."""
        lost.postgres.stop()
        lost.postgres.rewind(self.primary.postgres)

    def wait_until_replicated(self) -> None:
        expected = {machine.name for machine in self.others(self.primary)}
        standbys = self.primary.postgres.standbys
        wait_until("all standbys have everything", lambda: standbys() == expected)
