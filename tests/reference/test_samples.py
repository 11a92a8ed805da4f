"""Every block of code of the documentation does what its page says."""

import pytest

import compare
from documentation import Documentation
from page import PROGRAMS, Block, Page
from runners import RUNNERS, SetStage, Stage


def test_a_page_runs_from_top_to_bottom(page: Page, docs: Documentation, stage: SetStage) -> None:
    with stage(in_sandbox=page.needs_sandbox) as here:
        done: set[str] = set()
        for block in page.blocks:
            # A machine on which the steps of another page were taken.
            before = block.marks.get("after")
            if before and before not in done:
                run_all(docs.pages[before].blocks, here)
                done.add(before)
            run_all([block], here)


@pytest.mark.parametrize("language", PROGRAMS)
def test_every_endpoint_answers_what_its_page_shows(
    language: str, docs: Documentation, stage: SetStage
) -> None:
    found = []
    with stage() as here:
        for page in docs.endpoints:
            (program,) = (block for block in page.blocks if block.language == language)
            (shown,) = (block for block in page.blocks if block.is_output)
            answer = compare.json_values(run(program, here))[-1]
            example = compare.json_values(shown.code)[-1]
            found += [f"{shown}: {where}" for where in compare.differences(example, answer)]
    assert not found, "\n".join(found)


def test_the_other_json_of_endpoints_is_as_the_document_says(
    docs: Documentation, stage: SetStage
) -> None:
    with stage() as here:
        for page in docs.endpoints:
            for block in page.blocks:
                if block.language not in PROGRAMS and not block.is_output:
                    run(block, here)


def run_all(blocks: list[Block], stage: Stage) -> None:
    """Runs blocks in their order, and checks what they print where that is shown."""
    for block in blocks:
        if not block.is_output:
            printed = run(block, stage)
            if block.output:
                check(block.output, printed)


def run(block: Block, stage: Stage) -> str | None:
    """Does what is to be done with a block, and returns what it prints."""
    if block.language not in RUNNERS:
        pytest.fail(f"{block}: nothing runs this language", pytrace=False)
    try:
        return RUNNERS[block.language](block, stage)
    except (AssertionError, ValueError) as problem:
        raise pytest.fail.Exception(f"{block}: {problem}", pytrace=False) from None


def check(shown: Block, printed: str) -> None:
    """Whether a program printed what its page shows."""
    if shown.language == "json":
        printed = compare.masked_json(compare.json_values(printed)[-1])
        expected = compare.masked_json(compare.json_values(shown.code)[-1])
    else:
        printed, expected = compare.masked(printed), compare.masked(shown.code)
    assert printed == expected, str(shown)
