"""What happens to the machine of the primary."""

from .cluster import Machine


class Fault:
    name: str
    # Whether clients still reach the server of the lost machine, and commands can be run there.
    reachable = False
    # Whether the machine comes back as it was, so with a PostgreSQL that still is a primary.
    comes_back = True

    def strike(self, machine: Machine) -> None:
        raise NotImplementedError

    def end(self, machine: Machine) -> None:
        """Brings the machine back."""

    def restart(self, machine: Machine) -> None:
        """Starts the server again if it has ended."""


class Kill(Fault):
    """The power fails."""

    name = "kill"
    comes_back = False

    def strike(self, machine: Machine) -> None:
        machine.kill()

    def restart(self, machine: Machine) -> None:
        machine.server.start()


class Stop(Fault):
    """Stops everything, as in a virtual machine that is paused."""

    name = "stop"

    def strike(self, machine: Machine) -> None:
        machine.freeze()

    def end(self, machine: Machine) -> None:
        machine.thaw()


class Cut(Fault):
    """The other machines are out of reach, but clients are not."""

    name = "cut"
    reachable = True

    def strike(self, machine: Machine) -> None:
        machine.namespace.cut()

    def end(self, machine: Machine) -> None:
        machine.namespace.heal()


FAULTS: list[Fault] = [Kill(), Stop(), Cut()]
