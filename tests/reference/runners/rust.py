"""Programs in Rust. Each is a module of one binary, because linking takes longer than compiling."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import tools
from generated import Clients

# Programs and the files of pages are built in one directory, so that they share dependencies.
_TARGET = tools.MADE / "rust"
# Variables for pages that run `cargo`.
VARIABLES = {"CARGO_TARGET_DIR": str(_TARGET), "CARGO_PROFILE_DEV_DEBUG": "false"}
_MODULE = """
#[allow(dead_code, unused_imports)]
mod {name} {{
    include!("{file}");
    pub fn run() -> std::process::ExitCode {{
        std::process::Termination::report(main())
    }}
}}
"""


def build(programs: Mapping[str, str], clients: Clients, into: Path) -> dict[str, str]:
    """Compiles programs, and returns the command that runs each.

    The generated client is next to them, for programs with `mod pivotal;`.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    shutil.copytree(clients.rust, into / "pivotal")
    modules, arms = "", ""
    for name, code in programs.items():
        file = into / f"{name}.rs"
        file.write_text(code)
        modules += _MODULE.format(name=name, file=file)
        arms += f'        "{name}" => {name}::run(),\n'
    every = into / "every.rs"
    every.write_text(
        f"{modules}\npub fn run(name: &str) -> std::process::ExitCode {{\n    match name {{\n{arms}"
        '        _ => panic!("there is no program {name}"),\n    }\n}\n'
    )
    tools.run(
        "cargo", "build", "--locked", "--manifest-path", tools.RUST / "Cargo.toml",
        PROGRAMS=str(every), CARGO_TARGET_DIR=str(_TARGET),
    )  # fmt: skip
    return {name: f"{_TARGET}/debug/programs {name}" for name in programs}
