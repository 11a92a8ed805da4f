#!/usr/bin/env python3
"""`systemctl` where systemd does not run: it starts what a unit starts, as the unit's user.

What systemd would forbid to it is not forbidden here. Units are checked by systemd itself, in
`runners/systemd.py`.
"""

import configparser
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

RUNNING = Path("/run/pivotal-units")


def service(name: str) -> configparser.SectionProxy:
    # A setting may stand there several times.
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(Path(f"/etc/systemd/system/{name}.service").read_text())
    return unit["Service"]


def start(name: str) -> None:
    """Starts it, and returns when it has said something."""
    unit = service(name)
    state = Path("/var/lib") / unit["StateDirectory"]
    state.mkdir(mode=int(unit["StateDirectoryMode"], 8), exist_ok=True)
    shutil.chown(state, unit["User"], unit["User"])
    process = subprocess.Popen(
        shlex.split(unit["ExecStart"]),
        cwd="/",
        user=unit["User"],
        group=unit["User"],
        extra_groups=[],
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = process.stdout.readline()
    if process.poll() is not None:
        sys.exit(f"{name} ended: {said}")
    RUNNING.mkdir(exist_ok=True)
    (RUNNING / name).write_text(str(process.pid))


def stop(name: str) -> None:
    """Asks it to stop, and returns when it has."""
    file = RUNNING / name
    if file.exists():
        process = os.pidfd_open(int(file.read_text()))
        signal.pidfd_send_signal(process, signal.SIGTERM)
        select.select([process], [], [])
        file.unlink()


def status(name: str) -> None:
    if not (RUNNING / name).exists():
        sys.exit(f"{name}: inactive (dead)")
    print(f"{name}: active (running)")


def main() -> None:
    flags = [word for word in sys.argv[1:] if word.startswith("-")]
    command, *names = [word for word in sys.argv[1:] if not word.startswith("-")]
    for name in (name.removesuffix(".service") for name in names):
        if command in ("stop", "restart"):
            stop(name)
        if command in ("start", "restart") or (command == "enable" and "--now" in flags):
            start(name)
        if command == "status":
            status(name)
    if command not in ("daemon-reload", "enable", "start", "restart", "stop", "status"):
        sys.exit(f"systemctl {command} is not known here")


main()
