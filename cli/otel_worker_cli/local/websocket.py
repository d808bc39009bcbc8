"""One WebSocket of a watcher: what the hub has for him out, his messages in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from otel_worker.api.live_protocol import MAX_MESSAGE_BYTES, MESSAGE_TOO_BIG, TRY_AGAIN_LATER
from otel_worker.errors import PayloadTooLarge
from otel_worker_cli.hub import Watcher

# A message is measured in characters; what has more bytes than those can have is not even read.
MAX_FRAME_BYTES = 4 * MAX_MESSAGE_BYTES
# A reason takes 123 bytes at most (RFC 6455, section 5.5).
_MAX_REASON_BYTES = 123
_NOT_READ = "too much unread: reconnect, and ask the list for what you missed"

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def serve_watcher(watcher: Watcher, receive: Receive, send: Send) -> None:
    """Pass on until the client leaves, breaks a rule, or does not keep up; the caller closes the watcher."""
    sending = asyncio.create_task(_send_frames(watcher, send), name="frames of a watcher")
    reading = asyncio.create_task(_take_messages(watcher, receive, send), name="messages of a watcher")
    try:
        await asyncio.wait((sending, reading), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, reading):
            task.cancel()
        # Their errors are the server's way to say that the client is gone.
        await asyncio.gather(sending, reading, return_exceptions=True)


async def _send_frames(watcher: Watcher, send: Send) -> None:
    async for frame in watcher:
        await send({"type": "websocket.send", "text": frame})
    # The hub ended it: the watcher's queue was full.
    await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": _NOT_READ})


async def _take_messages(watcher: Watcher, receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        try:
            watcher.take_message(text if text is not None else message["bytes"])
        except PayloadTooLarge as error:
            reason = str(error)[:_MAX_REASON_BYTES]
            await send({"type": "websocket.close", "code": MESSAGE_TOO_BIG, "reason": reason})
            return
