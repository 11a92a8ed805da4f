"""Reverse proxies that run with the configuration on a page, in front of a server with the page's
settings.

In the sandbox, names and ports are as on the page: 443 for the proxy, 8080 for the server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server import Server

if TYPE_CHECKING:
    from page import Block
    from runners import Stage

HOST = "pivotal.example.com"
HOSTS = f"{HOST} example.com"
# A local address that differs from the one that the proxy connects from.
CLIENT = "127.0.0.2"
# Keeps Caddy from requesting a certificate, and from adding its own CA to the trust store.
CADDY_OPTIONS = "{\n\tlocal_certs\n\tskip_install_trust\n}\n"


def nginx(block: Block, stage: Stage) -> None:
    """Installs and checks a site for Debian's nginx, with a certificate at the configured path."""
    run = stage.sandbox.run
    directives = dict(
        line.split(maxsplit=1) for line in block.code.splitlines() if line.split()[1:]
    )
    certificate, key = (
        directives[name].rstrip(";") for name in ("ssl_certificate", "ssl_certificate_key")
    )
    stage.sandbox.write(certificate, "")
    run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-subj", f"/CN={HOST}", "-keyout", key, "-out", certificate,
    )  # fmt: skip
    stage.sandbox.write("/etc/nginx/conf.d/pivotal.conf", block.code)
    with _server(stage) as server:
        run("nginx")
        _check(block, stage, server)
        run("nginx", "-s", "quit")


def caddy(block: Block, stage: Stage) -> None:
    """Runs Caddy, which creates its own certificate, and checks it."""
    file = "/etc/caddy/Caddyfile"
    stage.sandbox.write(file, CADDY_OPTIONS + block.code)
    with _server(stage) as server:
        # The background process would keep the output open.
        start = f"caddy start --config {file} > caddy.log 2>&1 || {{ cat caddy.log; exit 1; }}"
        stage.sandbox.run("sh", "-c", start)
        _check(block, stage, server)
        stage.sandbox.run("caddy", "stop")


@contextmanager
def _server(stage: Stage) -> Iterator[Server]:
    assert stage.settings, "the page must show settings before the configuration of the proxy"
    data = stage.files / f"behind-{len(list(stage.files.iterdir()))}"
    data.mkdir()
    settings = {"PIVOTAL_CONFIG": str(stage.settings)}
    with Server(data, "127.0.0.1:8080", inside=stage.sandbox.inside(data), **settings) as server:
        stage.sandbox.write("/etc/hosts", f"127.0.0.1 localhost {HOSTS}\n")
        yield server


def _check(block: Block, stage: Stage, server: Server) -> None:
    """Sends requests through the proxy, with forged forwarding headers.

    The server must still determine the right base URL and client IP address. Its base URL is the
    `public_url` of the page's settings, or else the path that the block is marked with.
    """
    path = block.marks.get("below", "")
    url = (stage.setting("public_url") or f"https://{HOST}{path}").rstrip("/")
    forged = {
        "Forwarded": "for=192.0.2.1;proto=http;host=made-up.example",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Host": "made-up.example",
        "X-Forwarded-Prefix": "/made-up",
        "X-Forwarded-Proto": "http",
    }
    headers = [word for name in forged for word in ("--header", f"{name}: {forged[name]}")]

    def get(path: str, *more: str) -> str:
        curl = ["curl", "--silent", "--show-error", "--fail", "--insecure", "--interface", CLIENT]
        waits = ["--retry", "50", "--retry-delay", "1", "--retry-all-errors"]
        return stage.sandbox.run(*curl, *waits, *headers, *more, f"{url}{path}")

    base_url = json.loads(get("/api/v1/openapi.json"))["servers"][0]["url"]
    assert base_url == f"{url}/api/v1", f"the server's base URL is {base_url}"
    # A redirect to the sign-in page, and its style sheet.
    location = get("/admin", "--output", "/dev/null", "--write-out", "%{redirect_url}")
    assert location == f"{url}/admin/setup" or location == f"{url}/admin/sign-in", location
    style = re.search(r'rel="stylesheet" href="(?P<path>[^"]+)"', get("/docs"))["path"]
    base_path = urlsplit(url).path
    assert style.startswith(f"{base_path}/docs/"), style
    get(style.removeprefix(base_path), "--output", "/dev/null")
    get("/api/v1/me", "--header", f"Authorization: Bearer {server.live_key}")
    # Key usage is written at the latest when the server stops.
    server.stop()
    listed = stage.sandbox.run(
        "pivotal-server", "--data-dir", server.data, "keys", "list", "--json"
    )
    used_from = [key["last_used_ip"] for key in json.loads(listed) if key["mode"] == "live"]
    assert used_from == [CLIENT], f"the server's client IP addresses are {used_from}"
