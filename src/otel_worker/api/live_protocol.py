"""The messages from a watcher to the collector, and what becomes of them (docs/live.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from otel_worker.api.parameters import parse_duration
from otel_worker.errors import BadRequest, InvalidOtlp, OtelWorkerError, PayloadTooLarge
from otel_worker.live.events import CLIENT_PONG, acknowledgement, client_error
from otel_worker.live.subscription import Subscription
from otel_worker.otlp.json_guard import check_structure

# A subscription with the longest names is far below; more is not read but answered by closing the socket.
MAX_MESSAGE_BYTES = 16_384
# RFC 6455, section 7.4.1.
MESSAGE_TOO_BIG = 1009
TRY_AGAIN_LATER = 1013

_MAX_ID_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Subscribe:
    """From now on the watcher gets this; None: nothing."""

    subscription: Subscription | None


@dataclass(frozen=True, slots=True)
class Confirm:
    """The watcher has read everything up to the ping with this id."""

    ping_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back, if anything, and what changes."""

    text: str | None
    change: Subscribe | Confirm | None = None


class _SubscribeDetails(Struct, rename="camel", forbid_unknown_fields=True):
    service: str = ""
    name: str = ""
    status: Literal["", "error"] = ""
    min_duration: str = ""
    batch: bool = False


class _NoDetails(Struct, forbid_unknown_fields=True):
    pass


Details = TypeVar("Details")

_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def answer_message(message: str | bytes) -> Reply:
    """Return the answer to a message, an error if it cannot be carried out.

    Raises PayloadTooLarge for one above MAX_MESSAGE_BYTES: the socket is to be closed with 1009.
    """
    if len(message) > MAX_MESSAGE_BYTES:
        raise PayloadTooLarge(MAX_MESSAGE_BYTES)
    message_id: str | None = None
    try:
        fields = _read_fields(message)
        if fields == {"type": "ping"}:
            return Reply(CLIENT_PONG)
        message_id = _read_id(fields)
        return _carry_out(message_id, fields)
    except OtelWorkerError as error:
        return Reply(client_error(message_id, error))


def _read_fields(message: str | bytes) -> dict[str, Any]:
    if not isinstance(message, str):
        raise BadRequest("a message is a text frame with a JSON object, not a binary one")
    body = message.encode(errors="replace")
    try:
        # Too deep for the decoder's recursion, and the isolate with all its sockets would be gone.
        check_structure(body)
        return _decode_object(body)
    except (msgspec.DecodeError, InvalidOtlp) as error:
        raise BadRequest(f"a message is a JSON object: {error}") from error


def _read_id(fields: dict[str, Any]) -> str:
    message_id = fields.get("messageId")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= _MAX_ID_CHARACTERS:
        raise BadRequest(f"messageId must be a string of 1 to {_MAX_ID_CHARACTERS} characters")
    return message_id


def _carry_out(message_id: str, fields: dict[str, Any]) -> Reply:
    unknown = fields.keys() - {"messageId", "type", "details"}
    if unknown:
        raise BadRequest(f"a message has messageId, type and details; found {sorted(unknown)[0][:80]!r}")
    kind, details = fields.get("type"), fields.get("details", {})
    if kind == "subscribe":
        subscription = _read_subscription(details)
        return Reply(acknowledgement(message_id), Subscribe(subscription))
    if kind == "unsubscribe":
        _convert(details, _NoDetails)
        return Reply(acknowledgement(message_id), Subscribe(None))
    if kind == "pong":
        _convert(details, _NoDetails)
        return Reply(None, Confirm(message_id))
    raise BadRequest(f"type must be subscribe, unsubscribe, ping or pong; found {str(kind)[:80]!r}")


def _read_subscription(details: Any) -> Subscription:
    asked = _convert(details, _SubscribeDetails)
    return Subscription(
        asked.service,
        asked.name,
        asked.status == "error",
        parse_duration("minDuration", asked.min_duration, 0),
        asked.batch,
    )


def _convert(details: Any, kind: type[Details]) -> Details:
    try:
        return msgspec.convert(details, kind)
    except msgspec.ValidationError as error:
        raise BadRequest(f"details: {error}") from error
