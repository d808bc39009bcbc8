"""GET /v1/stats: what is stored, each trace once, and what requests took of the database."""

from __future__ import annotations

import msgspec
import pytest

from otel_worker.api.app import handle
from otel_worker.api.message import Request, Response
from otel_worker.api.router import Collector
from otel_worker.live.hub import HubStatus
from otel_worker.store.sharding import ShardedDatabase
from otel_worker.store.stats import Statistics, Usage, read_statistics
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import AUTH_TOKEN, SETTINGS, Api, RecordingHub, open_database
from tests.samples import (
    NOW_UNIX_MS,
    NOW_UNIX_NANO,
    blocks_of,
    make_part,
    make_span,
    run,
    small_request,
    trace_id,
)


def test_an_empty_store_has_no_times(api: Api) -> None:
    assert api.get("/v1/stats") == {
        "spans": 0,
        "traces": 0,
        "blocks": 0,
        "bytes": 0,
        "live": {"watchers": 1, "droppedWatchers": 0, "droppedTraces": 0},
        "databaseBytes": None,
        "oldestUnixNano": None,
        "newestUnixNano": None,
        "usage": None,
        "startedUnixNano": None,
    }


def test_a_trace_of_several_requests_counts_once_and_its_spans_each(api: Api) -> None:
    for request in (small_request((1, 1007), (1, 2000), (2, 3000)), small_request((1, 4000), (3, 5678))):
        assert api.export(request).status == 200
    stats = api.get("/v1/stats")
    assert (stats["spans"], stats["traces"], stats["blocks"]) == (5, 3, 2)
    assert stats["oldestUnixNano"] == str(NOW_UNIX_NANO + 1007)
    # Whole microseconds.
    assert stats["newestUnixNano"] == str(NOW_UNIX_NANO + 5000)


def test_bytes_are_those_of_the_blocks(api: Api) -> None:
    expected = 0
    for number in (1, 2):
        (block,) = blocks_of(make_part(number, make_span(attributes={"text": "日本" * number})))
        sizes = [len(text.encode()) for text in (block.heads, block.spans, block.terms)]
        assert block.size_bytes == sum(sizes)
        expected += block.size_bytes
        run(write_blocks(api.database, [block], NOW_UNIX_MS))
    assert api.get("/v1/stats")["bytes"] == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (HubStatus(5, 2, 7), {"watchers": 5, "droppedWatchers": 2, "droppedTraces": 7}),
        (HubStatus(None, None, 3), {"watchers": None, "droppedWatchers": None, "droppedTraces": 3}),
    ],
    ids=["it answers", "it does not answer"],
)
def test_how_the_hub_is_stands_beside_what_is_stored(
    status: HubStatus, expected: dict[str, int | None], api: Api
) -> None:
    api.hub.known_status = status
    assert api.get("/v1/stats")["live"] == expected


def test_without_a_live_view_there_is_nothing_to_say_of_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "hub", None)
    assert api.get("/v1/stats")["live"] is None


def test_what_was_deleted_does_not_count(api: Api) -> None:
    api.export(small_request((1, 1), (2, 2)))
    full = api.get("/v1/stats")
    assert api.respond("DELETE", f"/v1/traces/{trace_id(1)}").status == 204
    stats = api.get("/v1/stats")
    assert (stats["spans"], stats["traces"], stats["blocks"]) == (1, 1, 1)
    assert stats["bytes"] < full["bytes"]


def test_usage_is_shown_by_kind_where_it_is_counted(database: SqliteDatabase) -> None:
    usage = Usage(NOW_UNIX_MS)
    usage.add("ingest", 5, 2)
    usage.add("ingest", 7, 2)
    usage.add("retention", 1, 100)
    collector = Collector(
        SETTINGS, database, RecordingHub(), lambda: NOW_UNIX_MS, usage, lambda: database.size_bytes
    )

    async def no_body(limit_bytes: int) -> bytes:
        raise AssertionError("nobody reads the body of a GET")

    headers = {"authorization": f"Bearer {AUTH_TOKEN}"}
    request = Request("GET", "/v1/stats", "", lambda name: headers.get(name.lower()), no_body)
    response = run(handle(collector, request))
    assert isinstance(response, Response)
    stats = msgspec.json.decode(response.body)
    nothing = {"requests": 0, "rowsRead": 0, "rowsWritten": 0}
    assert stats["usage"] == {
        "ingest": {"requests": 2, "rowsRead": 12, "rowsWritten": 4},
        "read": nothing,
        "delete": nothing,
        "index": nothing,
        "retention": {"requests": 1, "rowsRead": 1, "rowsWritten": 100},
    }
    assert stats["startedUnixNano"] == str(NOW_UNIX_NANO)
    assert stats["databaseBytes"] == database.size_bytes


def test_several_databases_are_counted_together(database: SqliteDatabase) -> None:
    with open_database() as other, open_database() as empty:
        sharded = ShardedDatabase([database, empty, other])
        assert run(read_statistics(sharded)) == Statistics(0, 0, 0, 0, None, None)
        sizes = []
        for number, shard in enumerate((database, other, other)):
            start_unix_nano = NOW_UNIX_NANO + 1_000_000 * number + 7
            (block,) = blocks_of(make_part(number, make_span(start_unix_nano=start_unix_nano)))
            run(write_blocks(shard, [block], NOW_UNIX_MS + 10))
            sizes.append(block.size_bytes)
        assert run(read_statistics(sharded)) == Statistics(
            3, 3, 3, sum(sizes), NOW_UNIX_NANO + 7, NOW_UNIX_NANO + 2_000_000
        )
