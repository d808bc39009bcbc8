"""Storing blocks: two rows each, all or none, nothing twice, filed in time whatever the clocks say."""

from __future__ import annotations

import pytest

from otel_worker.errors import StorageUnavailable
from otel_worker.store.blocks import Block
from otel_worker.store.write import (
    FUTURE_LIMIT_MS,
    IDS_PER_MILLISECOND,
    RETRY_WINDOW_MS,
    end_of_block_unix_nano,
    first_id_of,
    write_blocks,
)
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase, count_rows, rows
from tests.samples import NOW_UNIX_MS, NOW_UNIX_NANO, blocks_of, make_part, make_span, run, trace_id

DAY_MS = 86_400_000
MINUTE_MS = 60_000
YEAR_2010_MS = 1_262_304_000_000


def block_at(unix_ms: int, number: int = 1, nano: int = 0) -> Block:
    """Return a block of one trace whose only span starts then."""
    (block,) = blocks_of(make_part(number, make_span(start_unix_nano=unix_ms * 1_000_000 + nano)))
    return block


def filed_ms(database: SqliteDatabase) -> list[int]:
    """Return the milliseconds under which the blocks are filed."""
    return [block_id // IDS_PER_MILLISECOND for (block_id,) in rows(database, "SELECT id FROM span_blocks")]


def test_a_block_is_two_rows_with_one_id_and_all_its_columns(database: SqliteDatabase) -> None:
    block = block_at(NOW_UNIX_MS)
    assert run(write_blocks(database, [block], NOW_UNIX_MS)).blocks == [block]
    assert rows(database, "SELECT * FROM span_blocks") == [(first_id_of(NOW_UNIX_MS), *block[:9])]
    found = rows(database, f"SELECT rowid FROM span_terms WHERE span_terms MATCH '{trace_id(1)}'")
    assert found == [(first_id_of(NOW_UNIX_MS),)]
    assert count_rows(database) == (1, 1)


def test_no_blocks_are_no_call(database: SqliteDatabase) -> None:
    watched = WatchedDatabase(database)
    assert run(write_blocks(watched, [], NOW_UNIX_MS)).blocks == []
    assert (watched.batches, watched.queries) == ([], [])


def test_the_blocks_of_a_request_are_one_transaction_and_nothing_is_read(database: SqliteDatabase) -> None:
    watched = WatchedDatabase(database)
    blocks = [block_at(NOW_UNIX_MS, 1), block_at(NOW_UNIX_MS, 2), block_at(NOW_UNIX_MS - 5, 3)]
    assert run(write_blocks(watched, blocks, NOW_UNIX_MS)).blocks == blocks
    assert ([len(batch) for batch in watched.batches], watched.queries) == ([7], [])
    assert count_rows(database) == (3, 3)


def test_a_block_is_filed_under_its_newest_span(database: SqliteDatabase) -> None:
    spans = [make_span(n, NOW_UNIX_NANO - n * 1_000_000_000) for n in (3, 1, 2)]
    run(write_blocks(database, blocks_of(make_part(1, *spans)), NOW_UNIX_MS))
    assert filed_ms(database) == [NOW_UNIX_MS - 1000]


def test_blocks_of_one_millisecond_get_ids_in_the_order_they_came(database: SqliteDatabase) -> None:
    for number in range(3):
        run(write_blocks(database, [block_at(NOW_UNIX_MS, number)], NOW_UNIX_MS))
    first = first_id_of(NOW_UNIX_MS)
    assert rows(database, "SELECT id FROM span_blocks") == [(first,), (first + 1,), (first + 2,)]


TIMES = {
    "now": (NOW_UNIX_MS, NOW_UNIX_MS),
    "long ago": (YEAR_2010_MS, YEAR_2010_MS),
    "an hour ahead": (NOW_UNIX_MS + 3_600_000, NOW_UNIX_MS + 3_600_000),
    "a day ahead": (NOW_UNIX_MS + DAY_MS, NOW_UNIX_MS + DAY_MS),
    "more than a day ahead": (NOW_UNIX_MS + DAY_MS + 1, NOW_UNIX_MS),
    "the latest time there is": ((2**63 - 1) // 1_000_000, NOW_UNIX_MS),
    "before 2010": (YEAR_2010_MS - 1, NOW_UNIX_MS),
    "1970": (0, NOW_UNIX_MS),
}


@pytest.mark.parametrize(("unix_ms", "expected_ms"), TIMES.values(), ids=TIMES.keys())
def test_a_block_is_filed_under_its_time_if_that_can_be_true_else_under_the_time_it_came(
    unix_ms: int, expected_ms: int, database: SqliteDatabase
) -> None:
    run(write_blocks(database, [block_at(unix_ms)], NOW_UNIX_MS))
    assert filed_ms(database) == [expected_ms]
    ((oldest_us,),) = rows(database, "SELECT oldest_us FROM span_blocks")
    assert oldest_us == min(unix_ms, expected_ms) * 1000


@pytest.mark.parametrize(("unix_ms", "expected_ms"), TIMES.values(), ids=TIMES.keys())
@pytest.mark.parametrize(
    "later_ms", [0, 1, 30 * MINUTE_MS, RETRY_WINDOW_MS], ids=["at once", "1 ms", "30 minutes", "an hour"]
)
def test_a_block_sent_again_within_an_hour_stores_nothing(
    unix_ms: int, expected_ms: int, later_ms: int, database: SqliteDatabase
) -> None:
    run(write_blocks(database, [block_at(unix_ms)], NOW_UNIX_MS))
    assert run(write_blocks(database, [block_at(unix_ms)], NOW_UNIX_MS + later_ms)).blocks == []
    assert filed_ms(database) == [expected_ms]
    assert count_rows(database) == (1, 1)


@pytest.mark.parametrize("minutes", [1, 59, 60])
def test_a_block_that_was_too_far_ahead_when_it_came_is_recognised_when_it_is_not_any_more(
    minutes: int, database: SqliteDatabase
) -> None:
    block = block_at(NOW_UNIX_MS + FUTURE_LIMIT_MS + MINUTE_MS)
    run(write_blocks(database, [block], NOW_UNIX_MS))
    assert run(write_blocks(database, [block], NOW_UNIX_MS + minutes * MINUTE_MS)).blocks == []
    assert filed_ms(database) == [NOW_UNIX_MS]


def test_a_block_with_a_true_time_is_recognised_however_late_it_is_sent_again(
    database: SqliteDatabase,
) -> None:
    run(write_blocks(database, [block_at(NOW_UNIX_MS)], NOW_UNIX_MS))
    assert run(write_blocks(database, [block_at(NOW_UNIX_MS)], NOW_UNIX_MS + 300 * DAY_MS)).blocks == []
    assert count_rows(database) == (1, 1)


def test_of_a_request_that_was_stored_in_part_the_rest_is_stored(database: SqliteDatabase) -> None:
    old, new = block_at(NOW_UNIX_MS, 1), block_at(NOW_UNIX_MS, 2)
    run(write_blocks(database, [old], NOW_UNIX_MS))
    assert run(write_blocks(database, [old, new], NOW_UNIX_MS)).blocks == [new]
    assert count_rows(database) == (2, 2)


def test_the_same_block_twice_in_one_call_is_stored_once(database: SqliteDatabase) -> None:
    block = block_at(NOW_UNIX_MS)
    assert run(write_blocks(database, [block, block], NOW_UNIX_MS)).blocks == [block]
    assert count_rows(database) == (1, 1)


def test_blocks_that_differ_by_a_nanosecond_are_two(database: SqliteDatabase) -> None:
    run(write_blocks(database, [block_at(NOW_UNIX_MS), block_at(NOW_UNIX_MS, nano=1)], NOW_UNIX_MS))
    assert count_rows(database) == (2, 2)


def test_more_blocks_in_a_millisecond_than_it_has_ids_move_to_the_next_and_are_recognised(
    database: SqliteDatabase,
) -> None:
    blocks = [block_at(NOW_UNIX_MS, number) for number in range(2 * IDS_PER_MILLISECOND + 10)]
    assert sorted(run(write_blocks(database, blocks, NOW_UNIX_MS)).blocks) == sorted(blocks)
    expected = [NOW_UNIX_MS] * 1024 + [NOW_UNIX_MS + 1] * 1024 + [NOW_UNIX_MS + 2] * 10
    assert filed_ms(database) == expected
    assert count_rows(database) == (len(blocks), len(blocks))
    assert run(write_blocks(database, blocks[-20:], NOW_UNIX_MS)).blocks == []
    assert count_rows(database) == (len(blocks), len(blocks))


def test_when_no_id_is_free_for_32_milliseconds_the_exporter_has_to_come_again(
    database: SqliteDatabase,
) -> None:
    for shift in range(32):
        last_id = first_id_of(NOW_UNIX_MS + shift) + IDS_PER_MILLISECOND - 1
        rows(database, f"INSERT INTO span_blocks VALUES ({last_id}, 'other', 0, 0, 0, 0, 0, 0, '[]', '[]')")
    with pytest.raises(StorageUnavailable, match=r"^no free block id near the time of these spans"):
        run(write_blocks(database, [block_at(NOW_UNIX_MS)], NOW_UNIX_MS))
    assert count_rows(database) == (32, 0)


def test_a_database_that_is_busy_stores_nothing_and_the_same_call_works_later(
    database: SqliteDatabase,
) -> None:
    def be_busy() -> None:
        raise StorageUnavailable("busy")

    watched = WatchedDatabase(database)
    watched.before_batch = be_busy
    blocks = [block_at(NOW_UNIX_MS, 1), block_at(NOW_UNIX_MS, 2)]
    with pytest.raises(StorageUnavailable, match=r"^busy$"):
        run(write_blocks(watched, blocks, NOW_UNIX_MS))
    assert count_rows(database) == (0, 0)
    watched.before_batch = lambda: None
    assert run(write_blocks(watched, blocks, NOW_UNIX_MS)).blocks == blocks


def test_an_answer_that_is_lost_after_the_commit_leads_to_no_second_copy(database: SqliteDatabase) -> None:
    block = block_at(NOW_UNIX_MS)
    watched = WatchedDatabase(database)
    watched.before_batch = lambda: run(_write(database, block))
    assert run(write_blocks(watched, [block], NOW_UNIX_MS)).blocks == []
    assert count_rows(database) == (1, 1)


async def _write(database: SqliteDatabase, block: Block) -> None:
    await write_blocks(database, [block], NOW_UNIX_MS)


def test_the_end_of_a_block_is_the_last_nanosecond_of_its_millisecond() -> None:
    for block_id in (first_id_of(NOW_UNIX_MS), first_id_of(NOW_UNIX_MS) + IDS_PER_MILLISECOND - 1):
        assert end_of_block_unix_nano(block_id) == NOW_UNIX_NANO + 999_999
