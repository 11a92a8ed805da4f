"""Tests of generated clients: they can do what the quickstart does.

The journey is the same program in three languages, `clients/journey.*`. Each one prints what it has
seen, read through the generated types.
"""

import json
from pathlib import Path

import pytest

import tools
from generated import Clients
from runners import SetStage, typescript
from server import Server

SEEN = {
    "workspace": "default",
    # A second POST with the same idempotency key.
    "replayed": True,
    "metadata": {"segment": "mid-market"},
    "contact": ["maya@aurora.example", True],
    "moved": ["program_design", True],
    # Cleared by a PATCH with null.
    "plan": ["growth", None],
    # Page by page, one customer at a time.
    "walked": ["cirrus", "borealis", "aurora-shipping"],
    "activity": [
        "customer.updated",
        "onboarding.phase_changed",
        "onboarding.updated",
        "onboarding.created",
        "contact.created",
        "customer.created",
    ],
    "previous": {"plan": "growth"},
    "taken": ["conflict", "slug_taken", "slug"],
    "wrong": ["name", "slug"],
    "deleted": True,
    "gone": "customer_not_found",
}


@pytest.mark.parametrize("language", ["typescript", "python", "rust"])
def test_a_generated_client_completes_the_journey(language: str, stage: SetStage) -> None:
    with stage() as here:
        here.shell.run(f"export PIVOTAL_BASE_URL={here.server.api}")
        printed = here.shell.run(here.commands[f"journey_{language}"])
    assert json.loads(printed) == SEEN


def test_a_client_that_converts_types_lists_every_customer_once(
    clients: Clients, tmp_path: Path
) -> None:
    program = {"walk": (tools.HERE / "clients/walk.ts").read_text()}
    built = tools.MADE / "converting"
    typescript.build(program, {}, clients.converting, built)
    # More requests than the limit for a minute.
    with Server(tmp_path, PIVOTAL_RATE_LIMITS_STANDARD="1000000") as server:
        printed = tools.run(
            "node", built / "out/walk.mjs",
            PIVOTAL_BASE_URL=server.api, PIVOTAL_API_KEY=server.live_key,
        )  # fmt: skip
    seen = json.loads(printed)
    assert (seen["created"], seen["met"], seen["pages"]) == (208, 208, 21)
    assert seen["missed"] == []
