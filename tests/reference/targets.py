"""Stand-ins for the places that the samples copy backups to."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PORT = "9000"
_DIRECTORY = "/srv"


@contextmanager
def backup_targets(inside: list[str]) -> Iterator[dict[str, str]]:
    """Starts storage in the sandbox, and makes a directory that plays the other machine.

    Returns what to replace in programs: the names of these machines.
    """
    subprocess.run([*inside, "mkdir", "-p", f"{_DIRECTORY}/pivotal"], check=True)
    subprocess.run([*inside, "chmod", "-R", "777", _DIRECTORY], check=True)
    program = [sys.executable, Path(__file__).with_name("s3.py"), _PORT, "pivotal-backups"]
    storage = subprocess.Popen([*inside, *program], stdout=subprocess.PIPE, text=True)
    try:
        assert storage.stdout.readline() == "ready\n", "the storage did not start"
        yield {
            "https://s3.example.com": f"http://127.0.0.1:{_PORT}",
            "ssh backup@backup.example.com ": "sh -c ",
            "sftp:backup@backup.example.com:": "",
            "backup@backup.example.com:": "",
        }
    finally:
        # The storage itself, which this command waits for, ends with the sandbox.
        storage.kill()
        storage.wait()
        storage.stdout.close()
