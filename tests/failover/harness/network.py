"""Three machines on one: a network namespace each, with two networks.

PostgreSQL and the servers talk to each other in the database network. Clients, such as these
tests, reach the servers through the client network. A machine is cut off by pulling the cable to
the database network: packets disappear without an error, and its clients still reach it. The tests
have to be in a network namespace of their own, which disappears with all of this.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

DATABASE_NETWORK = "10.99.0"
CLIENT_NETWORK = "10.98.0"
# The address of the tests in the client network.
OWN_ADDRESS = f"{CLIENT_NETWORK}.254"


def ip(arguments: str, inside: Sequence[str] = ()) -> None:
    subprocess.run([*inside, "ip", *arguments.split()], check=True)


def create_networks() -> None:
    ip("link set lo up")
    for bridge in ("databases", "clients"):
        ip(f"link add {bridge} type bridge")
        ip(f"link set {bridge} up")
    ip(f"address add {OWN_ADDRESS}/24 dev clients")


class Namespace:
    """The network of one machine."""

    def __init__(self, number: int):
        self.database_address = f"{DATABASE_NETWORK}.{number}"
        self.client_address = f"{CLIENT_NETWORK}.{number}"
        self._cable = f"database{number}"
        # The namespace lives as long as a process in it.
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE
        )
        assert self._holder.stdout
        self._holder.stdout.readline()
        self._connect("databases", self._cable, self.database_address)
        self._connect("clients", f"client{number}", self.client_address)
        ip("link set lo up", self.inside())

    def inside(self) -> list[str]:
        """The wrapper command that starts a command in this namespace."""
        return ["nsenter", f"--net={Path('/proc', str(self._holder.pid), 'ns/net')}", "--"]

    def cut(self) -> None:
        ip(f"link set {self._cable} down")

    def heal(self) -> None:
        ip(f"link set {self._cable} up")

    def _connect(self, bridge: str, cable: str, address: str) -> None:
        ip(f"link add {cable} type veth peer name {bridge} netns {self._holder.pid}")
        ip(f"link set {cable} master {bridge} up")
        ip(f"address add {address}/24 dev {bridge}", self.inside())
        ip(f"link set {bridge} up", self.inside())
