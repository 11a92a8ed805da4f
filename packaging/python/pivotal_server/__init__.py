"""Starts a self-hosted server for the Pivotal customer-onboarding API, for tests."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType

__all__ = ["Server", "ServerError", "start"]

BINARY = Path(__file__).parent / "bin" / "pivotal-server"


class ServerError(RuntimeError):
    """The server could not be started, or failed. The message says why."""


class Server:
    """A running server with an empty database of its own, or with the data of its seed.

    `url` is its URL without a path, and `keys` has the `live` and the `test` key that it created.
    """

    url: str
    keys: Mapping[str, str]

    def __init__(self, arguments: Sequence[str]) -> None:
        try:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise ServerError(f"pivotal-server did not start: {error}") from error
        self._lock = threading.Lock()
        self._log: list[str] | None = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        try:
            announcement = json.loads(self._process.stdout.readline())
        except ValueError:
            self._process.stdin.close()
            self._process.wait()
            self._reader.join()
            self._close()
            reason = "".join(self._log).strip() or "it was not asked to serve"
            raise ServerError(f"pivotal-server did not start: {reason}") from None
        self.url = announcement["listening"]
        self.keys = {key["mode"]: key["key"] for key in announcement["keys"]}
        with self._lock:
            early, self._log = self._log, None
        sys.stderr.write("".join(early))

    def stop(self) -> None:
        """Stops the server and removes its database. Raises if the server failed while it ran."""
        self._process.stdin.close()
        code = self._process.wait()
        self._reader.join()
        self._close()
        if code != 0:
            raise ServerError(f"pivotal-server ended with exit code {code}")

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _read_log(self) -> None:
        """Collects the log until the server is ready, then passes it on."""
        for line in self._process.stderr:
            with self._lock:
                if self._log is None:
                    sys.stderr.write(line)
                else:
                    self._log.append(line)

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            stream.close()


def start(*, seed: str | PathLike[str] | None = None, args: Sequence[str] = ()) -> Server:
    """Starts a server on a free port. It ends at the latest with this program.

    `seed` is a file with the data that the server starts with. `args` are more arguments of
    `pivotal-server serve`.
    """
    seed_args = [] if seed is None else ["--seed", fspath(seed)]
    own = ["serve", "--ephemeral", "--exit-with-parent"]
    return Server([str(BINARY), *own, *seed_args, *args])
