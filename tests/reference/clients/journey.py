"""The journey of `test_clients.py`, with the client that openapi-python-client makes."""

import json
import os
import uuid
from typing import TypeVar

from pivotal_client import AuthenticatedClient
from pivotal_client.api.account import get_me
from pivotal_client.api.activity import list_customer_activity
from pivotal_client.api.contacts import create_customer_contact
from pivotal_client.api.customers import (
    create_customer,
    delete_customer,
    get_customer,
    list_customers,
    update_customer,
)
from pivotal_client.api.onboardings import create_onboarding, update_onboarding
from pivotal_client.models import (
    CustomerPatch,
    Error,
    ErrorDetail,
    NewContact,
    NewCustomer,
    NewCustomerMetadata,
    NewOnboarding,
    OnboardingPatch,
    Phase,
)
from pivotal_client.types import UNSET

T = TypeVar("T")

client = AuthenticatedClient(
    base_url=os.environ["PIVOTAL_BASE_URL"], token=os.environ["PIVOTAL_API_KEY"]
)


def got(answer: T | Error | None) -> T:
    assert answer is not None and not isinstance(answer, Error), answer
    return answer


def failed(answer: object) -> ErrorDetail:
    assert isinstance(answer, Error), answer
    return answer.error


me = got(get_me.sync(client=client))

metadata = NewCustomerMetadata.from_dict({"segment": "mid-market"})
create = {
    "client": client,
    "body": NewCustomer(name="Aurora Shipping", plan="growth", metadata=metadata),
    "idempotency_key": str(uuid.uuid4()),
}
aurora = got(create_customer.sync(**create))
again = got(create_customer.sync(**create))
for name in ("Borealis", "Cirrus"):
    got(create_customer.sync(client=client, body=NewCustomer(name=name, tags=["eu"])))

contact = got(
    create_customer_contact.sync(
        aurora.id,
        client=client,
        body=NewContact(name="Maya Lind", email="maya@aurora.example", is_primary=True),
    )
)
onboarding = got(
    create_onboarding.sync(
        client=client, body=NewOnboarding(customer_id=aurora.id, name="EU rollout")
    )
)
moved = got(
    update_onboarding.sync(
        onboarding.id, client=client, body=OnboardingPatch(phase=Phase.PROGRAM_DESIGN)
    )
)
cleared = got(update_customer.sync(aurora.id, client=client, body=CustomerPatch(plan=None)))

walked, cursor = [], UNSET
while cursor is not None:
    page = got(list_customers.sync(client=client, limit=1, cursor=cursor))
    walked += [customer.slug for customer in page.data]
    cursor = page.next_cursor

activity = got(list_customer_activity.sync(aurora.id, client=client))
taken = failed(
    create_customer.sync(client=client, body=NewCustomer(name="Aurora", slug="aurora-shipping"))
)
wrong = failed(create_customer.sync(client=client, body=NewCustomer(name="", slug="Aurora!")))
deleted = got(delete_customer.sync(aurora.id, client=client))
gone = failed(get_customer.sync(aurora.id, client=client))

print(
    json.dumps(
        {
            "workspace": me.organization.slug,
            "replayed": again.id == aurora.id,
            "metadata": aurora.metadata.to_dict(),
            "contact": [contact.email, contact.is_primary],
            "moved": [moved.phase, moved.started_at is not None],
            "plan": [aurora.plan, cleared.plan],
            "walked": walked,
            "activity": [event.type_ for event in activity.data],
            "previous": activity.data[0].data.previous_attributes.to_dict(),
            "taken": [taken.type_, taken.code, taken.field],
            "wrong": [problem.field for problem in wrong.errors],
            "deleted": deleted.deleted,
            "gone": gone.code,
        }
    )
)
