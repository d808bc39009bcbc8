"""What the measurement of the page is made of: its trace, its arithmetic, its tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.page.large_trace import make_large_trace
from bench.page.live_list import Held, LiveList
from bench.page.pages import Kept, Motion, cpu_by_frame
from bench.page.tables import render
from bench.page.timeline import FirstPaint, Moved
from bench.page.weight import Visit
from otel_worker_cli.runtime.failures import ToolingError

COUNT = 500
MAIN = {"pid": 7, "tid": 1}
NAMES = [
    {"name": "thread_name", "ph": "M", **MAIN, "args": {"name": "CrRendererMain"}},
    {"name": "thread_name", "ph": "M", "pid": 7, "tid": 2, "args": {"name": "Compositor"}},
]


def spans() -> list[dict[str, Any]]:
    _, requests = make_large_trace(COUNT)
    return [
        span
        for request in requests
        for resource in json.loads(request)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def test_the_trace_is_one_tree_of_spans_within_their_parents() -> None:
    known = {span["spanId"]: span for span in spans()}
    assert len(known) == COUNT
    assert len({span["traceId"] for span in known.values()}) == 1
    assert [span["spanId"] for span in known.values() if not span["parentSpanId"]] == [f"{1:016x}"]
    for span in known.values():
        parent = known.get(span["parentSpanId"], span)
        assert int(parent["startTimeUnixNano"]) <= int(span["startTimeUnixNano"])
        assert int(span["startTimeUnixNano"]) < int(span["endTimeUnixNano"]) <= int(parent["endTimeUnixNano"])
        assert len(span["attributes"]) == 10


def test_tasks_are_added_up_by_the_frame_that_follows() -> None:
    def task(at_us: int, cpu_us: int, **thread: int) -> dict[str, Any]:
        return {
            "name": "ThreadControllerImpl::RunTask", "ph": "X", "ts": at_us, "dur": 9, "tdur": cpu_us,
            **MAIN, **thread,
        }  # fmt: skip

    def frame(at_us: int) -> dict[str, Any]:
        return {"name": "FireAnimationFrame", "ph": "X", "ts": at_us, **MAIN}

    events = [task(50, 3), task(10, 1), frame(30), task(20, 2), task(60, 4), task(55, 8, tid=2), frame(70)]
    assert cpu_by_frame([*NAMES, *events]) == [[1, 2], [3, 4], []]
    with pytest.raises(ToolingError):
        cpu_by_frame([*NAMES, task(50, 3)])


def test_the_tables() -> None:
    moved = Moved("scroll", [Motion([16.0, 60.0], 12.0, 9.0), Motion([17.0, 17.0], 14.0, 8.0)])
    live = LiveList(
        [Held(1_000, 500, Kept(7.04, 16_000, 1_200)), Held(2_000, 500, Kept(7.1, 16_001, 1_201))], 6.6
    )
    text = render(10_000, [FirstPaint(300, 340)], [moved], live, [Visit("the list", 60, 250_600, 87_300)])
    for line in (
        "| the first frame with them painted | 340 |",
        "| scroll | 4 | 17 | 60 | 60 | 1 | 13 (12 to 14) | 8 (8 to 9) |",
        "| 2,000 | 500 | 7.1 | 16,001 | 1,201 |",
        "| the list | 60 | 250.6 | 87.3 |",
    ):
        assert line in text.splitlines()
    assert "2,000 traces arrive in 7 s" in text
    assert "what 2 minutes with 1,000 new traces each bring" in text
