"""A real Prometheus scrapes the gateway with METRICS_TOKEN: what was counted is what PromQL shows."""

from __future__ import annotations

from pathlib import Path

from otel_worker_cli.runtime.ports import LOOPBACK, free_port
from tests.e2e.collector import new_token
from tests.e2e.metric_collector import METRICS_TOKEN, running_metrics
from tests.prometheus.metric_story import (
    SERVICE,
    check_requests,
    count_requests,
    series_of,
    wait_for_requests,
    wait_until,
)
from tests.prometheus.prometheus_server import PrometheusServer
from tools.prometheus import Servers

CONFIG = """
scrape_configs:
  - job_name: gateway
    scrape_interval: 1s
    scrape_timeout: 1s
    honor_labels: true
    authorization: {{credentials: "{token}"}}
    static_configs: [{{targets: ["{target}"]}}]
"""


def test_what_is_counted_is_shown_across_restarts_of_both(programs: Servers, tmp_path: Path) -> None:
    token, port = new_token(), free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIG.format(token=METRICS_TOKEN, target=f"{LOOPBACK}:{port}"))
    with PrometheusServer(programs.prometheus, tmp_path / "prometheus", config=config) as prometheus:
        with running_metrics(tmp_path / "collector", token, port=port) as collector:
            count_requests(collector, 40)
            wait_for_requests(prometheus, 40)
            count_requests(collector, 20)
            collector.session.kill()
        wait_until(lambda: prometheus.number('up{job="gateway"}') == 0, lambda: "it is scraped still")
        with running_metrics(tmp_path / "collector", token, port=port) as collector:
            count_requests(collector, 30)
            wait_for_requests(prometheus, 90)
            prometheus.process.kill()
            count_requests(collector, 50)
            prometheus.process.start()
            wait_for_requests(prometheus, 140)
            count_requests(collector, 10)
            wait_for_requests(prometheus, 150)
            labels = series_of(prometheus, 'http_requests_total{plan="pro"}').labels
            assert (labels["job"], labels["otel_scope_name"]) == (SERVICE, "e2e")
            collector.session.kill()
        check_requests(prometheus, 150, starts_with_zero=False)
