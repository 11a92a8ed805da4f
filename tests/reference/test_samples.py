"""Tests that every code block of the documentation does what its page says."""

import pytest

import compare
from documentation import Documentation
from page import PROGRAMS, Block, Page
from runners import RUNNERS, SetStage, Stage, files


def test_a_page_runs_from_top_to_bottom(page: Page, docs: Documentation, stage: SetStage) -> None:
    needs = {
        "in_sandbox": page.needs_sandbox,
        "with_hosted_api": page.needs_hosted_api,
        "with_backup_targets": page.needs_backup_targets,
        "with_machines": page.machines,
    }
    with stage(**needs) as here:
        done: set[str] = set()
        for block in page.blocks:
            # The page assumes that the steps of another page were followed.
            required = block.marks.get("after")
            if required and required not in done:
                run_all(docs.pages[required].blocks, here)
                done.add(required)
            run_all([block], here)


@pytest.mark.parametrize("language", PROGRAMS)
def test_every_endpoint_responds_as_its_page_shows(
    language: str, docs: Documentation, stage: SetStage
) -> None:
    found = []
    with stage() as here:
        for page in docs.endpoints:
            (program,) = (block for block in page.blocks if block.language == language)
            (shown,) = (block for block in page.blocks if block.is_output)
            response = compare.json_values(run(program, here))[-1]
            example = compare.json_values(shown.code)[-1]
            found += [f"{shown}: {where}" for where in compare.differences(example, response)]
    assert not found, "\n".join(found)


def test_other_json_of_endpoint_pages_matches_the_openapi_document(
    docs: Documentation, stage: SetStage
) -> None:
    with stage() as here:
        for page in docs.endpoints:
            for block in page.blocks:
                if block.language not in PROGRAMS and not block.is_output:
                    run(block, here)


def run_all(blocks: list[Block], stage: Stage) -> None:
    """Runs blocks in order, and checks their output if the page shows it."""
    for block in blocks:
        if not block.is_output:
            printed = run(block, stage)
            if block.output:
                check(block.output, printed)


def run(block: Block, stage: Stage) -> str | None:
    """Runs a block with the runner of its language, and returns its output."""
    runner = files.write if "file" in block.marks else RUNNERS.get(block.language)
    if not runner:
        pytest.fail(f"{block}: there is no runner for this language", pytrace=False)
    try:
        return runner(block, stage)
    except (AssertionError, ValueError) as problem:
        raise pytest.fail.Exception(f"{block}: {problem}", pytrace=False) from None


def check(shown: Block, printed: str) -> None:
    """Checks that a program printed what its page shows."""
    if shown.language == "json":
        printed = compare.mask_json(compare.json_values(printed)[-1])
        expected = compare.mask_json(compare.json_values(shown.code)[-1])
    else:
        printed, expected = compare.mask(printed), compare.mask(shown.code)
    assert printed == expected, str(shown)
