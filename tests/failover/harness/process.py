"""A program that can be killed or stopped with all of its processes at any moment."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO


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

    def runs(self) -> bool:
        return self.child.poll() is None

    def kill(self) -> None:
        """Ends all processes at once, as a power failure does."""
        for pid in self._stop():
            send(pid, signal.SIGKILL)
        self.child.wait()

    def freeze(self) -> None:
        self._stop()

    def thaw(self) -> None:
        # The first process comes last, so that it finds the others running.
        for pid in reversed(self._tree()):
            send(pid, signal.SIGCONT)

    def ask_to_end(self, number: signal.Signals) -> None:
        send(self.child.pid, number)
        self.child.wait(timeout=60)

    def _stop(self) -> list[int]:
        """Stops all processes. Parents first: a stopped process starts no other."""
        stopped: list[int] = []
        while new := [pid for pid in self._tree() if pid not in stopped]:
            for pid in new:
                send(pid, signal.SIGSTOP)
            stopped += new
        return stopped

    def _tree(self) -> list[int]:
        """Returns all processes, parents before their children."""
        found = [self.child.pid]
        for pid in found:
            for children in Path("/proc", str(pid), "task").glob("*/children"):
                with contextlib.suppress(OSError):
                    found += map(int, children.read_text().split())
        return found


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
