"""What the search is measured on: the same traffic every time, and answers that are known beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from bench.cost.prices import Usage
from bench.search.datasets import Dataset, prepare
from bench.search.facts import Facts
from bench.search.questions import KINDS, Asker, Criteria, Question
from bench.search.tables import percentile
from bench.search.traffic import (
    LARGE_TRACE_ID,
    LARGE_TRACE_SPANS_A_REQUEST,
    LONG_SECONDS,
    RARE_SERVICE,
    SECOND,
    Traffic,
)
from bench.search.ways import ask, native_get
from otel_worker.model import STATUS_ERROR, TracePart
from otel_worker.store.blocks import build_blocks, summarize_part
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout, this_checkout

SPAN_COUNT = 8_000
LARGE_TRACE_REQUESTS = 40


def traffic() -> Traffic:
    return Traffic(SPAN_COUNT, LARGE_TRACE_REQUESTS)


@pytest.fixture(scope="module")
def requests() -> list[list[TracePart]]:
    return list(traffic().requests())


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    root = tmp_path_factory.mktemp("checkout")
    (root / "migrations").symlink_to(this_checkout().root / "migrations")
    return prepare(Checkout(root), traffic())


@pytest.fixture
def asker(dataset: Dataset) -> Iterator[Asker]:
    with Facts(dataset.facts) as facts:
        yield Asker(dataset.traffic, facts, Random(1))


def test_the_traffic_is_the_same_every_time(requests: list[list[TracePart]]) -> None:
    again = traffic().requests()
    assert [build_blocks(next(again)) for _ in range(5)] == [build_blocks(parts) for parts in requests[:5]]


def test_the_traffic_has_what_is_asked_for(requests: list[list[TracePart]]) -> None:
    usual = [part for parts in requests for part in parts if part.trace_id != LARGE_TRACE_ID]
    large = [part for parts in requests for part in parts if part.trace_id == LARGE_TRACE_ID]
    assert len({part.trace_id for part in usual}) == len(usual) == SPAN_COUNT // 8
    heads = [summarize_part(part) for part in usual]
    assert {head.span_count for head in heads} == {8}
    assert {len(head.services) for head in heads} == {4}
    assert sum(RARE_SERVICE in head.services for head in heads) == 1
    assert sum(head.duration_nano >= LONG_SECONDS[0] * SECOND for head in heads) == 1
    assert 0.01 < sum(head.error_count for head in heads) / len(heads) < 0.03
    assert len(large) == LARGE_TRACE_REQUESTS
    assert {summarize_part(part).span_count for part in large} == {LARGE_TRACE_SPANS_A_REQUEST}
    assert len({service for part in large for service in summarize_part(part).services}) == 40


def test_a_trace_lasts_as_long_as_its_root(requests: list[list[TracePart]]) -> None:
    for part in requests[0]:
        (root,) = [span for group in part.groups for span in group.spans if not span.parent_span_id]
        head = summarize_part(part)
        assert (head.start_unix_nano, head.duration_nano) == (root.start_unix_nano, root.duration_nano)


def test_an_error_is_a_status_code_of_500(requests: list[list[TracePart]]) -> None:
    for parts in requests:
        for span in (span for part in parts for group in part.groups for span in group.spans):
            is_error = span.status_code == STATUS_ERROR
            assert (span.attributes["http.response.status_code"] == 500) == is_error


def test_a_dataset_is_made_once(dataset: Dataset) -> None:
    checkout = Checkout(dataset.database.parents[4])
    made = dataset.database.stat()
    assert prepare(checkout, traffic()).database == dataset.database
    assert (dataset.database.stat().st_ino, dataset.database.stat().st_mtime_ns) == (
        made.st_ino,
        made.st_mtime_ns,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_question_is_answered_as_the_facts_say(
    dataset: Dataset, asker: Asker, kind: str
) -> None:
    with native_get(dataset) as get:
        question = KINDS[kind](asker)
        found = len(question.trace_ids) if isinstance(question, Question) else 1
        assert ask(get, question).trace_count == found


def test_a_wrong_answer_is_not_measured(dataset: Dataset, asker: Asker) -> None:
    right = asker.list(Criteria())
    wrong = Question(right.target, [*right.trace_ids[:-1], LARGE_TRACE_ID])
    with native_get(dataset) as get:
        assert ask(get, right).trace_count == 20
        with pytest.raises(ToolingError, match="wrong answer"):
            ask(get, wrong)


def test_a_refused_question_is_not_measured(dataset: Dataset) -> None:
    with native_get(dataset) as get, pytest.raises(ToolingError, match="failed natively"):
        ask(get, Question("/v1/traces?limit=none", ()))


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(30, 0, -1)]
    assert [percentile(values, share) for share in (0.01, 0.5, 0.95, 1)] == [1, 15, 29, 30]


def test_dollars_follow_from_the_prices() -> None:
    usage = Usage(
        span_count=500, rows_written=4, rows_read=10, stored_bytes=500_000, cpu_ms=30, hub_requests=1
    )
    dollars = {price.name: dollars for price, dollars in usage.dollars_a_million_spans().items()}
    assert dollars == pytest.approx(
        {
            "rows written": 0.008,
            "rows read": 0.00002,
            "storage": 0.175,
            "requests": 0.0006,
            "CPU": 0.0012,
            "live hub": 0.0003,
        }
    )
