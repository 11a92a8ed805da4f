"""A receiver of webhooks that keeps the requests as they arrive."""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Generous, because the machine may be busy.
_TIMEOUT = 60


@dataclass(frozen=True)
class Request:
    """A request, with the names of its headers in lower case and the bytes of its body."""

    headers: dict[str, str]
    body: bytes

    def event(self) -> dict:
        return json.loads(self.body)

    def tampered(self) -> Request:
        return replace(self, body=self.body.replace(b'"v1"', b'"v2"'))


class Receiver:
    """Listens on a free port and responds with 200."""

    def __init__(self) -> None:
        self._requests: queue.Queue[Request] = queue.Queue()
        requests = self._requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                requests.put(Request(headers, body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, kind: str) -> Request:
        """Returns the next request with an event of this type."""
        while True:
            request = self._requests.get(timeout=_TIMEOUT)
            if request.event()["type"] == kind:
                return request
