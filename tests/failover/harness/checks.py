"""The promises of the cluster. Each check yields a sentence for each violation."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from .journal import Document, Journal, Kind, Record
from .observed import Observed

# How long a delivery that has begun may take, in seconds (see SETTINGS of the server).
SENDING = 5

Check = Callable[[Journal, Observed], Iterator[str]]


def violations(journal: Journal, observed: Observed) -> list[str]:
    found = (sentence for check in CHECKS for sentence in check(journal, observed))
    return list(dict.fromkeys(found))


def every_change_was_settled(journal: Journal, _observed: Observed) -> Iterator[str]:
    for record in journal.records:
        if record.document is None:
            yield f"{record.name}: never acknowledged, however often it was repeated"
    yield from journal.unexpected


def acknowledged_records_exist_once(journal: Journal, observed: Observed) -> Iterator[str]:
    for kind in Kind:
        records = {record.name: record for record in journal.records if record.kind is kind}
        counts = Counter(row.name for row in observed.rows[kind])
        for name in records.keys() | counts.keys():
            if name not in records:
                yield f"{name}: nobody created it"
            elif counts[name] != 1:
                yield f"{name}: exists {counts[name]} times"
        for row in observed.rows[kind]:
            record = records.get(row.name)
            if record and record.document:
                acknowledged = record.document["id"], record.document["display_id"]
                if acknowledged != (row.id, row.display_id):
                    yield f"{row.name}: acknowledged as {acknowledged}, but is {row}"


def records_are_as_acknowledged(journal: Journal, observed: Observed) -> Iterator[str]:
    deleted = {row.id for rows in observed.rows.values() for row in rows if row.deleted}
    for record in journal.records:
        if record.document is None:
            continue
        current = observed.documents.get(record.id)
        if record.deleted != (record.id in deleted) or record.deleted != (current is None):
            yield f"{record.name}: acknowledged with deleted={record.deleted}, but is {current}"
        elif current and not same(current, record):
            yield f"{record.name}: acknowledged as {record.document}, but is {current}"


def same(current: Document, record: Record) -> bool:
    # A repeated change may have been executed again.
    ignored = {"updated_at"} if record.may_change_late else set()
    assert record.document
    return without(current, ignored) == without(record.document, ignored)


def without(document: Document, fields: set[str]) -> Document:
    return {name: value for name, value in document.items() if name not in fields}


def display_ids_are_unique_and_increase(_journal: Journal, observed: Observed) -> Iterator[str]:
    for kind, rows in observed.rows.items():
        in_order = sorted(rows, key=lambda row: row.created_at)
        for before, after in itertools.pairwise(in_order):
            if before.created_at == after.created_at:
                yield f"{kind.value}s {before.id} and {after.id} have the same time"
            if before.display_id >= after.display_id:
                yield (
                    f"{kind.value} {after.id} has display ID {after.display_id} after"
                    f" {before.display_id}"
                )


def lists_are_the_rows(journal: Journal, observed: Observed) -> Iterator[str]:
    customers, contacts = (
        [row.id for row in newest_first(observed, kind)] for kind in (Kind.CUSTOMER, Kind.CONTACT)
    )
    for server, listed in observed.customers.items():
        yield from difference(f"the list of customers on {server}", customers, listed)
    customer_of = {
        record.id: record.customer_id
        for record in journal.records
        if record.document and record.customer_id
    }
    for customer, listed in observed.contacts.items():
        expected = [contact for contact in contacts if customer_of.get(contact) == customer]
        yield from difference(f"the list of contacts of {customer}", expected, listed)


def newest_first(observed: Observed, kind: Kind) -> list:
    rows = [row for row in observed.rows[kind] if not row.deleted]
    return sorted(rows, key=lambda row: row.created_at, reverse=True)


def the_feed_has_no_gap(journal: Journal, observed: Observed) -> Iterator[str]:
    events = [event.id for event in observed.events]
    for server, feed in observed.feed.items():
        yield from difference(f"the event feed of {server}", events, feed)
    for server, feed in observed.feed_backwards.items():
        yield from difference(f"the event feed of {server}, newest first", events[::-1], feed)
    yield from difference("what a consumer of the feed received", events, journal.followed)


def each_change_has_its_event(journal: Journal, observed: Observed) -> Iterator[str]:
    counts = Counter((event.resource, event.type) for event in observed.events)
    for record in journal.records:
        if record.document is None:
            continue
        end = "archived" if record.kind is Kind.CUSTOMER else "deleted"
        for name, expected in (("created", 1), (end, int(record.deleted))):
            count = counts[record.id, f"{record.kind.value}.{name}"]
            if count != expected:
                yield f"{record.name}: {count} events say that it was {name}, not {expected}"
        updates = counts[record.id, f"{record.kind.value}.updated"]
        if updates < record.updates or (updates > record.updates and not record.may_change_late):
            yield f"{record.name}: {updates} events say that it was updated, not {record.updates}"


def events_were_delivered(_journal: Journal, observed: Observed) -> Iterator[str]:
    events = {event.id for event in observed.events}
    delivered = {delivery.event for delivery in observed.deliveries}
    for event in sorted(events - delivered):
        yield f"{event}: never delivered"
    for event in sorted(delivered - events):
        yield f"{event}: delivered, but not in the database"


def reads_are_current(journal: Journal, _observed: Observed) -> Iterator[str]:
    for read in journal.reads:
        expected = 404 if read.expected is None else 200
        if read.status != expected:
            yield f"{read.server}: {read.name} is {read.status} right after a change, not {expected}"
        elif read.expected and read.returned != read.expected:
            yield (
                f"{read.server}: {read.name} is {read.returned} right after it was acknowledged as"
                f" {read.expected}"
            )


def revoked_keys_are_refused(journal: Journal, observed: Observed) -> Iterator[str]:
    revocations = {revocation.key: revocation for revocation in journal.revocations}
    for probe in journal.probes:
        revocation = revocations[probe.key]
        since, requested = revocation.acknowledged, revocation.requested
        if since is not None and probe.started > since and probe.status == 200:
            late = probe.started - since
            yield f"{probe.server}: accepted {probe.key} {late:.3f} s after it was revoked"
        if probe.status == 401 and (requested is None or probe.ended < requested):
            yield f"{probe.server}: refused {probe.key}, which was not revoked: {probe.code}"
        if probe.status == 503 and not probe.retry_after:
            yield f"{probe.server}: responded with 503 {probe.code} and no Retry-After"
        if probe.status not in (0, 200, 401, 503):
            yield f"{probe.server}: responded to {probe.key} with {probe.status} {probe.code}"
    for revocation in journal.revocations:
        if revocation.requested is not None and revocation.acknowledged is None:
            yield f"{revocation.key}: not revoked, however often that was repeated"
    for (server, key), code in observed.keys.items():
        expected = "" if revocations[key].requested is None else "api_key_revoked"
        if code != expected:
            yield f"{server}: in the end, {key} gets {code or 'no error'}, not {expected or 'none'}"


def the_machine_that_is_cut_off_refuses(journal: Journal, _observed: Observed) -> Iterator[str]:
    cut = journal.cut
    if cut is None:
        return
    during = [
        probe
        for probe in journal.probes
        if probe.server == cut.server and cut.began < probe.started and probe.ended < cut.ended
    ]
    for probe in during:
        if probe.status == 200:
            after = probe.started - cut.began
            yield (
                f"{probe.server}: accepted {probe.key} while it was cut off, {after:.3f} s after"
                " another machine became the primary"
            )
    if not any(probe.status == 503 for probe in during):
        yield f"{cut.server}: never responded with 503 while it was cut off"


def the_machine_that_is_cut_off_sends_no_webhooks(
    journal: Journal, observed: Observed
) -> Iterator[str]:
    cut = journal.cut
    if cut is None:
        return
    for delivery in observed.deliveries:
        after = delivery.received - cut.began
        if delivery.sender == cut.address and after > SENDING and delivery.received < cut.ended:
            yield f"{cut.server}: sent {delivery.event} while it was cut off, {after:.3f} s after"


def difference(what: str, expected: Iterable[str], actual: Iterable[str]) -> Iterator[str]:
    expected, actual = list(expected), list(actual)
    for identifier, count in Counter(actual).items():
        if count > 1:
            yield f"{what} has {identifier} {count} times"
    for identifier in sorted(set(expected) - set(actual)):
        yield f"{what} lacks {identifier}"
    for identifier in sorted(set(actual) - set(expected)):
        yield f"{what} has {identifier}, which does not exist"
    if sorted(expected) == sorted(actual) and expected != actual:
        yield f"{what} is in the wrong order"


CHECKS: list[Check] = [
    every_change_was_settled,
    acknowledged_records_exist_once,
    records_are_as_acknowledged,
    display_ids_are_unique_and_increase,
    lists_are_the_rows,
    the_feed_has_no_gap,
    each_change_has_its_event,
    events_were_delivered,
    reads_are_current,
    revoked_keys_are_refused,
    the_machine_that_is_cut_off_refuses,
    the_machine_that_is_cut_off_sends_no_webhooks,
]
