"""Tests of the alert rules and the dashboard: each condition is made true on a real server.

Prometheus' own tool then decides which alerts fire, given what the server's metrics were before and
after.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

import tools
from server import ROOT, Server, free_address

RULES = ROOT / "docs/operate/alerts.yml"
DASHBOARD = ROOT / "docs/operate/grafana.json"
TARGET = {"job": "pivotal-server", "instance": "a"}
# Later than the longest `for` of a rule.
EVALUATED = "20m"
COUNTER = re.compile(r"_(total|count|sum|bucket)$")
SAMPLE = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")

Series = dict[str, float]


def rules() -> list[dict]:
    return yaml.safe_load(RULES.read_text())["groups"][0]["rules"]


@dataclass
class Scraped:
    """A server whose metrics are read."""

    server: Server
    metrics: str

    def scrape(self) -> Series:
        """The value of each series, like Prometheus stores it. Times count from now."""
        try:
            response = httpx.get(f"{self.metrics}/metrics").raise_for_status()
        except httpx.TransportError:
            return {_series("up", ""): 0}
        found = {_series("up", ""): 1.0}
        for line in response.text.splitlines():
            if sample := SAMPLE.match(line):
                name, value = sample["name"], float(sample["value"])
                if name.endswith("_timestamp_seconds"):
                    value -= time.time()
                found[_series(name, sample["labels"] or "")] = value
        return found

    def wait_for(self, name: str, condition: Callable[[float], bool]) -> Series:
        """Waits until the series of a metric meets a condition."""
        deadline = time.monotonic() + 30
        while True:
            series = self.scrape()
            if any(condition(value) for key, value in series.items() if key.startswith(name)):
                return series
            assert time.monotonic() < deadline, f"{name} never met the condition: {series}"

    def post(self, path: str, body: dict, **headers: str) -> httpx.Response:
        return httpx.post(f"{self.server.api}{path}", json=body, headers=headers, timeout=30)

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.server.data / "pivotal.db", isolation_level=None)


def _series(name: str, labels: str) -> str:
    target = ",".join(f'{label}="{value}"' for label, value in TARGET.items())
    return f"{name}{{{labels + ',' if labels else ''}{target}}}"


@contextmanager
def scraped(data: Path, inside: tuple[str, ...] = (), **settings: str) -> Iterator[Scraped]:
    metrics = free_address()
    data.mkdir()
    with Server(data, inside=inside, PIVOTAL_METRICS_LISTEN=metrics, **settings) as server:
        yield Scraped(server, f"http://{metrics}")


def check(expected: set[str], before: Series, after: Series, made: Path) -> None:
    """Checks that exactly these alerts fire if what happened between two scrapes continues.

    Counters grow at the same pace, and gauges keep their value.
    """

    def values(key: str) -> str:
        value = after[key]
        if COUNTER.search(key.split("{")[0]):
            first = before.get(key, 0)
            return f"{first:f}+{value - first:f}x30"
        return f"{value:f}+0x30"

    def checks(rule: dict) -> dict:
        summary = rule["annotations"]["summary"]
        fires = {
            "exp_labels": rule["labels"] | TARGET,
            "exp_annotations": {"summary": summary.replace("{{ $labels.instance }}", "a")},
        }
        alerts = [fires] if rule["alert"] in expected else []
        return {"alertname": rule["alert"], "eval_time": EVALUATED, "exp_alerts": alerts}

    series = [{"series": key, "values": values(key)} for key in after]
    test = {
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [checks(rule) for rule in rules()],
    }
    file = made / "alerts.json"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "tests": [test]}))
    tools.run("promtool", "test", "rules", file, cwd=made)


def test_a_healthy_server_causes_no_alert(tmp_path: Path) -> None:
    with scraped(tmp_path / "data", PIVOTAL_BACKUP_EVERY="1h", PIVOTAL_BACKUP_AFTER="true") as here:
        before = here.wait_for("pivotal_backup_last_success_timestamp_seconds", lambda at: at > -60)
        key = {"Authorization": f"Bearer {here.server.live_key}"}
        assert here.post("/customers", {"name": "Aurora"}, **key).status_code == 201
        # A few wrong keys are nothing to worry about.
        assert here.post("/customers", {}, Authorization="Bearer wrong").status_code == 401
        check(set(), before, here.scrape(), tmp_path)


def test_failing_backups_and_wrong_keys(tmp_path: Path) -> None:
    missing = str(tmp_path / "not-mounted")
    settings = {"PIVOTAL_BACKUP_EVERY": "1s", "PIVOTAL_BACKUP_DIR": missing}
    with scraped(tmp_path / "data", **settings) as here:
        before = here.wait_for("pivotal_backup_failed", lambda failed: failed == 1)
        for _ in range(10):
            wrong = here.server.live_key[:-1] + "!"
            response = here.post("/customers", {}, Authorization=f"Bearer {wrong}")
            assert response.status_code == 401
        expected = {"PivotalBackupFailed", "PivotalBackupTooOld", "PivotalManyWrongKeys"}
        check(expected, before, here.scrape(), tmp_path)


def test_backups_that_are_not_handed_over(tmp_path: Path) -> None:
    settings = {"PIVOTAL_BACKUP_EVERY": "1h", "PIVOTAL_BACKUP_AFTER": "exit 1"}
    with scraped(tmp_path / "data", **settings) as here:
        after = here.wait_for("pivotal_backup_after_failed", lambda failed: failed == 1)
        check({"PivotalBackupNotHandedOver"}, after, after, tmp_path)


def _add_endpoint(here: Scraped) -> None:
    # Nothing listens there.
    url = f"http://{free_address()}/"
    here.server.run("webhooks", "create", "--workspace", "default", "--url", url)


def test_a_webhook_that_waits_for_an_hour(tmp_path: Path) -> None:
    with scraped(tmp_path / "data", PIVOTAL_TEST_CONTROL_ENABLED="true") as here:
        _add_endpoint(here)
        name = "pivotal_webhook_oldest_undelivered_age_seconds"
        here.wait_for("pivotal_webhook_backlog", lambda backlog: backlog > 0)
        clock = f"{here.server.origin}/_test/clock"
        httpx.put(clock, json={"advance": "2h"}).raise_for_status()
        after = here.wait_for(name, lambda age: age > 3600)
        check({"PivotalWebhooksStuck"}, after, after, tmp_path)


def test_a_webhook_endpoint_that_was_disabled(tmp_path: Path) -> None:
    settings = {"PIVOTAL_WEBHOOKS_SCHEDULE": "0s", "PIVOTAL_WEBHOOKS_DISABLE_AFTER": "1"}
    with scraped(tmp_path / "data", **settings) as here:
        _add_endpoint(here)
        after = here.wait_for("pivotal_webhook_endpoints_disabled", lambda disabled: disabled > 0)
        check({"PivotalWebhookEndpointDisabled"}, after, after, tmp_path)


def test_writes_that_another_process_locks_out(tmp_path: Path) -> None:
    with scraped(tmp_path / "data") as here, closing(here.database()) as locks:
        key = {"Authorization": f"Bearer {here.server.live_key}"}
        before = here.scrape()
        locks.execute("BEGIN IMMEDIATE")
        assert here.post("/customers", {"name": "Aurora"}, **key).status_code == 503
        locks.execute("ROLLBACK")
        expected = {"PivotalWritesRefused", "PivotalServerErrors"}
        check(expected, before, here.scrape(), tmp_path)


def test_a_database_that_was_moved_away_and_a_server_that_was_stopped(tmp_path: Path) -> None:
    with scraped(tmp_path / "data") as here:
        database = here.server.data / "pivotal.db"
        database.rename(tmp_path / "moved.db")
        after = here.wait_for("pivotal_database_damaged", lambda damaged: damaged == 1)
        check({"PivotalDatabaseDamaged"}, after, after, tmp_path)
        here.server.stop()
        check({"PivotalServerDown"}, after, here.scrape(), tmp_path)


def test_a_write_ahead_log_that_a_reader_keeps_from_being_reset(tmp_path: Path) -> None:
    with (
        scraped(tmp_path / "data") as here,
        closing(here.database()) as reader,
        closing(here.database()) as writer,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM workspaces").fetchall()
        writer.executescript("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF")
        writer.execute("CREATE TABLE filling (a)")
        for _ in range(30):
            writer.execute("INSERT INTO filling VALUES (randomblob(5000000))")
        after = here.wait_for("pivotal_wal_bytes", lambda size: size > 1.4e8)
        check({"PivotalWalGrowing"}, after, after, tmp_path)


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    data = tmp_path / "data"
    # A small disk, which only this server sees.
    mount = 'mount -t tmpfs -o size=64m tmpfs "$0" && cd "$0" && exec "$@"'
    small_disk = ("unshare", "--mount", "sh", "-c", mount, str(data))
    with scraped(data, inside=small_disk) as here:
        after = here.scrape()
        check({"PivotalDiskNearlyFull"}, after, after, tmp_path)


def test_the_rules_and_the_dashboard_use_metrics_that_exist(tmp_path: Path) -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    panels = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    variables = [variable["query"] for variable in dashboard["templating"]["list"]]
    queries = [query["query"] for query in variables if isinstance(query, dict)]
    texts = [rule["expr"] for rule in rules()] + panels + queries
    used = set(re.findall(r"\bpivotal_\w+", "\n".join(texts)))
    with scraped(tmp_path / "data") as here:
        found = {key.split("{")[0] for key in here.scrape()}
    assert used - found == set()
    assert len(used) > 20
    # Prometheus understands the queries of the panels, once Grafana has filled in its variables.
    filled = [
        expression.replace("$__rate_interval", "5m").replace("$job", "a").replace("$instance", "a")
        for expression in panels
    ]
    rule_file = tmp_path / "panels.yml"
    records = [{"record": f"r{n}", "expr": expression} for n, expression in enumerate(filled)]
    rule_file.write_text(json.dumps({"groups": [{"name": "panels", "rules": records}]}))
    tools.run("promtool", "check", "rules", rule_file, cwd=tmp_path)
