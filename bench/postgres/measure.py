"""Measuring a setup: with a copy of its database, and the machine to itself."""

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from harness import data, load
from harness.checks import check
from harness.data import Data
from harness.measure import Duration
from harness.paths import TARGET
from harness.postgres import Postgres
from harness.process import Process, total_cpu, wait_until_idle
from harness.servers.pivotal import Pivotal
from loads import PostgresLoad
from setups import Running, Setup, running


@dataclass(frozen=True)
class Figures:
    """The result of a load in one round. CPU time and bytes are per request."""

    setup: str
    load: str
    per_second: float
    p50_ms: float
    p99_ms: float
    # That of all servers.
    server_micros: float
    primary_micros: float | None
    standby_micros: float | None
    # What a POST wrote to PostgreSQL's write-ahead log.
    wal_bytes: float | None
    errors: int


def measure(
    setup: Setup, server: Pivotal, filled: Data, loads: list[PostgresLoad], duration: Duration
) -> list[Figures]:
    """Starts everything, checks the first server, and runs the loads one after another."""
    with tempfile.TemporaryDirectory(dir=TARGET) as directory:
        work = Path(directory)
        # PostgreSQL runs as another user, who must be able to enter it.
        work.chmod(0o711)
        data.copy(filled, work / "home")
        with running(setup, server, work / "home") as all_of_it:
            check(server, all_of_it.target.ports[0], all_of_it.target.keys[0], filled.newest)
            return [
                run(
                    setup,
                    all_of_it,
                    chosen,
                    load.write_requests(chosen.kind(), server, filled.ids, work),
                    duration,
                )
                for chosen in loads
                # One connection has one server.
                if chosen.connections >= setup.servers
            ]


def run(
    setup: Setup, running: Running, chosen: PostgresLoad, requests: Path, duration: Duration
) -> Figures:
    target = replace(running.target, keys=running.target.keys[: chosen.workspaces])
    wait_until_idle(running.processes())
    errors = 0
    if duration.warm_up > 0:
        errors = load.send(requests, target, duration.warm_up, chosen.connections).errors
    before = Used.by(running)
    counts = load.send(requests, target, duration.measured, chosen.connections)
    after = Used.by(running)

    def each(earlier: float | None, later: float | None) -> float | None:
        if earlier is None or later is None:
            return None
        return (later - earlier) / max(counts.requests, 1)

    figures = Figures(
        setup=setup.name,
        load=chosen.name,
        per_second=counts.requests / counts.micros * 1e6,
        p50_ms=counts.p50 / 1000,
        p99_ms=counts.p99 / 1000,
        server_micros=each(before.servers, after.servers) or 0,
        primary_micros=each(before.primary, after.primary),
        standby_micros=each(before.standby, after.standby),
        wal_bytes=each(before.wal, after.wal) if chosen.writes else None,
        errors=errors + counts.errors,
    )
    rate = f"{figures.per_second:,.0f} per second, {figures.errors} errors"
    print(f"{setup.name} {chosen.name}: {rate}", file=sys.stderr, flush=True)
    return figures


@dataclass(frozen=True)
class Used:
    """The CPU time so far, in microseconds, and the size of all that was written to the WAL."""

    servers: float
    primary: float | None
    standby: float | None
    wal: float | None

    @classmethod
    def by(cls, running: Running) -> "Used":
        return cls(
            micros(running.servers),
            micros_of(running.primary),
            micros_of(running.standby),
            running.primary.written() if running.primary else None,
        )


def micros(processes: list[Process]) -> float:
    return total_cpu(processes) * 1e6


def micros_of(database: Postgres | None) -> float | None:
    return micros([database.process]) if database else None
