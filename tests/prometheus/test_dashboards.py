"""The alert rules and the queries of the dashboards, as a real Prometheus reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from tests.prometheus.conftest import Pair
from tests.prometheus.prometheus_server import EXAMPLE, PrometheusServer
from tools.prometheus import Servers

EXAMPLES = EXAMPLE.parent
RULES = EXAMPLES / "alerts" / "otel-worker.yml"
DASHBOARDS = sorted((EXAMPLES / "grafana").glob("*.json"))


def test_prometheus_loads_the_rules_and_evaluates_each(programs: Servers, tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text(f"global: {{evaluation_interval: 1s}}\nrule_files: ['{RULES}']\n")
    with PrometheusServer(programs.prometheus, tmp_path, config=config) as server:
        answer = httpx.get(f"{server.url}/api/v1/rules", trust_env=False, timeout=30).json()
        rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
        assert [rule["name"] for rule in rules] == re.findall(r"alert: (\w+)", RULES.read_text())
        for rule in rules:
            # Raises for a query that cannot be evaluated.
            server.query(rule["query"])


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_prometheus_takes_every_query_of_a_dashboard(path: Path, pair: Pair) -> None:
    panels = json.loads(path.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    assert queries
    for query in queries:
        pair.prometheus.query(query.replace("$__rate_interval", "5m").replace("$job", ".+"))
