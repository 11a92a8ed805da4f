"""Tests that the metrics are valid for the parser of Prometheus."""

import re
from pathlib import Path

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from server import Server


def test_the_parser_of_prometheus_accepts_the_metrics(tmp_path: Path) -> None:
    with Server(tmp_path, PIVOTAL_METRICS_LISTEN="127.0.0.1:0") as server:
        assert httpx.get(f"{server.api}/customers").status_code == 401
        log = server.log.read_text()
        url = re.search(r"metrics_listen=(\S+)", log)[1]
        text = httpx.get(f"{url}/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    requests = {
        (sample.labels["operation"], sample.labels["status"]): sample.value
        for sample in families["pivotal_http_requests"].samples
    }
    assert requests["list-customers", "401"] == 1
    assert families["pivotal_commit_duration_seconds"].type == "histogram"
    assert families["pivotal_database_bytes"].unit == "bytes"
    assert families["pivotal_build"].type == "info"
