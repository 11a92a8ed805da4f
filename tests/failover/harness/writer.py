"""A client that writes, and repeats each request until it knows what became of it."""

import random
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from .http_client import HttpClient, Response
from .journal import Journal, Kind, Read, Record
from .server import Server
from .waiting import TIMEOUT

# Between two changes of one client, in seconds. Without it, few clients fill the machine.
PAUSE = 0.1
# Between two attempts of one request.
RETRY_AFTER = 0.2
# After this time without a response, a client tries another server.
PATIENCE = 5
# How often the connection of a new resource is lost although the server executes the request.
HANGS_UP = 0.1


class Writer:
    def __init__(
        self,
        name: str,
        servers: Sequence[Server],
        key: str,
        seed: str,
        acknowledged: Callable[[str], None],
    ):
        """`servers` begins with the one that the client prefers. `acknowledged` is called with the
        name of the server after each change."""
        self.journal = Journal()
        self._name = name
        self._servers = servers
        self._clients = [HttpClient(server.host, PATIENCE) for server in servers]
        self._key = key
        self._random = random.Random(seed)
        self._acknowledged = acknowledged
        # The server that is used now.
        self._at = 0
        # What can still be changed.
        self._customers: list[Record] = []
        self._contacts: list[Record] = []

    def run(self, goes_on: Callable[[], bool]) -> None:
        while goes_on():
            self._change_something()
            time.sleep(self._random.uniform(0, 2 * PAUSE))

    def _change_something(self) -> None:
        # Returns to the preferred server now and then.
        if self._random.random() < 0.25:
            self._at = 0
        change = self._random.choices(
            [self._create_customer, self._create_contact, self._update, self._delete],
            weights=[4, 3, 3, 2],
        )[0]
        record = change()
        if record and self._random.random() < 0.5:
            self._read(record)

    def _create_customer(self) -> Record | None:
        record = Record(Kind.CUSTOMER, self._new_name())
        self._create(record, "/customers", {"name": record.name, "plan": "new"}, self._customers)
        return record

    def _create_contact(self) -> Record | None:
        if not self._customers:
            return None
        customer = self._random.choice(self._customers)
        record = Record(Kind.CONTACT, self._new_name(), customer.id)
        body = {"name": record.name, "email": f"{record.name}@example.com"}
        self._create(record, f"/customers/{customer.id}/contacts", body, self._contacts)
        return record

    def _create(self, record: Record, path: str, body: Any, usable: list[Record]) -> None:
        self.journal.records.append(record)
        response = self._settle(
            record,
            "POST",
            path,
            body,
            Idempotency_Key=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
        )
        if self._expect(201, response, "POST", path):
            record.document = response.body
            usable.append(record)

    def _update(self) -> Record | None:
        record = self._choose()
        if record is None:
            return None
        field = "plan" if record.kind is Kind.CUSTOMER else "title"
        body = {field: f"{self._random.getrandbits(32):x}"}
        response = self._settle(record, "PATCH", path(record), body)
        if self._expect(200, response, "PATCH", path(record)):
            record.document = response.body
            record.updates += 1
        if record.may_change_late:
            # A late execution of this request would undo the next one.
            self._forget(record)
        return record

    def _delete(self) -> Record | None:
        record = self._choose()
        if record is None:
            return None
        response = self._settle(record, "DELETE", path(record), None)
        if self._expect(200, response, "DELETE", path(record)):
            record.deleted = True
        self._forget(record)
        return record

    def _read(self, record: Record) -> None:
        """Retrieves a record from any server right after its change."""
        if record.document is None or record.may_change_late:
            return
        chosen = self._random.randrange(len(self._servers))
        response = self._clients[chosen].send("GET", path(record), self._key)
        if not response.shows_nothing:
            expected = None if record.deleted else record.document
            server = self._servers[chosen].name
            read = Read(server, record.name, expected, response.status, response.body)
            self.journal.reads.append(read)

    def _settle(
        self, record: Record, method: str, path: str, body: Any, **headers: str
    ) -> Response:
        """Repeats a request, with other servers, until a response says what became of it."""
        deadline = time.monotonic() + TIMEOUT
        hangs_up = method == "POST" and self._random.random() < HANGS_UP
        while True:
            client = self._clients[self._at]
            send = client.send_and_hang_up if hangs_up else client.send
            hangs_up = False
            response = send(method, path, self._key, body, **headers)
            if not response.shows_nothing or time.monotonic() > deadline:
                return response
            if response.is_unknown:
                self.journal.unknown += 1
                record.may_change_late |= method != "POST"
            else:
                self.journal.refused += 1
            self._at = (self._at + 1) % len(self._servers)
            time.sleep(RETRY_AFTER)

    def _expect(self, status: int, response: Response, method: str, path: str) -> bool:
        if response.status != status:
            self.journal.unexpected.append(
                f"{self._servers[self._at].name}: {method} {path}: {status} expected, not"
                f" {response.status}: {response.body}"
            )
            return False
        self.journal.acknowledged += 1
        self.journal.replayed += "idempotent-replayed" in response.headers
        self._acknowledged(self._servers[self._at].name)
        return True

    def _choose(self) -> Record | None:
        records = self._customers + self._contacts
        return self._random.choice(records) if records else None

    def _forget(self, record: Record) -> None:
        """Makes no further changes to a record and to what belongs to it."""
        self._customers = [one for one in self._customers if one is not record]
        self._contacts = [
            one
            for one in self._contacts
            if one is not record and (record.document is None or one.customer_id != record.id)
        ]

    def _new_name(self) -> str:
        return f"{self._name}-{len(self.journal.records)}"


def path(record: Record) -> str:
    return f"/{record.kind.value}s/{record.id}"
