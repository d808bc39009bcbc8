"""A fault of the database at every call and every statement: answered as it should be, and nothing half done.

Each scenario is a request (or the retention) over a database with some traces. It runs once without faults,
which tells its calls and how the database has to look in the end; then once for each place where it can fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from otel_worker.errors import OtelWorkerError
from otel_worker.store import blocks, retention
from otel_worker.store.database import Database, Row
from otel_worker.store.retention import delete_expired
from otel_worker.store.retry import MAX_ATTEMPTS, MAX_RETRIES_PER_REQUEST, RetryingDatabase
from otel_worker.store.sharding import ShardedDatabase
from otel_worker.store.watched import set_watched
from otel_worker.store.write import write_blocks
from tests.conformance.faults import LASTING, OVERLOADED, QUOTA, REPEATED
from tests.core.harness import PROTOBUF, Api, RecordingHub, open_database, rows
from tests.samples import NOW_UNIX_MS, blocks_of, make_part, make_span, run, small_request, span_id, trace_id
from tests.workerd.faulty_database import Fault, FaultyDatabase

# Status and seconds until the next attempt.
ANSWERS: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys([*REPEATED, *OVERLOADED], (503, 2)),
    **dict.fromkeys(QUOTA, (429, 3600)),
    **dict.fromkeys(LASTING, (500, None)),
}
OLD_UNIX_MS = NOW_UNIX_MS - 9 * 86_400_000
STORED = small_request((1, 1), (1, 2), (2, 3))
NEW = small_request((1, 4), (3, 5), (4, 6), (5, 7))


class Contents(NamedTuple):
    """What the database holds: rows of blocks and of the catalog, and (term, block id) of the index."""

    blocks: list[Row]
    names: list[Row]
    terms: list[Row]


class Answer(NamedTuple):
    """What came of a request, or of a run of the retention (which counts as 200)."""

    status: int
    retry_after_seconds: int | None = None


def request(method: str, target: str, body: bytes = b"") -> Callable[[Database], Answer]:
    """Return a scenario: one request to the API, with nobody watching."""

    def act(database: Database) -> Answer:
        api = Api(database, RecordingHub())
        response = api.respond(method, target, body, Content_Type=PROTOBUF)
        retry_after = dict(response.headers).get("Retry-After")
        return Answer(response.status, None if retry_after is None else int(retry_after))

    return act


def expire(database: Database) -> Answer:
    """Run the retention."""
    try:
        run(delete_expired(database, 7, NOW_UNIX_MS))
    except OtelWorkerError as error:
        return Answer(error.status, error.retry_after_seconds)
    return Answer(200)


TRACE = f"/v1/traces/{trace_id(1)}"
SCENARIOS: dict[str, Callable[[Database], Answer]] = {
    "store": request("POST", "/v1/traces", NEW.SerializeToString()),
    "store again": request("POST", "/v1/traces", STORED.SerializeToString()),
    "list": request("GET", "/v1/traces?limit=2"),
    "search": request("GET", "/v1/traces?service=shop&name=GET%20/&limit=1"),
    "list services": request("GET", "/v1/services"),
    "read a trace": request("GET", TRACE),
    "read a span": request("GET", f"{TRACE}/spans/{span_id(1)}"),
    "delete a trace": request("DELETE", TRACE),
    "delete a span": request("DELETE", f"{TRACE}/spans/{span_id(1)}"),
    "expire": expire,
}
# These answer the same request differently when it was done before.
DONE_BEFORE = {"delete a trace": 404, "delete a span": 404}


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a request of four spans several blocks, and the retention several steps."""
    monkeypatch.setattr(blocks, "MAX_BLOCK_BYTES", 900)
    monkeypatch.setattr(retention, "BLOCKS_PER_STEP", 2)


def prepared() -> Database:
    """Return a database with some traces, five of them too old."""
    database = open_database()
    assert request("POST", "/v1/traces", STORED.SerializeToString())(database) == Answer(200)
    for number in range(10, 15):
        part = make_part(number, make_span(start_unix_nano=(OLD_UNIX_MS + number) * 1_000_000))
        run(write_blocks(database, blocks_of(part), NOW_UNIX_MS))
    return database


def watched() -> Database:
    """Return the same database with somebody watching."""
    database = prepared()
    run(set_watched(database, True))
    return database


def contents(database: Database) -> Contents:
    """Return all that is stored; each block has to be in the index with its traces, and nothing else."""
    stored = rows(database, "SELECT * FROM span_blocks ORDER BY id")
    indexed = rows(database, "SELECT rowid FROM span_terms ORDER BY rowid")
    assert [row[0] for row in stored] == [row[0] for row in indexed]
    found = "SELECT rowid FROM span_terms WHERE span_terms MATCH '\"' || (head.value ->> 0) || '\"'"
    heads = "SELECT 1 FROM span_blocks AS block, json_each(block.heads) AS head"
    assert rows(database, f"{heads} WHERE block.id NOT IN ({found})") == []
    rows(database, "CREATE VIRTUAL TABLE IF NOT EXISTS temp.term USING fts5vocab(main, span_terms, instance)")
    return Contents(
        stored,
        rows(database, "SELECT * FROM catalog ORDER BY kind, service, name"),
        rows(database, "SELECT term, doc FROM temp.term ORDER BY term, doc"),
    )


class Flawless(NamedTuple):
    """A scenario without faults: what is stored before and after, the calls, and the answer."""

    before: Contents
    after: Contents
    calls: list[int | None]
    answer: Answer


def flawless(name: str) -> Flawless:
    database = prepared()
    before = contents(database)
    counted = FaultyDatabase(database)
    answer = SCENARIOS[name](counted)
    assert answer.status in (200, 204)
    return Flawless(before, contents(database), counted.calls, answer)


def points(calls: list[int | None]) -> Iterator[tuple[int, int | None]]:
    """Yield each call that can fail with after how many of its statements; None: after its effect."""
    for call, statement_count in enumerate(calls):
        for done in range(statement_count or 1):
            yield call, done
        if statement_count:
            yield call, None


def retried(database: Database) -> RetryingDatabase:
    async def no_wait(seconds: float) -> None:
        assert 0 <= seconds <= 0.1

    return RetryingDatabase(database, no_wait, lambda: 1.0)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("text", ANSWERS)
def test_wherever_it_fails_nothing_is_half_done_and_the_same_request_completes(name: str, text: str) -> None:
    before, after, calls, answer = flawless(name)
    places = list(points(calls))
    assert len(places) >= len(calls) >= 1
    for call, done in places:
        database = prepared()
        faulty = FaultyDatabase(database, {call: Fault(text, done)})
        assert SCENARIOS[name](faulty) == ANSWERS[text], (call, done)
        stored = contents(database)
        batches_done = sum(count is not None for count in calls[: call if done is not None else call + 1])
        if name == "expire":
            # Each step is done whole or not at all.
            gone = [row for row in before.blocks if row not in stored.blocks]
            assert [*gone, *stored.blocks] == before.blocks
            assert len(gone) == min(2 * batches_done, len(before.blocks) - len(after.blocks)), (call, done)
        else:
            assert stored == (after if batches_done else before), (call, done)
        faulty.faults.clear()
        was_done = batches_done and name in DONE_BEFORE
        again = Answer(DONE_BEFORE[name]) if was_done else answer
        assert SCENARIOS[name](faulty) == again, (call, done)
        assert contents(database) == after


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("text", REPEATED)
def test_wherever_it_fails_once_in_passing_nobody_notices(name: str, text: str) -> None:
    _, after, calls, answer = flawless(name)
    for call, done in points(calls):
        database = prepared()
        faulty = FaultyDatabase(database, {call: Fault(text, done)})
        assert SCENARIOS[name](retried(faulty)) == answer, (call, done)
        assert contents(database) == after, (call, done)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("text", [*OVERLOADED, *QUOTA, *LASTING])
def test_what_must_not_be_repeated_is_answered_at_once(name: str, text: str) -> None:
    for call, done in points(flawless(name).calls):
        faulty = FaultyDatabase(prepared(), {call: Fault(text, done)})
        assert SCENARIOS[name](retried(faulty)) == ANSWERS[text], (call, done)
        assert len(faulty.calls) == call + 1


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_that_does_not_pass_is_answered_after_three_attempts(name: str) -> None:
    before, after, calls, answer = flawless(name)
    for call, done in points(calls):
        database = prepared()
        faulty = FaultyDatabase(database, {call + more: Fault(REPEATED[0], done) for more in range(99)})
        assert SCENARIOS[name](retried(faulty)) == ANSWERS[REPEATED[0]], (call, done)
        assert len(faulty.calls) == call + MAX_ATTEMPTS
        faulty.faults.clear()
        was_done = contents(database) != before and name in DONE_BEFORE
        assert SCENARIOS[name](retried(faulty)) == (Answer(DONE_BEFORE[name]) if was_done else answer)
        assert contents(database) == after


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_request_makes_a_bounded_number_of_calls_more_when_every_other_call_fails(name: str) -> None:
    calls = flawless(name).calls
    faulty = FaultyDatabase(prepared(), {call: Fault(REPEATED[0]) for call in range(0, 999, 2)})
    status = SCENARIOS[name](retried(faulty)).status
    assert len(faulty.calls) <= len(calls) + MAX_RETRIES_PER_REQUEST
    assert (status == 503) == (len(calls) > MAX_RETRIES_PER_REQUEST)


def test_the_scenarios_reach_what_they_are_for() -> None:
    """Several blocks in one batch, a batch that stores nothing and is looked into, several steps."""
    calls = {name: flawless(name).calls for name in SCENARIOS}
    batches = {name: [count for count in found if count is not None] for name, found in calls.items()}
    assert len(calls["store"]) == len(batches["store"]) == 1
    assert batches["store"][0] > 4
    assert [count is None for count in calls["store again"]] == [False, True]
    assert len(batches["expire"]) == 3
    assert batches["delete a trace"] == [2]


def test_spans_whose_answer_was_lost_are_stored_once_and_announced_to_nobody() -> None:
    """The second attempt finds them stored, as if the exporter had sent them twice: watchers miss them."""
    database, hub = watched(), RecordingHub()
    before = len(contents(database).blocks)
    api = Api(retried(FaultyDatabase(database, {0: Fault(REPEATED[0], None)})), hub)
    assert api.export(NEW).status == 200
    assert (len(contents(database).blocks) > before, hub.traces) == (True, [])
    # What was not stored by the attempt that failed is announced as ever.
    api = Api(retried(FaultyDatabase(watched(), {0: Fault(REPEATED[0], 1)})), hub)
    assert api.export(NEW).status == 200
    assert [trace.trace_id for trace in hub.traces] == [trace_id(number) for number in (1, 3, 4, 5)]


@pytest.mark.parametrize("text", ANSWERS)
def test_a_fault_in_the_second_database_hides_nothing_from_those_who_watch_the_first(text: str) -> None:
    hub, first = RecordingHub(), watched()
    second = FaultyDatabase(watched(), {0: Fault(text)})
    status, _ = ANSWERS[text]
    sharded = Api(ShardedDatabase([first, second]), hub)
    assert sharded.export(NEW).status == status
    told_at_first = {trace.trace_id for trace in hub.traces}
    assert sharded.export(NEW).status == 200
    told = [trace.trace_id for trace in hub.traces]
    assert sorted(told) == [trace_id(number) for number in (1, 3, 4, 5)]
    assert 0 < len(told_at_first) < len(told)


@pytest.mark.parametrize("text", [REPEATED[0], OVERLOADED[0], QUOTA[0], LASTING[0]])
def test_of_two_databases_each_stores_its_part_whole_and_the_same_request_completes(text: str) -> None:
    def store(*databases: FaultyDatabase) -> Answer:
        return SCENARIOS["store"](ShardedDatabase(databases))

    good = [FaultyDatabase(open_database()) for _ in range(2)]
    assert store(*good) == Answer(200)
    calls = [list(database.calls) for database in good]
    before, after = contents(open_database()), [contents(database) for database in good]
    assert all(len(stored.blocks) > 0 for stored in after)
    for number in range(2):
        places = list(points(calls[number]))
        assert len(places) >= 4
        for call, done in places:
            databases = [FaultyDatabase(open_database()) for _ in range(2)]
            databases[number].faults = {call: Fault(text, done)}
            assert store(*databases) == ANSWERS[text], (number, call, done)
            for database, everything in zip(databases, after, strict=True):
                assert contents(database) in (before, everything)
            databases[number].faults.clear()
            assert store(*databases) == Answer(200)
            assert [contents(database) for database in databases] == after
