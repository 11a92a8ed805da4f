"""The rounds of a run, which are kept in a file so that a later run can add more of them."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .data import Data
from .failure import Failure
from .load import Load
from .measure import Duration, Figures, measure
from .server import Server


@dataclass
class Session:
    customers: int
    duration: Duration
    # The digest of this server's binary.
    binary: str
    figures: list[Figures] = field(default_factory=list)

    def add_round(
        self, servers: list[Server], filled: dict[str, Data], loads: list[Load], reverse: bool
    ) -> None:
        """Measures each server once."""
        for server in servers[::-1] if reverse else servers:
            self.figures += measure(server, filled[server.name], loads, self.duration)

    def rounds(self) -> int:
        """Returns how often the loads that ran most often did."""
        runs = [(figures.server, figures.load) for figures in self.figures]
        return max((runs.count(run) for run in runs), default=0)

    def errors(self) -> int:
        return sum(figures.errors for figures in self.figures)

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1))

    def resume(self, file: Path) -> None:
        """Adds the figures of an earlier run, which must have had the same settings."""
        try:
            saved = json.loads(file.read_text())
        except FileNotFoundError:
            raise Failure("there is no earlier run to continue") from None
        if saved["customers"] != self.customers or saved["duration"] != asdict(self.duration):
            raise Failure("the earlier run had other --customers, --seconds, or --warm-up")
        if saved.get("binary") != self.binary:
            raise Failure("the earlier run measured another binary of this server")
        self.figures += [Figures(**figures) for figures in saved["figures"]]
