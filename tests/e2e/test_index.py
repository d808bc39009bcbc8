"""Dropping the index and building it again over HTTP, while spans come in and are read."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.collector import PROTOBUF, Collector, http_client, running_collector
from tests.e2e.otlp import export_request, make_span

TRACES = 24
WRITERS = 3


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield a collector of its own: without its index the others' tests would be slower."""
    with running_collector(tmp_path_factory.mktemp("index")) as running:
        yield running


def export(client: httpx.Client, trace_ids: list[str], start_unix_nano: int) -> None:
    """Export one request with a span of each trace, twice, as an exporter does that saw no answer."""
    spans = [
        make_span(trace_id, number, start_unix_nano, trace=trace_id)
        for number, trace_id in enumerate(trace_ids, 1)
    ]
    body = export_request(spans, service="index").SerializeToString()
    for _ in range(2):
        response = client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF})
        assert response.status_code == 200, response.text


def put(collector: Collector) -> dict[str, object]:
    response = collector.client.put("/v1/index")
    assert response.status_code == 200, response.text
    status: dict[str, object] = response.json()
    return status


def rebuild(collector: Collector) -> dict[str, object]:
    """Build the index until it is ready."""
    for _ in range(100):
        status = put(collector)
        if status["state"] == "ready":
            return status
    raise AssertionError(status)


def check_found(collector: Collector, trace_ids: list[str]) -> None:
    """Fail unless every trace is found by its id with its one span."""
    for trace_id in trace_ids:
        assert collector.get(f"/v1/traces/{trace_id}")["spanCount"] == 1


def test_everything_works_without_the_index(collector: Collector, now_unix_nano: int) -> None:
    before, after, deleted = ([secrets.token_hex(16) for _ in range(3)] for _ in range(3))
    export(collector.client, before, now_unix_nano)
    assert collector.get("/v1/index") == {"state": "ready", "blocks": 1, "indexedBlocks": 1}
    for _ in range(2):
        assert collector.client.delete("/v1/index").status_code == 204
    assert collector.get("/v1/index") == {"state": "dropped", "blocks": 1, "indexedBlocks": 0}
    export(collector.client, after, now_unix_nano + 5_000_000)
    export(collector.client, deleted, now_unix_nano + 9_000_000)
    for trace_id in deleted:
        assert collector.client.delete(f"/v1/traces/{trace_id}").status_code == 204
    check_found(collector, before + after)
    assert [collector.client.get(f"/v1/traces/{trace_id}").status_code for trace_id in deleted] == [404] * 3
    assert {trace["traceId"] for trace in collector.get("/v1/traces")} == set(before + after)
    assert collector.client.get("/cdn-cgi/handler/scheduled").text == "ok"
    assert rebuild(collector) == {"state": "ready", "blocks": 2, "indexedBlocks": 2}
    check_found(collector, before + after)
    stats = collector.get("/v1/stats")
    assert (stats["spans"], stats["traces"], stats["blocks"]) == (6, 6, 2)


def test_a_rebuild_while_spans_come_in_misses_none(collector: Collector, now_unix_nano: int) -> None:
    assert collector.client.delete("/v1/index").status_code == 204
    blocks = collector.get("/v1/index")["blocks"]
    written: list[list[str]] = [[] for _ in range(WRITERS)]
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            with http_client(collector.url, collector.token) as client:
                for number in range(TRACES):
                    trace_id = secrets.token_hex(16)
                    export(client, [trace_id], now_unix_nano - (number * 7 + writer) * 1_000_000)
                    written[writer].append(trace_id)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    states = set()
    while any(thread.is_alive() for thread in threads):
        states.add(put(collector)["state"])
        # Dropped in the middle, so that it is finished more than once while spans come in.
        if sum(map(len, written)) < TRACES:
            assert collector.client.delete("/v1/index").status_code == 204
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert "ready" in states
    status = rebuild(collector)
    assert status["blocks"] == status["indexedBlocks"] == blocks + WRITERS * TRACES
    check_found(collector, [trace_id for traces in written for trace_id in traces])
