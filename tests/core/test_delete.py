"""Deleting: exactly what was named goes, from the blocks and from their index, whoever else is writing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from otel_worker.errors import StorageUnavailable
from otel_worker.model import TracePart
from otel_worker.store import delete
from otel_worker.store.blocks import build_block, decode_parts
from otel_worker.store.delete import delete_span, delete_trace
from otel_worker.store.listing import TraceQuery, list_traces
from otel_worker.store.terms import hash_term
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.contract.scene import read_trace
from tests.core.harness import WatchedDatabase, count_rows, rows
from tests.samples import (
    NOW_UNIX_MS,
    NOW_UNIX_NANO,
    blocks_of,
    make_group,
    make_part,
    make_span,
    run,
    span_id,
    trace_id,
)

MS = 1_000_000
DAY_NANO = 86_400_000 * MS


def store(database: SqliteDatabase, *parts: TracePart) -> None:
    """Store parts as one block."""
    assert len(run(write_blocks(database, blocks_of(*parts), NOW_UNIX_MS)).blocks) == 1


def stored(database: SqliteDatabase) -> list[list[TracePart]]:
    """Return the parts of each block; every column of a block and its terms are those of its parts."""
    blocks = []
    for block_id, _, *columns in rows(database, "SELECT * FROM span_blocks ORDER BY id"):
        parts = decode_parts(columns[-1])
        assert tuple(columns) == build_block(parts)[1:9]
        for term in build_block(parts).terms.split():
            assert (block_id,) in rows(
                database, f"SELECT rowid FROM span_terms WHERE span_terms MATCH '{term}'"
            )
        blocks.append(parts)
    assert count_rows(database) == (len(blocks), len(blocks))
    return blocks


def found(database: SqliteDatabase, text: str) -> int:
    """Return how many blocks the index names for a term."""
    return len(rows(database, f"SELECT rowid FROM span_terms WHERE span_terms MATCH '{text}'"))


def test_what_is_not_there_is_not_deleted_and_nothing_is_written(database: SqliteDatabase) -> None:
    store(database, make_part(1))
    watched = WatchedDatabase(database)
    assert run(delete_trace(watched, trace_id(2))) is False
    assert run(delete_span(watched, trace_id(1), span_id(9))) is False
    assert run(delete_span(watched, trace_id(2), span_id(1))) is False
    assert watched.batches == []
    assert stored(database) == [[make_part(1)]]


def test_the_only_trace_of_a_block_takes_the_block_and_its_terms_with_it(database: SqliteDatabase) -> None:
    store(database, make_part(1))
    assert run(delete_trace(database, trace_id(1))) is True
    assert count_rows(database) == (0, 0)
    assert run(delete_trace(database, trace_id(1))) is False


def test_other_traces_of_the_block_stay_as_they_were(database: SqliteDatabase) -> None:
    parts = [make_part(number, make_span(number, name="🦄" * number)) for number in range(4)]
    store(database, *parts)
    assert run(delete_trace(database, trace_id(1))) is True
    assert stored(database) == [[parts[0], parts[2], parts[3]]]
    assert run(read_trace(database, trace_id(1))) is None
    assert run(read_trace(database, trace_id(3))) == parts[3]
    assert [found(database, trace_id(number)) for number in range(4)] == [1, 0, 1, 1]
    assert [found(database, hash_term(f"n:{'🦄' * number}")) for number in range(4)] == [1, 0, 1, 1]


def test_a_trace_goes_from_all_its_blocks_in_one_transaction(database: SqliteDatabase) -> None:
    for n in range(5):
        store(database, make_part(1, make_span(n, NOW_UNIX_NANO + n * MS)), make_part(10 + n))
    watched = WatchedDatabase(database)
    assert run(delete_trace(watched, trace_id(1))) is True
    assert [len(batch) for batch in watched.batches] == [10]
    assert stored(database) == [[make_part(10 + n)] for n in range(5)]


@pytest.mark.parametrize("blocks_per_step", [1, 2, 4])
def test_a_trace_too_large_for_memory_goes_in_steps(
    blocks_per_step: int, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        store(database, make_part(1, make_span(n, NOW_UNIX_NANO + n * MS)), make_part(10 + n))
    ((size_bytes,),) = rows(database, "SELECT max(size_bytes) FROM span_blocks")
    monkeypatch.setattr(delete, "BYTES_PER_STEP", size_bytes * (blocks_per_step - 1) + 1)
    watched = WatchedDatabase(database)
    assert run(delete_trace(watched, trace_id(1))) is True
    # Two statements a block.
    steps = [len(batch) // 2 for batch in watched.batches]
    assert (max(steps), sum(steps)) == (blocks_per_step, 5)
    assert stored(database) == [[make_part(10 + n)] for n in range(5)]
    assert run(delete_trace(database, trace_id(1))) is False


def test_a_span_goes_and_the_others_of_its_trace_stay(database: SqliteDatabase) -> None:
    spans = [make_span(n, NOW_UNIX_NANO + n, name=f"span {n}", status_code=n) for n in range(3)]
    part = TracePart(trace_id(1), [make_group(spans[:1], "till"), make_group(spans[1:], "shop")])
    store(database, part, make_part(2))
    assert run(delete_span(database, trace_id(1), span_id(2))) is True
    left = TracePart(trace_id(1), [make_group(spans[:1], "till"), make_group(spans[1:2], "shop")])
    assert stored(database) == [[left, make_part(2)]]
    assert [found(database, hash_term(f"n:span {n}")) for n in range(3)] == [1, 1, 0]
    assert found(database, hash_term("e:")) == 0
    assert run(delete_span(database, trace_id(1), span_id(0))) is True
    assert stored(database) == [[make_part(1, spans[1]), make_part(2)]]
    assert found(database, hash_term("s:till")) == 0


def test_the_last_span_takes_the_trace_with_it(database: SqliteDatabase) -> None:
    store(database, make_part(1, make_span(1)), make_part(2))
    assert run(delete_span(database, trace_id(1), span_id(1))) is True
    assert stored(database) == [[make_part(2)]]
    assert run(read_trace(database, trace_id(1))) is None


def test_every_copy_of_a_span_goes(database: SqliteDatabase) -> None:
    store(database, make_part(1, make_span(1), make_span(1), make_span(2)))
    store(database, make_part(1, make_span(1, duration_nano=9)))
    assert run(delete_span(database, trace_id(1), span_id(1))) is True
    assert stored(database) == [[make_part(1, make_span(2))]]


def test_a_span_with_the_same_id_in_another_trace_stays(database: SqliteDatabase) -> None:
    store(database, make_part(1, make_span(7)), make_part(2, make_span(7)))
    assert run(delete_span(database, trace_id(1), span_id(7))) is True
    assert stored(database) == [[make_part(2, make_span(7))]]


def test_a_request_whose_trace_was_deleted_is_still_recognised_when_it_is_sent_again(
    database: SqliteDatabase,
) -> None:
    blocks = blocks_of(make_part(1), make_part(2))
    run(write_blocks(database, blocks, NOW_UNIX_MS))
    run(delete_trace(database, trace_id(1)))
    assert run(write_blocks(database, blocks, NOW_UNIX_MS)).blocks == []
    assert stored(database) == [[make_part(2)]]


def test_deleting_a_span_of_a_trace_from_the_far_future_does_not_hide_the_rest(
    database: SqliteDatabase,
) -> None:
    """It is filed, and listed, under the time it came."""
    ahead = NOW_UNIX_NANO + 9 * DAY_NANO
    store(database, make_part(1, make_span(1, ahead), make_span(2, ahead + 1)))
    query = TraceQuery(20, end_unix_nano=NOW_UNIX_NANO + DAY_NANO)
    assert [head.span_count for head in run(list_traces(database, query)).heads] == [2]
    assert run(delete_span(database, trace_id(1), span_id(2))) is True
    assert [head.span_count for head in run(list_traces(database, query)).heads] == [1]


def interrupt(watched: WatchedDatabase, database: SqliteDatabase, spans: Sequence[int]) -> None:
    """Have one of these spans deleted by somebody else before each batch, between reading and writing."""
    waiting = list(spans)

    def delete_another() -> None:
        if waiting:
            assert run(delete_span(database, trace_id(1), span_id(waiting.pop(0)))) is True

    watched.before_batch = delete_another


def test_a_change_between_reading_and_writing_is_not_undone(database: SqliteDatabase) -> None:
    store(database, make_part(1, *map(make_span, range(6))), make_part(2))
    watched = WatchedDatabase(database)
    interrupt(watched, database, [1, 2, 3])
    assert run(delete_span(watched, trace_id(1), span_id(0))) is True
    assert len(watched.batches) == 4
    assert stored(database) == [[make_part(1, make_span(4), make_span(5)), make_part(2)]]


def test_a_block_that_was_not_changed_meanwhile_is_not_written_twice(database: SqliteDatabase) -> None:
    store(database, make_part(1, *map(make_span, range(3))))
    store(database, make_part(1, make_span(0, NOW_UNIX_NANO + MS), make_span(9)))
    watched = WatchedDatabase(database)
    interrupt(watched, database, [1])
    assert run(delete_span(watched, trace_id(1), span_id(0))) is True
    assert [len(batch) for batch in watched.batches] == [4, 2]
    assert stored(database) == [[make_part(1, make_span(2))], [make_part(1, make_span(9))]]


def test_a_block_that_somebody_else_deleted_meanwhile_is_not_brought_back(database: SqliteDatabase) -> None:
    store(database, make_part(1, make_span(0)), make_part(2))
    watched = WatchedDatabase(database)
    waiting = [trace_id(1), trace_id(2)]

    def delete_all() -> None:
        while waiting:
            run(delete_trace(database, waiting.pop()))

    watched.before_batch = delete_all
    assert run(delete_span(watched, trace_id(1), span_id(0))) is True
    assert count_rows(database) == (0, 0)


def test_after_five_interruptions_the_caller_has_to_come_again(database: SqliteDatabase) -> None:
    store(database, make_part(1, *map(make_span, range(10))))
    watched = WatchedDatabase(database)
    interrupt(watched, database, range(1, 10))
    with pytest.raises(
        StorageUnavailable, match=r"^the blocks of this trace keep changing; try again later$"
    ):
        run(delete_span(watched, trace_id(1), span_id(0)))
    assert stored(database) == [[make_part(1, *map(make_span, (0, 6, 7, 8, 9)))]]
