"""Checks that a server does what is measured, before it is measured."""

from typing import Any

from .client import Client
from .customers import Customer, body
from .failure import Failure
from .server import Server

# These have another form in PocketBase, or are assigned by the server.
NOT_COMPARED = {"object", "id", "created_at", "updated_at", "display_id"}


def check(server: Server, port: int, key: str, newest: list[Customer]) -> None:
    """Checks a running server. `newest` are the last customers that it contains, newest first."""
    client = Client(port, key)
    known = newest[0]
    item = f"{server.collection}/{known['id']}"
    status, found = client.send("GET", item)
    require(status == 200 and same(found, known), server, f"GET by ID: {status} {found}")

    page = f"{server.collection}?{server.first_page}"
    status, listed = client.send("GET", page)
    rows = customers_of(listed)
    require(status == 200, server, f"GET a page: {status}")
    require([row["id"] for row in rows] == [row["id"] for row in newest], server, "other customers")
    require(all(map(same, rows, newest)), server, "customers with other values")

    new = body(2**41, "check")
    status, created = client.send("POST", server.collection, new)
    require(status in (200, 201) and same(created, new), server, f"POST: {status} {created}")
    status, found = client.send("GET", f"{server.collection}/{created['id']}")
    require(status == 200 and same(found, new), server, f"GET after POST: {status} {found}")

    for wrong in (Client(port), Client(port, key[:-1] + "?")):
        status, found = wrong.send("GET", item)
        require(status >= 400, server, f"GET without a valid key: {status}")
        # PocketBase shows those who may not read an empty list.
        status, listed = wrong.send("GET", page)
        require(status >= 400 or not customers_of(listed), server, f"page without a key: {status}")
        status, _ = wrong.send("POST", server.collection, body(2**41, "stranger"))
        require(status >= 400, server, f"POST without a valid key: {status}")
    if server.validates:
        status, _ = client.send("POST", server.collection, new)
        require(status in (400, 409), server, f"POST with a slug that is in use: {status}")
        status, _ = client.send("POST", server.collection, new | {"slug": "x", "status": "no"})
        require(status in (400, 422), server, f"POST with an invalid status: {status}")


def require(condition: bool, server: Server, problem: str) -> None:
    if not condition:
        raise Failure(f"{server.name} is not as expected: {problem}")


def same(found: Any, expected: Customer) -> bool:
    """Returns whether a customer has these values. PocketBase has empty texts instead of null."""
    return isinstance(found, dict) and all(
        (found.get(name) or None) == (value or None)
        for name, value in expected.items()
        if name not in NOT_COMPARED
    )


def customers_of(listed: Any) -> list[Customer]:
    """Returns the customers of a page, whatever is around them."""
    if isinstance(listed, list):
        return listed
    rows: list[Customer] = listed.get("data", listed.get("items", []))
    return rows
