"""One round: clients write, the primary's machine is lost, and another one takes over."""

import random
import time
from dataclasses import dataclass

from .checks import violations
from .cluster import Cluster
from .faults import Fault
from .journal import Cut, Journal
from .load import Load
from .observed import events, observe
from .receiver import Receiver
from .server import Key
from .waiting import becomes_true, wait_until

KEYS = 6
# The changes that a server has to acknowledge until the round goes on.
CHANGES = 10
# How long the server of a primary that was lost may go on reading, in seconds. Only then may
# another one be promoted. Checks find the server that still reads.
LEASE = 5
# How long a client may wait for the refusal of a server that is cut off, in seconds.
PATIENCE = 15
# How long webhooks and the consumer of the feed may take to catch up. A check says what they lack.
CATCH_UP = 30


@dataclass
class Round:
    number: int
    seed: str
    fault: Fault
    lost: str
    new: str
    journal: Journal
    workspace: str
    key: Key
    revocable: list[Key]
    # From the fault to the promotion, and to the next acknowledged change, in seconds.
    promoted_after: float
    writable_after: float

    def check(self, cluster: Cluster, receiver: Receiver) -> list[str]:
        observed = observe(cluster, self.workspace, self.key, self.revocable, self.journal)
        expected = {event.id for event in observed.events}
        becomes_true(lambda: expected <= receiver.delivered(self.workspace), CATCH_UP)
        observed.deliveries = receiver.deliveries(self.workspace)
        return violations(self.journal, observed)

    def summary(self) -> str:
        journal = self.journal
        return (
            f"round {self.number}: {self.fault.name} {self.lost}, {self.new} promoted after"
            f" {self.promoted_after:.1f} s, writable after {self.writable_after:.1f} s;"
            f" {journal.acknowledged} changes, {journal.unknown} attempts with an unknown outcome,"
            f" {journal.replayed} replayed, {journal.refused} refused,"
            f" {len(journal.probes)} probes, {len(journal.followed)} events"
        )


def play(cluster: Cluster, receiver: Receiver, fault: Fault, number: int, seed: str) -> Round:
    chance = random.Random(seed)
    lost = cluster.primary
    survivors = cluster.others(lost)
    workspace, key, revocable = prepare(cluster, receiver, number)
    with Load(cluster, key, revocable, seed) as load:
        load.wait_for_changes(cluster.machines, chance.randint(CHANGES, 3 * CHANGES))
        # Not right after a response.
        time.sleep(chance.uniform(0, 0.5))

        struck = time.monotonic()
        if not fault.reachable:
            load.dark.add(lost.name)
        fault.strike(lost)
        cut = time.monotonic()
        if fault.comes_back:
            refused = load.probers[lost.name].was_refused_since
            becomes_true(lambda: refused(cut), LEASE)
        cluster.fail_over()
        promoted = time.monotonic()
        load.wait_for_changes([cluster.primary], 1)
        writable = time.monotonic()
        load.revoker.revoke()
        load.wait_for_changes(survivors, CHANGES)
        if fault.reachable:
            refused = load.probers[lost.name].was_refused_since
            revoked = time.monotonic()
            becomes_true(lambda: refused(revoked), PATIENCE)

        # The machine is back with a PostgreSQL that still is a primary.
        back = time.monotonic()
        fault.end(lost)
        if fault.comes_back:
            responded = load.probers[lost.name].responded_since
            wait_until(f"{lost.name} responds again", lambda: responded(back))
            load.wait_for_changes(survivors, CHANGES)
        cluster.take_back(lost)
        fault.restart(lost)
        load.dark.discard(lost.name)
        load.wait_for_changes(cluster.machines, CHANGES)
        load.revoker.revoke()

        load.finish_changes()
        cluster.wait_until_replicated()
        wait_until_followed(cluster, load, workspace)
    journal = load.journal()
    if fault.reachable:
        journal.cut = Cut(lost.name, lost.server.host, promoted, back)
    return Round(
        number,
        seed,
        fault,
        lost.name,
        cluster.primary.name,
        journal,
        workspace,
        key,
        revocable,
        promoted - struck,
        writable - struck,
    )


def prepare(cluster: Cluster, receiver: Receiver, number: int) -> tuple[str, Key, list[Key]]:
    """Creates a workspace with an endpoint for webhooks, a key, and keys that will be revoked."""
    workspace = f"round-{number}"
    server = cluster.primary.server
    server.command("workspaces", "create", "--slug", workspace, "--name", workspace)
    url = receiver.url(workspace)
    server.command("webhooks", "create", "--workspace", workspace, "--url", url)
    key = server.create_key(workspace, "writers")
    revocable = [server.create_key(workspace, f"revocable {number}") for number in range(KEYS)]
    return workspace, key, revocable


def wait_until_followed(cluster: Cluster, load: Load, workspace: str) -> None:
    last = events(cluster, workspace)[-1].id
    followed = load.follower.journal.followed
    becomes_true(lambda: last in followed[-100:], CATCH_UP)
