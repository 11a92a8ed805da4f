#!/usr/bin/env python3
"""Compare this server with others under the same loads, and print a table in Markdown"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from harness import data, report
from harness.failure import Failure
from harness.load import LOADS
from harness.measure import Duration
from harness.paths import REPOSITORY, TARGET
from harness.servers import all_servers
from harness.session import Session

FIGURES = TARGET / "figures.json"


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/peers/run", description=__doc__)
    add = parser.add_argument
    add(
        "--binary",
        metavar="FILE",
        type=Path,
        default=REPOSITORY / "target" / "release" / "pivotal-server",
        help="the binary of this server, which is built without this option",
    )
    add(
        "--customers",
        metavar="N",
        type=at_least(data.PAGE),
        default=100_000,
        help="size of the databases (default: 100,000)",
    )
    add(
        "--only",
        metavar="NAMES",
        type=names,
        help="only these: pivotal-server,pivotal-postgres,pocketbase,fastify,fastapi,json-server",
    )
    add("--loads", metavar="NAMES", type=names, help="only these: get,list,post")
    add("--rounds", metavar="N", type=at_least(1), default=3, help="default: 3")
    add(
        "--seconds",
        metavar="N",
        type=at_least(1),
        default=5,
        help="length of each load (default: 5)",
    )
    add(
        "--warm-up",
        metavar="N",
        type=at_least(0),
        default=2,
        help="seconds before each load (default: 2)",
    )
    add(
        "--continue",
        dest="resume",
        action="store_true",
        help="add the rounds to those of the last run",
    )
    add("--prepare", action="store_true", help="only install, build, and create the databases")
    return parser.parse_args()


def at_least(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return value

    return parse


def names(text: str) -> list[str]:
    return text.split(",")


def select(items: Sequence[T], wanted: list[str] | None) -> list[T]:
    """Returns the items with these names, or all."""
    unknown = set(wanted or []) - {item.name for item in items}
    if unknown:
        known = ", ".join(item.name for item in items)
        raise Failure(f"unknown: {', '.join(sorted(unknown))}. Known: {known}")
    return [item for item in items if wanted is None or item.name in wanted]


def main() -> None:
    args = arguments()
    pivotal, others = all_servers(args.binary.resolve())
    servers = [pivotal, *others]
    chosen, loads = select(servers, args.only), select(LOADS, args.loads)
    filled = {server.name: data.prepare(server, pivotal, args.customers) for server in chosen}
    if args.prepare:
        return
    binary = hashlib.sha256(args.binary.read_bytes()).hexdigest()
    session = Session(args.customers, Duration(args.warm_up, args.seconds), binary)
    if args.resume:
        session.resume(FIGURES)
    earlier = session.rounds()
    for number in range(earlier, earlier + args.rounds):
        # Every other round in reverse order, so that no server is always the first.
        session.add_round(chosen, filled, loads, reverse=number % 2 == 1)
        session.save(FIGURES)
    print(report.markdown(session, servers))
    if session.errors():
        raise Failure(f"{session.errors()} requests failed, so the figures are invalid")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"error: {failure}")
