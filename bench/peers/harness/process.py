"""A server that runs: starting it, its CPU time, and stopping it."""

import contextlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .failure import Failure
from .paths import TARGET

TICKS = os.sysconf("SC_CLK_TCK")
TIMEOUT = 120
IDLE_AFTER = 0.3
# Idle servers use a little CPU time, too: some have timers.
IDLE_SHARE = 0.05


class Process:
    """A server with all of its processes. Its log is discarded."""

    def __init__(
        self,
        command: list[str],
        environment: Mapping[str, str],
        end_with: signal.Signals = signal.SIGTERM,
    ):
        self.command = command
        self._end_with = end_with
        self.child = subprocess.Popen(
            command,
            env={**inherited_environment(), **environment},
            # Not the repository, whose config.toml this server would read.
            cwd=TARGET,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_error: object) -> None:
        """Stops the processes. Their data is a copy that nobody needs any more."""
        self._signal(self._end_with)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(timeout=10)
        # What is left of the group.
        self._signal(signal.SIGKILL)
        self.child.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)

    def wait_until_listening(self, port: int) -> None:
        def listening() -> bool:
            if self.child.poll() is not None:
                raise Failure(f"the server did not start: {shlex.join(self.command)}")
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", "/")
                connection.getresponse()
            except OSError:
                return False
            finally:
                connection.close()
            return True

        wait_until(listening, 0.02)

    def cpu(self) -> float:
        """Returns the CPU time that the processes have used so far, in seconds."""
        return family_ticks(self.child.pid) / TICKS


def total_cpu(processes: Sequence[Process]) -> float:
    return sum(process.cpu() for process in processes)


def wait_until_idle(processes: Sequence[Process]) -> None:
    def idle() -> bool:
        before = total_cpu(processes)
        time.sleep(IDLE_AFTER)
        return total_cpu(processes) - before < IDLE_SHARE * IDLE_AFTER

    wait_until(idle, 0)


def family_ticks(root: int) -> int:
    """Returns the CPU time of a process and of its descendants, also of those that have ended. They
    aren't found by their process group, because PostgreSQL's processes have one each."""
    stats: dict[int, list[str]] = {}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for directory in Path("/proc").iterdir():
        if directory.name.isdecimal():
            try:
                text = (directory / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            # The name is in parentheses and may contain spaces.
            fields = text.rpartition(")")[2].split()
            stats[int(directory.name)] = fields
            children[int(fields[1])].append(int(directory.name))
    family = [root]
    for process in family:
        family += children[process]
    return sum(ticks(stats[process]) for process in family if process in stats)


def ticks(fields: list[str]) -> int:
    """Returns utime, stime, cutime, and cstime, which begin with the 12th field after the name
    (proc(5)). The latter two are those of children that have ended."""
    return sum(map(int, fields[11:15]))


def inherited_environment() -> dict[str, str]:
    """Returns the environment without what would change the settings of a server."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIVOTAL_", "NODE_", "PYTHON", "UVICORN_", "PB_", "PG"))
    }


def wait_until(condition: Callable[[], bool], pause: float) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise Failure("the server does not become ready")
        time.sleep(pause)


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port
