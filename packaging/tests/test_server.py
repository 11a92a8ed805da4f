"""Run in a virtual environment in which only the wheel and pytest are installed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from pivotal_server import Server, ServerError, start


def call(server: Server, path: str, mode: str = "live", body: bytes | None = None) -> dict:
    request = urllib.request.Request(f"{server.url}/api/v1{path}", data=body)
    request.add_header("Authorization", f"Bearer {server.keys[mode]}")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_a_server_has_working_keys_and_is_gone_after_stop() -> None:
    with start() as server:
        for mode in ("live", "test"):
            assert call(server, "/me", mode)["api_key"]["mode"] == mode
    with pytest.raises(urllib.error.URLError):
        call(server, "/me")
    server.stop()


def test_the_fixture_is_a_server_of_its_own(pivotal_server: Server) -> None:
    with start() as other:
        call(other, "/customers", body=b'{"name": "Aurora Shipping"}')
        assert len(call(other, "/customers")["data"]) == 1
    assert call(pivotal_server, "/customers")["data"] == []


class TestOptions:
    @pytest.fixture
    def pivotal_server_options(self) -> dict:
        return {"args": ["--no-bootstrap"]}

    def test_the_fixture_takes_options(self, pivotal_server: Server) -> None:
        assert pivotal_server.keys == {}


def test_a_server_with_a_seed_has_its_data(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text("customers:\n  - name: Aurora Shipping\n")
    with start(seed=seed) as server:
        names = [customer["name"] for customer in call(server, "/customers")["data"]]
    assert names == ["Aurora Shipping"]


def test_a_taken_port_is_an_error_with_the_servers_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(
            ServerError, match=r"^pivotal-server did not start: error: .*this address"
        ):
            start(args=["--listen", address])


def test_a_faulty_seed_is_an_error_with_the_servers_message() -> None:
    with pytest.raises(ServerError, match=r"error: can't read the seed missing\.yaml"):
        start(seed="missing.yaml")


def test_arguments_for_something_other_than_a_server_are_an_error() -> None:
    with pytest.raises(ServerError, match="did not start: it was not asked to serve"):
        start(args=["--help"])


def test_a_binary_that_cannot_run_is_an_error_with_the_systems_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pivotal_server.BINARY", "/missing/pivotal-server")
    with pytest.raises(ServerError, match="did not start: .*No such file or directory"):
        start()


def test_a_program_that_forgets_to_stop_its_server_ends_and_the_server_with_it() -> None:
    program = "import pivotal_server; print(pivotal_server.start().url)"
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    host, port = printed.strip().removeprefix("http://").split(":")
    while True:
        try:
            socket.create_connection((host, int(port))).close()
        except ConnectionResetError:
            # The server closed its socket before it accepted the connection.
            continue
        except ConnectionRefusedError:
            break
