"""Everything that clients do during a round, each in a thread of its own."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence

from .cluster import Cluster, Machine
from .failure import Failure
from .follower import Follower
from .journal import Journal
from .keys import Prober, Revoker
from .server import Key, Server
from .waiting import TIMEOUT, wait_until
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
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def __enter__(self) -> "Load":
        self._writing.set()
        self._running.set()
        for writer in self.writers:
            self._start(writer.run, self._writing)
        self._start(self.revoker.run, self._writing)
        self._writing_threads = list(self._threads)
        for prober in self.probers.values():
            self._start(prober.run, self._running)
        self._start(self.follower.run, self._running)
        return self

    def __exit__(self, *_error: object) -> None:
        self._writing.clear()
        self._running.clear()
        for thread in self._threads:
            thread.join()

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
        for thread in self._writing_threads:
            thread.join(2 * TIMEOUT)
            if thread.is_alive():
                raise Failure("a client does not come to an end")
        if self._errors:
            raise self._errors[0]

    def journal(self) -> Journal:
        """Returns what all clients know. They have ended."""
        combined = Journal()
        for part in (*self.writers, *self.probers.values(), self.revoker, self.follower):
            combined.add(part.journal)
        return combined

    def _count(self, server: str) -> None:
        with self._lock:
            self._acknowledged[server] += 1

    def _start(self, run: Callable[[Callable[[], bool]], None], event: threading.Event) -> None:
        def body() -> None:
            try:
                run(event.is_set)
            except BaseException as error:
                self._errors.append(error)

        thread = threading.Thread(target=body, daemon=True)
        self._threads.append(thread)
        thread.start()
