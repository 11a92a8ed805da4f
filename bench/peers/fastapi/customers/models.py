"""Bodies of requests and responses."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Text = Annotated[str, Field(max_length=255)]
Amount = Annotated[int, Field(ge=0, le=2**53 - 1)]
Tag = Annotated[str, Field(min_length=1, max_length=64)]


class NewCustomer(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=255)]
    slug: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    domain: Annotated[str, Field(max_length=253)] | None = None
    status: Literal["onboarding", "active", "at_risk", "churned", "archived"] = "onboarding"
    plan: Annotated[str, Field(max_length=100)] | None = None
    mrr: Amount | None = None
    monthly_orders: Amount | None = None
    hubspot_company_id: Text | None = None
    hubspot_deal_id: Text | None = None
    stripe_customer_id: Text | None = None
    intercom_company_id: Text | None = None
    slack_channel_id: Text | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] = []
    metadata: dict[str, Any] = {}


class Customer(NewCustomer):
    object: Literal["customer"] = "customer"
    id: str
    display_id: int
    created_at: str
    updated_at: str


class CustomerList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Customer]
    has_more: bool
    next_cursor: str | None
