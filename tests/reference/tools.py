"""Paths of the tools of the three languages, which `tests/run` installs."""

import os
import subprocess
from pathlib import Path

from server import BINARY, TARGET

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE / "node_modules"
RUST = HERE / "rust"
# Everything built here, including the generator of Rust clients.
MADE = TARGET / "reference"


def path() -> str:
    """The PATH with these tools and the binary under test."""
    own = [BINARY.parent, HERE / ".venv/bin", NODE_MODULES / ".bin", MADE / "bin"]
    return os.pathsep.join([*map(str, own), os.environ["PATH"]])


def run(*command: str | Path, cwd: Path = MADE, **variables: str) -> str:
    """Runs a tool and returns its output. Fails with that output if the tool fails."""
    env = os.environ | {"PATH": path()} | variables
    result = subprocess.run(command, check=False, cwd=cwd, env=env, text=True, capture_output=True)
    assert result.returncode == 0, f"{' '.join(map(str, command))}:\n{result.stdout}{result.stderr}"
    return result.stdout
