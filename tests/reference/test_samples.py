"""Every block of code of the documentation does what its page says."""

import compare
import pytest
from documentation import documentation
from page import Block, Page
from runners import RUNNERS


def test_a_page_runs_from_top_to_bottom(page: Page, stage) -> None:
    if page.path.startswith("reference/"):
        pytest.skip("the pages of the endpoints run together, in test_endpoints.py")
    with stage(in_sandbox=page.needs_sandbox) as here:
        for block in page.blocks:
            if block.is_output:
                continue
            assert block.language in RUNNERS, f"{block}: nothing runs this language"
            try:
                printed = RUNNERS[block.language](block, here)
            except Exception as problem:
                pytest.fail(f"{block}: {problem}", pytrace=False)
            if block.output:
                check(block.output, printed)


def check(shown: Block, printed: str) -> None:
    """Whether a program printed what its page shows."""
    if shown.language == "json":
        *_, last = compare.json_values(printed)
        expected = compare.json_values(shown.code)[-1]
        assert compare.masked_json(last) == compare.masked_json(expected), str(shown)
    else:
        assert compare.masked(printed) == compare.masked(shown.code), str(shown)
