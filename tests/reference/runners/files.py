"""Files that a page shows: JSON of requests and responses, and settings."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING

import jsonschema_rs

if TYPE_CHECKING:
    from page import Block
    from runners import Stage


def write(block: Block, stage: Stage) -> None:
    """Writes the block to the file that its mark names, for the programs after it."""
    name = block.marks.get("file")
    assert name, f"{block}: is not marked with the name of a file"
    stage.shell.run(f"cat > {name} <<'END_OF_FILE'\n{block.code}END_OF_FILE\n")


def json(block: Block, stage: Stage) -> None:
    """Checks JSON against the component of the OpenAPI document that its mark names.

    JSON that is a file is checked by the programs that read it.
    """
    if "file" in block.marks:
        write(block, stage)
        return
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
