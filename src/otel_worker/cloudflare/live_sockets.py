"""The open WebSockets of the live hub, by what each one asks for."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from otel_worker.api.live_protocol import TRY_AGAIN_LATER, Confirm, Subscribe
from otel_worker.live.events import ping
from otel_worker.live.subscription import EVERYTHING, Subscription

_log = logging.getLogger(__name__)

# The runtime does not say how much of what was sent a socket has not taken yet. So a watcher that was sent
# this much is asked whether it still reads...
PING_AFTER_BYTES = 512_000
# ...and dropped when it was sent so much without an answer: all watchers share the larger bound.
MAX_UNCONFIRMED_BYTES = 64_000_000
MAX_UNCONFIRMED_BYTES_EACH = 8_000_000
MIN_UNCONFIRMED_BYTES_EACH = 1_000_000

_OPEN = 1


class _Attachment(Struct, array_like=True, gc=False):
    """What the runtime keeps with a socket while the hub sleeps."""

    key: str
    subscription: Subscription | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Attachment).decode


class _Watcher:
    """One open socket, and what it was sent since it last said that it reads."""

    __slots__ = ("ping_number", "socket", "subscription", "unconfirmed_bytes")

    def __init__(self, socket: Any, subscription: Subscription | None) -> None:
        self.socket = socket
        self.subscription = subscription
        self.unconfirmed_bytes = 0
        # The number of the last ping, while it is not answered; 0: there is none.
        self.ping_number = 0


class SocketAudience:
    """An Audience of hibernatable WebSockets. What it knows of them survives in their attachments."""

    def __init__(self, sockets: Any) -> None:
        """`sockets` are those that the runtime has, a JavaScript array of them."""
        self.dropped_watchers = 0
        self._pings = 0
        self._watchers: dict[str, _Watcher] = {}
        self._by_subscription: dict[Subscription, dict[str, _Watcher]] = {}
        for socket in sockets:
            if socket.readyState == _OPEN:
                attachment = _decode(socket.deserializeAttachment())
                self._put(attachment.key, _Watcher(socket, attachment.subscription))

    @property
    def watcher_count(self) -> int:
        return len(self._watchers)

    def subscriptions(self) -> Collection[Subscription]:
        """See Audience.subscriptions."""
        return list(self._by_subscription)

    def add(self, socket: Any) -> None:
        """Take a socket in that was accepted by now; it gets everything until it asks for less."""
        from js import crypto

        key: str = crypto.randomUUID()
        self._keep(socket, _Attachment(key, EVERYTHING))
        self._put(key, _Watcher(socket, EVERYTHING))

    def change(self, socket: Any, change: Subscribe | Confirm) -> None:
        """Carry out what a watcher has asked for."""
        key = _decode(socket.deserializeAttachment()).key
        watcher = self._watchers.get(key)
        if watcher is None:
            return
        if isinstance(change, Subscribe):
            self._take_out(key)
            watcher.subscription = change.subscription
            self._keep(socket, _Attachment(key, change.subscription))
            self._put(key, watcher)
        elif change.ping_id == str(watcher.ping_number):
            watcher.ping_number = watcher.unconfirmed_bytes = 0

    def remove(self, socket: Any) -> None:
        """Forget a socket that is closed. May be called twice."""
        self._take_out(_decode(socket.deserializeAttachment()).key)

    def send(self, subscription: Subscription, frames: Sequence[str]) -> None:
        """See Audience.send; who has not kept up is dropped instead."""
        size_bytes = sum(map(len, frames))
        limit_bytes = self._unconfirmed_limit_bytes()
        for key, watcher in list(self._by_subscription.get(subscription, {}).items()):
            try:
                if watcher.unconfirmed_bytes > limit_bytes:
                    self._drop(key, watcher, limit_bytes)
                    continue
                for frame in frames:
                    watcher.socket.send(frame)
                watcher.unconfirmed_bytes += size_bytes
                if watcher.unconfirmed_bytes > PING_AFTER_BYTES and not watcher.ping_number:
                    self._ping(watcher)
            except Exception:
                # It closed in this moment; the runtime will say so too.
                _log.debug("live: a socket is gone", exc_info=True)
                self._take_out(key)

    def _unconfirmed_limit_bytes(self) -> int:
        share = MAX_UNCONFIRMED_BYTES // max(1, len(self._watchers))
        return max(MIN_UNCONFIRMED_BYTES_EACH, min(MAX_UNCONFIRMED_BYTES_EACH, share))

    def _ping(self, watcher: _Watcher) -> None:
        self._pings += 1
        watcher.ping_number = self._pings
        watcher.socket.send(ping(str(self._pings)))

    def _drop(self, key: str, watcher: _Watcher, limit_bytes: int) -> None:
        self.dropped_watchers += 1
        self._take_out(key)
        reason = f"more than {limit_bytes} bytes unread: answer pings, reconnect, ask the list"
        watcher.socket.close(TRY_AGAIN_LATER, reason)

    def _keep(self, socket: Any, attachment: _Attachment) -> None:
        socket.serializeAttachment(_encode(attachment).decode())

    def _put(self, key: str, watcher: _Watcher) -> None:
        self._watchers[key] = watcher
        if watcher.subscription is not None:
            self._by_subscription.setdefault(watcher.subscription, {})[key] = watcher

    def _take_out(self, key: str) -> None:
        watcher = self._watchers.pop(key, None)
        if watcher is not None and watcher.subscription is not None:
            group = self._by_subscription[watcher.subscription]
            del group[key]
            if not group:
                del self._by_subscription[watcher.subscription]
