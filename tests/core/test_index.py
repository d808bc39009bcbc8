"""The index over HTTP: its states, every route without it, and that a rebuilt one is the same."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.store import index
from otel_worker.store.database import Row, Statement
from otel_worker.store.index import drop_index, read_index_status, rebuild_index
from otel_worker.store.sharding import ShardedDatabase
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import READ_TOKEN, Api, RecordingHub, count_rows, open_database, rows
from tests.samples import (
    NOW_UNIX_MS,
    NOW_UNIX_NANO,
    SECOND,
    blocks_of,
    make_part,
    make_span,
    rich_request,
    run,
    small_request,
    span_id,
    trace_id,
)

INDEX = "/v1/index"


def vocabulary(database: SqliteDatabase) -> list[Row]:
    """Return every term of the index with the blocks it is in, a row each."""
    run(database.batch([Statement("CREATE VIRTUAL TABLE words USING fts5vocab('span_terms', 'instance')")]))
    found = rows(database, "SELECT term, doc FROM words ORDER BY term, doc")
    run(database.batch([Statement("DROP TABLE words")]))
    return found


def put(api: Api) -> tuple[str, int, int]:
    """Rebuild a step and return the state, and how many blocks there are and are indexed."""
    response = api.respond("PUT", INDEX)
    assert response.status == 200
    status = msgspec.json.decode(response.body)
    assert set(status) == {"state", "blocks", "indexedBlocks"}
    return status["state"], status["blocks"], status["indexedBlocks"]


def drop(api: Api) -> None:
    assert (api.respond("DELETE", INDEX).status, api.respond("DELETE", INDEX).status) == (204, 204)
    assert api.get(INDEX)["state"] == "dropped"


def test_an_empty_index_is_ready_and_so_is_one_built_of_nothing(api: Api) -> None:
    assert api.get(INDEX) == {"state": "ready", "blocks": 0, "indexedBlocks": 0}
    drop(api)
    assert put(api) == ("ready", 0, 0)


def test_states_from_ready_to_ready(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MAX_BLOCKS", 2)
    for number in range(5):
        api.export(small_request((number, 1_000_000 * number)))
    assert api.get(INDEX) == {"state": "ready", "blocks": 5, "indexedBlocks": 5}
    drop(api)
    assert api.get(INDEX) == {"state": "dropped", "blocks": 5, "indexedBlocks": 0}
    assert put(api) == ("rebuilding", 5, 2)
    assert api.get(INDEX) == {"state": "rebuilding", "blocks": 5, "indexedBlocks": 2}
    assert put(api) == ("rebuilding", 5, 4)
    assert put(api) == ("ready", 5, 5)
    assert put(api) == ("ready", 5, 5)
    assert count_rows(api.database) == (5, 5)


def test_a_step_is_bounded_in_bytes(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MAX_BYTES", 1)
    monkeypatch.setattr(index, "_CHUNK_BYTES", 1)
    for number in range(3):
        api.export(small_request((number, 1_000_000 * number)))
    drop(api)
    assert [put(api) for _ in range(3)] == [("rebuilding", 3, 1), ("rebuilding", 3, 2), ("ready", 3, 3)]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_only_the_first_token_may_change_it(method: str, api: Api) -> None:
    status, code, _ = api.refusal(method, INDEX, authorization=f"Bearer {READ_TOKEN}")
    assert (status, code) == (403, "permission_denied")
    assert api.get(INDEX, authorization=f"Bearer {READ_TOKEN}")["state"] == "ready"


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=5), max_size=6),
    st.integers(1, 3),
)
def test_a_rebuilt_index_is_the_one_that_was_dropped(
    requests: list[list[tuple[int, int]]], blocks_a_step: int
) -> None:
    with open_database() as database, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(index, "MAX_BLOCKS", blocks_a_step)
        api = Api(database, RecordingHub())
        api.export(rich_request())
        for number, spans in enumerate(requests):
            api.export(small_request(*spans, service=f"service {number}"))
        api.respond("DELETE", f"/v1/traces/{trace_id(1)}")
        before = vocabulary(database)
        drop(api)
        for _ in range(len(requests) + 3):
            state, _, _ = put(api)
        assert state == "ready"
        assert vocabulary(database) == before


TRACE = f"/v1/traces/{trace_id(1)}"
READS = [
    "/v1/traces",
    "/v1/traces?service=shop",
    "/v1/traces?name=GET%20%2F&status=error",
    "/v1/traces?attr=service.name%3Dshop",
    "/v1/traces?attr=service.name%20exists&limit=1",
    "/v1/traces?attr=service.name~ho&maxDuration=1s",
    "/v1/traces?minDuration=1ms",
    TRACE,
    f"{TRACE}?format=otlp",
    f"{TRACE}/spans",
    f"{TRACE}/spans/{span_id(1)}",
    "/v1/services",
    "/v1/services/shop/operations",
    "/v1/attributes",
    "/v1/attributes/service.name/values",
    "/v1/stats",
]


@pytest.mark.parametrize("state", ["dropped", "rebuilding"])
@pytest.mark.parametrize("target", READS)
def test_every_answer_is_the_same_without_the_index(
    target: str, state: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MAX_BLOCKS", 1)
    for number in (1, 2):
        api.export(small_request((1, number), (1 + number, number)))
    expected = api.respond("GET", target)
    assert expected.status == 200
    drop(api)
    if state == "rebuilding":
        run(rebuild_index(api.database))
    assert api.get(INDEX)["state"] == state
    response = api.respond("GET", target)
    assert (response.status, response.body) == (200, expected.body)


def test_without_the_index_watchers_see_what_comes(api: Api) -> None:
    drop(api)
    api.watch()
    assert api.export(small_request((1, 1))).status == 200
    assert [trace.trace_id for trace in api.hub.traces] == [trace_id(1)]


def test_several_databases_have_one_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MAX_BLOCKS", 2)
    with open_database() as first, open_database() as second:
        for number in range(5):
            block = blocks_of(make_part(number, make_span(start_unix_nano=NOW_UNIX_NANO + number * SECOND)))
            run(write_blocks(first if number < 3 else second, block, NOW_UNIX_MS + 10_000))
        both = ShardedDatabase([first, second])
        assert run(read_index_status(both)) == ("ready", 5, 5)
        run(drop_index(second))
        assert run(read_index_status(both)) == ("rebuilding", 5, 3)
        run(drop_index(both))
        assert run(read_index_status(both)) == ("dropped", 5, 0)
        statuses = [run(rebuild_index(both)) for _ in range(4)]
        assert [status.indexed_blocks for status in statuses] == [2, 3, 5, 5]
        assert [status.state for status in statuses] == ["rebuilding"] * 3 + ["ready"]
