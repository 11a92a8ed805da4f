"""The loads: requests of the comparison with other servers, with other numbers of connections and
workspaces."""

from dataclasses import dataclass

from harness.load import CONNECTIONS, Load


@dataclass(frozen=True)
class PostgresLoad:
    # For `--loads`.
    name: str
    # For the table.
    title: str
    # The requests: `get`, `list`, or `post`.
    requests: str
    connections: int = CONNECTIONS
    # How many workspaces the changes belong to.
    workspaces: int = 1

    @property
    def writes(self) -> bool:
        return self.requests == "post"

    def kind(self) -> Load:
        return Load(self.requests, self.title)


LOADS = [
    PostgresLoad("get", "GET a customer", "get"),
    PostgresLoad("list", "GET a page of 100", "list"),
    PostgresLoad("post-1", "POST, 1 connection", "post", connections=1),
    PostgresLoad("post-64", "POST, 64 connections", "post"),
    PostgresLoad("post-spread", "POST, 64 connections, 8 workspaces", "post", workspaces=8),
]
