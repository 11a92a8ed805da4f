"""Hooks for what the OpenAPI document can't express."""

import datetime
import re
import uuid
from collections.abc import Iterator

import schemathesis
from schemathesis import GenerationMode
from schemathesis.generation.meta import TestPhase

SHAPE = re.compile(r"\d{4}-\d\d-\d\d")
EVENT = re.compile(r"evt_[a-z0-9]{25}")


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict) -> None:
    """Changes what a schema can't exclude.

    No step of a walk repeats the idempotency key of another one: its answer would be that of the
    other one, and tell of something that may be deleted since. Valid data neither names events
    that don't exist nor combines two parameters that exclude each other.
    """
    key = (case.headers or {}).get("Idempotency-Key", "")
    if case.meta.phase.name == TestPhase.STATEFUL and 0 < len(key) <= 255:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    after = (case.query or {}).get("after")
    if isinstance(after, str) and case.meta.generation.mode is GenerationMode.POSITIVE:
        case.query.pop("cursor", None)
        if EVENT.fullmatch(after):
            case.query["after"] = "2026-01-01"


@schemathesis.hook
def filter_query(_: schemathesis.HookContext, query: dict | None) -> bool:
    """Skips cursors that look like a time but have an invalid date.

    The pattern in the document can't exclude them, and the server refuses them.
    """
    return all(_is_day((query or {}).get(name)) for name in ("after", "cursor"))


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not SHAPE.match(value):
        return True
    try:
        datetime.date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True


# Invisible characters beyond U+FFFF (`src/model/values/invisible.rs`). The server refuses them, but
# no notation for them works in the regular expressions of all languages.
_NOT_IN_PATTERNS = {
    "\U000110bd",
    "\U000110cd",
    *map(chr, range(0x13430, 0x13440)),
    *map(chr, range(0x1BCA0, 0x1BCA4)),
    *map(chr, range(0x1D173, 0x1D17B)),
    *map(chr, range(0xE0000, 0xE1000)),
}


@schemathesis.hook
def filter_body(_: schemathesis.HookContext, body: object) -> bool:
    """Skips bodies with characters that a pattern can't exclude."""
    return all(_NOT_IN_PATTERNS.isdisjoint(text) for text in _texts(body))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
