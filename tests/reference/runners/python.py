"""Programs in Python. They may import what stands in the directory where they run."""

from collections.abc import Mapping
from pathlib import Path


def build(programs: Mapping[str, str], into: Path) -> dict[str, str]:
    """Writes programs down, and returns the command that runs each."""
    into.mkdir(parents=True, exist_ok=True)
    for name, code in programs.items():
        (into / f"{name}.py").write_text(code)
    return {name: f"PYTHONPATH=$PWD python {into}/{name}.py" for name in programs}
