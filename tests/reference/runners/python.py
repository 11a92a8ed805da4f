"""Programs in Python. They can import modules from the directory that they run in, and the
generated client."""

from collections.abc import Mapping
from pathlib import Path

from generated import Clients


def build(programs: Mapping[str, str], clients: Clients, into: Path) -> dict[str, str]:
    """Writes programs to files, and returns the command that runs each."""
    into.mkdir(parents=True, exist_ok=True)
    for name, code in programs.items():
        (into / f"{name}.py").write_text(code)
    path = f"$PWD:{clients.python.parent}"
    return {name: f"PYTHONPATH={path} python {into}/{name}.py" for name in programs}
