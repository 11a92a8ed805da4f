"""Measure this server on SQLite, on PostgreSQL, and several servers on one PostgreSQL"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from harness import data
from harness.arguments import add_common, names, select
from harness.failure import Failure
from harness.measure import Duration
from harness.paths import REPOSITORY
from harness.servers.pivotal import Pivotal
from harness.servers.pivotal_postgres import PivotalPostgres
from loads import LOADS
from measure import Figures, measure
from report import markdown
from setups import SETUPS


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/postgres/run", description=__doc__)
    add_common(parser, seconds=3, warm_up=1)
    add = parser.add_argument
    known = ",".join(setup.name for setup in SETUPS)
    add("--only", metavar="NAMES", type=names, help=f"only these setups: {known}")
    known = ",".join(load.name for load in LOADS)
    add("--loads", metavar="NAMES", type=names, help=f"only these loads: {known}")
    add("--prepare", action="store_true", help="only build, and create the databases")
    add(
        "--json",
        metavar="FILE",
        type=Path,
        default=REPOSITORY / "target" / "bench-postgres.json",
        help="where to write the figures of each round (default: target/bench-postgres.json)",
    )
    return parser.parse_args()


def main() -> None:
    args = arguments()
    pivotal, on_postgres = Pivotal(args.binary.resolve()), PivotalPostgres(args.binary.resolve())
    filled = {
        server.name: data.prepare(server, pivotal, args.customers)
        for server in (pivotal, on_postgres)
    }
    setups, loads = select(SETUPS, args.only), select(LOADS, args.loads)
    if args.prepare:
        return
    duration = Duration(args.warm_up, args.seconds)
    figures: list[Figures] = []
    for number in range(args.rounds):
        # Every other round in reverse order, so that no setup is always the first.
        for setup in setups[:: -1 if number % 2 else 1]:
            server = on_postgres if setup.postgres else pivotal
            figures += measure(setup, server, filled[server.name], loads, duration)
    args.json.write_text(json.dumps([asdict(each) for each in figures], indent=1))
    print(markdown(figures, args.customers, duration, on_postgres.version()))
    errors = sum(each.errors for each in figures)
    if errors:
        raise Failure(f"{errors} requests failed, so the figures are invalid")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"error: {failure}")
