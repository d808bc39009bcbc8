"""The Hub port over the LIVE_HUB binding: announcements go out while the exporter has its answer already."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec

from otel_worker.live.announcement import Announcement
from otel_worker.live.hub import HubStatus

_log = logging.getLogger(__name__)

# One object for the whole collector: a watcher sees the traces of every isolate.
_NAME = "live"

# What one isolate has under way at most; with the hub gone, more would only fill its memory.
MAX_DELIVERIES = 32
# Far longer than a hub that works takes for a window, and less than the runtime grants after an answer.
DELIVERY_TIMEOUT_SECONDS = 10.0
STATUS_TIMEOUT_SECONDS = 2.0

SUBPROTOCOL_HEADER = "Sec-WebSocket-Protocol"


@dataclass(slots=True)
class Deliveries:
    """What an isolate has on its way to the hub, and the dropped traces it has not told the hub of yet.

    `dropped_traces` has all of them, told or not.
    """

    count: int = 0
    unreported_traces: int = 0
    dropped_traces: int = 0

    def drop(self, trace_count: int) -> None:
        """Count traces that will not be announced."""
        self.unreported_traces += trace_count
        self.dropped_traces += trace_count


class DurableObjectHub:
    """The Hub port for one request; `wait_until` is that of its context."""

    def __init__(
        self, namespace: Any, wait_until: Callable[[Coroutine[Any, Any, None]], None], deliveries: Deliveries
    ) -> None:
        self._namespace = namespace
        self._wait_until = wait_until
        self._deliveries = deliveries

    def announce(self, announcement: Announcement) -> None:
        """See Hub.announce; one RPC call, after the answer."""
        if self._deliveries.count >= MAX_DELIVERIES:
            self._deliveries.drop(announcement.trace_count)
        else:
            self._deliveries.count += 1
            self._wait_until(self._deliver(announcement))

    async def _deliver(self, announcement: Announcement) -> None:
        deliveries = self._deliveries
        unreported, deliveries.unreported_traces = deliveries.unreported_traces, 0
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT_SECONDS):
                await self._stub().announce(announcement.text, unreported)
        except Exception:
            deliveries.unreported_traces += unreported
            deliveries.drop(announcement.trace_count)
            _log.exception("live: %d traces could not be announced", announcement.trace_count)
        finally:
            deliveries.count -= 1

    async def status(self) -> HubStatus:
        """See Hub.status; one RPC call."""
        unreported = self._deliveries.unreported_traces
        try:
            async with asyncio.timeout(STATUS_TIMEOUT_SECONDS):
                status = msgspec.json.decode(await self._stub().status(), type=HubStatus)
        except Exception:
            _log.exception("live: the hub does not answer")
            return HubStatus(None, None, unreported)
        return status._replace(dropped_traces=status.dropped_traces + unreported)

    async def accept(self, subprotocol: str | None) -> Any:
        """Hand an accepted WebSocket handshake over to the object, and return its js.Response.

        The object gets a request of its own: the client's headers, with the token, end here.
        """
        from js import Request
        from pyodide.ffi import to_js

        headers = [["Upgrade", "websocket"]]
        if subprotocol:
            headers.append([SUBPROTOCOL_HEADER, subprotocol])
        request = Request.new("https://live/", headers=to_js(headers))
        response = await self._stub().fetch(request)
        return response.js_object

    def _stub(self) -> Any:
        return self._namespace.getByName(_NAME)
