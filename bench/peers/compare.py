#!/usr/bin/env python3
"""Compare this server with others under the same loads, and print a table in Markdown"""

import argparse
import hashlib
import sys

from harness import data, report
from harness.arguments import add_common, names, select
from harness.failure import Failure
from harness.load import LOADS
from harness.measure import Duration
from harness.paths import TARGET
from harness.servers import all_servers
from harness.session import Session

FIGURES = TARGET / "figures.json"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/peers/run", description=__doc__)
    add_common(parser, seconds=5, warm_up=2)
    add = parser.add_argument
    add(
        "--only",
        metavar="NAMES",
        type=names,
        help="only these: pivotal-server,pivotal-postgres,pocketbase,fastify,fastapi,json-server",
    )
    add("--loads", metavar="NAMES", type=names, help="only these: get,list,post")
    add(
        "--continue",
        dest="resume",
        action="store_true",
        help="add the rounds to those of the last run",
    )
    add("--prepare", action="store_true", help="only install, build, and create the databases")
    return parser.parse_args()


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
