"""Files that a page shows: JSON that the API takes or gives, settings."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING

import jsonschema_rs

if TYPE_CHECKING:
    from page import Block
    from runners import Stage


def json(block: Block, stage: Stage) -> None:
    """Checks JSON against the component of the OpenAPI document that it is marked with."""
    component = block.marks.get("schema")
    assert component, f"{block}: follows no program whose output it is, and names no schema"
    reference = {"$ref": f"#/components/schemas/{component}"}
    schema = reference | {"components": stage.openapi["components"]}
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(jsonlib.loads(block.code))


def toml(block: Block, stage: Stage) -> None:
    """Lets the server read settings."""
    stage.settings = stage.files / f"{block.name}.toml"
    stage.settings.write_text(block.code)
    stage.server.run("--config", stage.settings, "config")
