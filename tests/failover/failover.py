#!/usr/bin/env python3
"""Lose the primary's machine again and again, and check that nothing is lost with it

Three machines, each with PostgreSQL and a server, and clients that write through all three. In each
round, the machine of the primary is killed, stopped, or cut off at a random moment, a standby is
promoted, and the lost machine comes back. Then everything that was acknowledged must be there.
"""

import argparse
import json
import random
import secrets
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from harness.cluster import Cluster
from harness.failure import Failure
from harness.faults import FAULTS, Fault
from harness.manual import manual_cluster
from harness.network import create_networks
from harness.paths import BINARY
from harness.patroni import patroni_cluster
from harness.receiver import Receiver
from harness.round import Round, play

# Violations that are printed per round; the others are like them.
MOST_PRINTED = 40


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/failover/run", description=__doc__)
    add = parser.add_argument
    add("--rounds", metavar="N", type=int, default=3, help="default: 3")
    add("--seed", default=secrets.token_hex(4), help="repeats the choices of an earlier run")
    add("--fault", choices=[fault.name for fault in FAULTS], help="only this one; default: all")
    add("--binary", metavar="FILE", type=Path, default=BINARY, help="the server under test")
    add("--patroni", action="store_true", help="let Patroni do the failover")
    add("--keep", action="store_true", help="keep the databases and logs even if all goes well")
    add(
        "--asynchronous",
        action="store_true",
        help="without synchronous replication: changes get lost, which the checks must notice",
    )
    return parser.parse_args()


def faults(only: str | None, rounds: int, seed: str) -> list[Fault]:
    """Returns a fault for each round: all of them equally often, in a random order."""
    chosen = [fault for fault in FAULTS if only in (None, fault.name)]
    chance = random.Random(seed)
    order: list[Fault] = []
    while len(order) < rounds:
        order += chance.sample(chosen, len(chosen))
    return order[:rounds]


def run(args: argparse.Namespace, directory: Path) -> None:
    started = time.monotonic()
    create_networks()
    binary = args.binary.resolve()
    cluster: Cluster = (
        patroni_cluster(directory, binary)
        if args.patroni
        else manual_cluster(directory, binary, synchronous=not args.asynchronous)
    )
    try:
        cluster.start()
        receiver = Receiver()
        rounds: list[Round] = []
        for number, fault in enumerate(faults(args.fault, args.rounds, args.seed), 1):
            latest = play(cluster, receiver, fault, number, f"{args.seed}-{number}")
            print(latest.summary(), flush=True)
            rounds.append(latest)
            report(latest, latest.check(cluster, receiver), directory)
        # What a round acknowledged has to survive the later ones, too.
        for earlier in rounds[:-1]:
            report(earlier, earlier.check(cluster, receiver), directory)
    finally:
        cluster.stop()
    print(f"nothing was lost in {args.rounds} rounds, {time.monotonic() - started:.0f} s")


def report(checked: Round, violations: list[str], directory: Path) -> None:
    for violation in violations[:MOST_PRINTED]:
        print(f"  {violation}", flush=True)
    if violations:
        journal = json.dumps(asdict(checked.journal), indent=1, default=str)
        (directory / f"round-{checked.number}.json").write_text(journal)
        raise Failure(f"round {checked.number}: {len(violations)} promises were broken")


def main() -> None:
    args = arguments()
    directory = Path(tempfile.mkdtemp(prefix="pivotal-failover-"))
    # PostgreSQL runs as another user.
    directory.chmod(0o755)
    print(f"seed: {args.seed}", flush=True)
    try:
        run(args, directory)
    except BaseException:
        print(f"databases and logs: {directory}; repeat with --seed {args.seed}", file=sys.stderr)
        raise
    if args.keep:
        print(f"databases and logs: {directory}")
    else:
        shutil.rmtree(directory)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"error: {failure}")
