"""A disposable copy of this machine, for samples that install software and use fixed ports.

Its files are an in-memory overlay over those of the machine, its network is only a loopback
interface until `machines.py` connects it to others, and all of its processes end with it. It needs
root.
"""

import subprocess
from pathlib import Path

from server import BINARY

HERE = Path(__file__).resolve().parent
# The directory of its own programs, which take precedence over those of the machine.
OWN = "/usr/local/bin"


class Sandbox:
    """A running sandbox. Only the directory `shared` is not a copy."""

    def __init__(self, room: Path, shared: Path):
        room.mkdir()
        # With a PID namespace, all processes end when the first one does.
        namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
        self._first = subprocess.Popen(
            ["unshare", *namespaces, "sh", HERE / "make.sh", room, shared],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self._first.stdout.readline() != "ready\n":
            raise AssertionError(
                "samples that install the server and its proxies run in Linux namespaces, which "
                "could not be created; that needs root, and a kernel that allows it: "
                + self._first.communicate()[1]
            )
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children")
        (self.pid,) = children.read_text().split()
        namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid"]
        self._enter = ["nsenter", f"--target={self.pid}", *namespaces, "--root"]
        self._install()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self._first.kill()
        self._first.communicate()

    def inside(self, directory: Path) -> list[str]:
        """The wrapper command that starts a command in a directory of the sandbox."""
        return [*self._enter, f"--wdns={directory}"]

    def run(self, *command: str | Path, stdin: str | None = None) -> str:
        """Runs a command in the sandbox and returns its stdout and stderr."""
        result = subprocess.run(
            [*self.inside(Path("/")), *command],
            check=False,
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert result.returncode == 0, f"{' '.join(map(str, command))}: {result.stdout}"
        return result.stdout

    def write(self, file: str, text: str) -> None:
        """Writes a file in the sandbox."""
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", file, stdin=text)

    def _install(self) -> None:
        """Installs the binary where the pages install it, and replacements for system programs."""
        self.run("install", "-m", "755", BINARY, f"{OWN}/pivotal-server")
        self.run("install", "-m", "755", HERE / "systemctl.py", f"{OWN}/systemctl")
        for name in ("cargo", "runuser"):
            self.run("install", "-m", "755", HERE / f"{name}.sh", f"{OWN}/{name}")
