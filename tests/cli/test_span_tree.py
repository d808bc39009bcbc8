"""The tree of a trace: all spans, once, whatever is wrong with their parents and clocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_worker_cli.client.span import ReadSpan
from otel_worker_cli.terminal.span_tree import Mark, Node, order_as_tree
from tests.cli.spans import read


def shape(spans: list[ReadSpan]) -> list[tuple[int, int, list[Mark]]]:
    """Return number, depth and marks of each row."""
    return [(int(node.span.span_id, 16), node.depth, node.marks) for node in order_as_tree(spans)]


def test_children_follow_their_parent_by_their_start() -> None:
    spans = [read(4, 2, 5), read(3, 1, 20), read(1), read(2, 1, 3)]
    assert shape(spans) == [(1, 0, []), (2, 1, []), (4, 2, []), (3, 1, [])]
    assert [node.last for node in order_as_tree(spans)] == [(), (False,), (False, True), (True,)]


def test_several_roots_and_orphans_begin_trees_of_their_own() -> None:
    spans = [read(1, None, 10), read(2, 99, 0), read(3, 2, 1), read(5, None, 5)]
    assert shape(spans) == [(2, 0, [Mark.ORPHAN]), (3, 1, []), (5, 0, []), (1, 0, [])]


def test_circles_are_cut_at_their_earliest_span() -> None:
    spans = [read(1), read(2, 3, 7), read(3, 4, 5), read(4, 2, 6), read(7, 7, 9), read(8, 2, 8)]
    assert shape(spans) == [
        (1, 0, []),
        (3, 0, [Mark.CYCLE]),
        (2, 1, []),
        (4, 2, [Mark.BEFORE_PARENT]),
        (8, 2, []),
        (7, 0, [Mark.CYCLE]),
    ]


def test_clocks_that_differ_and_spans_without_an_end_are_marked() -> None:
    spans = [read(1, None, 10), read(2, 1, 5), read(3, 1, 11, has_end=False)]
    assert shape(spans) == [(1, 0, []), (2, 1, [Mark.BEFORE_PARENT]), (3, 1, [Mark.NO_END])]


def test_a_trace_that_is_thousands_deep() -> None:
    nodes = order_as_tree([read(number, number - 1 or None, number) for number in range(1, 3_001)])
    assert nodes[-1].depth == 2_999


def test_no_spans() -> None:
    assert order_as_tree([]) == []


@given(st.lists(st.tuples(st.integers(1, 8), st.none() | st.integers(1, 9), st.integers(0, 5)), max_size=12))
def test_every_span_has_one_row(rows: list[tuple[int, int | None, int]]) -> None:
    spans = [read(number, parent, start) for number, parent, start in rows]
    nodes = order_as_tree(spans)
    assert sorted(id(node.span) for node in nodes) == sorted(map(id, spans))
    check_parents(nodes)


def check_parents(nodes: list[Node]) -> None:
    """Fail unless each row below a root stands behind the row of its parent."""
    seen: dict[int, int] = {}
    for node in nodes:
        if node.parent is not None:
            assert node.span.parent_span_id == node.parent.span_id
            assert seen[id(node.parent)] == node.depth - 1
        else:
            assert node.depth == 0
        seen[id(node.span)] = node.depth
