"""The spans of a trace as a tree, in the order in which they are shown, whatever is wrong in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from otel_worker_cli.client.span import ReadSpan

KEPT_LEVELS = 64
"""More than there is room for in a terminal. All of them, for each span, would be too much to keep."""


class Mark(Enum):
    """What is unusual about a span: the sign in its row, and what it means."""

    ORPHAN = ("?", "its parent is not in this trace, or not among the spans that are shown")
    CYCLE = ("@", "its ancestors go in a circle")
    BEFORE_PARENT = ("~", "starts before its parent: the clocks of two machines differ")
    NO_END = ("…", "was sent without an end")

    def __init__(self, sign: str, meaning: str) -> None:
        self.sign = sign
        self.meaning = meaning


@dataclass(slots=True)
class Node:
    """A span at its place. `last` says for it and its ancestors below the root: nothing follows beside it.

    Of a deep one it has the nearest levels only, which are all that is drawn.
    """

    span: ReadSpan
    depth: int = 0
    last: tuple[bool, ...] = ()
    parent: ReadSpan | None = None
    marks: list[Mark] = field(default_factory=list)


def order_as_tree(spans: Sequence[ReadSpan]) -> list[Node]:
    """Return all spans, each behind its parent, and those of one parent by their start.

    Spans without a parent, and those whose parent is not there, begin a tree of their own. Of a circle the
    earliest span does.
    """
    ordered = sorted(spans, key=lambda span: (span.start_unix_nano, span.span_id))
    known = {span.span_id for span in ordered}
    children: defaultdict[str, list[int]] = defaultdict(list)
    roots: list[tuple[int, list[Mark]]] = []
    for number, span in enumerate(ordered):
        if not span.parent_span_id:
            roots.append((number, []))
        elif span.parent_span_id not in known:
            roots.append((number, [Mark.ORPHAN]))
        else:
            children[span.parent_span_id].append(number)
    shown: set[int] = set()
    nodes: list[Node] = []
    for number, marks in roots:
        _take_tree(number, marks, ordered, children, shown, nodes)
    # What no root leads to is in a circle, or below one.
    for number in range(len(ordered)):
        if number not in shown:
            _take_tree(number, [Mark.CYCLE], ordered, children, shown, nodes)
    return nodes


def _take_tree(
    root: int,
    marks: list[Mark],
    spans: Sequence[ReadSpan],
    children: dict[str, list[int]],
    shown: set[int],
    nodes: list[Node],
) -> None:
    """Append a root and all below it; a loop and no recursion, since a trace may be thousands deep."""
    waiting: list[tuple[int, int, tuple[bool, ...], ReadSpan | None]] = [(root, 0, (), None)]
    expanded: set[str] = set()
    while waiting:
        number, depth, last, parent = waiting.pop()
        if number in shown:
            continue
        shown.add(number)
        span = spans[number]
        node = Node(span, depth, last, parent, [*(marks if number == root else ()), *_marks_of(span, parent)])
        nodes.append(node)
        # Two spans of one id have their children once.
        if span.span_id in expanded:
            continue
        expanded.add(span.span_id)
        below = [child for child in children.get(span.span_id, ()) if child not in shown]
        for place, child in enumerate(reversed(below)):
            waiting.append((child, depth + 1, (*last, place == 0)[-KEPT_LEVELS:], span))


def _marks_of(span: ReadSpan, parent: ReadSpan | None) -> list[Mark]:
    marks = []
    if parent is not None and span.start_unix_nano < parent.start_unix_nano:
        marks.append(Mark.BEFORE_PARENT)
    if not span.has_end:
        marks.append(Mark.NO_END)
    return marks
