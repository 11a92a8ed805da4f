"""The queries. sqlite3 keeps their prepared statements."""

import json
import secrets
import time
from datetime import datetime, timezone
from typing import Any

from .auth import ApiKey
from .database import connection
from .models import Customer, NewCustomer

COLUMNS = (
    "id",
    "display_id",
    "name",
    "slug",
    "domain",
    "status",
    "plan",
    "mrr",
    "monthly_orders",
    "hubspot_company_id",
    "hubspot_deal_id",
    "stripe_customer_id",
    "intercom_company_id",
    "slack_channel_id",
    "tags",
    "metadata",
    "created_at",
    "updated_at",
)
SELECT = f"SELECT {', '.join(COLUMNS)} FROM customers WHERE workspace_id = ?"
BY_ID = f"{SELECT} AND id = ?"
PAGE = f"{SELECT} AND display_id < ? ORDER BY display_id DESC LIMIT ?"
COUNT = """UPDATE counters SET last = last + 1 WHERE workspace_id = ? AND resource = 'customer'
RETURNING last"""
INSERT = f"""INSERT INTO customers (workspace_id, {", ".join(COLUMNS)})
VALUES (?{", ?" * len(COLUMNS)})"""
RECORD = """INSERT INTO events (workspace_id, type, customer_id, actor, data, created_at)
VALUES (?, 'customer.created', ?, ?, ?, ?)"""


def find(key: ApiKey, customer_id: str) -> dict[str, Any] | None:
    row = connection.execute(BY_ID, (key.workspace_id, customer_id)).fetchone()
    return to_customer(row) if row else None


def page(key: ApiKey, limit: int, cursor: int) -> tuple[list[dict[str, Any]], bool]:
    """Returns the customers older than the cursor, newest first, and whether there are more."""
    rows = connection.execute(PAGE, (key.workspace_id, cursor, limit + 1)).fetchall()
    return [to_customer(row) for row in rows[:limit]], len(rows) > limit


def create(key: ApiKey, new: NewCustomer) -> Customer:
    """Raises sqlite3.IntegrityError if the slug is in use."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    # Immediate, because a transaction that becomes a writer later can fail instead of waiting.
    connection.execute("BEGIN IMMEDIATE")
    try:
        (display_id,) = connection.execute(COUNT, (key.workspace_id,)).fetchone()
        customer = Customer(
            **dict(new), id=new_id(), display_id=display_id, created_at=now, updated_at=now
        )
        values = customer.__dict__ | {
            "tags": json.dumps(customer.tags),
            "metadata": json.dumps(customer.metadata),
        }
        connection.execute(INSERT, (key.workspace_id, *(values[name] for name in COLUMNS)))
        event = (key.workspace_id, customer.id, key.prefix, customer.model_dump_json(), now)
        connection.execute(RECORD, event)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return customer


def to_customer(row: Any) -> dict[str, Any]:
    customer = dict(row)
    customer["tags"] = json.loads(customer["tags"])
    customer["metadata"] = json.loads(customer["metadata"])
    return customer


def new_id() -> str:
    """IDs begin with the time, so that new rows are next to each other in the index."""
    return f"c{time.time_ns() // 1_000_000:012x}{secrets.token_hex(6)}"
