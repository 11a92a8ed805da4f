"""The server under test: the binary that cargo built, with a data directory of its own."""

import json
import os
import random
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
BINARY = TARGET / "debug/pivotal-server"


class Server:
    """A running server. Its first start created the `default` workspace and two keys.

    `inside` is a wrapper command that starts it elsewhere, such as in a sandbox.
    """

    def __init__(
        self,
        data: Path,
        address: str = "127.0.0.1:0",
        inside: Sequence[str] = (),
        **settings: str,
    ):
        assert BINARY.exists(), f"{BINARY} is missing; run `cargo build --locked` first"
        self.data = data
        # Not in the data directory: `purge` would list it as a file that may contain copies.
        self.log = data.with_name(f"{data.name}.log")
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [*inside, BINARY, "--json", "--data-dir", data, "serve", "--listen", address],
                cwd=data,
                env=environment(**settings),
                stdout=subprocess.PIPE,
                stderr=log,
            )
        line = self._process.stdout.readline()
        assert line, f"the server did not start: {self.log.read_text()}"
        announcement = json.loads(line)
        self.origin: str = announcement["listening"]
        self.api = f"{self.origin}/api/v1"
        keys = {key["mode"]: key["key"] for key in announcement["keys"]}
        self.live_key, self.test_key = keys["live"], keys["test"]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops the server after requests in flight have finished."""
        if self._process.poll() is None:
            os.kill(_innermost(self._process.pid), signal.SIGTERM)
            self._process.wait()
        self._process.stdout.close()

    def run(self, *arguments: str | Path, given: str = "") -> str:
        """Runs a command on the server's directory and returns its output.

        `given` is its standard input.
        """
        command = [BINARY, "--data-dir", self.data, *arguments]
        result = subprocess.run(
            command,
            check=False,
            cwd=self.data,
            env=environment(),
            input=given,
            text=True,
            capture_output=True,
        )
        assert result.returncode == 0, f"{arguments}: {result.stderr}"
        return result.stdout


def environment(**more: str) -> dict[str, str]:
    """The environment of this process, without variables for the server, its database, and cloud
    storage."""
    foreign = ("PIVOTAL_", "PG", "AWS_", "RCLONE_", "RESTIC_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return own | more


def free_address() -> str:
    """An address that several servers use one after another, because samples are compiled with it.

    The port is below the range that the system assigns to clients, so that no client can get it
    between two servers, and is random, so that it differs between runs.
    """
    first_of_clients = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(first_of_clients // 2, first_of_clients), k=100):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) != 0:
                return f"127.0.0.1:{port}"
    raise AssertionError("a hundred ports are taken")


def _innermost(pid: int) -> int:
    """The process of the server itself, if a wrapper process waits for it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid
