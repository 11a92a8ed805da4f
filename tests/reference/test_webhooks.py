"""Libraries that other people wrote verify what the server delivers.

A receiver that was written for the hosted product uses one of them, with nothing but its secret.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
import standardwebhooks
import svix.webhooks

import tools
from receiver import Receiver, Request
from server import Server

# What a library returns for a request with each of several secrets; None when it rejects it.
Verify = Callable[[list[str], Request], list[dict | None]]

# 64 bytes, the longest that can be used.
OWN_SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" * 2 + "AAECAwQFBgcICQoLDA0ODw=="


def _with_python(library: type, rejects: type[Exception]) -> Verify:
    def verify(secrets: list[str], request: Request) -> list[dict | None]:
        def with_one(secret: str) -> dict | None:
            try:
                verified = library(secret).verify(request.body, request.headers)
            except rejects:
                return None
            # Svix's library for Python returns nothing for a request that is authentic.
            return request.event() if verified is None else verified

        return [with_one(secret) for secret in secrets]

    return verify


def _with_node(library: str) -> Verify:
    def verify(secrets: list[str], request: Request) -> list[dict | None]:
        body = request.body.decode()
        requests = [
            {"secret": secret, "headers": request.headers, "body": body} for secret in secrets
        ]
        ran = subprocess.run(
            ["node", tools.HERE / "webhooks/verify.mjs", library],
            input=json.dumps(requests),
            check=False,
            text=True,
            capture_output=True,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return verify


LIBRARIES = {
    "python-svix": _with_python(svix.webhooks.Webhook, svix.webhooks.WebhookVerificationError),
    "python-standardwebhooks": _with_python(
        standardwebhooks.Webhook, standardwebhooks.WebhookVerificationError
    ),
    "node-svix": _with_node("svix"),
    "node-standardwebhooks": _with_node("standardwebhooks"),
}


@pytest.fixture(params=LIBRARIES.values(), ids=LIBRARIES.keys())
def verify(request: pytest.FixtureRequest) -> Verify:
    return request.param


@dataclass
class Delivering:
    """A server with an endpoint, and its receiver."""

    server: Server
    receiver: Receiver
    id: str
    secrets: list[str]

    def rotate(self) -> None:
        rotated = json.loads(self.server.run("--json", "webhooks", "rotate", self.id))
        self.secrets.append(rotated["secret"])

    def ping(self) -> Request:
        self.server.run("webhooks", "ping", self.id)
        return self.receiver.wait_for("webhook.ping")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("webhooks")) as server:
        yield server


@pytest.fixture
def delivering(running: Server) -> Iterator[Delivering]:
    with Receiver() as receiver:
        args = ("webhooks", "create", "--workspace", "default", "--url", receiver.url)
        created = json.loads(running.run("--json", *args))
        receiver.wait_for("webhook.ping")
        yield Delivering(running, receiver, created["id"], [created["secret"]])
        running.run("webhooks", "delete", created["id"])


def test_a_delivery_is_verified_and_a_changed_one_rejected(
    delivering: Delivering, verify: Verify
) -> None:
    created = httpx.post(
        f"{delivering.server.api}/customers",
        headers={"authorization": f"Bearer {delivering.server.live_key}"},
        # Bytes that a library could encode in another way.
        json={"name": "Größe 🚢 \u2028 </script>", "metadata": {"z": 1.50, "a": "\\u0041"}},
    ).raise_for_status()
    request = delivering.receiver.wait_for("customer.created")
    assert request.event()["data"]["object"] == created.json()
    assert verify(delivering.secrets, request) == [request.event()]
    assert verify([OWN_SECRET], request) == [None]
    assert request.tampered().body != request.body
    assert verify(delivering.secrets, request.tampered()) == [None]


def test_the_secrets_before_and_after_a_rotation_both_verify(
    delivering: Delivering, verify: Verify
) -> None:
    delivering.rotate()
    request = delivering.ping()
    assert verify(delivering.secrets, request) == [request.event()] * 2
    assert verify(delivering.secrets, request.tampered()) == [None] * 2
    # A second rotation within a day ends the first secret.
    delivering.rotate()
    request = delivering.ping()
    assert verify(delivering.secrets, request) == [None, request.event(), request.event()]


def test_either_family_of_headers_is_enough(delivering: Delivering) -> None:
    request = delivering.ping()
    for family, other in [("svix-", "webhook-"), ("webhook-", "svix-")]:
        headers = {n: v for n, v in request.headers.items() if not n.startswith(other)}
        assert sum(name.startswith(family) for name in headers) == 3
        one = Request(headers, request.body)
        for name, verify in LIBRARIES.items():
            # Standard Webhooks has one family only.
            if family == "webhook-" or name.endswith("-svix"):
                assert verify(delivering.secrets, one) == [one.event()], (name, family)


def test_a_secret_of_your_own_verifies(running: Server, verify: Verify) -> None:
    with Receiver() as receiver:
        created = running.run(
            *("--json", "webhooks", "create", "--workspace", "default", "--secret", "-"),
            *("--url", receiver.url),
            given=OWN_SECRET + "\n",
        )
        endpoint = json.loads(created)
        request = receiver.wait_for("webhook.ping")
        assert verify([endpoint["secret"]], request) == [request.event()]
        running.run("webhooks", "delete", endpoint["id"])
