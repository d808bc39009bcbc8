"""Sending: one POST at a time, what was not taken is kept, and nothing is sent twice knowingly."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workers_otel.drops import REJECTED
from workers_otel.endpoint import RETRYABLE, Endpoint, error_of, read_partial_success, retry_after_seconds
from workers_otel.otlp_json import encode_request
from workers_otel.recorder import Recorder
from workers_otel.resource import Resource
from workers_otel.result import JOINED, KEPT, NOTHING, REFUSED, SENT, WAITING, FlushResult, joined
from workers_otel.transport import Answer, Transport
from workers_otel.window import Window

_NANO_PER_MS = 1_000_000
_NANO_PER_SECOND = 1_000_000_000

# How much later than its time limit a flush is taken for dead. The runtime may end a request, with all that
# runs in its waitUntil, and says nothing to the code in it.
_GRACE_NANO = 2 * _NANO_PER_SECOND

_MAX_ERROR_LENGTH = 500

Callbacks = Sequence[Callable[[], None]]


class _Flight:
    """A flush under way: who else runs knows it by its identity."""

    __slots__ = ("deadline_unix_nano", "is_asked_again", "window")

    def __init__(self, deadline_unix_nano: int) -> None:
        self.deadline_unix_nano = deadline_unix_nano
        self.is_asked_again = False
        self.window: Window | None = None


class Delivery:
    """Empties a recorder into an endpoint.

    Nothing here waits for another request: the runtime binds an awaited answer to the request that asked.
    """

    def __init__(
        self,
        recorder: Recorder,
        resource: Resource,
        endpoint: Endpoint,
        transport: Transport,
        timeout_ms: int,
    ) -> None:
        self._recorder = recorder
        self._resource = resource
        self._endpoint = endpoint
        self._transport = transport
        self._timeout_ms = timeout_ms
        self._flight: _Flight | None = None
        self._not_before_unix_nano = 0

    async def flush(self, callbacks: Callbacks) -> FlushResult:
        """See Metrics.flush."""
        now_unix_nano = self._recorder.clock()
        if self._flight is not None:
            if now_unix_nano < self._flight.deadline_unix_nano + _GRACE_NANO:
                self._flight.is_asked_again = True
                return FlushResult(JOINED)
            self._land(self._flight)
        if now_unix_nano < self._not_before_unix_nano:
            return FlushResult(WAITING)
        flight = self._flight = _Flight(now_unix_nano + self._timeout_ms * _NANO_PER_MS)
        try:
            return await self._send_all(flight, callbacks)
        finally:
            self._land(flight)

    async def _send_all(self, flight: _Flight, callbacks: Callbacks) -> FlushResult:
        """Send, and again while others ask and there is half of the time left."""
        result = await self._send(flight, callbacks, self._timeout_ms)
        while flight.is_asked_again and result.outcome in (SENT, NOTHING):
            left_ms = (flight.deadline_unix_nano - self._recorder.clock()) // _NANO_PER_MS
            if left_ms * 2 < self._timeout_ms:
                break
            flight.is_asked_again = False
            result = joined(result, await self._send(flight, callbacks, left_ms))
        return result

    async def _send(self, flight: _Flight, callbacks: Callbacks, timeout_ms: int) -> FlushResult:
        for callback in callbacks:
            self._recorder.call(callback)
        window, end_unix_nano, dropped, overflowed = self._recorder.take()
        if not window.points:
            return FlushResult(NOTHING)
        flight.window = window
        result = await self._post(window, end_unix_nano, timeout_ms)
        if result.outcome != KEPT:
            flight.window = None
        _put_back(self._recorder, flight)
        return result._replace(dropped={**dropped, **result.dropped}, overflowed=overflowed)

    async def _post(self, window: Window, end_unix_nano: int, timeout_ms: int) -> FlushResult:
        try:
            body = encode_request(self._resource.attribute_set(), window, end_unix_nano)
            answer = await self._transport(self._endpoint.url, self._endpoint.headers, body, timeout_ms)
        except Exception as error:  # whatever a transport raises, it had no answer
            return FlushResult(KEPT, error=f"{type(error).__name__}: {error}"[:_MAX_ERROR_LENGTH])
        if 200 <= answer.status < 300:
            return _accepted(answer, len(window.points))
        if answer.status in RETRYABLE:
            wait_nano = retry_after_seconds(answer) * _NANO_PER_SECOND
            self._not_before_unix_nano = self._recorder.clock() + wait_nano
            return FlushResult(KEPT, status=answer.status, error=error_of(answer))
        lost = {f"http_{answer.status}": len(window.points)}
        return FlushResult(REFUSED, dropped=lost, status=answer.status, error=error_of(answer))

    def _land(self, flight: _Flight) -> None:
        """End a flush, if it has not been ended: by itself, by cancellation, or by the next one as dead."""
        if self._flight is flight:
            _put_back(self._recorder, flight)
            self._flight = None


def _put_back(recorder: Recorder, flight: _Flight) -> None:
    """Give back what a flush has taken and not delivered, if nobody has yet."""
    if flight.window is not None:
        recorder.restore(flight.window)
        flight.window = None


def _accepted(answer: Answer, point_count: int) -> FlushResult:
    rejected, message = read_partial_success(answer)
    rejected = min(rejected, point_count)
    dropped = {REJECTED: rejected} if rejected else {}
    return FlushResult(SENT, point_count - rejected, dropped, status=answer.status, error=message)
