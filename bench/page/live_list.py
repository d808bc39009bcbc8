"""The list while traces arrive: what it keeps of those that have left it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from playwright.sync_api import Browser

from bench.page.large_trace import key_values
from bench.page.pages import Kept, open_page
from bench.page.served import Served

_SEED = 9
TRACES_A_REQUEST = 50
# A thousand traces a minute come here in three seconds.
REQUESTS_A_SECOND = 6.5
_ROUTES = tuple(f"/api/v1/things/{{id}}/parts/{number}" for number in range(40))
_MILLISECOND = 1_000_000
_NEWEST = "(id) => document.querySelector('.list-row')?.dataset.trace === id"


@dataclass(frozen=True, slots=True)
class Held:
    """What the page holds after so many traces have arrived."""

    traces: int
    rows: int
    kept: Kept


@dataclass(frozen=True, slots=True)
class LiveList:
    """What was held at each step, and how long all of it took."""

    steps: Sequence[Held]
    seconds: float


def measure_live_list(browser: Browser, served: Served, traces: int, steps: int) -> LiveList:
    """Watch the list while this many traces arrive; look at what it holds at each step."""
    random = Random(_SEED)
    held: list[Held] = []
    with open_page(browser) as measured:
        page = measured.page
        page.goto(f"{served.url}/#/traces?service=live")
        page.locator(".shell-live[data-state=live]").wait_for()
        begin = time.monotonic()
        for step in range(1, steps + 1):
            newest = _send(served, random, traces // steps)
            page.wait_for_function(_NEWEST, arg=newest)
            held.append(Held(step * traces // steps, page.locator(".list-row").count(), measured.kept()))
        seconds = time.monotonic() - begin
    return LiveList(held, seconds)


def _send(served: Served, random: Random, count: int) -> str:
    """Send traces at an even pace; return the id of the newest one."""
    newest = ""
    begin = time.monotonic()
    for number in range(count // TRACES_A_REQUEST):
        time.sleep(max(0.0, begin + number / REQUESTS_A_SECOND - time.monotonic()))
        now = time.time_ns()
        ids = [f"{random.getrandbits(128):032x}" for _ in range(TRACES_A_REQUEST)]
        spans = [_span(trace_id, now + at * 1_000, random) for at, trace_id in enumerate(ids)]
        resource = {"attributes": key_values({"service.name": "live"})}
        document = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}
        served.export(json.dumps(document).encode())
        newest = ids[-1]
    return newest


def _span(trace_id: str, start: int, random: Random) -> dict[str, object]:
    return {
        "traceId": trace_id,
        "spanId": trace_id[:16],
        "name": f"GET {random.choice(_ROUTES)}",
        "kind": 2,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + random.randrange(1, 400) * _MILLISECOND),
        "status": {"code": 2} if random.random() < 0.02 else {},
    }
