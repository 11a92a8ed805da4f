"""What clients know: the changes that were acknowledged, and the responses to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Document = dict[str, Any]


class Kind(Enum):
    CUSTOMER = "customer"
    CONTACT = "contact"


@dataclass
class Record:
    """A customer or contact that one client created. Nobody else changes it."""

    kind: Kind
    # Unique among all records, whatever becomes of the requests.
    name: str
    # Of a contact: the ID of its customer.
    customer_id: str | None = None
    # As of the last acknowledged change, or None if none was.
    document: Document | None = None
    deleted: bool = False
    # Whether a change may be executed late: it had no response, and the client repeated it.
    may_change_late: bool = False
    # How many changes with a `.updated` event were acknowledged.
    updates: int = 0

    @property
    def id(self) -> str:
        assert self.document
        identifier: str = self.document["id"]
        return identifier


@dataclass(frozen=True)
class Read:
    """The response to a client about a record of its own, right after an acknowledged change."""

    server: str
    name: str
    # Or None if it was deleted.
    expected: Document | None
    status: int
    returned: Document | None


@dataclass(frozen=True)
class Probe:
    """A request with a key that may have been revoked. Times are of the monotonic clock."""

    server: str
    # The prefix of the key.
    key: str
    started: float
    ended: float
    status: int
    code: str = ""
    # The header of this name.
    retry_after: str = ""


@dataclass
class Revocation:
    """The life of a key."""

    key: str
    # When the first attempt to revoke it began, and when one was acknowledged.
    requested: float | None = None
    acknowledged: float | None = None


@dataclass
class Cut:
    """When a machine was cut off while another one was the primary."""

    server: str
    address: str
    began: float
    ended: float


@dataclass
class Journal:
    """Everything about one round. Threads have a journal each; `add` combines them."""

    records: list[Record] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)
    cut: Cut | None = None
    # The IDs of the events that a consumer of the feed received, in this order.
    followed: list[str] = field(default_factory=list)
    # Responses that no client should ever get.
    unexpected: list[str] = field(default_factory=list)
    # The number of responses of each kind, for the summary.
    acknowledged: int = 0
    unknown: int = 0
    refused: int = 0
    replayed: int = 0

    def add(self, other: Journal) -> None:
        for name in ("records", "reads", "probes", "revocations", "followed", "unexpected"):
            getattr(self, name).extend(getattr(other, name))
        for name in ("acknowledged", "unknown", "refused", "replayed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
