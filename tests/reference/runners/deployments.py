"""Files for programs that run or route to the server, but that are not installed here: the files are
checked against the server, the image, and schemas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import kubernetes_validate
import yaml

from server import ROOT

if TYPE_CHECKING:
    from page import Block
    from runners import Stage

# The oldest Kubernetes that still gets fixes.
KUBERNETES = "1.35"
DOCKERFILE = (ROOT / "packaging/container/Dockerfile").read_text()
# The user and the group of the image.
USER = int(re.search(r"^USER (\d+):\1$", DOCKERFILE, re.MULTILINE)[1])
PORT = int(re.search(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)[1])
DIRECTORIES = {"/data", "/backups", "/tmp"}


def check(block: Block, stage: Stage) -> None:
    """Checks a file with the function that its mark names."""
    mark = block.marks.get("check")
    if mark == "failover":
        _failover(block)
        return
    documents = list(yaml.safe_load_all(block.code))
    checks = {
        "compose": _compose,
        "kubernetes": _kubernetes,
        "pipeline": _pipeline,
        "traefik": _traefik,
    }
    assert mark in checks, f"{block}: YAML is a file or has one of check={', '.join(checks)}"
    checks[mark](documents, stage)


def _failover(block: Block) -> None:
    """Checks that a file is one of those that the tests of failovers run."""
    samples = (ROOT / "tests/failover/patroni").glob("*.yml")
    assert block.code in [sample.read_text() for sample in samples], (
        f"{block}: it differs from the files in tests/failover/patroni"
    )


def _check_environment(variables: dict[str, str], stage: Stage) -> None:
    """Checks that the server knows these variables and accepts their values."""
    stage.shell.run("mkdir -p empty")
    assignments = " ".join(f"{name}='{value}'" for name, value in variables.items())
    # A directory that exists only in the container is not a reason to refuse a setting.
    printed = stage.shell.run(f"(cd empty && env {assignments} pivotal-server config 2>&1)")
    assert "is not a setting" not in printed, printed


def _pipeline(documents: list[dict], stage: Stage) -> None:
    """Checks that a workflow installs the package of this version and has a time limit."""
    (workflow,) = documents
    version = stage.server.run("--version").split()[1]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] > 0
        commands = [step["run"] for step in job["steps"] if "run" in step]
        install = next(command for command in commands if command.startswith("pip install "))
        assert f"/pivotal_server-{version}-py3-none-manylinux_" in install, install
        assert commands[-1] == "pytest"
        assert f"/v{version}" in job["env"]["RELEASE"]


def _compose(documents: list[dict], stage: Stage) -> None:
    (file,) = documents
    service = file["services"]["pivotal-server"]
    (port,) = service["ports"]
    assert port.startswith("127.0.0.1:"), f"{port} is reachable from other machines"
    assert int(port.rsplit(":", 1)[1]) == PORT, port
    mounts = dict(volume.split(":") for volume in service["volumes"])
    assert set(mounts) == set(file["volumes"]), mounts
    assert {*mounts.values(), *service["tmpfs"]} == DIRECTORIES, mounts
    environment = service["environment"]
    assert environment["PIVOTAL_BACKUP_DIR"] in mounts.values()
    _check_environment(environment, stage)
    packaged = yaml.safe_load((ROOT / "packaging/container/compose.yaml").read_text())
    packaged = packaged["services"]["pivotal-server"]
    for name in ("restart", "stop_grace_period", "read_only", "tmpfs", "cap_drop", "security_opt"):
        assert service[name] == packaged[name], name


def _kubernetes(documents: list[dict], stage: Stage) -> None:
    for document in documents:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    kinds = {document["kind"]: document["spec"] for document in documents}
    claim = next(one for one in documents if one["kind"] == "PersistentVolumeClaim")
    service, ingress = kinds["Service"], kinds["Ingress"]
    deployment = kinds["Deployment"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"]["type"] == "Recreate"
    template = deployment["template"]
    labels = template["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels == service["selector"]
    pod = template["spec"]
    (container,) = pod["containers"]

    identity = pod["securityContext"]
    assert {identity[name] for name in ("runAsUser", "runAsGroup", "fsGroup")} == {USER}
    (port,) = container["ports"]
    assert port["containerPort"] == PORT
    assert service["ports"][0]["targetPort"] == port["name"]
    (path,) = ingress["rules"][0]["http"]["paths"]
    backend = path["backend"]["service"]
    assert backend["port"]["name"] == service["ports"][0]["name"]
    names = {document["metadata"]["name"] for document in documents}
    assert names == {backend["name"]}, names
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounts.values()) < DIRECTORIES, mounts
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert set(volumes) == set(mounts)
    claimed = volumes["data"]["persistentVolumeClaim"]["claimName"]
    assert claimed == claim["metadata"]["name"], claimed

    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    _check_environment(environment, stage)
    public = urlsplit(environment["PIVOTAL_PUBLIC_URL"])
    assert public.netloc == ingress["rules"][0]["host"] == ingress["tls"][0]["hosts"][0]
    assert public.path.rstrip("/") == path["path"]
    _run_pod(container, environment, mounts, stage)


def _run_pod(
    container: dict, environment: dict[str, str], mounts: dict[str, str], stage: Stage
) -> None:
    """Starts the server in the sandbox as the pod would, and sends it what the probes send."""
    run = stage.sandbox.run
    volume = mounts["data"]
    # How Kubernetes mounts a volume with `fsGroup`.
    run("install", "-d", "-m", "2775", "-g", str(USER), volume)
    variables = {**environment, "PIVOTAL_LISTEN": f"0.0.0.0:{PORT}"}
    assignments = [f"{name}={value}" for name, value in variables.items()]
    identity = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs"]
    pod = ["setpriv", *identity, "env", *assignments, "pivotal-server", *container["args"]]
    run("sh", "-c", '"$@" > /tmp/pod.log 2>&1 & echo $! > /tmp/pod.pid', "sh", *pod)
    ingress = urlsplit(environment["PIVOTAL_PUBLIC_URL"]).path.rstrip("/")
    probes = {
        container[f"{kind}Probe"]["httpGet"]["path"]
        for kind in ("startup", "readiness", "liveness")
    }
    for path in [*sorted(probes), f"{ingress}/api/v1/health", f"{ingress}/docs"]:
        curl = ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null"]
        waits = ["--retry", "100", "--retry-delay", "1", "--retry-connrefused"]
        run(*curl, *waits, f"http://127.0.0.1:{PORT}{path}")
    log = run("cat", "/tmp/pod.log")
    assert "WARN" not in log, log
    run("sh", "-c", 'kill "$(cat /tmp/pod.pid)"')


def _traefik(documents: list[dict], stage: Stage) -> None:
    """Checks the parts of a dynamic configuration that refer to each other, and to the server."""
    (file,) = documents
    (http,) = file.values()
    assert list(file) == ["http"]
    (router,) = http["routers"].values()
    assert set(router) == {"rule", "entryPoints", "middlewares", "service", "tls"}
    assert set(router["middlewares"]) == set(http["middlewares"])
    balancer = http["services"][router["service"]]["loadBalancer"]
    assert balancer["servers"] == [{"url": f"http://{stage.setting('listen')}"}]
    timeouts = http["serversTransports"][balancer["serversTransport"]]["forwardingTimeouts"]
    assert set(timeouts) == {"idleConnTimeout"}
    removed, paths = {}, []
    for middleware in http["middlewares"].values():
        ((kind, options),) = middleware.items()
        match kind:
            case "headers":
                removed |= options["customRequestHeaders"]
            case "stripPrefix":
                paths += options["prefixes"]
            case _:
                raise AssertionError(f"{kind} is not checked")
    assert removed == {"Forwarded": ""}, removed
    public = stage.setting("public_url")
    if public:
        url = urlsplit(public)
        assert f"Host(`{url.netloc}`)" in router["rule"]
        assert paths == [url.path.rstrip("/")]
        assert f"PathPrefix(`{url.path}`)" in router["rule"]
