"""The customers: those that every server is filled with, and the bodies of the POSTs."""

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

Customer = dict[str, Any]

FIRST = [
    "Aurora",
    "Borealis",
    "Cascade",
    "Delta",
    "Ember",
    "Fjord",
    "Granite",
    "Harbor",
    "Indigo",
    "Juniper",
]
SECOND = [
    "Shipping",
    "Foods",
    "Robotics",
    "Textiles",
    "Outfitters",
    "Optics",
    "Bicycles",
    "Logistics",
    "Coffee",
    "Toys",
]
# Most customers are active, as in a workspace that has been in use for a while.
STATUSES = ["active"] * 4 + ["onboarding", "at_risk", "churned", "archived"]
PLANS = ["starter", "growth", "scale", "enterprise"]
REGIONS = ["eu-west", "us-east", "ap-south"]
# The customers are spread over these two years.
BEGIN = datetime(2024, 11, 1, tzinfo=timezone.utc)
END = datetime(2026, 11, 1, tzinfo=timezone.utc)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# bench/loads/load.lua replaces it with a unique text.
MARK = "@@@@"


def body(n: int, mark: str) -> Customer:
    """Returns the body of a POST. The same number always gives the same one. `mark` makes the slug
    unique."""
    rng = random.Random(n)
    first, second = rng.choice(FIRST), rng.choice(SECOND)
    customer: Customer = {
        "name": f"{first} {second} {mark}",
        "slug": f"{first}-{second}-{mark}".lower(),
        # Every domain belongs to two customers.
        "domain": f"{SECOND[n // 2 % len(SECOND)].lower()}-{n // 2}.example",
        "status": rng.choice(STATUSES),
        "plan": rng.choice(PLANS),
        "mrr": 10_000 + rng.randrange(2_000_000),
        "monthly_orders": rng.randrange(200_000),
        "hubspot_company_id": str(7_000_000_000 + n),
        "tags": ["dtc", rng.choice(["emea", "amer", "apac"])],
        "metadata": {"region": rng.choice(REGIONS), "seats": rng.randrange(500)},
    }
    if rng.randrange(3) > 0:
        customer["stripe_customer_id"] = f"cus_{rng.getrandbits(56):014x}"
    return customer


def new_bodies(count: int) -> Iterator[str]:
    """Returns bodies that no customer of `write_export` has, as templates for bench/loads/load.lua."""
    return (json.dumps(body(2**40 + n, MARK), separators=(",", ":")) for n in range(count))


def write_export(file: Path, count: int) -> None:
    """Writes an export that `pivotal-server import` can read."""
    workspace = {"id": customer_id(BEGIN, random.Random(0)), "slug": "bench", "name": "Bench"}
    header = {
        "object": "export",
        "version": 1,
        "workspace": workspace,
        "exported_at": timestamp(END),
        "include_deleted": False,
        "events": False,
        "objects": count,
    }
    with file.open("w") as out:
        for line in [header, *(customer(n, count) for n in range(count))]:
            out.write(json.dumps(line) + "\n")


def customer(n: int, count: int) -> Customer:
    created = BEGIN + (END - BEGIN) * (n / count)
    return {
        "object": "customer",
        "id": customer_id(created, random.Random(-n - 1)),
        "display_id": n + 1,
        **body(n, str(n)),
        "created_at": timestamp(created),
        "updated_at": timestamp(created),
    }


def customer_id(created: datetime, rng: random.Random) -> str:
    """Returns a UUIDv7 in base 36 after a `c`, like those of this server."""
    millis = (created - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)
    number = millis << 80 | 0x7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return "c" + digits.rjust(25, "0")


def timestamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_export(file: Path, count: int | None = None) -> Iterator[Customer]:
    """Returns the customers of an export, oldest first: all of them, or only the first ones."""
    with file.open() as lines:
        next(lines)
        for line in islice(lines, count):
            yield json.loads(line)
