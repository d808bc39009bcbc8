"""GET /v1/stats over D1: what is stored, what it cost, and retention by size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.collector import Collector, running_collector
from tests.e2e.otlp import export_request, make_span, one_span

MAX_DATABASE_BYTES = 2_000_000
BLOCK_BYTES = 100_000


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield a collector with a small database, and nothing in it."""
    variables = {"MAX_DATABASE_BYTES": str(MAX_DATABASE_BYTES)}
    with running_collector(tmp_path_factory.mktemp("stats"), variables=variables) as running:
        yield running


def cost(collector: Collector, kind: str) -> dict[str, int]:
    usage: dict[str, dict[str, int]] = collector.get("/v1/stats")["usage"]
    return usage[kind]


def trace_id(number: int) -> str:
    return f"{number:032x}"


def test_rows_are_counted_by_kind_of_request(collector: Collector, now_unix_nano: int) -> None:
    empty = collector.get("/v1/stats")
    assert (empty["spans"], empty["blocks"], empty["oldestUnixNano"]) == (0, 0, None)
    assert 0 < empty["databaseBytes"] < 200_000
    assert 0 <= now_unix_nano - int(empty["startedUnixNano"]) < 600_000_000_000

    ingest = cost(collector, "ingest")
    spans = [make_span(trace_id(number), number, now_unix_nano + number) for number in range(1, 6)]
    body = export_request(spans).SerializeToString()
    for _ in range(2):
        assert collector.export(body).status_code == 200
    after = cost(collector, "ingest")
    # A block and its terms the first time, nothing the second; the names for menus are other rows.
    assert after["requests"] - ingest["requests"] == 2
    again = cost(collector, "ingest")
    assert collector.export(body).status_code == 200
    assert cost(collector, "ingest")["rowsWritten"] == again["rowsWritten"]
    assert after["rowsWritten"] - ingest["rowsWritten"] >= 2

    read = cost(collector, "read")
    assert len(collector.get("/v1/traces")) == 5
    more = cost(collector, "read")
    # The list, and the statistics that were asked before it.
    assert more["requests"] - read["requests"] == 2
    assert more["rowsRead"] > read["rowsRead"]

    assert collector.client.delete(f"/v1/traces/{trace_id(1)}").status_code == 204
    deleted = cost(collector, "delete")
    assert (deleted["requests"], deleted["rowsWritten"] > 0) == (1, True)
    stats = collector.get("/v1/stats")
    assert (stats["spans"], stats["traces"], stats["blocks"]) == (4, 4, 1)
    assert (stats["oldestUnixNano"], stats["newestUnixNano"]) == (
        str(now_unix_nano + 2),
        str((now_unix_nano + 5) // 1000 * 1000),
    )
    assert collector.client.get("/v1/stats", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_what_is_above_the_limit_goes_oldest_first(collector: Collector, now_unix_nano: int) -> None:
    numbers = range(100, 140)
    for number in numbers:
        start = now_unix_nano - (1000 - number) * 1_000_000_000
        body = one_span(trace_id(number), start, filler="f" * BLOCK_BYTES)
        assert collector.export(body).status_code == 200
    assert collector.get("/v1/stats")["databaseBytes"] > MAX_DATABASE_BYTES
    # By their own size the blocks are a little smaller than what the database gets back.
    for _ in range(2):
        assert collector.client.get("/cdn-cgi/handler/scheduled").text == "ok"
    stats = collector.get("/v1/stats")
    assert MAX_DATABASE_BYTES - 3 * BLOCK_BYTES < stats["databaseBytes"] <= MAX_DATABASE_BYTES
    found = [collector.client.get(f"/v1/traces/{trace_id(number)}").status_code for number in numbers]
    gone = found.count(404)
    assert 0 < gone < len(numbers)
    assert found == [404] * gone + [200] * (len(numbers) - gone)
    assert stats["usage"]["retention"]["requests"] == 2
    assert stats["usage"]["retention"]["rowsWritten"] >= 2 * gone
    assert collector.get("/v1/index")["state"] == "ready"
