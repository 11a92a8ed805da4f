"""Programs in TypeScript. One strict compiler run checks them all, and Node.js runs its output."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import tools

OPTIONS = """{
  "compilerOptions": {
    "strict": true,
    "target": "es2022",
    "module": "nodenext",
    "types": ["node"],
    "rewriteRelativeImportExtensions": true,
    "outDir": "out",
    "noEmitOnError": true
  }
}
"""


def build(
    programs: Mapping[str, str], files: Mapping[str, str], client: Path, into: Path
) -> dict[str, str]:
    """Compiles programs, and returns the command that runs each. Checks the types of other files.

    Programs can import the generated client from their own directory.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    (into / "tsconfig.json").write_text(OPTIONS)
    (into / "node_modules").symlink_to(tools.NODE_MODULES)
    # A client of several files consists of ES modules, like the programs.
    (into / "package.json").write_text('{"type": "module"}')
    if client.is_dir():
        shutil.copytree(client, into / client.name)
    else:
        shutil.copy(client, into)
    for name, code in programs.items():
        (into / f"{name}.mts").write_text(code)
    for name, code in files.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        (into / name).write_text(code)
    tools.run("tsc", "--project", into)
    return {name: f"node {into}/out/{name}.mjs" for name in programs}
