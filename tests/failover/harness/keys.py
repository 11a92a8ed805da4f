"""Revoking keys, and trying them all the time on all servers."""

import random
import threading
import time
from collections.abc import Callable, Sequence

from .http_client import HttpClient
from .journal import Journal, Probe, Revocation
from .server import Key, Server
from .waiting import TIMEOUT

# Between two attempts with a server, in seconds.
PAUSE = 0.05
# How long the command may take until it is tried on another machine.
COMMAND_TIMEOUT = 10


class Revoker:
    """Revokes keys with the command line, on all machines."""

    def __init__(self, keys: Sequence[Key], reachable: Callable[[], Sequence[Server]], seed: str):
        """`reachable` returns the machines that commands can be run on."""
        self.journal = Journal(revocations=[Revocation(key.prefix) for key in keys])
        self._left = list(self.journal.revocations)
        self._lock = threading.Lock()
        self._reachable = reachable
        self._random = random.Random(seed)

    def run(self, goes_on: Callable[[], bool]) -> None:
        """Revokes a key now and then. Leaves half of them for `revoke`."""
        keep = len(self._left) // 2
        while goes_on() and len(self._left) > keep:
            self.revoke()
            time.sleep(self._random.uniform(0.2, 1))

    def revoke(self) -> None:
        """Revokes one key, and returns when a machine has acknowledged it."""
        with self._lock:
            revocation = self._left.pop()
        revocation.requested = time.monotonic()
        while time.monotonic() < revocation.requested + TIMEOUT:
            server = self._random.choice(self._reachable())
            if server.try_command("keys", "revoke", revocation.key, timeout=COMMAND_TIMEOUT):
                revocation.acknowledged = time.monotonic()
                return


class Prober:
    """Uses the keys with one server, whether they have been revoked or not."""

    def __init__(self, server: Server, keys: Sequence[Key], seed: str):
        self.journal = Journal()
        self._server = server
        self._client = HttpClient(server.host)
        self._keys = keys
        self._random = random.Random(seed)

    def run(self, goes_on: Callable[[], bool]) -> None:
        while goes_on():
            key = self._random.choice(self._keys)
            path = self._random.choice(["/me", "/customers?limit=1"])
            started = time.monotonic()
            response = self._client.send("GET", path, key.secret)
            ended = time.monotonic()
            self.journal.probes.append(
                Probe(
                    self._server.name,
                    key.prefix,
                    started,
                    ended,
                    response.status,
                    response.code,
                    response.headers.get("retry-after", ""),
                )
            )
            time.sleep(self._random.uniform(0, 2 * PAUSE))

    def was_refused_since(self, start: float) -> bool:
        """Whether the server has said since then that it can't answer."""
        return any(
            probe.status == 503 and probe.started > start for probe in reversed(self.journal.probes)
        )

    def responded_since(self, start: float) -> bool:
        return any(
            probe.status != 0 and probe.started > start for probe in reversed(self.journal.probes)
        )
