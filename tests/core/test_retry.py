"""Repeating what failed in passing: which faults, how often, how long, and what a request may use up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest

from otel_worker.cloudflare import d1
from otel_worker.errors import OtelWorkerError, StorageOverloaded, StorageUnavailable
from otel_worker.store.database import Row, Statement
from otel_worker.store.retry import (
    MAX_ATTEMPTS,
    MAX_RETRIES_PER_REQUEST,
    MAX_WAIT_SECONDS,
    RetryingDatabase,
    longest_wait_seconds,
)
from tests.conformance.faults import LASTING, OVERLOADED, QUOTA, REPEATED
from tests.samples import run

QUERY = Statement("SELECT ?1", (7,))
BATCH = [Statement("INSERT INTO a VALUES (?1)", ("x",)), Statement("DELETE FROM b")]

# Both calls of the port, and what they return here.
CALLS: dict[str, tuple[Callable[[RetryingDatabase], Awaitable[object]], object]] = {
    "query": (lambda database: database.query(QUERY), [(7,)]),
    "batch": (lambda database: database.batch(BATCH), [1, 0]),
}


class ScriptedDatabase:
    """A Database that raises the given errors, one a call, and then answers."""

    def __init__(self, errors: Sequence[Exception] = ()) -> None:
        self.errors = list(errors)
        self.seen: list[object] = []

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        self._take(statement)
        return [(7,)]

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        self._take(statements)
        return [1, 0]

    def _take(self, what: object) -> None:
        self.seen.append(what)
        if self.errors:
            raise self.errors.pop(0)


class Request:
    """A RetryingDatabase over a script, with the waits it asks for."""

    def __init__(self, errors: Sequence[Exception], random: float = 0.5) -> None:
        self.waits: list[float] = []
        self.below = ScriptedDatabase(errors)
        self.database = RetryingDatabase(self.below, self._sleep, lambda: random)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def call(self, name: str) -> object:
        call, _ = CALLS[name]

        async def made() -> object:
            return await call(self.database)

        return run(made())


def translated(text: str) -> OtelWorkerError:
    return d1._translated(RuntimeError(text))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("count", range(MAX_ATTEMPTS))
def test_a_call_that_succeeds_within_its_attempts_returns_what_it_returns(name: str, count: int) -> None:
    request = Request([StorageUnavailable("busy")] * count)
    assert request.call(name) == CALLS[name][1]
    # The same call each time, to the last parameter.
    assert request.below.seen == [QUERY if name == "query" else BATCH] * (count + 1)
    assert request.waits == [0.025, 0.05][:count]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_fails_each_time_raises_what_the_last_attempt_raised(name: str) -> None:
    errors = [StorageUnavailable(str(number)) for number in range(MAX_ATTEMPTS)]
    request = Request(errors)
    with pytest.raises(StorageUnavailable) as raised:
        request.call(name)
    assert raised.value is errors[-1]
    assert (len(request.below.seen), len(request.waits)) == (MAX_ATTEMPTS, MAX_ATTEMPTS - 1)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("text", REPEATED)
def test_what_cloudflare_says_may_be_repeated_is_repeated(text: str, name: str) -> None:
    request = Request([translated(text)])
    assert request.call(name) == CALLS[name][1]
    assert len(request.below.seen) == 2


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("text", [*OVERLOADED, *QUOTA, *LASTING])
def test_what_must_not_be_repeated_blindly_is_raised_at_once(text: str, name: str) -> None:
    error = translated(text)
    request = Request([error])
    with pytest.raises(OtelWorkerError) as raised:
        request.call(name)
    assert raised.value is error
    assert (len(request.below.seen), request.waits) == (1, [])
    assert isinstance(error, StorageOverloaded) == (text in OVERLOADED)


@pytest.mark.parametrize("name", CALLS)
def test_an_error_nobody_foresaw_is_raised_at_once(name: str) -> None:
    request = Request([RuntimeError("a defect")])
    with pytest.raises(RuntimeError, match="a defect"):
        request.call(name)
    assert len(request.below.seen) == 1


def test_an_overload_ends_the_attempts_of_a_call_that_was_being_repeated() -> None:
    request = Request([StorageUnavailable("busy"), StorageOverloaded("too much")])
    with pytest.raises(StorageOverloaded):
        request.call("batch")
    assert len(request.below.seen) == 2


def test_all_calls_of_a_request_share_its_retries() -> None:
    fault = StorageUnavailable("busy")
    request = Request([fault] * 100, random=1.0)
    for _ in range(10):
        with pytest.raises(StorageUnavailable):
            request.call("query")
    assert len(request.below.seen) == 10 + MAX_RETRIES_PER_REQUEST
    # Two calls were repeated twice each: this is the longest that a request can be made to wait.
    assert request.waits == [0.05, 0.1, 0.05, 0.1]
    assert sum(request.waits) <= 0.3 + 1e-9


def test_a_request_with_no_retries_left_is_served_while_nothing_fails() -> None:
    request = Request([StorageUnavailable("busy")] * (MAX_ATTEMPTS * 2))
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            request.call("batch")
    assert request.call("query") == [(7,)]


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 0.05), (2, 0.1), (3, 0.2), (6, 1.6), (7, MAX_WAIT_SECONDS), (90, 2.0)]
)
def test_waits_double_up_to_their_limit(attempt: int, seconds: float) -> None:
    assert longest_wait_seconds(attempt) == seconds


@pytest.mark.parametrize("random", [0.0, 0.25, 0.999])
def test_the_jitter_is_full(random: float) -> None:
    request = Request([StorageUnavailable("busy")] * 2, random)
    request.call("query")
    assert request.waits == [random * 0.05, random * 0.1]


def test_the_log_has_what_the_database_said(caplog: pytest.LogCaptureFixture) -> None:
    error = translated(REPEATED[0])
    error.__cause__ = RuntimeError(REPEATED[0])
    Request([error, StorageUnavailable("busy")]).call("batch")
    assert [record.getMessage() for record in caplog.records] == [
        f"attempt 1 failed and is repeated: {REPEATED[0]}",
        "attempt 2 failed and is repeated: busy",
    ]
