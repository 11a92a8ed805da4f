"""Everything that clients do during a round, each in a thread of its own."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from .cluster import Cluster, Machine
from .follower import Follower
from .journal import Journal
from .keys import Prober, Revoker
from .server import Key, Server
from .waiting import wait_until
from .writer import Writer

WRITERS_PER_SERVER = 2


class Load:
    def __init__(self, cluster: Cluster, key: Key, revocable: Sequence[Key], seed: str):
        servers = [machine.server for machine in cluster.machines]
        self._acknowledged: Counter[str] = Counter()
        self._lock = threading.Lock()
        # What can't be reached at the moment, so that no command is run there.
        self.dark: set[str] = set()
        self.writers = [
            Writer(
                f"w{number}",
                servers[number % 3 :] + servers[: number % 3],
                key.secret,
                f"{seed} writer {number}",
                self._count,
            )
            for number in range(WRITERS_PER_SERVER * len(servers))
        ]
        self.probers = {
            server.name: Prober(server, revocable, f"{seed} prober {server.name}")
            for server in servers
        }

        def reachable() -> list[Server]:
            return [server for server in servers if server.name not in self.dark]

        self.revoker = Revoker(revocable, reachable, f"{seed} revoker")
        self.follower = Follower(servers, key.secret)
        self._writing = threading.Event()
        self._running = threading.Event()
        self._threads = ThreadPoolExecutor(max_workers=len(self.writers) + len(servers) + 2)
        self._changes: list[Future[None]] = []
        self._others: list[Future[None]] = []

    def __enter__(self) -> "Load":
        self._writing.set()
        self._running.set()
        start = self._threads.submit
        for changing in (*self.writers, self.revoker):
            self._changes.append(start(changing.run, self._writing.is_set))
        for other in (*self.probers.values(), self.follower):
            self._others.append(start(other.run, self._running.is_set))
        return self

    def __exit__(self, *_error: object) -> None:
        self._writing.clear()
        self._running.clear()
        self._threads.shutdown()

    def wait_for_changes(self, servers: Sequence[Machine], count: int) -> None:
        """Waits until each of these servers has acknowledged that many further changes."""
        before = self._acknowledged.copy()
        for server in servers:
            wait_until(
                f"{server.name} acknowledges changes",
                lambda name=server.name: self._acknowledged[name] - before[name] >= count,
            )

    def finish_changes(self) -> None:
        """Returns when all clients know what became of their changes."""
        self._writing.clear()
        for client in self._changes:
            client.result()

    def journal(self) -> Journal:
        """Returns what all clients know. They have ended."""
        combined = Journal()
        for client in self._changes + self._others:
            client.result()
        for part in (*self.writers, *self.probers.values(), self.revoker, self.follower):
            combined.add(part.journal)
        return combined

    def _count(self, server: str) -> None:
        with self._lock:
            self._acknowledged[server] += 1
