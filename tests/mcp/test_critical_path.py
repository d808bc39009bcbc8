"""The critical path: as Jaeger defines it, and against a slow way to find it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker_cli.analysis.critical_path import find_critical_path, find_main_root
from otel_worker_cli.analysis.trace_tree import build_tree
from otel_worker_cli.client.span import ReadSpan
from tests.cli.spans import MILLISECOND, START, read

# Number, parent, start, duration; a parent is above its children.
Row = tuple[int, int | None, int, int]


def path_of(spans: list[ReadSpan], root: int = 0) -> list[tuple[int, int, int]]:
    """Return the number of the span, start and end of each segment, in milliseconds."""
    tree = build_tree(spans)
    return [
        (
            int(tree.nodes[segment.place].span.span_id, 16),
            (segment.start_unix_nano - START) // MILLISECOND,
            (segment.end_unix_nano - START) // MILLISECOND,
        )
        for segment in find_critical_path(tree, root)
    ]


@pytest.mark.parametrize(
    ("rows", "path"),
    [
        pytest.param([(1, None, 0, 10)], [(1, 0, 10)], id="one span"),
        pytest.param(
            [(1, None, 0, 100), (2, 1, 20, 30), (3, 1, 60, 20)],
            [(1, 0, 20), (2, 20, 50), (1, 50, 60), (3, 60, 80), (1, 80, 100)],
            id="one after the other",
        ),
        pytest.param(
            [(1, None, 0, 100), (2, 1, 10, 80), (3, 1, 20, 30)],
            [(1, 0, 10), (2, 10, 90), (1, 90, 100)],
            id="at the same time: the one that ends last",
        ),
        pytest.param(
            [(1, None, 0, 100), (2, 1, 10, 40), (3, 1, 50, 50)],
            [(1, 0, 10), (2, 10, 50), (3, 50, 100)],
            id="one begins where the other ends",
        ),
        pytest.param(
            [(1, None, 0, 100), (2, 1, 10, 60), (3, 2, 20, 20), (4, 1, 60, 30)],
            [(1, 0, 60), (4, 60, 90), (1, 90, 100)],
            id="what overlaps with the last one kept nobody waiting",
        ),
        pytest.param(
            [(1, None, 0, 50), (2, 1, 40, 60), (3, 2, 45, 40)],
            [(1, 0, 40), (2, 40, 45), (3, 45, 50)],
            id="a child counts within its parent",
        ),
        pytest.param(
            [(1, None, 10, 50), (2, 1, 70, 10), (3, 2, 20, 10), (4, 1, 0, 5)],
            [(1, 10, 60)],
            id="outside of its parent: it and all below it do not count",
        ),
        pytest.param(
            [(1, None, 0, 50), (2, 1, 20, 0), (3, 1, 20, 0)], [(1, 0, 20), (1, 20, 50)], id="no time at all"
        ),
        pytest.param([(1, None, 5, 0)], [], id="a root of no time"),
    ],
)
def test_path(rows: list[Row], path: list[tuple[int, int, int]]) -> None:
    assert path_of([read(*row) for row in rows]) == path


def test_below_a_span() -> None:
    spans = [read(1, None, 0, 100), read(2, 1, 10, 60), read(3, 2, 20, 20), read(4, 1, 60, 30)]
    assert path_of(spans, root=1) == [(2, 10, 20), (3, 20, 40), (2, 40, 70)]


def test_a_root_without_an_end_lasts_as_long_as_its_children() -> None:
    spans = [read(1, has_end=False), read(2, 1, 10, 60)]
    assert path_of(spans) == [(1, 0, 10), (2, 10, 70)]


def test_thousands_of_spans_below_each_other_and_beside_each_other() -> None:
    deep = [read(number, number - 1 or None, number, 10_000 - 2 * number) for number in range(1, 3_001)]
    assert len(path_of(deep)) == 2 * 3_000 - 1
    wide = [read(1, None, 0, 9_000), *(read(number, 1, 2 * number, 1) for number in range(2, 3_001))]
    assert len(path_of(wide)) == 2 * 2_999 + 1


@pytest.mark.parametrize(
    ("rows", "root"),
    [
        ([(1, None, 0, 10), (2, None, 5, 20), (3, 2, 6, 5)], 2),
        ([(1, 99, 0, 100), (2, None, 5, 20)], 2),
        ([(1, 99, 0, 10), (2, 98, 5, 20)], 2),
        ([(1, None, 0, 10), (2, None, 0, 10)], 1),
    ],
)
def test_the_root_that_a_trace_is_about(rows: list[Row], root: int) -> None:
    tree = build_tree([read(*row) for row in rows])
    assert int(tree.nodes[find_main_root(tree)].span.span_id, 16) == root


def owners(rows: list[Row], number: int, bounds: tuple[int, int]) -> dict[int, int]:
    """Return which span has each millisecond of a span, going back one by one; `bounds` are its own."""
    children = {}
    for other, parent, start, duration in rows:
        inside = max(start, bounds[0]), min(start + duration, bounds[1])
        if parent == number and inside[0] <= inside[1]:
            children[other] = inside
    found: dict[int, int] = {}
    moment = bounds[1]
    while moment > bounds[0]:
        # The longest of those that end just now; one without a duration has no time to give.
        ending = [(start, other) for other, (start, end) in children.items() if end == moment and start < end]
        if ending:
            start, other = min(ending)
            found |= owners(rows, other, (start, moment))
            moment = start
        else:
            moment -= 1
            found[moment] = number
    return found


@st.composite
def traces(draw: st.DrawFn) -> list[Row]:
    count = draw(st.integers(1, 10))
    rows: list[Row] = [(1, None, draw(st.integers(0, 5)), draw(st.integers(0, 30)))]
    for number in range(2, count + 1):
        parent = draw(st.integers(1, number - 1))
        rows.append((number, parent, draw(st.integers(0, 30)), draw(st.integers(0, 30))))
    return rows


@given(traces())
def test_each_moment_of_the_root_has_the_span_that_a_slow_search_finds(rows: list[Row]) -> None:
    start, duration = rows[0][2], rows[0][3]
    tree = build_tree([read(*row) for row in rows])
    root = tree.find(f"{1:016x}")
    assert root is not None
    path = path_of([read(*row) for row in rows], root)
    assert sum(end - begin for _, begin, end in path) == duration
    covered = {moment: number for number, begin, end in path for moment in range(begin, end)}
    assert covered == owners(rows, 1, (start, start + duration))
    assert path == sorted(path, key=lambda segment: segment[1])
