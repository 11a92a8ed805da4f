"""Arguments that the benchmarks have in common"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from harness import data
from harness.failure import Failure
from harness.paths import REPOSITORY


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


def add_common(parser: argparse.ArgumentParser, seconds: int, warm_up: int) -> None:
    """Adds the arguments for what is measured how often. The numbers are the defaults."""
    add = parser.add_argument
    add(
        "--binary",
        metavar="FILE",
        type=Path,
        default=REPOSITORY / "target" / "release" / "pivotal-server",
        help="the binary of this server, which is built without this option",
    )
    add(
        "--customers",
        metavar="N",
        type=at_least(data.PAGE),
        default=100_000,
        help="size of the databases (default: 100,000)",
    )
    add("--rounds", metavar="N", type=at_least(1), default=3, help="default: 3")
    add(
        "--seconds",
        metavar="N",
        type=at_least(1),
        default=seconds,
        help=f"length of each load (default: {seconds})",
    )
    add(
        "--warm-up",
        metavar="N",
        type=at_least(0),
        default=warm_up,
        help=f"seconds before each load (default: {warm_up})",
    )


def at_least(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return value

    return parse


def names(text: str) -> list[str]:
    return text.split(",")


def select(items: Sequence[T], wanted: list[str] | None) -> list[T]:
    """Returns the items with these names, or all."""
    unknown = set(wanted or []) - {item.name for item in items}
    if unknown:
        known = ", ".join(item.name for item in items)
        raise Failure(f"unknown: {', '.join(sorted(unknown))}. Known: {known}")
    return [item for item in items if wanted is None or item.name in wanted]
