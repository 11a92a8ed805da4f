"""A disposable copy of this machine, for samples that install things and take ports for themselves.

Files are an overlay in memory over those of the machine, the network has nothing but a loopback,
and whatever was left running ends with it. It needs root.
"""

import subprocess
from pathlib import Path

from server import BINARY

HERE = Path(__file__).resolve().parent
# Where its own programs are, which stand before those of the machine.
OWN = "/usr/local/bin"


class Sandbox:
    """Only the directory `shared` is not a copy."""

    def __init__(self, room: Path, shared: Path):
        room.mkdir()
        # The pids, since whatever has those of a namespace ends with its first process.
        namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child"]
        self._first = subprocess.Popen(
            ["unshare", *namespaces, "sh", HERE / "make.sh", room, shared],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self._first.stdout.readline() != "ready\n":
            raise AssertionError(
                "samples that install the server and its proxies run in namespaces of their own, "
                "which could not be made; that takes root, and a kernel that allows it: "
                + self._first.communicate()[1]
            )
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children")
        (inner,) = children.read_text().split()
        self._enter = ["nsenter", f"--target={inner}", "-m", "-n", "-p", "-r"]
        self._install()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self._first.kill()
        self._first.communicate()

    def inside(self, directory: Path) -> list[str]:
        """What starts a command in a directory of it."""
        return [*self._enter, f"--wdns={directory}"]

    def run(self, *command: str | Path, stdin: str | None = None) -> str:
        """Runs a command in it and returns what it prints, on both outputs."""
        ran = subprocess.run(
            [*self.inside(Path("/")), *command],
            check=False,
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert ran.returncode == 0, f"{' '.join(map(str, command))}: {ran.stdout}"
        return ran.stdout

    def write(self, file: str, text: str) -> None:
        """Writes a file in it."""
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", file, stdin=text)

    def _install(self) -> None:
        """What stands in for parts of a machine, and the binary where the pages install it."""
        self.run("install", "-m", "755", BINARY, f"{OWN}/pivotal-server")
        self.run("install", "-m", "755", HERE / "systemctl.py", f"{OWN}/systemctl")
        self.run("install", "-m", "755", HERE / "cargo.sh", f"{OWN}/cargo")
