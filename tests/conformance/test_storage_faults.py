"""Rules 38, 39, 40 and 42: what a fault of the database becomes, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from otel_worker.api.message import Response
from otel_worker.store.database import Statement
from tests.conformance.exchange import ENCODINGS, PATH, request_in, retry_seconds, status_of
from tests.conformance.faults import LASTING, PASSING, QUOTA, failing_api, heal
from tests.core.harness import Api, WatchedDatabase, count_rows
from tests.e2e.collector import JSON, PROTOBUF

RETRYABLE = {429, 502, 503, 504}


def _export(api: Api, media_type: str, trace_id: str, start: int) -> Response:
    return api.respond("POST", PATH, request_in(media_type, trace_id, start), Content_Type=media_type)


@pytest.mark.parametrize("text", [*PASSING, *QUOTA])
def test_rule_38_a_passing_fault_may_be_sent_again_and_is_then_stored(
    text: str, api: Api, trace_id: str, start: int
) -> None:
    watched = failing_api(api, text)
    assert _export(api, PROTOBUF, trace_id, start).status in RETRYABLE
    heal(watched)
    assert _export(api, PROTOBUF, trace_id, start) == Response(200, b"", PROTOBUF)
    assert count_rows(watched) == (1, 1)


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        *((text, 503, 14) for text in PASSING),
        *((text, 429, 8) for text in QUOTA),
        *((text, 500, 13) for text in LASTING),
    ],
)
def test_rule_39_each_fault_of_d1_has_its_status(
    text: str, status: int, code: int, media_type: str, api: Api, trace_id: str, start: int
) -> None:
    failing_api(api, text)
    answer = _export(api, media_type, trace_id, start)
    assert (answer.status, status_of(answer, media_type).code) == (status, code)
    # Readers meet the same faults, and are told in the API's own shape.
    assert api.refusal("GET", PATH)[0] == status


def test_rule_39_a_fault_nobody_thought_of_is_internal_and_tells_nothing(
    api: Api, trace_id: str, start: int
) -> None:
    def fail() -> None:
        raise RuntimeError("a secret")

    api.database = watched = WatchedDatabase(api.database)
    watched.before_batch = fail
    answer = _export(api, JSON, trace_id, start)
    assert (answer.status, status_of(answer, JSON).code) == (500, 13)
    assert b"secret" not in answer.body


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize(("text", "seconds"), [(PASSING[0], 2), (QUOTA[0], 3600), (LASTING[0], None)])
def test_rule_40_when_to_come_again_is_in_the_header_and_in_the_body(
    text: str, seconds: int | None, media_type: str, api: Api, trace_id: str, start: int
) -> None:
    failing_api(api, text)
    answer = _export(api, media_type, trace_id, start)
    assert dict(answer.headers).get("Retry-After") == (None if seconds is None else str(seconds))
    assert retry_seconds(status_of(answer, media_type)) == seconds


class SpoiledDatabase(WatchedDatabase):
    """A Database in which the last statement of a batch fails, until it is mended."""

    is_mended = False

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        assert len(statements) > 1
        if not self.is_mended:
            statements = [*statements[:-1], Statement("INSERT INTO nothing_here VALUES (1)")]
        return await super().batch(statements)


def test_rule_42_when_the_last_statement_fails_nothing_is_stored(api: Api, trace_id: str, start: int) -> None:
    api.watch()
    api.database = spoiled = SpoiledDatabase(api.database)
    assert _export(api, PROTOBUF, trace_id, start).status == 500
    assert (len(spoiled.batches), count_rows(spoiled), api.hub.announcements) == (1, (0, 0), [])
    spoiled.is_mended = True
    assert _export(api, PROTOBUF, trace_id, start).status == 200
    assert count_rows(spoiled) == (1, 1)
