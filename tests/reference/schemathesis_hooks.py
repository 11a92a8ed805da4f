"""What the OpenAPI document cannot say of valid requests."""

import uuid
from typing import Any

import schemathesis
from schemathesis.generation.meta import TestPhase


@schemathesis.hook
def filter_case(_: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    return not _contradicts_itself(case.body)


def _contradicts_itself(body: Any) -> bool:
    """An onboarding is `waiting` exactly when it waits on the customer, else `conflicting_fields`."""
    if not isinstance(body, dict) or not {"state", "waiting_on_customer"} <= body.keys():
        return False
    return (body["state"] == "waiting") != body["waiting_on_customer"]


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict) -> None:
    """Lets no step of a walk along the links repeat the key of another one.

    Its answer would be that of the other one, and tell of something that may be deleted since.
    """
    key = (case.headers or {}).get("Idempotency-Key", "")
    if case.meta.phase.name == TestPhase.STATEFUL and 0 < len(key) <= 255:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
