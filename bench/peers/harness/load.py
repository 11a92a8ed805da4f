"""The three loads, sent by wrk."""

import json
import os
import random
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from .customers import new_bodies
from .failure import Failure
from .paths import REPOSITORY
from .server import Server

CONNECTIONS = 64
BODIES = 2000
# Makes the slugs of each run unique. bench/loads/load.lua takes the number.
RUNS = count(1)


@dataclass(frozen=True)
class Load:
    # For `--loads`.
    name: str
    # For the table.
    title: str


LOADS = [
    Load("get", "GET a customer"),
    Load("list", "GET a page of 100"),
    Load("post", "POST a customer"),
]


@dataclass(frozen=True)
class Target:
    """Where requests go."""

    # One for each process. Each gets the same number of connections.
    ports: list[int]
    # Each POST has a random one of them; other requests have the first one.
    keys: list[str]


@dataclass(frozen=True)
class Counts:
    """What wrk reports. Times are in microseconds."""

    requests: int
    micros: int
    p50: int
    p99: int
    errors: int


def write_requests(load: Load, server: Server, ids: list[str], directory: Path) -> Path:
    """Writes the requests to choose from, in the format that bench/loads/load.lua reads."""
    file = directory / f"{load.name}.requests"
    file.write_text("\n".join(requests(load, server, ids)))
    return file


def requests(load: Load, server: Server, ids: list[str]) -> Iterator[str]:
    path = server.collection
    if load.name == "get":
        shuffled: Iterable[str] = random.Random(1).sample(ids, len(ids))
        return (f"GET {path}/{customer_id}" for customer_id in shuffled)
    if load.name == "list":
        return iter([f"GET {path}?{server.first_page}"])
    return (f"POST {path} {body}" for body in new_bodies(BODIES))


def send(requests: Path, target: Target, seconds: int, connections: int = CONNECTIONS) -> Counts:
    # The connections of a thread go to the same process.
    command = ["wrk", f"--threads={len(target.ports)}", f"--connections={connections}"]
    command += [f"--duration={seconds}s"]
    command += ["--timeout=10s", "--script", str(REPOSITORY / "bench" / "loads" / "load.lua")]
    # The number of the run, the requests, and no pauses between them.
    command += [f"http://127.0.0.1:{target.ports[0]}", "--", str(next(RUNS)), str(requests), "0"]
    # Not an argument, because every user on the machine can read those.
    environment = os.environ | {
        "BENCH_KEY": " ".join(target.keys),
        "BENCH_PORTS": " ".join(map(str, target.ports)),
    }
    done = subprocess.run(command, check=False, env=environment, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        raise Failure(f"wrk failed: {done.stdout}")
    return Counts(**json.loads(lines[-1]))
