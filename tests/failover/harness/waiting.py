"""Waiting for a condition."""

import time
from collections.abc import Callable

from .failure import Failure

# Generous, because the machine may be busy.
TIMEOUT = 120


def wait_until(what: str, condition: Callable[[], bool], timeout: float = TIMEOUT) -> None:
    if not becomes_true(condition, timeout):
        raise Failure(f"gave up waiting until {what}")


def becomes_true(condition: Callable[[], bool], timeout: float = TIMEOUT) -> bool:
    """Waits for a condition. Returns whether it became true."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
