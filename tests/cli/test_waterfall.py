"""The waterfall: bars on one time axis, in every width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from otel_worker_cli.terminal.span_tree import order_as_tree
from otel_worker_cli.terminal.waterfall import Axis, axis_labels, bar, waterfall
from tests.cli.spans import MILLISECOND, START, read

AXIS = Axis(START, 100 * MILLISECOND, 10)


def drawn(start: float, end: float, axis: Axis = AXIS) -> str:
    return bar(axis, round(START + start * MILLISECOND), round(START + end * MILLISECOND))


@pytest.mark.parametrize(
    ("start", "end", "cells"),
    [
        (0, 100, "██████████"),
        (0, 50, "█████"),
        (50, 100, "     █████"),
        (5, 25, "▐█▌"),
        (95, 100, "         ▐"),
        (0, 1, "▌"),
        (50, 50, "     │"),
        (100, 100, "         │"),
        (30, 20, "   │"),
        (-50, 1000, "██████████"),
    ],
)
def test_bars(start: float, end: float, cells: str) -> None:
    assert drawn(start, end) == cells


@given(st.integers(1, 200), st.integers(-10, 2**64), st.integers(-10, 2**64), st.integers(1, 2**64))
def test_a_bar_is_visible_and_inside_of_the_axis(cells: int, start: int, end: int, length: int) -> None:
    text = bar(Axis(0, length, cells), start, end)
    assert text.strip()
    assert len(text) <= cells


def test_axis_labels_have_both_ends() -> None:
    assert axis_labels(Axis(START, 184 * MILLISECOND, 60)).split() == [
        "0", "46", "ms", "92", "ms", "138", "ms", "184", "ms",
    ]  # fmt: skip
    for cells in range(4, 200):
        labels = axis_labels(Axis(START, 184 * MILLISECOND, cells))
        assert len(labels) == cells
        assert cells < 8 or (labels.startswith("0 ") and labels.endswith("184 ms"))


def lines(columns: int, *spans: object) -> list[str]:
    texts: list[Text] = list(waterfall(order_as_tree(list(spans)), columns))  # type: ignore[arg-type]
    assert all(text.cell_len <= columns for text in texts), texts
    return [text.plain for text in texts]


def test_a_trace_as_it_is_seen() -> None:
    spans = [
        read(1, None, 0, 100, name="POST /orders"),
        read(2, 1, 0, 20, name="SELECT carts"),
        read(3, 1, 20, 60, name="charge", service="payments", is_error=True),
        read(4, 3, 10, 30, name="bank", service="payments"),
        read(5, 77, 50, 50, name="late", has_end=True),
    ]
    assert lines(60, *spans) == [
        "                    0            50 ms      100 ms",
        "shop POST /orders   ██████████████████████████████    100 ms",
        "├╴SELECT carts      ██████                             20 ms",
        "└╴✗ payments charge       ██████████████████           60 ms",
        "  └╴~ bank             █████████                       30 ms",
        "? shop late                        ███████████████     50 ms",
        "? its parent is not in this trace, or not among the spans",
        "  that are shown",
        "~ starts before its parent: the clocks of two machines",
        "  differ",
    ]


def test_what_has_no_end_and_no_length_is_seen() -> None:
    spans = [read(1, None, 0, 100), read(2, 1, 50, 0), read(3, 1, 60, has_end=False)]
    assert lines(40, *spans) == [
        "             0          100 ms",
        "shop span 1  █████████████████    100 ms",
        "├╴span 2             │              0 ns",
        "└╴… span 3             │          no end",
        "… was sent without an end",
    ]


def test_a_service_is_named_where_it_changes_and_has_its_colour() -> None:
    spans = [read(1, None, 0, 100), read(2, 1, 0, 10), read(3, 2, 0, 10, service="payments")]
    rows = list(waterfall(order_as_tree(spans), 60))[1:]
    assert rows[0].plain.startswith("shop span 1 ")
    assert rows[1].plain.startswith("└╴span 2 ")
    assert rows[2].plain.startswith("  └╴payments span 3 ")
    styles = [{row.plain[span.start : span.end]: str(span.style) for span in row.spans} for row in rows]
    colours = [{style for style in row.values() if "color(" in style} for row in styles]
    assert colours[0] == colours[1]
    assert len(colours[2]) == 1
    assert colours[0].isdisjoint(colours[2])
    # Nothing but the tree's lines is dim.
    assert [text for row in styles for text, style in row.items() if style == "dim"] == ["└╴", "  └╴"]


def test_no_spans_no_lines() -> None:
    assert lines(80) == []


@given(
    st.lists(
        st.tuples(
            st.integers(1, 8),
            st.none() | st.integers(1, 9),
            st.integers(-5, 5),
            st.integers(-2, 10**9),
            st.text(max_size=30),
            st.booleans(),
        ),
        max_size=10,
    ),
    st.integers(20, 200),
)
def test_no_line_is_wider_than_the_terminal(
    rows: list[tuple[int, int | None, int, int, str, bool]], columns: int
) -> None:
    spans = [
        read(number, parent, start, duration, name=name, service=name[:9], is_error=is_error)
        for number, parent, start, duration, name, is_error in rows
    ]
    shown = lines(columns, *spans)
    assert len(shown) >= len(spans)
    assert all(text.isprintable() for text in map(str.strip, shown) if text.isascii())


def test_a_deep_trace_keeps_its_names() -> None:
    spans = [read(number, number - 1 or None, number, name=f"level {number}") for number in range(1, 60)]
    for columns in (50, 80, 120):
        last = [line for line in lines(columns, *spans) if "level 59" in line]
        assert len(last) == 1, columns
