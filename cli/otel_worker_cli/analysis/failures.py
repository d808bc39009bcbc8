"""The failed spans of a trace: where a failure began, and which spans only passed it on."""

from __future__ import annotations

from dataclasses import dataclass

from otel_worker_cli.analysis.trace_tree import NO_PARENT, TraceTree


@dataclass(frozen=True, slots=True)
class Failure:
    """The failed span at `place` of the tree; `is_origin`: nothing below it failed."""

    place: int
    is_origin: bool


def find_failures(tree: TraceTree) -> list[Failure]:
    """Return all failed spans: those where a failure began before those above them, each by its start."""
    fails_below = [False] * len(tree.nodes)
    # Children are behind their parents.
    for place in range(len(tree.nodes) - 1, -1, -1):
        parent = tree.parents[place]
        if parent != NO_PARENT and (fails_below[place] or tree.nodes[place].span.is_error):
            fails_below[parent] = True
    failures = [
        Failure(place, not fails_below[place]) for place, node in enumerate(tree.nodes) if node.span.is_error
    ]

    def order(failure: Failure) -> tuple[bool, int, int]:
        return not failure.is_origin, tree.nodes[failure.place].span.start_unix_nano, failure.place

    return sorted(failures, key=order)
