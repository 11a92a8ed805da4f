"""Reverse proxies, which run with what a page shows, before a server with the page's settings.

In the sandbox, every name and port is as the page says: the proxy has 443, the server 8080.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from server import Server

if TYPE_CHECKING:
    from page import Block
    from runners import Stage

HOST = "pivotal.example.com"
# Another address of this machine than the one from which a proxy connects.
CLIENT = "127.0.0.2"
# Caddy would otherwise ask an authority for a certificate, and this machine to trust its own.
CADDY_OPTIONS = "{\n\tlocal_certs\n\tskip_install_trust\n}\n"


def nginx(block: Block, stage: Stage) -> None:
    """Puts a site where Debian's nginx looks for it, with a certificate where it says."""
    run = stage.sandbox.run
    named = dict(line.split(maxsplit=1) for line in block.code.splitlines() if line.split()[1:])
    certificate, key = (
        named[name].rstrip(";") for name in ("ssl_certificate", "ssl_certificate_key")
    )
    stage.sandbox.write(certificate, "")
    run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-subj", f"/CN={HOST}", "-keyout", key, "-out", certificate,
    )  # fmt: skip
    stage.sandbox.write("/etc/nginx/conf.d/pivotal.conf", block.code)
    with _server(stage) as server:
        run("nginx")
        _check(stage, server)
        run("nginx", "-s", "quit")


def caddy(block: Block, stage: Stage) -> None:
    """Starts Caddy, which makes its own certificate."""
    file = "/etc/caddy/Caddyfile"
    stage.sandbox.write(file, CADDY_OPTIONS + block.code)
    with _server(stage) as server:
        # What stays behind would hold on to the output.
        start = f"caddy start --config {file} > caddy.log 2>&1 || {{ cat caddy.log; exit 1; }}"
        stage.sandbox.run("sh", "-c", start)
        _check(stage, server)
        stage.sandbox.run("caddy", "stop")


@contextmanager
def _server(stage: Stage) -> Iterator[Server]:
    assert stage.settings, "no settings stand before the configuration of the proxy"
    data = stage.files / f"behind-{len(list(stage.files.iterdir()))}"
    data.mkdir()
    settings = {"PIVOTAL_CONFIG": str(stage.settings)}
    with Server(data, "127.0.0.1:8080", inside=stage.sandbox.inside(data), **settings) as server:
        stage.sandbox.write("/etc/hosts", f"127.0.0.1 localhost {HOST}\n")
        yield server


def _check(stage: Stage, server: Server) -> None:
    """Asks through the proxy, with headers that a client has made up.

    The server has to know under which address it was asked, and by whom.
    """
    made_up = {
        "Forwarded": "for=192.0.2.1;proto=http;host=made-up.example",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Host": "made-up.example",
        "X-Forwarded-Proto": "http",
    }
    headers = [word for name in made_up for word in ("--header", f"{name}: {made_up[name]}")]

    def get(path: str, *more: str) -> dict:
        curl = ["curl", "--silent", "--show-error", "--fail", "--insecure", "--interface", CLIENT]
        waits = ["--retry", "50", "--retry-delay", "1", "--retry-all-errors"]
        address = f"https://{HOST}/api/v1{path}"
        return json.loads(stage.sandbox.run(*curl, *waits, *headers, *more, address))

    said = get("/openapi.json")["servers"][0]["url"]
    assert said == f"https://{HOST}/api/v1", f"the server takes its address for {said}"
    get("/me", "--header", f"Authorization: Bearer {server.live_key}")
    # It is written down when the server stops, at the latest.
    server.stop()
    listed = stage.sandbox.run(
        "pivotal-server", "--data-dir", server.data, "keys", "list", "--json"
    )
    used_from = [key["last_used_ip"] for key in json.loads(listed) if key["mode"] == "live"]
    assert used_from == [CLIENT], f"the server takes its client's address for {used_from}"
