"""What a walk along the links of the OpenAPI document needs to know beyond it."""

import uuid

import schemathesis
from schemathesis.generation.meta import TestPhase


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict) -> None:
    """Lets no step of a walk repeat the idempotency key of another one.

    Its answer would be that of the other one, and tell of something that may be deleted since.
    """
    key = (case.headers or {}).get("Idempotency-Key", "")
    if case.meta.phase.name == TestPhase.STATEFUL and 0 < len(key) <= 255:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
