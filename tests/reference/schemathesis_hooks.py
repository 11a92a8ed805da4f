"""What Schemathesis needs to know beyond the OpenAPI document."""

import datetime
import re
import uuid

import schemathesis
from schemathesis.generation.meta import TestPhase

SHAPE = re.compile(r"\d{4}-\d\d-\d\d")


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict) -> None:
    """Lets no step of a walk repeat the idempotency key of another one.

    Its answer would be that of the other one, and tell of something that may be deleted since.
    """
    key = (case.headers or {}).get("Idempotency-Key", "")
    if case.meta.phase.name == TestPhase.STATEFUL and 0 < len(key) <= 255:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


@schemathesis.hook
def filter_query(_: schemathesis.HookContext, query: dict | None) -> bool:
    """Leaves out cursors that have the shape of a time on a day that there isn't.

    The pattern in the document can't tell, and the server refuses them.
    """
    cursor = (query or {}).get("cursor")
    if not isinstance(cursor, str) or not SHAPE.match(cursor):
        return True
    try:
        datetime.date.fromisoformat(cursor[:10])
    except ValueError:
        return False
    return True
