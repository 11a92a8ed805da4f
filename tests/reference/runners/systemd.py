"""Units, which systemd itself checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from page import Block
    from runners import Stage


def unit(block: Block, stage: Stage) -> None:
    """Puts a unit where its page says, and has it checked: a warning is a mistake as well."""
    assert block.file, f"{block}: no path stands before it"
    stage.sandbox.write(block.file, block.code)
    said = stage.sandbox.run("systemd-analyze", "verify", "--recursive-errors=no", block.file)
    assert said == "", f"{block}: {said}"
