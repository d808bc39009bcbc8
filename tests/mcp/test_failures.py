"""Where a failure began."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_worker_cli.analysis.failures import find_failures
from otel_worker_cli.analysis.trace_tree import build_tree
from otel_worker_cli.client.span import ReadSpan
from tests.cli.spans import read


def failures_of(spans: list[ReadSpan]) -> list[tuple[int, bool]]:
    tree = build_tree(spans)
    return [
        (int(tree.nodes[failure.place].span.span_id, 16), failure.is_origin)
        for failure in find_failures(tree)
    ]


def test_origins_come_before_those_that_passed_the_failure_on() -> None:
    spans = [
        read(1, is_error=True),
        read(2, 1, 1),
        read(3, 2, 2, is_error=True),
        read(4, 1, 5, is_error=True),
        read(5, 4, 6),
        read(6, None, 1, is_error=True),
        read(7, None, 9),
    ]
    assert failures_of(spans) == [(6, True), (3, True), (4, True), (1, False)]


def test_nothing_failed() -> None:
    assert failures_of([read(1), read(2, 1)]) == []


@given(st.lists(st.tuples(st.none() | st.integers(1, 12), st.integers(0, 5), st.booleans()), max_size=12))
def test_an_origin_has_no_failure_below_it(rows: list[tuple[int | None, int, bool]]) -> None:
    spans = [
        read(number, parent, start, is_error=is_error)
        for number, (parent, start, is_error) in enumerate(rows, start=1)
    ]
    tree = build_tree(spans)
    failures = {failure.place: failure.is_origin for failure in find_failures(tree)}
    assert sorted(failures) == [place for place, node in enumerate(tree.nodes) if node.span.is_error]
    for place, is_origin in failures.items():
        below = [other for other in failures if other != place and place in tree.path_to(other)]
        assert is_origin == (below == [])
