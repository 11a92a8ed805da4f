"""A small HTTP client, for preparing and checking servers."""

import http.client
import json
from typing import Any

from .failure import Failure


class Client:
    def __init__(self, port: int, key: str | None = None):
        self.port = port
        self.headers = {"Content-Type": "application/json"}
        if key is not None:
            self.headers["Authorization"] = f"Bearer {key}"

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Returns the status and the body, or None if the body is not JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, self.headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, None

    def expect(self, status: int, method: str, path: str, body: Any = None) -> Any:
        actual, content = self.send(method, path, body)
        if actual != status:
            raise Failure(f"{method} {path}: {status} expected, not {actual}: {content}")
        return content
