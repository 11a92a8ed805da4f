"""Unit files, which systemd itself checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from page import Block
    from runners import Stage


def unit(block: Block, stage: Stage) -> None:
    """Installs a unit at the path on the page, and checks it. Warnings count as errors."""
    assert block.file, f"{block}: a path must precede it"
    stage.sandbox.write(block.file, block.code)
    output = stage.sandbox.run("systemd-analyze", "verify", "--recursive-errors=no", block.file)
    assert output == "", f"{block}: {output}"
