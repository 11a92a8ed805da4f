#!/usr/bin/env python3
"""Writes the wheel: `build_wheel.py BINARY VERSION OUT`.

A wheel is a ZIP file with three text files about its contents, so this needs no build backend.
SOURCE_DATE_EPOCH sets the time of its files.
"""

import base64
import hashlib
import os
import platform
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def platform_tag(binary: Path) -> str:
    """The tag of the systems on which the binary runs: those with the glibc that it needs."""
    symbols = subprocess.run(["objdump", "-T", binary], check=True, capture_output=True, text=True)
    versions = re.findall(r"\bGLIBC_(\d+)\.(\d+)", symbols.stdout)
    major, minor = max((int(major), int(minor)) for major, minor in versions)
    return f"manylinux_{major}_{minor}_{platform.machine()}"


def python_version(version: str) -> str:
    """The version as Python writes it: `0.2.0-rc.1` is `0.2.0rc1`."""
    return re.sub(r"-(alpha|beta|rc)\.?(\d+)$", lambda found: found[1] + found[2], version)


def main() -> None:
    binary, version, out = Path(sys.argv[1]), python_version(sys.argv[2]), Path(sys.argv[3])
    tag = f"py3-none-{platform_tag(binary)}"
    info = f"pivotal_server-{version}.dist-info"
    metadata = (
        "Metadata-Version: 2.1\n"
        "Name: pivotal-server\n"
        f"Version: {version}\n"
        "Summary: Starts a self-hosted server for the Pivotal customer-onboarding API, for tests\n"
        "Classifier: Framework :: Pytest\n"
        "Requires-Python: >=3.9\n"
        "Description-Content-Type: text/markdown\n\n" + (HERE / "README.md").read_text()
    )
    entry_points = (
        "[console_scripts]\npivotal-server = pivotal_server.__main__:main\n\n"
        "[pytest11]\npivotal_server = pivotal_server.pytest_plugin\n"
    )
    wheel = f"Wheel-Version: 1.0\nGenerator: build_wheel\nRoot-Is-Purelib: false\nTag: {tag}\n"
    sources = [path for path in (HERE / "pivotal_server").iterdir() if path.is_file()]
    files = {f"pivotal_server/{path.name}": path.read_bytes() for path in sorted(sources)}
    files["pivotal_server/bin/pivotal-server"] = binary.read_bytes()
    files[f"{info}/METADATA"] = metadata.encode()
    files[f"{info}/WHEEL"] = wheel.encode()
    files[f"{info}/entry_points.txt"] = entry_points.encode()
    record = f"{info}/RECORD"
    rows = [f"{name},{digest(content)},{len(content)}" for name, content in files.items()]
    files[record] = "\n".join([*rows, f"{record},,", ""]).encode()

    changed = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))[:6]
    file = out / f"pivotal_server-{version}-{tag}.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, changed)
            mode = 0o755 if name.endswith("bin/pivotal-server") else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    print(file)


def digest(content: bytes) -> str:
    text = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
    return "sha256=" + text.rstrip("=")


main()
