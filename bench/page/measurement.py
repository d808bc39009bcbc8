"""Runs everything that is measured of the page, in one browser against one server."""

from __future__ import annotations

from dataclasses import dataclass

from bench.ingest.progress import say
from bench.page.large_trace import send_large_trace
from bench.page.live_list import measure_live_list
from bench.page.pages import chromium
from bench.page.served import serving
from bench.page.tables import render
from bench.page.timeline import measure_first_paint, measure_motion, measure_views
from bench.page.weight import measure_weights
from otel_worker_cli.runtime.project import Checkout

_SPANS = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured; one warm-up comes before the rounds of the first paint."""

    paint_rounds: int
    motion_rounds: int
    live_traces: int
    live_steps: int


FULL = Plan(10, 3, 20_000, 10)
QUICK = Plan(3, 1, 2_000, 2)


def measure(_: Checkout, quick: bool) -> str:
    """Measure everything and return the tables."""
    plan = QUICK if quick else FULL
    with serving() as served, chromium() as browser:
        trace_id = send_large_trace(served, _SPANS)
        measure_first_paint(browser, served, trace_id, 1)
        painted = measure_first_paint(browser, served, trace_id, plan.paint_rounds)
        say(f"painted {len(painted)} times, at worst after {max(one.painted_ms for one in painted):.0f} ms")
        moved = measure_motion(browser, served, trace_id, _SPANS, plan.motion_rounds)
        moved += measure_views(browser, served, trace_id, plan.motion_rounds)
        say("moved the timeline")
        visits = measure_weights(browser, served, trace_id)
        live = measure_live_list(browser, served, plan.live_traces, plan.live_steps)
        say(f"{plan.live_traces:,} traces came live")
    return render(_SPANS, painted, moved, live, visits)
