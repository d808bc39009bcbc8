"""A trace as a tree that can be walked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_worker_cli.analysis.trace_tree import NO_PARENT, TraceTree, build_tree, last_moments
from tests.cli.spans import MILLISECOND, START, read


def ids(tree: TraceTree, places: list[int]) -> list[int]:
    return [int(tree.nodes[place].span.span_id, 16) for place in places]


def test_parents_children_and_ends() -> None:
    tree = build_tree(
        [read(1), read(2, 1, 1), read(3, 2, 2), read(4, 1, 3), read(5, None, 20), read(6, 99, 30)]
    )
    assert ids(tree, list(range(6))) == [1, 2, 3, 4, 5, 6]
    assert tree.parents == [NO_PARENT, 0, 1, 0, NO_PARENT, NO_PARENT]
    assert tree.children == [[1, 3], [2], [], [], [], []]
    assert tree.ends == [4, 3, 3, 4, 5, 6]
    assert ids(tree, tree.roots) == [1, 5, 6]
    assert ids(tree, tree.path_to(2)) == [1, 2, 3]
    assert tree.find("0000000000000004") == 3
    assert tree.find("00000000000000ff") is None


def test_no_spans() -> None:
    tree = build_tree([])
    assert (tree.nodes, tree.roots, tree.find("0" * 16)) == ([], [], None)


def test_what_has_no_end_lasts_as_long_as_what_is_below_it() -> None:
    tree = build_tree(
        [
            read(1, has_end=False),
            read(2, 1, 1, has_end=False),
            read(3, 2, 2, 50),
            read(4, 1, 3, has_end=False),
        ]
    )
    moments = [(moment - START) // MILLISECOND for moment in last_moments(tree)]
    assert moments == [52, 52, 52, 3]


def test_an_end_is_an_end_also_if_a_child_goes_on() -> None:
    tree = build_tree([read(1, None, 0, 10), read(2, 1, 5, 50)])
    assert [(moment - START) // MILLISECOND for moment in last_moments(tree)] == [10, 55]


@given(st.lists(st.tuples(st.integers(1, 8), st.none() | st.integers(1, 9), st.integers(0, 5)), max_size=12))
def test_the_tables_fit_together_whatever_is_wrong(rows: list[tuple[int, int | None, int]]) -> None:
    tree = build_tree([read(*row) for row in rows])
    assert len(tree.nodes) == len(rows)
    for place, parent in enumerate(tree.parents):
        assert parent < place
        if parent == NO_PARENT:
            assert tree.nodes[place].depth == 0
        else:
            assert tree.nodes[place].depth == tree.nodes[parent].depth + 1
            assert place in tree.children[parent]
        below = [other for other in range(len(rows)) if other != place and place in tree.path_to(other)]
        assert below == list(range(place + 1, tree.ends[place]))
