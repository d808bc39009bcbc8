"""A collector of metrics with a transport and a clock that the test has in its hands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.sdk.receiver import Received
from workers_otel import Answer, FlushResult, Metrics, create_metrics

START_UNIX_NANO = 1_800_000_000_000_000_000
SECOND = 1_000_000_000

OK = Answer(200, "", "{}")

Reply = Answer | Exception | Callable[[], Awaitable[Answer]]


class Bench:
    """`metrics` under test; `sent` is what its transport got, `replies` is what it gives, then OK."""

    def __init__(self, **options: Any) -> None:
        self.now_unix_nano = START_UNIX_NANO
        self.sent: list[Received] = []
        self.replies: list[Reply] = []
        self.statuses: list[int | None] = []
        self.timeouts_ms: list[int] = []
        settings = {"service_name": "shop", "endpoint": "https://otlp.test", "token": "secret", **options}
        self.metrics: Metrics = create_metrics(
            transport=self._transport, clock=lambda: self.now_unix_nano, **settings
        )

    def flush(self) -> FlushResult:
        return asyncio.run(self.metrics.flush())

    def pass_seconds(self, seconds: float) -> None:
        self.now_unix_nano += round(seconds * SECOND)

    async def _transport(self, url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
        self.sent.append(Received(url, headers, body))
        self.timeouts_ms.append(timeout_ms)
        reply = self.replies.pop(0) if self.replies else OK
        if isinstance(reply, Exception):
            self.statuses.append(None)
            raise reply
        answer = reply if isinstance(reply, Answer) else await reply()
        self.statuses.append(answer.status)
        return answer
