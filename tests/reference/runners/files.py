"""Files that a page shows: those that programs use, JSON of requests and responses, and
settings."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING

import jsonschema_rs

import tools
from runners import workflows

if TYPE_CHECKING:
    from page import Block
    from runners import Stage


# Commands for what must be next to a file, by the end of its name: what the page tells people to
# install or create.
_NEXT_TO = {
    ".ts": f"ln -sfn {tools.NODE_MODULES} node_modules",
    "Cargo.toml": f"cp {tools.RUST}/Cargo.lock .; mkdir src; touch src/lib.rs",
}


def write(block: Block, stage: Stage) -> None:
    """Writes the block to the file that its mark names, for the programs after it."""
    name = block.marks["file"]
    stage.shell.run(
        f"mkdir -p $(dirname {name})\ncat > {name} <<'END_OF_FILE'\n{block.code}END_OF_FILE\n"
    )
    for end, command in _NEXT_TO.items():
        if name.endswith(end):
            stage.shell.run(command)
    if name.startswith(workflows.DIRECTORY):
        workflows.run(block, stage)


def json(block: Block, stage: Stage) -> None:
    """Checks JSON against the component of the OpenAPI document that its mark names."""
    component = block.marks.get("schema")
    assert component, f"{block}: is neither the output of a program nor marked with a schema"
    reference = {"$ref": f"#/components/schemas/{component}"}
    schema = reference | {"components": stage.openapi["components"]}
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(jsonlib.loads(block.code))


def toml(block: Block, stage: Stage) -> None:
    """Checks settings with the server's `config` command."""
    stage.settings = stage.files / f"{block.name}.toml"
    stage.settings.write_text(block.code)
    stage.server.run("--config", stage.settings, "config")
