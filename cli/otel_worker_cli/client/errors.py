"""Every error of the client, as one tree.

    ClientError
      Unreachable            no answer, or one that says that the same request may succeed later
      UnexpectedAnswer       what answers is no collector, or one of another time
      Refused                the collector says no, and will again
        NotAllowed           401 or 403: the token is wrong, or may not do this
        NotFound             404: no such trace, or a collector without a live view (LIVE=off)
      WatchEnded             the collector closed a WebSocket with a code that says: do not come back

`watch` reconnects after Unreachable, and raises all others at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from otel_worker.errors import InvalidOtlp
from otel_worker.otlp.response import PROTOBUF
from otel_worker.otlp.wire import LENGTH, read_fields

# The same request may succeed later: a time-out, a used-up quota.
_PASSING_STATUSES = frozenset({408, 425, 429})

_MAX_MESSAGE_CHARACTERS = 300


class ClientError(Exception):
    """Base of the tree; its text is a sentence for people."""


class Unreachable(ClientError):
    """No answer, or one that says that the same request may succeed later."""

    def __init__(self, message: str, retry_after_seconds: float = 0.0) -> None:
        """`retry_after_seconds` is what the collector asked for; 0: it did not say."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class UnexpectedAnswer(ClientError):
    """What answers does not speak as this collector does."""


class Refused(ClientError):
    """The collector says no: its status, its stable code for programs, and its sentence for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class NotAllowed(Refused):
    """The token is wrong, or may not do this."""


class NotFound(Refused):
    """There is no such thing, or no live view."""


class WatchEnded(ClientError):
    """The collector closed a WebSocket with a code that says that the client does something wrong."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the collector ended the watch: {code} {reason}".rstrip())
        self.code = code


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ClientError:
    """Return the error that an answer stands for, one that is neither 200 nor 101."""
    code, message = _read_error(headers.get("Content-Type", "") or "", body)
    message = message or f"the collector answered {status}"
    if status >= 500 or status in _PASSING_STATUSES:
        return Unreachable(message, _seconds(headers.get("Retry-After", "")))
    if status < 400:
        return UnexpectedAnswer(f"{message}: is the address right?")
    kind = {401: NotAllowed, 403: NotAllowed, 404: NotFound}.get(status, Refused)
    return kind(status, code, message)


def _read_error(content_type: str, body: bytes) -> tuple[str, str]:
    """Return code and message of the API's error shape, or of google.rpc.Status, or what there is of them."""
    try:
        if content_type.startswith(PROTOBUF):
            return "", _protobuf_message(body)[:_MAX_MESSAGE_CHARACTERS]
        document = msgspec.json.decode(body)
        if "error" not in document:
            return "", str(document["message"])[:_MAX_MESSAGE_CHARACTERS]
        error = document["error"]
        return str(error["code"]), str(error["message"])[:_MAX_MESSAGE_CHARACTERS]
    except (InvalidOtlp, msgspec.DecodeError, RecursionError, LookupError, TypeError):
        return "", ""


def _protobuf_message(body: bytes) -> str:
    """Return the message (field 2) of a google.rpc.Status; raises InvalidOtlp or IndexError."""
    for tag, start, stop in read_fields(body, 0, len(body)):
        if tag == 2 << 3 | LENGTH:
            return body[start:stop].decode("utf-8", "replace")
    return ""


def _seconds(text: str) -> float:
    """Return a delay; one that is given as a date counts as none."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
