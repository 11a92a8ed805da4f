"""A consumer of the event feed, which goes on where it was."""

import itertools
import time
from collections.abc import Callable, Sequence

from .http_client import HttpClient
from .journal import Journal
from .server import Server

PAUSE = 0.2


class Follower:
    def __init__(self, servers: Sequence[Server], key: str):
        self.journal = Journal()
        self._clients = itertools.cycle([HttpClient(server.host) for server in servers])
        self._key = key
        self._after = "2000-01-01"

    def run(self, goes_on: Callable[[], bool]) -> None:
        while goes_on():
            self._read_page(next(self._clients))
            time.sleep(PAUSE)

    def _read_page(self, client: HttpClient) -> None:
        response = client.send("GET", f"/events?after={self._after}&limit=100", self._key)
        if response.status == 200:
            self.journal.followed += [event["id"] for event in response.body["data"]]
            self._after = response.body["next_cursor"]
        elif not response.shows_nothing:
            self.journal.unexpected.append(f"GET /events: {response.status}: {response.body}")
