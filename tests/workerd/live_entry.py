"""The collector with a live hub that misbehaves on demand; otherwise exactly what is deployed.

The header Live-Object names another object than the collector's own, for this request.

GET /hub   {"instance": what the object called itself when it was made, "announced": how often it was told
           something since, "watched": 0 or 1, what the database says}
PUT /hub   the fields of a Behaviour as JSON: how the object behaves from now on
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from entry import Default as Collector
from entry import LiveHub as DeployedLiveHub
from entry import MetricsAggregator
from otel_worker.cloudflare import databases
from otel_worker.cloudflare.d1 import D1Database, _translated
from otel_worker.cloudflare.worker import answer
from otel_worker.store.database import Row, Statement

__all__ = ["Default", "LiveHub", "MetricsAggregator"]

_FOR_EVER_SECONDS = 3_600.0
_OVERLOADED = "D1_ERROR: D1 DB is overloaded. Too many requests queued."


@dataclass
class Behaviour:
    """How the hub behaves.

    `raises` and `delay_seconds` are of announcements; with `is_mute` nobody learns how it is. So many reads
    and writes of D1 fail.
    """

    raises: bool = False
    delay_seconds: float = 0.0
    is_mute: bool = False
    failing_reads: int = 0
    failing_writes: int = 0


# Of the isolate of the object.
_behaviour = Behaviour()


class FailingD1Database(D1Database):
    """In the place of D1Database: some reads and writes are answered with an overload."""

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        if _behaviour.failing_reads:
            _behaviour.failing_reads -= 1
            raise _translated(RuntimeError(_OVERLOADED))
        return await super().query(statement)

    async def batch(self, statements: Any) -> list[int]:
        """See Database.batch."""
        if _behaviour.failing_writes:
            _behaviour.failing_writes -= 1
            raise _translated(RuntimeError(_OVERLOADED))
        return await super().batch(statements)


databases.D1Database = FailingD1Database  # type: ignore[attr-defined]


class LiveHub(DeployedLiveHub):
    """The hub, which tells of itself and misbehaves."""

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        from js import crypto

        self._instance: str = crypto.randomUUID()
        self._announced = 0

    async def announce(self, text: str, dropped_before: int) -> None:
        """See LiveHub.announce."""
        self._announced += 1
        if _behaviour.raises:
            raise RuntimeError("the hub is broken")
        if _behaviour.delay_seconds:
            await asyncio.sleep(_behaviour.delay_seconds)
        await super().announce(text, dropped_before)

    async def status(self) -> str:
        """See LiveHub.status."""
        if _behaviour.is_mute:
            await asyncio.sleep(_FOR_EVER_SECONDS)
        return await super().status()

    async def behave(self, behaviour: str) -> None:
        """Behave so from now on."""
        for name, value in vars(Behaviour(**json.loads(behaviour))).items():
            setattr(_behaviour, name, value)

    async def describe(self) -> str:
        """Return what GET /hub answers, but for the database."""
        return json.dumps({"instance": self._instance, "announced": self._announced})


class _Namespace:
    """The binding of the hub, in which every name is that of one object."""

    def __init__(self, namespace: Any, name: str) -> None:
        self._namespace = namespace
        self._name = name

    def getByName(self, _name: str) -> Any:  # noqa: N802 - the runtime's name
        return self._namespace.getByName(self._name)


class _Environment:
    """The bindings of the Worker, with another hub."""

    def __init__(self, env: Any, name: str) -> None:
        self._env = env
        self.LIVE_HUB = _Namespace(env.LIVE_HUB, name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)


class Default(Collector):
    """The collector, and the address of its hub."""

    async def fetch(self, request: Any) -> Any:
        """Answer /hub, and pass everything else on."""
        js_request = request.js_object
        name = js_request.headers.get("Live-Object") or "live"
        if not js_request.url.endswith("/hub"):
            return await answer(_Environment(self.env, name), self.ctx, js_request)
        from js import Response

        hub = self.env.LIVE_HUB.getByName(name)
        if js_request.method == "PUT":
            await hub.behave(await js_request.text())
            return Response.new("{}", status=200)
        told = json.loads(await hub.describe())
        watched = await self.env.DB.prepare("SELECT watched FROM live").first("watched")
        return Response.new(json.dumps({**told, "watched": watched}), status=200)
