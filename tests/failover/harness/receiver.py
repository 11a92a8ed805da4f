"""A receiver of webhooks that remembers which events were delivered."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .network import OWN_ADDRESS


@dataclass(frozen=True)
class Delivery:
    event: str
    # The address of the machine that sent it.
    sender: str
    received: float


class Receiver:
    def __init__(self) -> None:
        # By the last part of the path, so that each round can have an endpoint of its own.
        self._delivered: dict[str, list[Delivery]] = {}
        lock = threading.Lock()
        delivered = self._delivered

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                delivery = Delivery(event["id"], self.client_address[0], time.monotonic())
                if event["type"] != "webhook.ping":
                    with lock:
                        delivered.setdefault(self.path[1:], []).append(delivery)
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

    def deliveries(self, name: str) -> list[Delivery]:
        return list(self._delivered.get(name, ()))

    def delivered(self, name: str) -> set[str]:
        """Returns the IDs of the events."""
        return {delivery.event for delivery in self.deliveries(name)}
