"""What the comparison needs to know about a server."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .process import Process

KEY_FILE = "key"


@dataclass(frozen=True)
class Start:
    """How to start a server."""

    command: list[str]
    environment: dict[str, str]


class Server(ABC):
    # For `--only` and the names of files.
    name: str
    # For the table.
    title: str
    # The path of the collection of customers. That of a customer has the ID after it.
    collection: str
    # The query for the newest 100 customers.
    first_page: str
    # The number of customers that it can hold, if it isn't the same as for the others.
    most_customers: int | None = None
    # Whether it refuses bodies that are invalid, and slugs that are in use.
    validates: bool = True

    @abstractmethod
    def version(self) -> str:
        """Returns the version, and that of its parts that matter."""

    @abstractmethod
    def fill(self, export: Path, count: int, home: Path) -> None:
        """Creates its database in the directory `home`, with the first `count` customers of the
        export."""

    @abstractmethod
    def start(self, home: Path, port: int) -> Start:
        """Returns how to start it with the database in `home`."""

    @contextmanager
    def running(self, home: Path, port: int) -> Iterator[list[Process]]:
        """Starts it, and ends it. Yields what has to run for it, with their CPU time."""
        start = self.start(home, port)
        with Process(start.command, start.environment) as process:
            process.wait_until_listening(port)
            yield [process]

    def key(self, home: Path, port: int) -> str:
        """Returns an API key, or what it has instead. The server is running."""
        return (home / KEY_FILE).read_text()
