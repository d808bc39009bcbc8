"""The dashboards and alert rules ask for metrics that there are: on a real page, of real instrumentations."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.e2e.collector import http_client
from tests.e2e.self_measuring import Page, wait_for_page
from tests.sdk.project import assemble_gateway
from workers_otel import Answer, Metrics, create_metrics, instrument_alarm, instrument_fetch, llm_call

TOKEN = "dashboards"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DASHBOARDS = sorted((EXAMPLES / "grafana").glob("*.json"))
RULES = EXAMPLES / "alerts" / "otel-worker.yml"

_EXPRESSION = re.compile(r"^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)", re.MULTILINE)
# What stands in front of a selector; every selector of ours has braces or a range.
_METRIC = re.compile(r"\b([a-z_][a-z0-9_]*)(?:\{[^}]*\})?\[|\b([a-z_][a-z0-9_]*)\{")


def load(path: Path) -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(path.read_text())
    return dashboard


def expressions_of(path: Path) -> list[str]:
    if path == RULES:
        return [block or line for block, line in _EXPRESSION.findall(path.read_text())]
    return [target["expr"] for panel in load(path)["panels"] for target in panel["targets"]]


def metrics_of(expression: str) -> set[str]:
    return {first or second for first, second in _METRIC.findall(expression)}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Yield the page of a collector that measures itself, and that a Worker has sent metrics to."""
    folder = tmp_path_factory.mktemp("dashboards")
    checkout = this_checkout()
    with (
        DevSession.start(
            assemble_gateway(folder / "project", checkout),
            persist_to=folder / "state",
            token=TOKEN,
            variables={"SELF_METRICS": "gateway"},
            reads_dev_vars=False,
            checkout=checkout,
        ) as session,
        http_client(session.url, TOKEN) as client,
    ):
        asyncio.run(_record(session.url))
        _send_a_span(client)
        yield wait_for_page(client, lambda page: "otel_worker_d1_rows_read_total" in page.names)


def _send_a_span(client: httpx.Client) -> None:
    span = {"traceId": "1" * 32, "spanId": "2" * 16, "name": "a"}
    span |= {"startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000000000001"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    assert client.post("/v1/traces", json=body).status_code == 200


async def _record(url: str) -> None:
    """Have each instrumentation of the client record, and send it."""

    async def post(url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
        async with httpx.AsyncClient(timeout=60) as client:
            response = await client.post(url, content=body, headers=headers)
        return Answer(response.status_code, "", response.text)

    metrics = create_metrics(service_name="shop", endpoint=url, token=TOKEN, transport=post)

    def get_metrics(_env: object) -> Metrics:
        return metrics

    @instrument_fetch(get_metrics, route="/cart")
    async def fetch(self: Any, request: Any) -> Any:
        raise LookupError

    @instrument_alarm(get_metrics)
    async def alarm(self: Any) -> None:
        raise LookupError

    worker = SimpleNamespace(env=None, ctx=None)
    request = SimpleNamespace(method="GET", url="https://shop.test/cart")
    with llm_call(metrics, provider="openai", model="small", stage="plan") as call:
        call.used(input_tokens=12, output_tokens=5, cost_usd=0.01)
    metrics.counter("negative", -1)
    with pytest.raises(LookupError):
        await fetch(worker, request)
    # It flushes, and what was recorded before goes with it.
    with pytest.raises(LookupError):
        await alarm(worker)


@pytest.mark.parametrize("path", [*DASHBOARDS, RULES], ids=lambda path: path.name)
def test_every_metric_that_is_asked_for_is_on_the_page(path: Path, page: Page) -> None:
    asked = {metric for expression in expressions_of(path) for metric in metrics_of(expression)}
    assert asked
    assert asked - page.names == set()


@pytest.mark.parametrize("path", [*DASHBOARDS, RULES], ids=lambda path: path.name)
def test_every_expression_asks_for_a_metric(path: Path) -> None:
    expressions = expressions_of(path)
    assert len(expressions) >= 8
    assert [expression for expression in expressions if not metrics_of(expression)] == []


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_a_dashboard_has_what_grafana_needs(path: Path) -> None:
    dashboard = load(path)
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= set(dashboard)
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        # No address of somebody's own: whoever imports it chooses the data source.
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        used = set(re.findall(r"\$\{?(\w+)", json.dumps(panel["targets"])))
        assert used <= {*variables, "__rate_interval"}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_no_two_panels_of_a_dashboard_overlap(path: Path) -> None:
    cells = [
        (x, y)
        for position in (panel["gridPos"] for panel in load(path)["panels"])
        for x in range(position["x"], position["x"] + position["w"])
        for y in range(position["y"], position["y"] + position["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
