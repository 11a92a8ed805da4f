#!/usr/bin/env python3
"""Replaces `systemctl` where systemd doesn't run: starts the program of a unit as its user.

It doesn't apply the unit's restrictions. `runners/systemd.py` lets systemd itself check units.
"""

import configparser
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

RUNNING = Path("/run/pivotal-units")


def service(name: str) -> configparser.SectionProxy:
    # Units can contain a setting several times.
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    file = Path(f"/etc/systemd/system/{name}.service")
    unit.read_string(file.read_text())
    unit.read(sorted(file.with_name(f"{file.name}.d").glob("*.conf")))
    return unit["Service"]


def environment(unit: configparser.SectionProxy) -> dict[str, str]:
    own = {"PATH": os.environ["PATH"]}
    if file := unit.get("EnvironmentFile"):
        words = shlex.split(Path(file).read_text(), comments=True)
        own |= dict(word.split("=", 1) for word in words)
    return own


def start(name: str) -> None:
    """Starts a unit, and returns when it listens. Its output is in a file, as in the journal."""
    unit = service(name)
    state = Path("/var/lib") / unit["StateDirectory"]
    state.mkdir(mode=int(unit["StateDirectoryMode"], 8), exist_ok=True)
    shutil.chown(state, unit["User"], unit["User"])
    RUNNING.mkdir(exist_ok=True)
    journal = RUNNING / f"{name}.log"
    with journal.open("w") as output:
        process = subprocess.Popen(
            shlex.split(unit["ExecStart"]),
            cwd="/",
            user=unit["User"],
            group=unit["User"],
            extra_groups=[],
            env=environment(unit),
            stdout=output,
            stderr=output,
        )
    while "Listening on " not in journal.read_text():
        if process.poll() is not None:
            sys.exit(f"{name} exited: {journal.read_text()}")
        time.sleep(0.05)
    (RUNNING / name).write_text(str(process.pid))


def stop(name: str) -> None:
    """Stops a unit, and returns when its process has exited."""
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
        sys.exit(f"systemctl {command} is not supported here")


main()
