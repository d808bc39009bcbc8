"""The application over several databases: the same answers as over one, and faults in one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from otel_worker.errors import StorageUnavailable
from otel_worker.store.sharding import ShardedDatabase, home_of
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import Api, RecordingHub, WatchedDatabase, count_rows
from tests.samples import small_request, trace_id

MIGRATIONS = Path(__file__).parents[2] / "migrations"
SHARD_COUNT = 3
TRACES = range(1, 31)


@pytest.fixture
def shards() -> Iterator[list[WatchedDatabase]]:
    with ExitStack() as stack:
        databases = [stack.enter_context(SqliteDatabase(":memory:")) for _ in range(SHARD_COUNT)]
        for database in databases:
            database.migrate(MIGRATIONS)
        yield [WatchedDatabase(database) for database in databases]


@pytest.fixture
def sharded_api(shards: list[WatchedDatabase]) -> Api:
    return Api(ShardedDatabase(shards), RecordingHub())


def export_all(api: Api) -> int:
    """Return the status of a request with one span of each trace."""
    return api.export(small_request(*((trace, 1) for trace in TRACES))).status


def test_each_trace_is_stored_in_its_home_and_a_request_is_two_rows_in_each(
    sharded_api: Api, shards: list[WatchedDatabase]
) -> None:
    assert export_all(sharded_api) == 200
    for number, shard in enumerate(shards):
        assert count_rows(shard) == (1, 1)
        alone = Api(shard, RecordingHub()).get("/v1/traces?limit=100")
        assert {each["traceId"] for each in alone} == {
            trace_id(trace) for trace in TRACES if home_of(trace_id(trace), SHARD_COUNT) == number
        }


def test_answers_are_those_of_one_database(sharded_api: Api, api: Api) -> None:
    for each in (sharded_api, api):
        assert export_all(each) == 200
        assert each.export(small_request((1, 2), (31, 1), service="cart")).status == 200
        assert each.respond("DELETE", f"/v1/traces/{trace_id(5)}").status == 204
    for path in (
        "/v1/traces?limit=100",
        "/v1/traces?service=cart",
        "/v1/traces?minDuration=1ns",
        f"/v1/traces/{trace_id(1)}",
        f"/v1/traces/{trace_id(1)}/spans",
        "/v1/services",
        "/v1/services/cart/operations",
        "/v1/attributes",
        "/v1/attributes/service.name/values",
    ):
        assert sharded_api.get(path) == api.get(path), path
    found, expected = (each.get("/v1/stats") for each in (sharded_api, api))
    names = ("spans", "traces", "oldestUnixNano", "newestUnixNano")
    assert [found[name] for name in names] == [expected[name] for name in names]


def test_pages_of_every_size_are_the_whole_list(sharded_api: Api) -> None:
    assert export_all(sharded_api) == 200
    whole = sharded_api.get("/v1/traces?limit=100")
    for limit in (1, 4, 29, 30, 31):
        paged = []
        target: str | None = f"/v1/traces?limit={limit}"
        while target is not None:
            response = sharded_api.respond("GET", target)
            paged += sharded_api.get(target)
            link = dict(response.headers).get("Link")
            target = link[1 : link.index(">")] if link else None
        assert paged == whole


@pytest.mark.parametrize("failing", range(SHARD_COUNT))
def test_a_fault_in_one_shard_is_503_and_the_retry_completes_without_doubling(
    failing: int, sharded_api: Api, shards: list[WatchedDatabase]
) -> None:
    def fail() -> None:
        raise StorageUnavailable("the shard is restarting")

    sharded_api.watch()
    shards[failing].before_batch = fail
    assert export_all(sharded_api) == 503
    stored = failing  # the shards before it
    assert [count_rows(shard) for shard in shards] == [(1, 1)] * stored + [(0, 0)] * (SHARD_COUNT - stored)
    shards[failing].before_batch = lambda: None
    assert export_all(sharded_api) == 200
    assert [count_rows(shard) for shard in shards] == [(1, 1)] * SHARD_COUNT
    # Every trace was announced when it was stored, and once.
    assert sorted(trace.trace_id for trace in sharded_api.hub.traces) == [trace_id(trace) for trace in TRACES]


def test_a_fault_in_one_shard_makes_reads_503(sharded_api: Api, shards: list[WatchedDatabase]) -> None:
    def fail() -> None:
        raise StorageUnavailable("the shard is restarting")

    assert export_all(sharded_api) == 200
    shards[1].before_query = fail
    assert sharded_api.refusal("GET", "/v1/traces")[:2] == (503, "storage_unavailable")


def test_the_index_of_all_shards_is_dropped_and_built_again(sharded_api: Api) -> None:
    assert export_all(sharded_api) == 200
    assert sharded_api.get("/v1/index") == {"state": "ready", "blocks": 3, "indexedBlocks": 3}
    assert sharded_api.respond("DELETE", "/v1/index").status == 204
    assert sharded_api.get("/v1/index")["state"] == "dropped"
    assert len(sharded_api.get("/v1/traces?service=shop&limit=100")) == len(TRACES)
    for _ in range(3 * SHARD_COUNT):
        assert sharded_api.respond("PUT", "/v1/index").status == 200
    assert sharded_api.get("/v1/index") == {"state": "ready", "blocks": 3, "indexedBlocks": 3}
