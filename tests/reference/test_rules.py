"""Tests of the rules that find blocks and compare outputs, because a mistake in them would hide
other mistakes."""

import compare
from page import parse

PAGE = """# A page

```python tab=Python
one()
```

```typescript tab=TypeScript
one();
```

Both print:

```text
1
```

`/etc/pivotal/config.toml`:

```toml
log = "off"
```

```bash root
install
```

## The next chapter

```json schema=Error
{}
```
"""


def test_the_block_after_a_group_of_tabs_is_the_output_of_each() -> None:
    python, typescript, text, *others = parse("page", PAGE).blocks
    assert python.output is text
    assert typescript.output is text
    assert [block.is_output for block in (text, *others)] == [True, False, False, False]


def test_marks_files_and_lines_are_parsed() -> None:
    page = parse("page", PAGE)
    *_, toml, bash, json = page.blocks
    assert toml.file == "/etc/pivotal/config.toml"
    assert bash.marks == {"root": ""}
    assert bash.output is None
    assert page.needs_sandbox
    assert json.marks == {"schema": "Error"}
    assert str(json) == "page.md, line 29 (json)"


def test_only_values_that_differ_between_runs_are_masked() -> None:
    line = "c03harumv7kkdhmbx0frywom63 at 2026-11-25T03:15:03.421Z by pivotal_hhELBUMR until 1795576503"
    assert compare.mask(line) == "<id> at <time> by <key> until <seconds>"
    for text in ("customer_not_found", "pivotal-server 0.1.0", "240000", "2027-03-01"):
        assert compare.mask(text) == text


def test_the_structure_of_a_response_is_compared() -> None:
    shown = {"object": "list", "data": [{"id": "c1", "plan": None}], "has_more": False}
    assert not compare.differences(shown, shown | {"data": [{"id": "c2", "plan": "growth"}]})
    for other in (
        {"has_more": "no"},
        {"more": 1},
        {"data": [{"id": "c2"}]},
        {"data": [{"id": "c2", "plan": None}, {"id": 3, "plan": None}]},
    ):
        assert compare.differences(shown, shown | other), other
