"""Programs that can be killed or stopped with all of their processes at any moment."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from .waiting import TIMEOUT, wait_until


class Process:
    """A running program. What it prints is appended to its log."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str],
        stdout: int | IO[bytes] | None = None,
    ):
        with log.open("ab") as file:
            self.child = subprocess.Popen(
                command,
                env=environment,
                # Not the repository, whose config.toml the server would read.
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=file if stdout is None else stdout,
                stderr=file,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.child.pid

    def runs(self) -> bool:
        return self.child.poll() is None

    def ask_to_end(self, number: signal.Signals) -> None:
        send(self.pid, number)
        self.child.wait(timeout=TIMEOUT)


def kill(roots: Sequence[int]) -> None:
    """Ends these processes and their descendants at once, as a power failure does."""
    stopped = freeze(roots)
    for pid in stopped:
        send(pid, signal.SIGKILL)
    wait_until("the processes have ended", lambda: not any(map(exists, stopped)))


def freeze(roots: Sequence[int]) -> list[int]:
    """Stops these processes and their descendants, and returns them. Parents come first: a stopped
    process starts no other."""
    stopped: list[int] = []
    while new := [pid for pid in tree(roots) if pid not in stopped]:
        for pid in new:
            send(pid, signal.SIGSTOP)
        stopped += new
    return stopped


def thaw(roots: Sequence[int]) -> None:
    # Parents come last, so that they find the others running.
    for pid in reversed(tree(roots)):
        send(pid, signal.SIGCONT)


def tree(roots: Sequence[int]) -> list[int]:
    found = list(roots)
    for pid in found:
        for children in Path("/proc", str(pid), "task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def exists(pid: int) -> bool:
    """Whether a process has not ended. One that nobody has waited for yet has ended, too."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except OSError:
        return False
    # The name is in parentheses and may contain anything.
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
