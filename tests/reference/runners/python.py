"""Programs in Python. They may import what stands in the directory where they run, and the
generated client."""

from collections.abc import Mapping
from pathlib import Path

from generated import Clients


def build(programs: Mapping[str, str], clients: Clients, into: Path) -> dict[str, str]:
    """Writes programs down, and returns the command that runs each."""
    into.mkdir(parents=True, exist_ok=True)
    for name, code in programs.items():
        (into / f"{name}.py").write_text(code)
    path = f"$PWD:{clients.python.parent}"
    return {name: f"PYTHONPATH={path} python {into}/{name}.py" for name in programs}
