"""The machine that a run was made on."""

import os
import platform
from pathlib import Path


def describe() -> str:
    memory = int(field("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    return (
        f"{os.cpu_count()} processors ({field('/proc/cpuinfo', 'model name')}) with"
        f" {memory:.0f} GiB of memory, Linux {platform.release().split('-')[0]}"
    )


def field(file: str, name: str) -> str:
    """Returns the first value with this name in a file of `name: value` lines."""
    for line in Path(file).read_text().splitlines():
        found, _, value = line.partition(":")
        if found.strip() == name:
            return value.strip()
    return "0" if name == "MemTotal" else "unknown"
