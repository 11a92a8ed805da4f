"""The pytest fixture `pivotal_server`: a server for one test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pivotal_server import Server, start


@pytest.fixture
def pivotal_server_options() -> dict[str, Any]:
    """The arguments of `start`. Override this fixture to change them."""
    return {}


@pytest.fixture
def pivotal_server(pivotal_server_options: dict[str, Any]) -> Iterator[Server]:
    """A server with a database of its own, for one test."""
    with start(**pivotal_server_options) as server:
        yield server
