"""The Markdown that bench/README.md contains."""

from datetime import datetime, timezone
from statistics import median

from harness import machine
from harness.measure import Duration
from harness.report import number
from loads import LOADS
from measure import Figures
from setups import SETUPS

HEADER = [
    "Request",
    "Database",
    "Per second",
    "p50 ms",
    "p99 ms",
    "Server µs",
    "PostgreSQL µs",
    "Standby µs",
    "WAL bytes",
    "Ratio",
]
# The setup that the others are divided by.
REFERENCE = SETUPS[0].name


def markdown(figures: list[Figures], customers: int, duration: Duration, version: str) -> str:
    today = datetime.now(timezone.utc).date()
    runs = [(each.setup, each.load) for each in figures]
    rounds = max(map(runs.count, runs), default=0)
    rounds_text = f"Medians of {rounds} rounds, {duration.measured} s per load:"
    if rounds == 1:
        rounds_text = f"One round, {duration.measured} s per load:"
    rows = [HEADER, ["---"] * len(HEADER)]
    for load in LOADS:
        rates: dict[str, float] = {}
        for setup in SETUPS:
            found = [f for f in figures if (f.setup, f.load) == (setup.name, load.name)]
            if not found:
                continue
            rates[setup.name] = rate = median(f.per_second for f in found)
            reference = rates.get(REFERENCE)
            rows.append(
                [
                    load.title,
                    setup.title,
                    number(rate),
                    number(median(f.p50_ms for f in found)),
                    number(median(f.p99_ms for f in found)),
                    number(median(f.server_micros for f in found)),
                    middle([f.primary_micros for f in found]),
                    middle([f.standby_micros for f in found]),
                    middle([f.wal_bytes for f in found]),
                    "–" if reference is None else number(rate / reference),
                ]
            )
    return "\n".join(
        [
            f"From a run on {today:%B} {today.day}, {today.year}, on {machine.describe()},",
            f"with PostgreSQL {version} and {customers:,} customers. {rounds_text}",
            "",
            *("| " + " | ".join(row) + " |" for row in rows),
        ]
    )


def middle(values: list[float | None]) -> str:
    """Returns the median, or a dash if there is nothing to measure."""
    known = [value for value in values if value is not None]
    return number(median(known)) if known else "–"
