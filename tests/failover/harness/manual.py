"""A cluster whose failover is done by hand, as an operator would."""

from pathlib import Path

from .cluster import NUMBERS, Cluster, Machine
from .network import Namespace
from .postgres import Postgres


def manual_cluster(directory: Path, binary: Path, synchronous: bool) -> "ManualCluster":
    machines = []
    for number in NUMBERS:
        name, namespace = f"n{number}", Namespace(number)
        own = directory / name
        own.mkdir()
        others = ", ".join(f"n{other}" for other in NUMBERS if other != number)
        standbys = f"ANY 1 ({others})" if synchronous else ""
        postgres = Postgres(name, own / "postgres", namespace, standbys)
        machines.append(Machine(own, namespace, postgres, binary, synchronous))
    return ManualCluster(machines)


class ManualCluster(Cluster[Postgres]):
    def start_databases(self) -> None:
        self.primary.postgres.create()
        for machine in self.others(self.primary):
            machine.postgres.copy(self.primary.postgres)

    def fail_over(self) -> None:
        """Promotes the standby that has more.

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

    def take_back(self, lost: Machine[Postgres]) -> None:
        lost.postgres.stop()
        lost.postgres.rewind(self.primary.postgres)
