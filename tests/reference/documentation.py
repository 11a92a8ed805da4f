"""The documentation as a server hands it out to programs: its index, its pages, its OpenAPI."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from page import Block, Page, parse
from server import Server, free_address

ADDRESS = free_address()
_ENDPOINTS = "reference/"
_TWIN = re.compile(r"\]\((?P<address>[^)]+/docs(?:/(?P<path>[^)]+))?\.md)\)")


@dataclass
class Documentation:
    """Every page that `/llms.txt` lists, and the OpenAPI document."""

    pages: dict[str, Page]
    openapi: dict[str, Any]

    @property
    def blocks(self) -> list[Block]:
        return [block for page in self.pages.values() for block in page.blocks]

    @property
    def texts(self) -> list[Page]:
        """The pages that are not those of endpoints."""
        return [page for path, page in self.pages.items() if not path.startswith(_ENDPOINTS)]

    @property
    def endpoints(self) -> list[Page]:
        """The pages of endpoints, in an order in which each finds what it asks for.

        What belongs to a customer is made after it, and deleted before it.
        """
        turns = {"post": 0, "get": 1, "patch": 2, "delete": 3}
        operations = [
            (method, operation["operationId"])
            for path in self.openapi["paths"].values()
            for method, operation in path.items()
            if method in turns
        ]
        ordered = [
            (turns[method], -place if method == "delete" else place, name)
            for place, (method, name) in enumerate(operations)
        ]
        return [self.pages[_ENDPOINTS + name] for *_, name in sorted(ordered)]


@cache
def documentation() -> Documentation:
    """Reads it once, from a server at the address that all servers of the samples have."""
    with (
        TemporaryDirectory(prefix="pivotal-") as data,
        Server(Path(data), ADDRESS) as server,
        httpx.Client(base_url=server.origin) as http,
    ):

        def get(address: str) -> httpx.Response:
            return http.get(address).raise_for_status()

        found = _TWIN.finditer(get("/llms.txt").text)
        twins = {twin["path"] or "index": twin["address"] for twin in found}
        pages = {path: parse(path, get(address).text) for path, address in twins.items()}
        return Documentation(pages, get("/api/v1/openapi.json").json())
