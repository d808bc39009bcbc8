"""Metrics end to end: what SDKs and Workers count is on the page for Prometheus, exactly."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.e2e.collector import Collector, http_client
from tests.e2e.conftest import INGEST_TOKEN, READ_TOKEN
from tests.e2e.metric_collector import (
    METRICS_TOKEN,
    OPENMETRICS,
    Page,
    count,
    delta,
    push,
    request_of,
    running_metrics,
    scrape,
    total,
    written_rows,
)
from tests.sdk.project import assemble_project

CLIENT = Path(__file__).parent / "clients" / "send_metrics_with_sdk.py"
CLIENT_SECONDS = 60.0
WAIT_SECONDS = 60.0
CLIENTS, PUSHES_EACH = 20, 10
MORE_THAN_A_DAY_SECONDS = 27 * 3600


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield the collector that these tests share; each keeps to services of its own."""
    variables = {"INGEST_TOKEN": INGEST_TOKEN, "READ_TOKEN": READ_TOKEN, "METRICS_FLUSH_SECONDS": "1"}
    with running_metrics(tmp_path_factory.mktemp("metrics"), variables=variables) as running:
        yield running


@pytest.fixture
def service() -> str:
    """Return the name of a service that no other test uses."""
    return f"service-{secrets.token_hex(8)}"


@pytest.mark.parametrize("temporality", ["DELTA", "CUMULATIVE"])
@pytest.mark.parametrize("encoding", ["proto", "json"])
def test_what_the_python_sdk_counts_is_on_the_page(
    encoding: str, temporality: str, collector: Collector, service: str
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        **collector.exporter_environment,
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip" if temporality == "DELTA" else "none",
    }
    result = subprocess.run(
        [sys.executable, str(CLIENT), service, encoding],
        env=environment,
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS,
        check=False,
    )
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    for accept in ("", OPENMETRICS):
        page = scrape(collector, accept)

        def value(name: str, page: Page = page, **labels: str) -> float:
            return total(page, name, job=service, **labels)

        assert [value("orders_total", plan=plan) for plan in ("pro", "free")] == [7, 2]
        assert (value("carts_open"), value("temperature_celsius")) == (3, 24)
        buckets = [value("latency_milliseconds_bucket", le=bound) for bound in ("10.0", "100.0", "+Inf")]
        assert buckets == [0, 2, 6]
        assert value("latency_milliseconds_sum") == 555 * 7
        assert (value("size_bytes_count"), value("size_bytes_sum")) == (8, 206)
        assert value("size_bytes_bucket", le="+Inf") == 8


def test_a_worker_s_own_client_counts_every_request(
    collector: Collector, service: str, tmp_path: Path
) -> None:
    checkout = this_checkout()
    config = assemble_project(tmp_path / "project", checkout)
    with (
        DevSession.start(
            config, persist_to=tmp_path / "state", ready_path="/flushed", checkout=checkout
        ) as session,
        httpx.Client(base_url=session.url, trust_env=False, timeout=60) as client,
    ):

        def visit(*counts: int) -> str:
            scenario = {
                "name": service,
                "options": {"endpoint": collector.url, "token": INGEST_TOKEN},
                "counts": counts,
                "flush": "await",
            }
            outcome: str = client.post("/scenario", json=scenario).json()["outcome"]
            return outcome

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(visit, range(1, 21))) <= {"sent", "joined"}
        # What a flush under way has not taken goes with the next one.
        deadline = time.monotonic() + WAIT_SECONDS
        while visit() != "nothing":
            assert time.monotonic() < deadline
    assert total(scrape(collector), "count_total", job=service) == sum(range(1, 21))


def test_the_formats_have_the_same_samples(collector: Collector, service: str) -> None:
    count(collector, service, 5)
    for accept, content_type in (
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ):
        answer = collector.client.get("/metrics", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
        assert total(scrape(collector, accept), "hits_total", job=service) == 5


@pytest.mark.parametrize(
    ("token", "push_status", "scrape_status"),
    [
        (METRICS_TOKEN, 403, 200),
        (READ_TOKEN, 403, 200),
        (INGEST_TOKEN, 200, 403),
        ("wrong", 401, 401),
        (None, 401, 401),
    ],
)
def test_each_token_does_what_it_is_for(
    token: str | None, push_status: int, scrape_status: int, collector: Collector, service: str
) -> None:
    with http_client(collector.url, token) as client:
        answer = push(collector, request_of(service, delta("hits", 3)), client)
        assert (answer.status_code, client.get("/metrics").status_code) == (push_status, scrape_status)
        if token == METRICS_TOKEN:
            assert client.get("/v1/traces").status_code == 403
    expected = 3 if push_status == 200 else 0
    assert total(scrape(collector), "hits_total", job=service) == expected


def test_a_request_that_is_sent_again_counts_once(collector: Collector, service: str) -> None:
    body = request_of(service, delta("hits", 3), {"name": "bad", "gauge": {"dataPoints": [{"asInt": "x"}]}})
    fine = request_of(service, delta("hits", 4))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda sent: push(collector, sent), [fine] * 8))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"{}")}
    assert push(collector, body).status_code == 400
    assert total(scrape(collector), "hits_total", job=service) == 4


def test_many_clients_at_a_time_lose_nothing_and_write_little(collector: Collector, service: str) -> None:
    def send(client_number: int) -> None:
        with http_client(collector.url, INGEST_TOKEN) as client:
            for number in range(PUSHES_EACH):
                metrics = [delta("hits", 1), delta("hits", number, {"client": str(client_number)})]
                answer = push(collector, request_of(service, *metrics), client)
                assert (answer.status_code, answer.content) == (200, b"{}"), answer.text

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(send, range(CLIENTS)))
    page = scrape(collector)
    each = sum(range(PUSHES_EACH))
    assert total(page, "hits_total", job=service) == CLIENTS * (PUSHES_EACH + each)
    assert [total(page, "hits_total", job=service, client=str(number)) for number in range(CLIENTS)] == [
        each
    ] * CLIENTS
    # 10 windows when all clients are in step; each push alone would be a row at least.
    assert sum(written_rows(collector, service)) <= CLIENTS * PUSHES_EACH // 4


def test_services_do_not_mix(collector: Collector, service: str) -> None:
    names = [f"{service}-{number}" for number in range(3)]
    for number, name in enumerate(names):
        count(collector, name, 10**number)
    page = scrape(collector)
    assert [total(page, "hits_total", job=name) for name in names] == [1, 10, 100]


@pytest.mark.parametrize(
    "name",
    ["x" * 10_000, "ü" * 300, 'a"b\\c\nd{e="f"}', "tab\tnul\0", "../../service", "%2F?#", " ", "\U0001f680"],
    ids=["10 KB", "300 ü", "quotes", "control", "path", "url", "space", "emoji"],
)
def test_a_service_may_have_any_name(name: str, collector: Collector, service: str) -> None:
    for _ in range(2):
        count(collector, name, 2, f"of_{service.replace('-', '_')}")
    for accept in ("", OPENMETRICS):
        assert total(scrape(collector, accept), f"of_{service.replace('-', '_')}_total") == 4
    assert name in collector.client.get("/metric-services").json()


def test_hostile_names_and_labels_are_counted_and_leave_the_page_readable(
    collector: Collector, service: str
) -> None:
    names = ["1abc", "a b", 'x{y="z"} 1', "# HELP x", "a\nb 7", "__name__", "le", "job"]
    # Prometheus has no name for these.
    nameless = ["日本", "\0", "\\"]
    keys = [*names, *nameless, ""]
    metrics = [
        delta(name, 2, {key: f"value\n{key}", "path": 'C:\\DIR\n"x"'})
        for name in (*names, *nameless)
        for key in keys
    ]
    answer = push(collector, request_of(service, *metrics))
    assert (answer.status_code, answer.content) == (200, b"{}"), answer.text
    for accept in ("", OPENMETRICS):
        page = scrape(collector, accept)
        found = sum(
            value
            for (name, labels), value in page.items()
            if name.endswith("_total") and dict(labels)["job"].startswith(service)
        )
        assert found == 2 * len(names) * len(keys)
        for name in nameless:
            assert total(page, "otel_worker_dropped_series", family=name) == len(keys)


def test_a_service_has_a_limit_of_series_and_keeps_counting_those_it_has(
    collector: Collector, service: str
) -> None:
    limit = 10_000
    many = delta("hits", 1)
    (template,) = many["sum"]["dataPoints"]
    many["sum"]["dataPoints"] = [
        {**template, "attributes": [{"key": "n", "value": {"intValue": str(number)}}]}
        for number in range(limit)
    ]
    assert push(collector, request_of(service, many)).content == b"{}"
    answer = push(collector, request_of(service, delta("hits", 1, {"more": "x"}), many))
    assert answer.status_code == 200, answer.text
    partial_success = answer.json()["partialSuccess"]
    assert partial_success["rejectedDataPoints"] == "2"
    assert f"the service has {limit} series" in partial_success["errorMessage"]
    assert total(scrape(collector), "hits_total", job=service) == 2 * limit - 1


def test_a_service_that_nothing_comes_for_goes_and_may_come_back(collector: Collector, service: str) -> None:
    lost, kept = names = [f"{service}-lost", f"{service}-kept"]

    def known() -> list[bool]:
        listed = collector.client.get("/metric-services").json()
        return [name in listed for name in names]

    def shown() -> list[float]:
        page = scrape(collector)
        return [total(page, "hits_total", job=name) for name in names]

    count(collector, lost, 5)
    count(collector, kept, 7)
    collector.client.put("/clock", content=str(MORE_THAN_A_DAY_SECONDS))
    try:
        count(collector, kept, 1)
        assert (shown(), known()) == ([0, 8], [True, True])
        for name in names:
            assert collector.client.put("/alarm", params={"service": name}).status_code == 200
        assert (shown(), known()) == ([0, 8], [False, True])
        count(collector, lost, 2)
        assert (shown(), known()) == ([2, 8], [True, True])
    finally:
        collector.client.put("/clock", content="0")


def test_a_series_that_its_sender_ends_goes_when_it_was_scraped(collector: Collector, service: str) -> None:
    count(collector, service, 5)
    ended = delta("hits", 0)
    ended["sum"]["dataPoints"][0]["flags"] = 1
    assert push(collector, request_of(service, ended)).content == b"{}"
    assert collector.client.put("/alarm", params={"service": service}).status_code == 200
    assert service in collector.client.get("/metric-services").json()
    scrape(collector)
    assert collector.client.put("/alarm", params={"service": service}).status_code == 200
    assert service not in collector.client.get("/metric-services").json()


def test_without_an_endpoint_nothing_is_pushed(collector: Collector, service: str) -> None:
    count(collector, service, 1)
    assert collector.client.put("/alarm", params={"service": service}).status_code == 200
    assert "Prometheus" not in collector.session.log_text
