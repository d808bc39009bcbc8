"""Every error the collector answers with, as one tree.

    OtelWorkerError
      BadRequest               400  what was sent cannot be understood, now or later
        InvalidOtlp            400  a body that is no OTLP export request
        InvalidParameter       400  a query parameter or path segment
      Unauthenticated          401
      PermissionDenied         403
      NotFound                 404
      MethodNotAllowed         405
      PayloadTooLarge          413
        TooManyMessages        413  millions of empty messages in a body that is small enough
      UnsupportedMediaType     415
      UpgradeRequired          426
      QuotaExceeded            429  the database's daily quota is used up
      StorageFailure           500  the database refused a statement for good
        IndexMissing           503  the index of terms was dropped and is not rebuilt yet
      NotConfigured            503  no token is set: nothing is served
      StorageUnavailable       503  a passing fault: the same request may succeed later
        StorageOverloaded      503  too much work for the database: only later, never at once

`api.app` is the only place that turns one of these into a response.
"""

from __future__ import annotations

from typing import NamedTuple


class FieldViolation(NamedTuple):
    """What is wrong with one field of a request; `field` is its path, as in google.rpc.BadRequest."""

    field: str
    description: str


class OtelWorkerError(Exception):
    """Base of the tree: an HTTP status, a stable code for programs and a sentence for people."""

    status = 500
    code = "internal"
    # google.rpc.Code, for the Status body that OTLP asks for.
    grpc_code = 13
    headers: tuple[tuple[str, str], ...] = ()
    violations: tuple[FieldViolation, ...] = ()
    # After how many seconds the same request may succeed; None: never.
    retry_after_seconds: int | None = None

    @property
    def message(self) -> str:
        return str(self)


class BadRequest(OtelWorkerError):
    """What was sent cannot be understood, and sending it again will not help."""

    status = 400
    code = "invalid_argument"
    grpc_code = 3


class InvalidOtlp(BadRequest):
    """A body that is not a valid OTLP export request; the message says where it breaks."""

    def __init__(self, message: str, violations: tuple[FieldViolation, ...] = ()) -> None:
        """`violations` names the fields, where they are known."""
        super().__init__(message)
        self.violations = violations


class InvalidParameter(BadRequest):
    """A query parameter or path segment with a value outside its format."""

    code = "invalid_parameter"

    def __init__(self, name: str, found: str, wanted: str) -> None:
        """`wanted` completes the sentence "must be ..." and shows a valid example."""
        super().__init__(f"{name} must be {wanted}; found {found[:80]!r}")


class Unauthenticated(OtelWorkerError):
    """No token, or one that is not known."""

    status = 401
    code = "unauthenticated"
    grpc_code = 16
    headers = (("WWW-Authenticate", 'Bearer realm="otel-worker"'),)


class PermissionDenied(OtelWorkerError):
    """A valid token that may not do this."""

    status = 403
    code = "permission_denied"
    grpc_code = 7


class NotFound(OtelWorkerError):
    """No such path, trace or span."""

    status = 404
    code = "not_found"
    grpc_code = 5


class MethodNotAllowed(OtelWorkerError):
    """The path exists and does not take this method."""

    status = 405
    code = "method_not_allowed"
    grpc_code = 12

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{method[:20]} is not allowed here; use {' or '.join(allowed)}")
        self.headers = (("Allow", ", ".join(allowed)),)


class PayloadTooLarge(OtelWorkerError):
    """A request body above the limit, before or after inflating."""

    status = 413
    code = "payload_too_large"
    grpc_code = 8

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"the request body is larger than {limit_bytes} bytes (inflated); send smaller batches "
            "or raise MAX_BODY_BYTES"
        )


class TooManyMessages(PayloadTooLarge):
    """A body within the limit whose messages would take many times its size in memory."""

    def __init__(self, limit: int) -> None:
        OtelWorkerError.__init__(
            self,
            f"the request has more than {limit} spans, events, links, data points, buckets, nested values; "
            "send smaller batches",
        )


class UnsupportedMediaType(OtelWorkerError):
    """A Content-Type or Content-Encoding the collector does not read."""

    status = 415
    code = "unsupported_media_type"
    grpc_code = 3


class UpgradeRequired(OtelWorkerError):
    """A plain request to the WebSocket endpoint."""

    status = 426
    code = "upgrade_required"
    grpc_code = 9
    headers = (("Upgrade", "websocket"),)


class StorageFailure(OtelWorkerError):
    """The database refused a statement; repeating it cannot help."""

    code = "storage_failure"


class IndexMissing(StorageFailure):
    """The index was dropped (docs/export.md); the store works on without it, so this is hardly ever seen."""

    status = 503
    code = "index_missing"
    grpc_code = 14
    retry_after_seconds = 60

    def __init__(self) -> None:
        super().__init__("the index of this database was dropped; build it again with PUT /v1/index")


class NotConfigured(OtelWorkerError):
    """The collector has no token, so it serves nothing."""

    status = 503
    code = "not_configured"
    grpc_code = 9


class StorageUnavailable(OtelWorkerError):
    """The database is busy or restarting, or its answer was lost; the same request may be sent again.

    Whether it was stored is not known then: sent again, it is recognised.
    """

    status = 503
    code = "storage_unavailable"
    grpc_code = 14
    # SDKs obey it and give a batch up after 10 seconds: this leaves them four more attempts.
    retry_after_seconds = 2


class StorageOverloaded(StorageUnavailable):
    """The database has more work than it can do, or this was too much: `store.retry` leaves it alone."""

    code = "storage_overloaded"


class QuotaExceeded(OtelWorkerError):
    """The account's daily quota of the database is used up until midnight UTC."""

    status = 429
    code = "quota_exceeded"
    grpc_code = 8
    # Exporters give up long before midnight: an hour keeps those that do not from asking in vain.
    retry_after_seconds = 3600
