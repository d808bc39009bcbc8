"""The spans of a trace as a tree that can be walked: the children of a span, and all that is below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from otel_worker_cli.client.span import ReadSpan
from otel_worker_cli.terminal.span_tree import Node, order_as_tree

NO_PARENT = -1


@dataclass(frozen=True, slots=True)
class TraceTree:
    """Spans by their place in the tree: each behind its parent, and all below it directly behind it.

    `nodes[i]` has its parent at `parents[i]`, its children at `children[i]`, by their start, and the first
    span that is not below it at `ends[i]`.
    """

    nodes: list[Node]
    parents: list[int]
    children: list[list[int]]
    ends: list[int]

    @property
    def roots(self) -> list[int]:
        """The places of the spans whose parent is not here, or that have none."""
        return [place for place, parent in enumerate(self.parents) if parent == NO_PARENT]

    def find(self, span_id: str) -> int | None:
        """Return the place of a span, of two with one id the first."""
        for place, node in enumerate(self.nodes):
            if node.span.span_id == span_id:
                return place
        return None

    def path_to(self, place: int) -> list[int]:
        """Return the places from a root down to a span, itself included."""
        path = [place]
        while self.parents[path[-1]] != NO_PARENT:
            path.append(self.parents[path[-1]])
        return path[::-1]


def build_tree(spans: Sequence[ReadSpan]) -> TraceTree:
    """Return the tree of all spans, whatever is wrong among them (terminal/span_tree.py)."""
    nodes = order_as_tree(spans)
    parents = [NO_PARENT] * len(nodes)
    children: list[list[int]] = [[] for _ in nodes]
    ends = [len(nodes)] * len(nodes)
    # The span before and its ancestors.
    above: list[int] = []
    for place, node in enumerate(nodes):
        for left in above[node.depth :]:
            ends[left] = place
        del above[node.depth :]
        if above:
            parents[place] = above[-1]
            children[above[-1]].append(place)
        above.append(place)
    return TraceTree(nodes, parents, children, ends)


def last_moments(tree: TraceTree) -> list[int]:
    """Return when each span ended, in Unix nanoseconds.

    One that was sent without an end lasts as long as anything below it: it may still run.
    """
    moments = [node.span.last_unix_nano for node in tree.nodes]
    # Children are behind their parents.
    for place in range(len(moments) - 1, -1, -1):
        parent = tree.parents[place]
        if parent != NO_PARENT and not tree.nodes[parent].span.has_end:
            moments[parent] = max(moments[parent], moments[place])
    return moments
