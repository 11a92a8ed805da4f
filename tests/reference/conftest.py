"""Shared fixtures: the documentation, the programs in it, and servers to run them against."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

import tools
from documentation import ADDRESS, Documentation, documentation
from generated import Clients, generate
from machines import machines
from runners import SetStage, Stage, python, rust, typescript
from sandbox import OWN, Sandbox
from server import ROOT, Server, environment, free_address
from shell import Shell
from targets import backup_targets


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page" in metafunc.fixturenames:
        pages = [page for page in documentation().texts if page.blocks]
        metafunc.parametrize("page", pages, ids=lambda page: page.path)


@pytest.fixture(scope="session")
def docs() -> Documentation:
    return documentation()


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """The clients that the generators create from a server's OpenAPI document."""
    with Server(tmp_path_factory.mktemp("clients"), ADDRESS) as server:
        return generate(f"{server.api}/openapi.json", tools.MADE / "clients")


@pytest.fixture(scope="session")
def commands(docs: Documentation, clients: Clients) -> dict[str, str]:
    """Builds all programs of the documentation and the clients. Returns the command for each."""

    def programs(language: str, ending: str) -> dict[str, str]:
        journey = (tools.HERE / f"clients/journey.{ending}").read_text()
        samples = {block.name: block.code for block in docs.programs(language)}
        return {f"journey_{language}": journey} | samples

    return (
        typescript.build(
            programs("typescript", "ts"),
            docs.files("typescript"),
            clients.typescript,
            tools.MADE / "typescript",
        )
        | python.build(programs("python", "py"), clients, tools.MADE / "python")
        | rust.build(programs("rust", "rs"), clients, tools.MADE / "programs")
    )


@pytest.fixture
def stage(docs: Documentation, commands: dict[str, str], tmp_path: Path) -> SetStage:
    """Sets up a stage for blocks: a new server, and a shell in an empty directory.

    In a sandbox, the shell starts in the checkout of the source. The hosted API is played by
    another server, with demo data, and so are the places that backups are copied to. Other machines
    are sandboxes.
    """

    @contextmanager
    def set_stage(
        *,
        in_sandbox: bool = False,
        with_hosted_api: bool = False,
        with_backup_targets: bool = False,
        with_machines: Sequence[str] = (),
    ) -> Iterator[Stage]:
        data, home, files = (tmp_path / "shared" / name for name in ("data", "home", "files"))
        for directory in (data, home, files):
            directory.mkdir(parents=True)
        with ExitStack() as stack:
            sandbox = None
            if in_sandbox:
                sandbox = stack.enter_context(Sandbox(tmp_path / "room", tmp_path / "shared"))
                home = ROOT

            def inside(directory: Path) -> list[str]:
                return sandbox.inside(directory) if sandbox else []

            server = stack.enter_context(Server(data, ADDRESS, inside(data)))
            variables = environment(
                **({} if in_sandbox else rust.VARIABLES),
                PATH=f"{OWN}:{os.environ['PATH']}" if in_sandbox else tools.path(),
                REAL_CARGO=shutil.which("cargo"),
                PIVOTAL_API_KEY=server.live_key,
                PIVOTAL_TEST_KEY=server.test_key,
                PIVOTAL_DATA_DIR=str(data),
                # For receivers of webhooks.
                PORT=free_address().split(":")[1],
            )
            if with_hosted_api:
                hosted_data = tmp_path / "hosted"
                hosted_data.mkdir()
                hosted = stack.enter_context(
                    Server(hosted_data, PIVOTAL_RATE_LIMITS_ENABLED="false")
                )
                demo = json.loads(hosted.run("--json", "demo"))
                variables |= {
                    "HOSTED_URL": hosted.origin,
                    "HOSTED_KEY": demo["key"]["key"],
                    "EMPTY_ORGANIZATION_KEY": hosted.live_key,
                }
            targets = {}
            if with_backup_targets:
                targets = stack.enter_context(backup_targets(inside(files)))
            shell = Shell(home, files, variables, inside(home), targets)
            stack.enter_context(closing(shell))
            shells = stack.enter_context(
                machines(with_machines, tmp_path / "rooms", tmp_path / "shared")
            )
            yield Stage(server, shell, docs.openapi, commands, files, sandbox, machines=shells)

    return set_stage
