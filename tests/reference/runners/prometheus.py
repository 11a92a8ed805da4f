"""The configuration of Prometheus, which its own tool checks together with the alert rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from page import Block
    from runners import Stage


def config(block: Block, stage: Stage) -> None:
    """Adds to the configuration that the page showed before, and checks it."""
    stage.shell.run(
        f"cat >> prometheus.yml <<'END_OF_FILE'\n{block.code}END_OF_FILE\n"
        "promtool check config prometheus.yml"
    )
