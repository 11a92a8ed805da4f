"""Measuring a server: with a copy of its database, and the machine to itself."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import data, load
from .checks import check
from .data import Data
from .load import Load, Target
from .paths import TARGET
from .process import Process, free_port, total_cpu, wait_until_idle
from .server import Server


@dataclass(frozen=True)
class Figures:
    """The result of a load in one round."""

    server: str
    load: str
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_micros: float
    errors: int


@dataclass(frozen=True)
class Duration:
    """How long a load runs, in seconds."""

    warm_up: int
    measured: int


@dataclass(frozen=True)
class Running:
    server: Server
    processes: list[Process]
    target: Target


def measure(server: Server, filled: Data, loads: list[Load], duration: Duration) -> list[Figures]:
    """Starts the server, checks it, and runs the loads one after another."""
    with tempfile.TemporaryDirectory(dir=TARGET) as directory:
        home = Path(directory) / "home"
        # PostgreSQL runs as another user, who must be able to enter it.
        Path(directory).chmod(0o711)
        data.copy(filled, home)
        port = free_port()
        with server.running(home, port) as processes:
            key = server.key(home, port)
            running = Running(server, processes, Target([port], [key]))
            check(server, port, key, filled.newest)
            wait_until_idle(processes)
            return [
                run(
                    running,
                    chosen,
                    load.write_requests(chosen, server, filled.ids, Path(directory)),
                    duration,
                )
                for chosen in loads
            ]


def run(running: Running, chosen: Load, requests: Path, duration: Duration) -> Figures:
    errors = 0
    if duration.warm_up > 0:
        errors = load.send(requests, running.target, duration.warm_up).errors
    before = total_cpu(running.processes)
    counts = load.send(requests, running.target, duration.measured)
    used = total_cpu(running.processes) - before
    figures = Figures(
        server=running.server.name,
        load=chosen.name,
        per_second=counts.requests / counts.micros * 1e6,
        p50_ms=counts.p50 / 1000,
        p99_ms=counts.p99 / 1000,
        cpu_micros=used / max(counts.requests, 1) * 1e6,
        errors=errors + counts.errors,
    )
    rate = f"{figures.per_second:,.0f} per second, {figures.errors} errors"
    print(f"{figures.server} {figures.load}: {rate}", file=sys.stderr)
    return figures
