"""Sending: one POST at a time, each body the same at every attempt, and nothing newer before its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from workers_otel.drops import INVALID_RECORD, REJECTED, UNANSWERED
from workers_otel.endpoint import RETRYABLE, Endpoint, error_of, read_partial_success, retry_after_seconds
from workers_otel.otlp_json import encode_request
from workers_otel.recorder import Recorder
from workers_otel.resource import Resource
from workers_otel.result import JOINED, KEPT, NOTHING, REFUSED, SENT, WAITING, FlushResult, joined
from workers_otel.transport import Answer, Transport

_NANO_PER_MS = 1_000_000
_NANO_PER_SECOND = 1_000_000_000

# How much later than its time limit a flush is taken for dead. The runtime may end a request, with all that
# runs in its waitUntil, and says nothing to the code in it.
_GRACE_NANO = 2 * _NANO_PER_SECOND

# The gateway knows a body again for 10 minutes after its first copy: a later copy would count twice.
MAX_AGE_SECONDS = 540

_MAX_ERROR_LENGTH = 500

Callbacks = Sequence[Callable[[], None]]


class _Body(NamedTuple):
    """One request as it is sent, at every attempt byte for byte."""

    text: str
    point_count: int
    dropped: Mapping[str, int]
    overflowed: Mapping[str, int]
    taken_unix_nano: int


class _Flight:
    """A flush under way: who else runs knows it by its identity."""

    __slots__ = ("deadline_unix_nano", "is_asked_again")

    def __init__(self, deadline_unix_nano: int) -> None:
        self.deadline_unix_nano = deadline_unix_nano
        self.is_asked_again = False


class Delivery:
    """Empties a recorder into an endpoint.

    A body is kept from before its first attempt until an answer says what became of it. So a flush that ends
    in the middle, with its request, leaves nothing behind that is not known to the next one. Nothing here
    waits for another request: the runtime binds an awaited answer to the request that asked.
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
        self._kept: _Body | None = None
        self._not_before_unix_nano = 0

    async def flush(self, callbacks: Callbacks) -> FlushResult:
        """See Metrics.flush."""
        now_unix_nano = self._recorder.clock()
        if self._flight is not None and now_unix_nano < self._flight.deadline_unix_nano + _GRACE_NANO:
            self._flight.is_asked_again = True
            return FlushResult(JOINED)
        if now_unix_nano < self._not_before_unix_nano:
            return FlushResult(WAITING)
        flight = self._flight = _Flight(now_unix_nano + self._timeout_ms * _NANO_PER_MS)
        try:
            return await self._send_all(flight, callbacks)
        finally:
            if self._flight is flight:
                self._flight = None

    async def _send_all(self, flight: _Flight, callbacks: Callbacks) -> FlushResult:
        """Send what is kept, then what is new; and again while others ask and half of the time is left."""
        result = FlushResult(NOTHING)
        is_trial = self._give_up_old()
        while True:
            flight.is_asked_again = False
            is_known = self._kept is not None
            body = self._kept or self._take(callbacks, is_trial)
            if body is None:
                return result
            sent = await self._deliver(flight, body, is_known)
            if not is_known:
                sent = sent._replace(dropped={**body.dropped, **sent.dropped}, overflowed={**body.overflowed})
            result = joined(result, sent)
            is_more = is_known or is_trial or flight.is_asked_again
            is_trial = False
            if not is_more or sent.outcome != SENT or self._flight is not flight:
                return result
            if self._left_ms(flight) * 2 < self._timeout_ms:
                return result

    def _give_up_old(self) -> bool:
        """Count the kept body as lost if another copy of it could count twice; return whether that was so.

        Whoever reads a counter can make up for what he is told is missing, and not for what is too much.
        """
        body = self._kept
        if body is None or self._recorder.clock() - body.taken_unix_nano < MAX_AGE_SECONDS * _NANO_PER_SECOND:
            return False
        self._kept = None
        own_count = len(body.dropped) + len(body.overflowed)
        self._recorder.count_again(body.dropped, body.overflowed)
        if body.point_count > own_count:
            self._recorder.count_drop(UNANSWERED, body.point_count - own_count)
        return True

    def _take(self, callbacks: Callbacks, is_trial: bool) -> _Body | None:
        """Make the next body, which is kept from now on; None if there is nothing to send.

        A trial, after a body was given up, says only what was lost. If the endpoint is still gone, the trial
        is what the next giving up costs, and not all that was recorded meanwhile.
        """
        if not is_trial:
            for callback in callbacks:
                self._recorder.call(callback)
        window, end_unix_nano, dropped, overflowed = self._recorder.take(only_own=is_trial)
        if not window.points:
            return None
        try:
            text = encode_request(self._resource.attribute_set(), window, end_unix_nano)
        except Exception:  # of whatever got past the checks: it must not come back with every flush
            self._recorder.count_drop(INVALID_RECORD, len(window.points))
            return None
        body = _Body(text, len(window.points), dropped, overflowed, self._recorder.clock())
        self._kept = body
        return body

    async def _deliver(self, flight: _Flight, body: _Body, is_known: bool) -> FlushResult:
        """Post a body; a new one that has no answer in half of the time, once more at once."""
        left_ms = self._left_ms(flight)
        if is_known:
            return await self._post(body, left_ms)
        sent = await self._post(body, max(left_ms // 2, 1))
        left_ms = self._left_ms(flight)
        if sent.outcome == KEPT and sent.status is None and left_ms > 0 and self._kept is body:
            return await self._post(body, left_ms)
        return sent

    async def _post(self, body: _Body, timeout_ms: int) -> FlushResult:
        try:
            answer = await self._transport(self._endpoint.url, self._endpoint.headers, body.text, timeout_ms)
        except Exception as error:  # whatever a transport raises, it had no answer
            return FlushResult(KEPT, error=f"{type(error).__name__}: {error}"[:_MAX_ERROR_LENGTH])
        if answer.status in RETRYABLE:
            wait_nano = retry_after_seconds(answer) * _NANO_PER_SECOND
            self._not_before_unix_nano = self._recorder.clock() + wait_nano
            return FlushResult(KEPT, status=answer.status, error=error_of(answer))
        # Unless it is another's: this flush was taken for dead, and what it sent was sent again.
        if self._kept is body:
            self._kept = None
        if 200 <= answer.status < 300:
            return _accepted(answer, body.point_count)
        lost = {f"http_{answer.status}": body.point_count}
        return FlushResult(REFUSED, dropped=lost, status=answer.status, error=error_of(answer))

    def _left_ms(self, flight: _Flight) -> int:
        return (flight.deadline_unix_nano - self._recorder.clock()) // _NANO_PER_MS


def _accepted(answer: Answer, point_count: int) -> FlushResult:
    rejected, message = read_partial_success(answer)
    rejected = min(rejected, point_count)
    dropped = {REJECTED: rejected} if rejected else {}
    return FlushResult(SENT, point_count - rejected, dropped, status=answer.status, error=message)
