"""Machines that reach each other by their names. On each, the Debian packages of PostgreSQL and of
the server are installed."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from sandbox import OWN, Sandbox
from server import ROOT, environment
from shell import Shell

_NETWORK = "10.0.0"
# The version that the pages show.
_SHOWN = "15"
_PACKAGE = ROOT / "packaging/debian"
_HOME = Path("/root")

# What the installation of the packages does: a user and a unit for the server, and a database
# cluster that runs. The cluster is created once, in $3, and copied to the other machines.
_INSTALL = """
id -u pivotal-server || useradd --system --home-dir /var/lib/pivotal-server pivotal-server
install -d -m 755 /etc/pivotal-server
cp "$1/config.toml" /etc/pivotal-server/
sed "s:/usr/bin/pivotal-server:$2/pivotal-server:" "$1/pivotal-server.service" \
    > /etc/systemd/system/pivotal-server.service
rm -rf /etc/postgresql/* /var/lib/postgresql/* /var/run/postgresql
if [ -e "$3" ]; then
    tar --extract --directory=/ --file="$3"
else
    pg_createcluster "$4" main
    tar --create --directory=/ --file="$3" etc/postgresql var/lib/postgresql
fi
pg_ctlcluster "$4" main start
"""


@contextmanager
def machines(names: Sequence[str], room: Path, shared: Path) -> Iterator[dict[str, Shell]]:
    """Starts machines, and returns a shell on each. The first also has the switch that connects
    them."""
    with ExitStack() as stack:
        rooms = [room / name for name in names]
        for one in rooms:
            one.parent.mkdir(exist_ok=True)
        sandboxes = [stack.enter_context(Sandbox(one, shared)) for one in rooms]
        _connect(sandboxes)
        addresses = [f"{_NETWORK}.{number} {name}" for number, name in enumerate(names, 1)]
        hosts = "\n".join(["127.0.0.1 localhost", *addresses, ""])
        shells = {}
        for name, sandbox in zip(names, sandboxes, strict=True):
            sandbox.write("/etc/hosts", hosts)
            sandbox.run("hostname", name)
            arguments = [_PACKAGE, OWN, shared / "cluster.tar", _version()]
            sandbox.run("sh", "-euc", _INSTALL, "sh", *arguments)
            shells[name] = stack.enter_context(closing(_shell(sandbox, shared / name)))
        yield shells


def _shell(sandbox: Sandbox, files: Path) -> Shell:
    files.mkdir()
    variables = environment(PATH=f"{OWN}:/usr/sbin:/usr/bin:/sbin:/bin", HOME=str(_HOME))
    version = _version()
    replacements = {f"/{_SHOWN}/": f"/{version}/", f" {_SHOWN} main": f" {version} main"}
    return Shell(_HOME, files, variables, sandbox.inside(_HOME), replacements)


def _version() -> str:
    """The newest PostgreSQL that is installed here."""
    return str(max(int(path.parts[4]) for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def _connect(sandboxes: list[Sandbox]) -> None:
    for number, sandbox in enumerate(sandboxes, 1):
        if number == 1:
            _ip(sandbox, "link add lan type bridge")
        else:
            cable = f"cable{number}"
            _ip(sandboxes[0], f"link add {cable} type veth peer name lan netns {sandbox.pid}")
            _ip(sandboxes[0], f"link set {cable} master lan up")
        _ip(sandbox, f"address add {_NETWORK}.{number}/24 dev lan")
        _ip(sandbox, "link set lan up")


def _ip(sandbox: Sandbox, arguments: str) -> None:
    inside = ["nsenter", f"--target={sandbox.pid}", "--net"]
    subprocess.run([*inside, "ip", *arguments.split()], check=True)
