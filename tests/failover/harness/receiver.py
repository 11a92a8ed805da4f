"""A receiver of webhooks that remembers which events were delivered."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .network import OWN_ADDRESS


class Receiver:
    def __init__(self) -> None:
        # By the last part of the path, so that each round can have an endpoint of its own.
        self._delivered: dict[str, set[str]] = {}
        lock = threading.Lock()
        delivered = self._delivered

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if event["type"] != "webhook.ping":
                    with lock:
                        delivered.setdefault(self.path[1:], set()).add(event["id"])
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A machine that is lost resets its connections."""

        self._server = Quiet((OWN_ADDRESS, 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, name: str) -> str:
        return f"http://{OWN_ADDRESS}:{self._server.server_port}/{name}"

    def delivered(self, name: str) -> set[str]:
        return set(self._delivered.get(name, ()))
