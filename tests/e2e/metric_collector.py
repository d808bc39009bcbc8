"""A collector whose metrics are tested: pushes to it, and its page as prometheus_client reads it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.e2e.collector import JSON, Collector, http_client, new_token
from tests.workerd.project import assemble_collector

METRICS_TOKEN = "e2e-scrape-only"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

# A series on the page: the name of its sample, and its labels.
Labels = frozenset[tuple[str, str]]
Page = dict[tuple[str, Labels], float]


@contextlib.contextmanager
def running_metrics(
    folder: Path, token: str | None = None, variables: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[Collector]:
    """Start the collector of tests/workerd/metric_entry.py over a folder of data, and stop it in the end."""
    token = token or new_token()
    if not (folder / "project").exists():
        assemble_collector(folder / "project", this_checkout(), "metric_entry.py")
    with (
        DevSession.start(
            folder / "project" / "wrangler.toml",
            persist_to=folder / "state",
            port=port,
            token=token,
            variables={"METRICS_TOKEN": METRICS_TOKEN, **(variables or {})},
            reads_dev_vars=False,
        ) as session,
        http_client(session.url, token) as client,
    ):
        yield Collector(session, token, client)


def push(collector: Collector, body: bytes, client: httpx.Client | None = None) -> httpx.Response:
    """POST an export request of metrics in JSON, and return the answer, whatever it is."""
    headers = {"Content-Type": JSON}
    return (client or collector.client).post("/v1/metrics", content=body, headers=headers)


def request_of(service: str, *metrics: Mapping[str, Any]) -> bytes:
    """Return an export request with the metrics of one service."""
    resource = {"attributes": key_values({"service.name": service})}
    scope_metrics = [{"scope": {"name": "e2e"}, "metrics": metrics}]
    return json.dumps({"resourceMetrics": [{"resource": resource, "scopeMetrics": scope_metrics}]}).encode()


def key_values(attributes: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": text}} for key, text in attributes.items()]


def delta(name: str, value: int, attributes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a counter's delta of the last second; no two are equal."""
    now = time.time_ns()
    point = {
        "startTimeUnixNano": str(now - 1_000_000_000),
        "timeUnixNano": str(now),
        "asInt": str(value),
        "attributes": key_values(attributes or {}),
    }
    return {"name": name, "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [point]}}


def count(collector: Collector, service: str, value: int, name: str = "hits") -> None:
    """Push a delta, which has to be taken."""
    answer = push(collector, request_of(service, delta(name, value)))
    assert (answer.status_code, answer.content) == (200, b"{}"), answer.text


def scrape(collector: Collector, accept: str = "") -> Page:
    """Return all samples of the page."""
    answer = collector.client.get("/metrics", headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    parse = parse_openmetrics if accept == OPENMETRICS else parse_text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse(answer.text)
        for sample in family.samples
    }


def total(page: Page, name: str, **labels: str) -> float:
    """Return the sum of the samples that have a name and these labels; 0 without any."""
    wanted = set(labels.items())
    return sum(value for (sample, found), value in page.items() if sample == name and wanted <= found)


def written_rows(collector: Collector, service: str) -> list[int]:
    """Return how many rows each write of an aggregator had."""
    answer = collector.client.get("/aggregator", params={"service": service})
    rows: list[int] = answer.json()
    return rows
