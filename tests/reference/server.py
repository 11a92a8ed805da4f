"""The server under test: the binary that cargo built, on a directory of its own."""

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
    """A running server. Its first start made the workspace `default` and the two keys.

    `inside` is the command that starts it elsewhere, such as in a sandbox.
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
        with (data / "server.log").open("w") as log:
            self._process = subprocess.Popen(
                [*inside, BINARY, "--json", "--data-dir", data, "serve", "--listen", address],
                cwd=data,
                env=environment(**settings),
                stdout=subprocess.PIPE,
                stderr=log,
            )
        announced = self._process.stdout.readline()
        assert announced, f"the server did not start: {(data / 'server.log').read_text()}"
        started = json.loads(announced)
        self.origin: str = started["listening"]
        self.api = f"{self.origin}/api/v1"
        keys = {key["mode"]: key["key"] for key in started["keys"]}
        self.live_key, self.test_key = keys["live"], keys["test"]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends it, when what is in flight is finished."""
        if self._process.poll() is None:
            os.kill(_innermost(self._process.pid), signal.SIGTERM)
            self._process.wait()
        self._process.stdout.close()

    def run(self, *arguments: str | Path) -> str:
        """Runs a command on the server's directory and returns what it prints."""
        command = [BINARY, "--data-dir", self.data, *arguments]
        ran = subprocess.run(
            command,
            check=False,
            cwd=self.data,
            env=environment(),
            text=True,
            capture_output=True,
        )
        assert ran.returncode == 0, f"{arguments}: {ran.stderr}"
        return ran.stdout


def environment(**more: str) -> dict[str, str]:
    """The variables of this process, without settings of whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PIVOTAL_")}
    return own | more


def free_address() -> str:
    """An address for servers that follow each other on it, as samples are compiled with it.

    Its port lies below those that the system gives to clients, which could otherwise be given it
    between two of these servers, and is not the one of another run.
    """
    first_of_clients = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(first_of_clients // 2, first_of_clients), k=100):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) != 0:
                return f"127.0.0.1:{port}"
    raise AssertionError("a hundred ports are taken")


def _innermost(pid: int) -> int:
    """The server itself, which a process that brought it elsewhere waits for."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid
