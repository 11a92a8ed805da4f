"""The documentation as a server returns it to programs: the index, the pages, and the OpenAPI
document."""

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
_MARKDOWN_LINK = re.compile(r"\]\((?P<address>[^)]+/docs(?:/(?P<path>[^)]+))?\.md)\)")


@dataclass
class Documentation:
    """Every page that `/llms.txt` lists, and the OpenAPI document."""

    pages: dict[str, Page]
    openapi: dict[str, Any]

    @property
    def blocks(self) -> list[Block]:
        return [block for page in self.pages.values() for block in page.blocks]

    def programs(self, language: str) -> list[Block]:
        return [block for block in self.blocks if block.is_program and block.language == language]

    def files(self, language: str) -> dict[str, str]:
        """The contents of the files in a language, by their paths: a directory for each page."""
        return {
            f"{block.page}/{block.marks['file']}": block.code
            for block in self.blocks
            if block.language == language and "file" in block.marks
        }

    @property
    def texts(self) -> list[Page]:
        """The pages that don't describe an endpoint."""
        return [page for path, page in self.pages.items() if not path.startswith(_ENDPOINTS)]

    @property
    def endpoints(self) -> list[Page]:
        """The endpoint pages, in an order in which each finds the resources that it needs.

        Resources of a customer are created after it, and deleted before it.
        """
        order = {"post": 0, "get": 1, "patch": 2, "delete": 3}
        operations = [
            (method, operation["operationId"])
            for path in self.openapi["paths"].values()
            for method, operation in path.items()
            if method in order
        ]
        ordered = [
            (order[method], -place if method == "delete" else place, name)
            for place, (method, name) in enumerate(operations)
        ]
        return [self.pages[_ENDPOINTS + name] for *_, name in sorted(ordered)]


@cache
def documentation() -> Documentation:
    """Loads the documentation once, from a server on the address that all samples use."""
    with (
        TemporaryDirectory(prefix="pivotal-") as data,
        Server(Path(data), ADDRESS) as server,
        httpx.Client(base_url=server.origin) as http,
    ):

        def get(address: str) -> httpx.Response:
            return http.get(address).raise_for_status()

        found = _MARKDOWN_LINK.finditer(get("/llms.txt").text)
        addresses = {link["path"] or "index": link["address"] for link in found}
        pages = {path: parse(path, get(address).text) for path, address in addresses.items()}
        return Documentation(pages, get("/api/v1/openapi.json").json())
