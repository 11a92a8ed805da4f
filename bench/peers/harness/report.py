"""The Markdown that docs/operate/speed.md contains."""

from datetime import datetime, timezone
from statistics import median

from . import machine
from .load import CONNECTIONS, LOADS, Load
from .server import Server
from .session import Session

HEADER = ["Request", "Server", "Per second", "p50 ms", "p99 ms", "CPU µs each", "Ratio"]


def markdown(session: Session, servers: list[Server]) -> str:
    """Returns the figures with what they depend on. The first server is the reference."""
    today = datetime.now(timezone.utc).date()
    rounds, length = session.rounds(), session.duration.measured
    seconds = "1 second" if length == 1 else f"{length} seconds"
    measured = [s for s in servers if any(f.server == s.name for f in session.figures)]
    rounds_text = f"Each figure is the median of {rounds} runs of {seconds}."
    if rounds == 1:
        rounds_text = f"Each load ran once, for {seconds}."
    lines = [
        f"Measured on {today:%B} {today.day}, {today.year}, on {machine.describe()},",
        f"with {session.customers:,} customers and {CONNECTIONS} connections. {rounds_text}",
        "",
        *table(session, servers),
        "",
        "Versions:",
        "",
        *(f"- {server.title.strip('*')} {server.version()}" for server in measured),
    ]
    return "\n".join(lines)


def table(session: Session, servers: list[Server]) -> list[str]:
    rows = [row for load in LOADS for row in rows_of(load, session, servers)]
    return ["| " + " | ".join(row) + " |" for row in [HEADER, ["---"] * len(HEADER), *rows]]


def rows_of(load: Load, session: Session, servers: list[Server]) -> list[list[str]]:
    rows = []
    # That of the first server, if this load was measured with it.
    reference: float | None = None
    for server in servers:
        rounds = [f for f in session.figures if (f.server, f.load) == (server.name, load.name)]
        if not rounds:
            continue
        rate = median(f.per_second for f in rounds)
        if server is servers[0]:
            reference = rate
        rows.append(
            [
                load.title,
                server.title,
                number(rate),
                number(median(f.p50_ms for f in rounds)),
                number(median(f.p99_ms for f in rounds)),
                number(median(f.cpu_micros for f in rounds)),
                "–" if reference is None else number(rate / reference),
            ]
        )
    return rows


def number(value: float) -> str:
    """Returns a number with two or three significant digits."""
    if value >= 100:
        insignificant = len(str(int(value))) - 3
        return f"{round(value, -insignificant):,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"
