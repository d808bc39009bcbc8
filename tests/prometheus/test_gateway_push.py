"""The gateway pushes to a real Prometheus through a real Caddy: what was counted is what PromQL shows."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.e2e.collector import new_token
from tests.e2e.metric_collector import running_metrics
from tests.prometheus.caddy_server import CaddyServer
from tests.prometheus.metric_story import check_requests, count_requests, wait_for_requests
from tests.prometheus.prometheus_server import PrometheusServer
from tools.prometheus import Prometheus, Servers


def test_what_is_counted_is_shown_across_a_restart_of_the_gateway_and_an_outage_of_prometheus(
    otlp_prometheus: Prometheus, programs: Servers, tmp_path: Path
) -> None:
    token = new_token()
    with (
        PrometheusServer(otlp_prometheus, tmp_path / "prometheus") as prometheus,
        CaddyServer(
            programs.caddy,
            tmp_path / "caddy",
            upstream=prometheus.address,
            token=secrets.token_hex(16),
        ) as caddy,
    ):
        variables = {
            "PROMETHEUS_OTLP_ENDPOINT": caddy.otlp_url,
            "PROMETHEUS_TOKEN": caddy.token,
            "METRICS_FLUSH_SECONDS": "1",
        }
        with running_metrics(tmp_path / "collector", token, variables) as collector:
            count_requests(collector, 40)
            wait_for_requests(prometheus, 40)
            count_requests(collector, 20)
        with running_metrics(tmp_path / "collector", token, variables) as collector:
            count_requests(collector, 30)
            wait_for_requests(prometheus, 90)
            prometheus.process.kill()
            count_requests(collector, 50)
            prometheus.process.start()
            count_requests(collector, 10)
            wait_for_requests(prometheus, 150)
            collector.session.kill()
            check_requests(prometheus, 150, starts_with_zero=True)
