"""The collector measures itself: into its own aggregators, to an endpoint, and never its own measuring."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from otel_worker_cli.runtime.ports import free_port
from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.e2e.collector import JSON, http_client
from tests.e2e.self_measuring import Page, wait_for_page
from tests.sdk.project import assemble_gateway

TOKEN = "self-measuring"
SPANS = """{"resourceSpans": [{"scopeSpans": [{"spans": [
  {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "00f067aa0ba902b7", "name": "a",
   "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000000000001"},
  {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "00f067aa0ba902b8", "name": "b",
   "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000000000001"},
  {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "", "name": "no id",
   "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000000000001"}
]}]}]}"""


@pytest.fixture(scope="module", params=["gateway", "endpoint"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Yield a client of a collector that sends to its own gateway: within itself, and by HTTP."""
    folder = tmp_path_factory.mktemp("self-metrics")
    checkout = this_checkout()
    port = free_port()
    endpoint = {"SELF_METRICS_ENDPOINT": f"http://127.0.0.1:{port}", "SELF_METRICS_TOKEN": TOKEN}
    with (
        DevSession.start(
            assemble_gateway(folder / "project", checkout),
            persist_to=folder / "state",
            port=port,
            token=TOKEN,
            variables={"SELF_METRICS": "gateway"} if request.param == "gateway" else endpoint,
            reads_dev_vars=False,
            checkout=checkout,
        ) as session,
        http_client(session.url, TOKEN) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def page(client: httpx.Client) -> Page:
    """Return the page after two exports, a list, a path that there is not, and a wrong token."""
    for _ in range(2):
        response = client.post("/v1/traces", content=SPANS, headers={"Content-Type": JSON})
        assert response.status_code == 200, response.text
        assert response.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert client.get("/v1/traces").status_code == 200
    assert client.get("/no/such/path/17").status_code == 404
    assert client.get("/v1/services", headers={"Authorization": "Bearer wrong"}).status_code == 401
    # The last one of them is told with all before it.
    return wait_for_page(
        client, lambda page: page.sum("http_server_requests_total", http_response_status_code="401") > 0
    )


def test_requests_are_counted_by_route_method_and_status(page: Page) -> None:
    def count(route: str, method: str, status: int) -> float:
        labels = {"http_request_method": method, "http_response_status_code": str(status)}
        return page.sum("http_server_requests_total", job="otel-worker", http_route=route, **labels)

    assert count("/v1/traces", "POST", 200) == 2
    assert count("/v1/traces", "GET", 200) == 1
    assert count("/v1/services", "GET", 401) == 1
    missing = page.sum("http_server_requests_total", http_request_method="_OTHER")
    assert missing == page.sum("http_server_requests_total", http_response_status_code="404") == 1
    durations = page.sum(
        "http_server_request_duration_seconds_count", http_route="/v1/traces", http_request_method="POST"
    )
    assert durations == 2


def test_spans_and_bytes_and_rows_are_counted(page: Page) -> None:
    assert page.sum("otel_worker_spans_accepted_total") == 4
    assert page.sum("otel_worker_spans_rejected_total") == 2
    assert page.sum("otel_worker_request_body_bytes_total") >= 2 * len(SPANS)
    # Two rows a request, and the second one was stored already (ADR 2).
    assert page.sum("otel_worker_d1_rows_written_total", otel_worker_kind="ingest") >= 2
    assert page.sum("otel_worker_d1_rows_read_total", otel_worker_kind="read") >= 1
    assert page.sum("otel_worker_live_dropped_traces_total") == 0
    assert "otel_worker_live_dropped_traces_total" in page.names


def test_what_the_collector_sends_of_itself_is_not_measured(client: httpx.Client, page: Page) -> None:
    seen = page.sum("http_server_requests_total", http_route="/metrics")
    later = wait_for_page(
        client, lambda page: page.sum("http_server_requests_total", http_route="/metrics") > seen
    )
    # By then there were two sendings at least, and neither has left anything to send.
    assert later.sum("http_server_requests_total", http_route="/v1/metrics") == 0


def test_the_retention_tells_what_it_read(client: httpx.Client, page: Page) -> None:
    assert page.sum("otel_worker_d1_rows_read_total", otel_worker_kind="retention") == 0
    assert client.get("/cdn-cgi/handler/scheduled", params={"cron": "17 * * * *"}).text == "ok"
    wait_for_page(
        client, lambda page: page.sum("otel_worker_d1_rows_read_total", otel_worker_kind="retention") > 0
    )
