"""The examples, and a Worker that records and flushes as a test tells it.

POST /scenario   a JSON object, see _run; answers with what the flush returned, or at once
GET /early       the body that a collector sends which was made and used at the top level of this module
GET /served      what was sent through a service binding, after one more flush through it
GET /flushed     what the flushes after the response returned, by the name of their collector
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workers import Response

from entry import Default as Examples
from entry import Reminder  # type: ignore[attr-defined]
from workers_otel import Answer, Metrics, create_metrics, shared_metrics

__all__ = ["Default", "Reminder"]

# Of all requests: there is one isolate here.
_collectors: dict[str, Metrics] = {}
_flushed: dict[str, list[dict[str, Any]]] = {}

_sent: list[str] = []
_served: list[str] = []

# Its service is this Worker itself: see project.py.
get_metrics = shared_metrics(service_name="bound", service_variable="SELF")


async def _keep(url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
    _sent.append(body)
    return Answer(200)


# There is neither a clock nor randomness here.
_early = create_metrics(
    service_name="early", endpoint="https://x.test", token="t", random_instance_id=True, transport=_keep
)
_early.counter("early")


class Default(Examples):
    """The examples and some addresses more."""

    async def fetch(self, request: Any) -> Any:
        """Answer those, and pass everything else on."""
        path = "/" + request.url.partition("//")[2].partition("/")[2]
        if path == "/flushed":
            return _json(_flushed)
        if path == "/v1/metrics":
            _served.append(await request.text())
            return _json({})
        if path == "/served":
            metrics = get_metrics(self.env)
            metrics.counter("count", 5)
            result = await metrics.flush()
            return _json({"outcome": result.outcome, "served": _served})
        if path == "/early":
            _early.counter("early")
            await _early.flush()
            return _json(json.loads(_sent[0]))
        if path == "/scenario":
            return _json(await self._run(json.loads(await request.text())))
        return await super().fetch(request)

    async def _run(self, scenario: dict[str, Any]) -> Any:
        """Record in the collector of a name, which is made with the options if there is none, and flush it.

        Each number in `counts` is added to the counter "count". `flush` is "await", "background" or "no".
        """
        name = scenario["name"]
        if name not in _collectors:
            _collectors[name] = create_metrics(service_name=name, **scenario["options"])
        metrics = _collectors[name]
        for count in scenario["counts"]:
            metrics.counter("count", count)
        if scenario["flush"] == "await":
            return (await metrics.flush())._asdict()
        if scenario["flush"] == "background":
            self.ctx.waitUntil(_flush_and_keep(name, metrics))
        return {}


async def _flush_and_keep(name: str, metrics: Metrics) -> None:
    result = await metrics.flush()
    _flushed.setdefault(name, []).append(result._asdict())


def _json(value: Any) -> Any:
    return Response(json.dumps(value), headers={"Content-Type": "application/json"})
