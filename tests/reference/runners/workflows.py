"""Workflows of GitHub Actions. Their commands run in the directory with the files of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from page import Block
    from runners import Stage

DIRECTORY = ".github/workflows/"
# The actions that the tests know: their effect is already there.
_ACTIONS = ("actions/checkout@v5", "actions/cache@v4")
# The condition of a step that fills the cache. The tests run as if it was filled.
_ON_MISS = "steps.cache.outputs.cache-hit != 'true'"
# The options of the shell in which GitHub runs commands.
_OPTIONS = "set -eo pipefail\n"


def run(block: Block, stage: Stage) -> None:
    """Runs the commands of a workflow."""
    workflow = yaml.safe_load(block.code)
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"], f"{block}: a job has no time limit"
        for step in job["steps"]:
            _run_step(step, stage)


def _run_step(step: dict, stage: Stage) -> None:
    if "uses" in step:
        assert step["uses"] in _ACTIONS, f"the action {step['uses']} is unknown"
        assert set(step) <= {"uses", "id", "with"}, f"unknown fields in {step}"
        return
    assert set(step) <= {"run", "if"}, f"unknown fields in {step}"
    if "if" in step:
        assert step["if"] == _ON_MISS, f"the condition {step['if']} is unknown"
        return
    stage.shell.run(f"({_OPTIONS}{step['run']}\n)")
