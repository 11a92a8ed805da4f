"""A small HTTP client, which knows whether a request may have been executed."""

import contextlib
import http.client
import json
from dataclasses import dataclass
from typing import Any

from .server import PORT

# The status of a request without a response: the connection failed or was lost.
NO_RESPONSE = 0


@dataclass(frozen=True)
class Response:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The code of an error, or an empty string."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error["code"] if error else ""

    @property
    def shows_nothing(self) -> bool:
        """Whether the server says neither yes nor no: the request is to be repeated."""
        return self.status in (NO_RESPONSE, 503) or self.code == "idempotency_key_in_use"

    @property
    def is_unknown(self) -> bool:
        """Whether the request may have been executed nevertheless."""
        return self.status == NO_RESPONSE or self.code == "outcome_unknown"


class HttpClient:
    """A client of one server, with one connection. Each thread needs its own."""

    def __init__(self, host: str, timeout: float = 10):
        self._connection = http.client.HTTPConnection(host, PORT, timeout=timeout)

    def send(self, method: str, path: str, key: str, body: Any = None, **headers: str) -> Response:
        """Sends a request. `headers` are spelled with underscores."""
        try:
            self._request(method, path, key, body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Response(NO_RESPONSE, None, {})
        received = {name.lower(): value for name, value in response.getheaders()}
        try:
            return Response(response.status, json.loads(content), received)
        except ValueError:
            return Response(response.status, None, received)

    def send_and_hang_up(
        self, method: str, path: str, key: str, body: Any = None, **headers: str
    ) -> Response:
        """Sends a request and closes the connection before there can be a response."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self._request(method, path, key, body, headers)
        self._connection.close()
        return Response(NO_RESPONSE, None, {})

    def _request(
        self, method: str, path: str, key: str, body: Any, headers: dict[str, str]
    ) -> None:
        sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        text = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", text, sent)
