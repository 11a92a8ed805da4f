"""What the cluster contains after a round: as its database, its servers, and its receiver say."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .cluster import Cluster
from .database import DATABASE
from .failure import Failure
from .http_client import HttpClient, Response
from .journal import Document, Journal, Kind, Record
from .receiver import Delivery
from .server import Key, Server
from .waiting import wait_until

# Not a divisor of 100, and small, so that walks have many pages.
PAGE = 17


@dataclass(frozen=True)
class Row:
    """A row of the table of a resource, deleted or not."""

    id: str
    display_id: int
    created_at: int
    deleted: bool
    name: str


@dataclass(frozen=True)
class Event:
    id: str
    type: str
    # The ID of the customer or contact.
    resource: str


@dataclass
class Observed:
    rows: dict[Kind, list[Row]]
    # The events in the database, oldest first.
    events: list[Event]
    # By ID, None if the server doesn't have it (any more).
    documents: dict[str, Document | None] = field(default_factory=dict)
    # By server: the IDs in the list of customers.
    customers: dict[str, list[str]] = field(default_factory=dict)
    # By the ID of each customer that is not deleted: the IDs in its list of contacts.
    contacts: dict[str, list[str]] = field(default_factory=dict)
    # By server: the IDs of the events, from the first to the last and the other way round.
    feed: dict[str, list[str]] = field(default_factory=dict)
    feed_backwards: dict[str, list[str]] = field(default_factory=dict)
    # By server and prefix: the code of the error that a key gets, or "" if it is accepted.
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    # What the receiver of webhooks has.
    deliveries: list[Delivery] = field(default_factory=list)


class Reader:
    """Reads everything in a workspace from one server."""

    def __init__(self, server: Server, key: str):
        self._client = HttpClient(server.host, timeout=30)
        self._key = key
        self.server = server

    def document(self, record: Record) -> Document | None:
        response = self.get(f"/{record.kind.value}s/{record.id}")
        return response.body if response.status == 200 else None

    def walk(self, path: str, **parameters: str) -> list[str]:
        """Returns the IDs in a list, page by page."""
        return [item["id"] for page in self._pages(path, **parameters) for item in page]

    def get(self, path: str) -> Response:
        """Sends a request until there is a response: the server may still be reconnecting."""
        responses: list[Response] = []

        def settled() -> bool:
            responses.append(self._client.send("GET", path, self._key))
            return not responses[-1].shows_nothing

        wait_until(f"{self.server.name} responds to GET {path}", settled)
        return responses[-1]

    def _pages(self, path: str, **parameters: str) -> Iterator[list[Any]]:
        while True:
            query = "&".join(f"{name}={value}" for name, value in parameters.items())
            response = self.get(f"{path}?limit={PAGE}&{query}")
            if response.status != 200:
                raise Failure(f"{self.server.name}: GET {path}?{query}: {response.body}")
            yield response.body["data"]
            if not response.body["has_more"]:
                return
            following = "after" if "after" in parameters else "cursor"
            parameters[following] = response.body["next_cursor"]


def observe(
    cluster: Cluster, workspace: str, key: Key, revocable: Sequence[Key], journal: Journal
) -> Observed:
    observed = Observed(rows={kind: rows(cluster, workspace, kind) for kind in Kind}, events=[])
    observed.events = events(cluster, workspace)
    readers = {machine.name: Reader(machine.server, key.secret) for machine in cluster.machines}
    for name, reader in readers.items():
        observed.customers[name] = reader.walk("/customers")
        observed.feed[name] = reader.walk("/events", after="2000-01-01")
        observed.feed_backwards[name] = reader.walk("/events")
        for tried in revocable:
            code = Reader(reader.server, tried.secret).get("/me").code
            observed.keys[name, tried.prefix] = code
    alternating = list(readers.values())
    for number, record in enumerate(journal.records):
        if record.document is None:
            continue
        reader = alternating[number % len(alternating)]
        observed.documents[record.id] = reader.document(record)
        if record.kind is Kind.CUSTOMER and not record.deleted:
            observed.contacts[record.id] = reader.walk(f"/customers/{record.id}/contacts")
    return observed


def rows(cluster: Cluster, workspace: str, kind: Kind) -> list[Row]:
    columns = "t.id, t.display_id, t.created_at, t.deleted_at IS NOT NULL, t.doc::json->>'name'"
    return [Row(*values) for values in select(cluster, columns, f"{kind.value}s", workspace)]


def events(cluster: Cluster, workspace: str) -> list[Event]:
    found = select(cluster, "t.id, t.type, t.resource_id", "events", workspace)
    resources = tuple(f"{kind.value}." for kind in Kind)
    return [Event(*values) for values in found if values[1].startswith(resources)]


def select(cluster: Cluster, columns: str, table: str, workspace: str) -> list[list[Any]]:
    output = cluster.primary.postgres.sql(
        f"SELECT json_build_array({columns}) FROM {table} t"
        f" JOIN workspaces w ON w.no = t.workspace_no AND w.slug = '{workspace}'"
        " ORDER BY t.created_at",
        database=DATABASE,
    )
    return [json.loads(line) for line in output.splitlines()]
