"""Some of the fuzzer's inputs over HTTP: the collector in workerd answers what the core does here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fuzz.http_run import Target, run_over_http
from tests.e2e.collector import Collector, running_collector
from tests.e2e.otlp import one_span

SEED = 20_260_102
INPUT_COUNT = 400
CONNECTIONS = 4


@pytest.fixture(scope="module")
def own_collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield a collector of the default settings, whose traces are nobody else's."""
    with running_collector(tmp_path_factory.mktemp("fuzz")) as running:
        yield running


def test_hostile_bodies_over_http_get_the_answers_of_the_core(
    own_collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    target = Target(own_collector.url, own_collector.token)
    tally = run_over_http(target, SEED, 0, INPUT_COUNT, CONNECTIONS, lambda _: None)
    assert tally.reports == []
    assert (tally.failure_count, tally.input_count) == (0, INPUT_COUNT)
    assert "crashed" not in own_collector.session.log_text
    assert own_collector.export(one_span(trace_id, now_unix_nano)).status_code == 200
    assert own_collector.get(f"/v1/traces/{trace_id}")["spanCount"] == 1


def test_an_answer_that_is_not_the_cores_is_told(own_collector: Collector) -> None:
    tally = run_over_http(Target(own_collector.url, "wrong"), SEED, 0, 8, CONNECTIONS, lambda _: None)
    assert {kind for _, kind in tally.counts} == {"FAILED: status 401"}
    assert tally.failure_count == 8
    assert "--seed 20260102 --start " in tally.reports[0]
