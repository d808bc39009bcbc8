"""The critical path of a trace: what it would have to be faster at, to be faster as a whole.

As Jaeger defines it: from the end of the root back in time. Where a child ends, the path goes into it: into
the one that ended last. From the start of that child it goes on in the parent, back to the child that ended
last before. What is left is the span's own work. So each moment of the root belongs to exactly one span.

A child counts as far as it lies within its parent: what goes on behind the parent's end kept nobody waiting.
A child that ends exactly where the next one starts is on the path too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from otel_worker_cli.analysis.trace_tree import TraceTree, last_moments


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the path: the span at `place` of the tree did its own work, or waited for what is unseen."""

    place: int
    start_unix_nano: int
    end_unix_nano: int

    @property
    def duration_nano(self) -> int:
        return self.end_unix_nano - self.start_unix_nano


def find_main_root(tree: TraceTree) -> int:
    """Return the place of the root that a trace is about: a true one before one that only lost its parent.

    Of several, the longest, and of these the first. The tree has to have a span.
    """
    moments = last_moments(tree)

    def weight(place: int) -> tuple[bool, int, int]:
        span = tree.nodes[place].span
        return not span.parent_span_id, moments[place] - span.start_unix_nano, -place

    return max(tree.roots, key=weight)


def find_critical_path(tree: TraceTree, root: int) -> list[Segment]:
    """Return the path of the span at `root` by time; its segments add up to the duration of the span."""
    bounds = _bounds_within_parents(tree, root)
    moment = bounds[root][1]
    path: list[Segment] = []
    # From the root down to the span that the path is in, each with the children that it may still go into.
    # A loop and no recursion, since a trace may be thousands deep.
    within: list[tuple[int, Iterator[int]]] = [(root, _last_finishing_first(tree, root, bounds))]
    while within:
        place, children = within[-1]
        child = next((each for each in children if bounds[each][1] <= moment), None)
        own_start = bounds[place][0] if child is None else bounds[child][1]
        if own_start < moment:
            path.append(Segment(place, own_start, moment))
        moment = own_start
        if child is None:
            within.pop()
        else:
            within.append((child, _last_finishing_first(tree, child, bounds)))
    return path[::-1]


def _bounds_within_parents(tree: TraceTree, root: int) -> dict[int, tuple[int, int]]:
    """Return start and end of the root and of what is below it, as far as it lies within its parent.

    What lies outside of its parent is left out, and all below it.
    """
    moments = last_moments(tree)
    bounds = {root: (tree.nodes[root].span.start_unix_nano, moments[root])}
    for place in range(root + 1, tree.ends[root]):
        parent = bounds.get(tree.parents[place])
        if parent is not None:
            start = max(tree.nodes[place].span.start_unix_nano, parent[0])
            end = min(moments[place], parent[1])
            if start <= end:
                bounds[place] = (start, end)
    return bounds


def _last_finishing_first(tree: TraceTree, place: int, bounds: dict[int, tuple[int, int]]) -> Iterator[int]:
    """Iterate over the children; of those that end together, the one that started first, then by their id."""

    def order(child: int) -> tuple[int, int, str]:
        start, end = bounds[child]
        return -end, start, tree.nodes[child].span.span_id

    return iter(sorted((child for child in tree.children[place] if child in bounds), key=order))
