"""One WebSocket connection of a watch: opened, subscribed, read, and kept alive until it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from otel_worker_cli.client.errors import (
    ClientError,
    Refused,
    UnexpectedAnswer,
    Unreachable,
    WatchEnded,
    error_of,
)
from otel_worker_cli.client.model import SpansAdded, TraceUpdated, read_span_ids, read_summary
from otel_worker_cli.client.timing import Timing

# The collector's frames are far below; one message has a whole summary, and a service's name may be long.
_MAX_FRAME_BYTES = 16_000_000

# What is read and not taken yet. Then reading stops: the collector drops who is too far behind, and the list
# has what was missed.
_MAX_WAITING_FRAMES = 256

_SUBSCRIBE_ID = "1"

# RFC 6455, section 7.4.1, and the registry of codes: the client did what must not be done. After all others
# (a restart, an overload, a broken line) it is worth coming back.
_FINAL_CODES = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
_NO_CLOSING_FRAME = 1006


Message: TypeAlias = TraceUpdated | SpansAdded


class DirectConnect(connect):
    """A handshake that follows no redirect: the token goes to the collector's address only."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Return the error, as for any answer that is no handshake."""
        return exc


class Connection:
    """A connection that is open and subscribed: use it as a context manager, and take messages from it.

    All methods raise a ClientError; after Unreachable it is worth trying again with a new one.
    """

    def __init__(self, url: str, token: str, details: Mapping[str, Any], timing: Timing) -> None:
        """`details` are those of the subscription."""
        # How often the collector said that it left something out.
        self.drops = 0
        self._url = url
        self._token = token
        self._details = details
        self._timing = timing
        self._frames: asyncio.Queue[Sequence[Message] | Exception] = asyncio.Queue(_MAX_WAITING_FRAMES)
        self._acknowledged = asyncio.Event()
        self._failure: Exception | None = None

    async def __aenter__(self) -> Connection:
        self._socket = await open_socket(self._url, self._token, self._timing)
        self._reader = asyncio.create_task(self._read(), name="otel-worker watch")
        try:
            await self._subscribe()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def next_messages(self) -> Sequence[Message]:
        """Return the messages of the next frame that has any; an empty one means that `drops` has grown."""
        # Without a frame to come, waiting would never end.
        if self._frames.empty() and self._failure is not None:
            raise self._failure
        frame = await self._frames.get()
        if isinstance(frame, Exception):
            raise frame
        return frame

    async def _subscribe(self) -> None:
        message = {
            "messageId": _SUBSCRIBE_ID,
            "type": "subscribe",
            "details": {**self._details, "batch": True},
        }
        await self._send(message)
        waiting = asyncio.create_task(self._acknowledged.wait())
        try:
            await asyncio.wait(
                {waiting, self._reader},
                timeout=self._timing.answer_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            waiting.cancel()
        if self._failure is not None:
            raise self._failure
        if not self._acknowledged.is_set():
            raise Unreachable("the collector does not answer the subscription")

    async def _send(self, message: Mapping[str, Any]) -> None:
        try:
            await self._socket.send(msgspec.json.encode(message).decode())
        except ConnectionClosed as error:
            raise closing_error(error) from error

    async def _read(self) -> None:
        """Put the messages of all frames in the queue, and in the end the reason why there are no more."""
        try:
            while True:
                drops = self.drops
                messages = await self._take(await self._socket.recv())
                if messages or self.drops > drops:
                    await self._frames.put(messages)
        except ConnectionClosed as error:
            self._failure = closing_error(error)
        except Exception as error:
            # Raised by whoever takes the messages: nobody else would hear of it.
            self._failure = error
        await self._frames.put(self._failure)

    async def _take(self, frame: str | bytes) -> list[Message]:
        """Return what a frame tells of traces, and carry out what else is in it."""
        try:
            document = msgspec.json.decode(frame)
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnexpectedAnswer(f"not a message of a collector: {frame[:200]!r}") from error
        messages: list[Message] = []
        for fields in document if isinstance(document, list) else [document]:
            if not isinstance(fields, dict):
                raise UnexpectedAnswer(f"not a message of a collector: {str(fields)[:200]}")
            message = await self._take_message(fields)
            # What came before the acknowledgement is of another subscription; the list has it.
            if message is not None and self._acknowledged.is_set():
                messages.append(message)
        return messages

    async def _take_message(self, fields: dict[str, Any]) -> Message | None:
        """Return what a message tells of traces; one of a kind that is not known here tells nothing."""
        kind, details = fields.get("type"), fields.get("details")
        if not isinstance(details, dict):
            details = {}
        if kind == "traceUpdated":
            return TraceUpdated(read_summary(details))
        if kind == "spanAdded":
            return read_span_ids(details)
        if kind == "tracesDropped":
            self.drops += 1
        elif kind == "ping":
            await self._send({"messageId": fields.get("messageId"), "type": "pong"})
        elif kind == "ack" and fields.get("messageId") == _SUBSCRIBE_ID:
            self._acknowledged.set()
        elif kind == "error" and fields.get("messageId") in (_SUBSCRIBE_ID, None):
            raise Refused(400, str(details.get("code", "")), str(details.get("message", "")))
        return None

    async def _close(self) -> None:
        self._reader.cancel()
        try:
            # Bounded by close_timeout.
            await self._socket.close()
        finally:
            # Whoever is cancelled while it closes leaves nothing open either.
            self._socket.transport.abort()
        await asyncio.gather(self._reader, return_exceptions=True)


async def open_socket(url: str, token: str, timing: Timing) -> ClientConnection:
    """Return an open WebSocket; raises a ClientError."""
    try:
        return await DirectConnect(
            url,
            additional_headers={"Authorization": f"Bearer {token}"} if token else {},
            open_timeout=timing.open_seconds,
            close_timeout=timing.close_seconds,
            ping_interval=timing.ping_seconds,
            ping_timeout=timing.ping_seconds,
            max_size=_MAX_FRAME_BYTES,
            proxy=None if is_loopback(url) else True,
        )
    except InvalidStatus as error:
        response = error.response
        raise error_of(response.status_code, response.headers, bytes(response.body or b"")) from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise Unreachable(f"no WebSocket at {url}: {describe(error)}") from error


def is_loopback(url: str) -> bool:
    """Tell whether an address is of this machine: no proxy can reach it."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def describe(error: BaseException) -> str:
    """Return what an error of another library says, or at least its kind."""
    return str(error) or type(error).__name__


def closing_error(error: ConnectionClosed) -> ClientError:
    """Return what a closed connection means: its last code was received, or sent by this side's keepalive."""
    frame = error.rcvd or error.sent
    code, reason = (frame.code, frame.reason) if frame else (_NO_CLOSING_FRAME, "")
    if error.rcvd and code in _FINAL_CODES:
        return WatchEnded(code, reason)
    return Unreachable(f"the connection ended: {code} {reason}".rstrip())
