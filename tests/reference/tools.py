"""Where the tools of the three languages are, which `tests/run` installs."""

import os
import subprocess
from pathlib import Path

from server import BINARY, TARGET

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE / "node_modules"
RUST = HERE / "rust"
# What is made here, and where cargo put the generator of Rust clients.
MADE = TARGET / "reference"


def path() -> str:
    """The PATH with these tools and the binary under test."""
    own = [BINARY.parent, HERE / ".venv/bin", NODE_MODULES / ".bin", MADE / "bin"]
    return os.pathsep.join([*map(str, own), os.environ["PATH"]])


def run(*command: str | Path, cwd: Path = MADE, **variables: str) -> str:
    """Runs a tool and returns what it prints; fails when it does, with what it said."""
    env = os.environ | {"PATH": path()} | variables
    ran = subprocess.run(command, check=False, cwd=cwd, env=env, text=True, capture_output=True)
    assert ran.returncode == 0, f"{' '.join(map(str, command))}:\n{ran.stdout}{ran.stderr}"
    return ran.stdout
