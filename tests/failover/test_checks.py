"""Every check finds what it is for. A round without any violation comes first, and then one for
each violation that differs from it in one place."""

import unittest
from collections.abc import Callable
from dataclasses import replace

from harness.checks import CHECKS, violations
from harness.journal import Cut, Journal, Kind, Probe, Read, Record, Revocation
from harness.observed import Event, Observed, Row
from harness.receiver import Delivery

AURORA = {"id": "c1", "display_id": 1, "name": "aurora", "plan": "a", "updated_at": "5"}
BOREAL = {"id": "c2", "display_id": 2, "name": "boreal", "plan": "b", "updated_at": "6"}
ADA = {"id": "c3", "display_id": 1, "name": "ada", "updated_at": "7"}
EVENTS = [
    Event("evt_1", "customer.created", "c1"),
    Event("evt_2", "customer.created", "c2"),
    Event("evt_3", "contact.created", "c3"),
    Event("evt_4", "customer.updated", "c1"),
    Event("evt_5", "customer.archived", "c2"),
]
IDS = [event.id for event in EVENTS]


def good() -> tuple[Journal, Observed]:
    """A round in which a customer was updated, another was deleted, a contact was created, a key
    was revoked at 10 s, and n1 was cut off from 8 s to 20 s."""
    journal = Journal(
        records=[
            Record(Kind.CUSTOMER, "aurora", document=dict(AURORA), updates=1),
            Record(Kind.CUSTOMER, "boreal", document=dict(BOREAL), deleted=True),
            Record(Kind.CONTACT, "ada", customer_id="c1", document=dict(ADA)),
        ],
        reads=[
            Read("n1", "aurora", dict(AURORA), 200, dict(AURORA)),
            Read("n2", "boreal", None, 404, {"error": {}}),
        ],
        probes=[
            Probe("n1", "revoked", 7, 7.1, 200),
            Probe("n2", "revoked", 9.9, 10.1, 200),
            Probe("n1", "revoked", 11, 11.1, 503, "unavailable", "1"),
            Probe("n2", "revoked", 11, 11.1, 401, "api_key_revoked"),
            Probe("n2", "valid", 11, 11.1, 200),
        ],
        revocations=[Revocation("revoked", requested=9.5, acknowledged=10), Revocation("valid")],
        cut=Cut("n1", "10.98.0.1", 8, 20),
        followed=list(IDS),
    )
    observed = Observed(
        rows={
            Kind.CUSTOMER: [
                Row("c1", 1, 100, False, "aurora"),
                Row("c2", 2, 200, True, "boreal"),
            ],
            Kind.CONTACT: [Row("c3", 1, 300, False, "ada")],
        },
        events=list(EVENTS),
        documents={"c1": dict(AURORA), "c2": None, "c3": dict(ADA)},
        customers={"n1": ["c1"], "n2": ["c1"]},
        contacts={"c1": ["c3"]},
        feed={"n1": list(IDS), "n2": list(IDS)},
        feed_backwards={"n1": IDS[::-1], "n2": IDS[::-1]},
        keys={("n1", "revoked"): "api_key_revoked", ("n1", "valid"): ""},
        deliveries=[Delivery(event, "10.98.0.1", 9) for event in IDS],
    )
    return journal, observed


Change = Callable[[Journal, Observed], object]


def settled_late(journal: Journal, observed: Observed) -> None:
    """The update of a customer had no response, was repeated, and was then executed twice."""
    journal.records[0].may_change_late = True
    observed.documents["c1"] = AURORA | {"updated_at": "9"}


# By what happened: how it differs from a good round, and a part of what is said about it.
BROKEN: dict[str, tuple[Change, str]] = {
    "a change never got a response": (
        lambda journal, _: journal.records.append(Record(Kind.CUSTOMER, "lost")),
        "lost: never acknowledged",
    ),
    "a client got an error": (
        lambda journal, _: journal.unexpected.append("n1: POST /customers: 500"),
        "POST /customers: 500",
    ),
    "an acknowledged row is lost": (
        lambda _, observed: observed.rows[Kind.CONTACT].clear(),
        "ada: exists 0 times",
    ),
    "a repeated request created a second row": (
        lambda _, observed: observed.rows[Kind.CONTACT].append(Row("c4", 2, 400, False, "ada")),
        "ada: exists 2 times",
    ),
    "a row was created by nobody": (
        lambda _, observed: observed.rows[Kind.CONTACT].append(Row("c4", 2, 400, False, "eve")),
        "eve: nobody created it",
    ),
    "a row has another ID than was acknowledged": (
        lambda _, observed: replace_row(observed, Kind.CONTACT, 0, id="c9"),
        "ada: acknowledged as ('c3', 1)",
    ),
    "an acknowledged update is lost": (
        lambda _, observed: observed.documents.update(c1=AURORA | {"plan": "before"}),
        "aurora: acknowledged as",
    ),
    "a repeated update has another value": (
        lambda journal, observed: (
            settled_late(journal, observed),
            observed.documents.update(c1=AURORA | {"plan": "before"}),
        ),
        "aurora: acknowledged as",
    ),
    "a record can't be retrieved": (
        lambda _, observed: observed.documents.update(c1=None),
        "aurora: acknowledged with deleted=False",
    ),
    "a deleted record can be retrieved": (
        lambda _, observed: observed.documents.update(c2=dict(BOREAL)),
        "boreal: acknowledged with deleted=True",
    ),
    "an acknowledged delete is lost": (
        lambda _, observed: replace_row(observed, Kind.CUSTOMER, 1, deleted=False),
        "boreal: acknowledged with deleted=True",
    ),
    "a display ID is used twice": (
        lambda _, observed: replace_row(observed, Kind.CUSTOMER, 1, display_id=1),
        "customer c2 has display ID 1 after 1",
    ),
    "two rows have the same time": (
        lambda _, observed: replace_row(observed, Kind.CUSTOMER, 1, created_at=100),
        "customers c1 and c2 have the same time",
    ),
    "a list lacks a row": (
        lambda _, observed: observed.customers["n2"].clear(),
        "the list of customers on n2 lacks c1",
    ),
    "a list has a row twice": (
        lambda _, observed: observed.customers["n2"].append("c1"),
        "the list of customers on n2 has c1 2 times",
    ),
    "a list has a deleted row": (
        lambda _, observed: observed.customers["n1"].append("c2"),
        "the list of customers on n1 has c2",
    ),
    "a list of contacts lacks one": (
        lambda _, observed: observed.contacts["c1"].clear(),
        "the list of contacts of c1 lacks c3",
    ),
    "the feed has a gap": (
        lambda _, observed: observed.feed["n1"].remove("evt_3"),
        "the event feed of n1 lacks evt_3",
    ),
    "the feed has a gap, newest first": (
        lambda _, observed: observed.feed_backwards["n1"].remove("evt_3"),
        "the event feed of n1, newest first lacks evt_3",
    ),
    "the feed is out of order": (
        lambda _, observed: observed.feed["n1"].reverse(),
        "the event feed of n1 is in the wrong order",
    ),
    "a consumer of the feed missed an event": (
        lambda journal, _: journal.followed.remove("evt_2"),
        "what a consumer of the feed received lacks evt_2",
    ),
    "a consumer of the feed received an event that was lost": (
        lambda journal, _: journal.followed.insert(1, "evt_9"),
        "what a consumer of the feed received has evt_9",
    ),
    "a change has no event": (
        lambda _, observed: observed.events.pop(2),
        "ada: 0 events say that it was created, not 1",
    ),
    "a repeated delete has two events": (
        lambda _, observed: observed.events.append(Event("evt_6", "customer.archived", "c2")),
        "boreal: 2 events say that it was archived, not 1",
    ),
    "an update has no event": (
        lambda _, observed: observed.events.pop(3),
        "aurora: 0 events say that it was updated, not 1",
    ),
    "an event was not delivered": (
        lambda _, observed: observed.deliveries.pop(IDS.index("evt_4")),
        "evt_4: never delivered",
    ),
    "an event was delivered and then lost": (
        lambda _, observed: observed.deliveries.append(Delivery("evt_9", "10.98.0.2", 9)),
        "evt_9: delivered, but not in the database",
    ),
    "a machine that is cut off sends webhooks": (
        lambda _, observed: observed.deliveries.append(Delivery("evt_1", "10.98.0.1", 15)),
        "n1: sent evt_1 while it was cut off, 7.000 s after",
    ),
    "a read doesn't find what was just created": (
        lambda journal, _: replace_read(journal, 0, status=404, returned=None),
        "n1: aurora is 404 right after a change",
    ),
    "a read returns what it was before": (
        lambda journal, _: replace_read(journal, 0, returned=AURORA | {"plan": "before"}),
        "n1: aurora is",
    ),
    "a read finds what was just deleted": (
        lambda journal, _: replace_read(journal, 1, status=200, returned=dict(BOREAL)),
        "n2: boreal is 200 right after a change",
    ),
    "a revoked key is accepted": (
        lambda journal, _: journal.probes.append(Probe("n3", "revoked", 10.5, 10.6, 200)),
        "n3: accepted revoked 0.500 s after it was revoked",
    ),
    "a valid key is refused": (
        lambda journal, _: journal.probes.append(Probe("n3", "valid", 10, 11, 401, "invalid")),
        "n3: refused valid, which was not revoked",
    ),
    "a key gets another error": (
        lambda journal, _: journal.probes.append(Probe("n3", "valid", 10, 11, 500, "internal")),
        "n3: responded to valid with 500 internal",
    ),
    "a server doesn't say when to come back": (
        lambda journal, _: journal.probes.append(Probe("n3", "valid", 10, 11, 503, "unavailable")),
        "n3: responded with 503 unavailable and no Retry-After",
    ),
    "a key can't be revoked": (
        lambda journal, _: journal.revocations.append(Revocation("other", requested=1)),
        "other: not revoked",
    ),
    "a revoked key is accepted in the end": (
        lambda _, observed: observed.keys.update({("n1", "revoked"): ""}),
        "n1: in the end, revoked gets no error",
    ),
    "a valid key is refused in the end": (
        lambda _, observed: observed.keys.update({("n1", "valid"): "api_key_revoked"}),
        "n1: in the end, valid gets api_key_revoked",
    ),
    "a machine that is cut off accepts a key": (
        lambda journal, _: journal.probes.append(Probe("n1", "valid", 12, 13, 200)),
        "n1: accepted valid while it was cut off, 4.000 s after",
    ),
    "a machine that is cut off never responds": (
        lambda journal, _: journal.probes.pop(2),
        "n1: never responded with 503",
    ),
}


def replace_row(observed: Observed, kind: Kind, place: int, **fields: object) -> None:
    rows = observed.rows[kind]
    rows[place] = replace(rows[place], **fields)


def replace_read(journal: Journal, place: int, **fields: object) -> None:
    journal.reads[place] = replace(journal.reads[place], **fields)


class Checks(unittest.TestCase):
    def test_a_good_round_has_no_violation(self) -> None:
        self.assertEqual(violations(*good()), [])

    def test_a_repeated_change_may_be_executed_twice(self) -> None:
        journal, observed = good()
        settled_late(journal, observed)
        observed.events.append(Event("evt_6", "customer.updated", "c1"))
        for events in (journal.followed, *observed.feed.values()):
            events.append("evt_6")
        for events in observed.feed_backwards.values():
            events.insert(0, "evt_6")
        observed.deliveries.append(Delivery("evt_6", "10.98.0.2", 9))
        self.assertEqual(violations(journal, observed), [])

    def test_each_violation_is_found(self) -> None:
        for what, (change, expected) in BROKEN.items():
            with self.subTest(what):
                journal, observed = good()
                change(journal, observed)
                found = violations(journal, observed)
                self.assertTrue(any(expected in sentence for sentence in found), found)

    def test_each_check_finds_something(self) -> None:
        unused = set(CHECKS)
        for change, _ in BROKEN.values():
            journal, observed = good()
            change(journal, observed)
            unused -= {check for check in CHECKS if any(check(journal, observed))}
        self.assertEqual(unused, set())


if __name__ == "__main__":
    unittest.main()
