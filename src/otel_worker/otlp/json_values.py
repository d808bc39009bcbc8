"""JSON to the model for all OTLP signals: the request as a whole, resources, scopes, values and numbers."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from otel_worker.errors import FieldViolation, InvalidOtlp
from otel_worker.model import Attributes, Resource, Scope, Value
from otel_worker.otlp.json_guard import replace_lone_surrogates
from otel_worker.otlp.json_messages import AnyValue, Integer, KeyValue, ResourceMessage, ScopeMessage
from otel_worker.otlp.values import MAX_VALUE_DEPTH, bytes_value, double_value

_DECIMAL = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|-?Infinity|NaN", re.ASCII)

Message = TypeVar("Message")


def decode_message(decoder: Decoder[Message], body: bytes) -> Message:
    """Return what the decoder makes of a body. Raises InvalidOtlp, with the path of the field."""
    try:
        return decoder.decode(body)
    except ValidationError as error:
        # msgspec ends its text with "- at `$.resourceSpans[0]...`".
        description, _, path = str(error).partition(" - at `$")
        raise invalid_field(description, path.rstrip("`").lstrip(".")) from None
    except (DecodeError, UnicodeDecodeError) as error:
        mended = replace_lone_surrogates(body)
        if mended != body:
            return decode_message(decoder, mended)
        raise InvalidOtlp(f"the body is not valid JSON: {error}") from None


def invalid_field(description: str, path: str) -> InvalidOtlp:
    """Return the error for a field, or for something inside of it, that is not what it has to be."""
    violation = FieldViolation(path, description)
    return InvalidOtlp(f"invalid OTLP JSON at {path or 'the top'}: {description}", (violation,))


def to_resource(message: ResourceMessage | None, schema_url: str | None, path: str) -> Resource:
    """Return a resource with the schema URL beside it. Raises InvalidOtlp; `path` names what is around it."""
    message = message or ResourceMessage()
    try:
        return Resource(
            to_attributes(message.attributes),
            to_uint32(message.dropped_attributes_count),
            schema_url or "",
        )
    except InvalidOtlp as error:
        raise invalid_field(error.message, f"{path}.resource") from None


def to_scope(message: ScopeMessage | None, schema_url: str | None, path: str) -> Scope:
    """Return a scope with the schema URL beside it. Raises InvalidOtlp; `path` names what is around it."""
    message = message or ScopeMessage()
    try:
        return Scope(
            message.name or "",
            message.version or "",
            to_attributes(message.attributes),
            to_uint32(message.dropped_attributes_count),
            schema_url or "",
        )
    except InvalidOtlp as error:
        raise invalid_field(error.message, f"{path}.scope") from None


def to_attributes(messages: Sequence[KeyValue] | None, depth: int = 0) -> Attributes:
    """Return attributes in the model's form; of two with one key the later stays (rule V11)."""
    attributes: Attributes = {}
    for pair in messages or ():
        value = pair.value
        # Most values are strings; the call is for the others.
        if value is None or (found := value.string_value) is None:
            attributes[pair.key or ""] = _to_value(value, depth)
        else:
            attributes[pair.key or ""] = found
    return attributes


def _to_value(message: AnyValue | None, depth: int) -> Value:
    """Return an AnyValue in the model's form; one with no kind set is None."""
    if message is None:
        return None
    if message.string_value is not None:
        return message.string_value
    if message.int_value is not None:
        return to_int64(message.int_value)
    if message.bool_value is not None:
        return message.bool_value
    if message.double_value is not None:
        return double_value(to_double(message.double_value))
    if message.bytes_value is not None:
        return bytes_value(_to_bytes(message.bytes_value))
    if message.array_value is None and message.kvlist_value is None:
        return None
    if depth == MAX_VALUE_DEPTH:
        raise InvalidOtlp(f"attribute values are nested deeper than {MAX_VALUE_DEPTH} levels")
    if message.kvlist_value is not None:
        return {"map": to_attributes(message.kvlist_value.values, depth + 1)}
    values = message.array_value.values if message.array_value else None
    return [_to_value(value, depth + 1) for value in values or ()]


def _to_integer(number: Integer, minimum: int, maximum: int) -> int:
    """Return an integer that was sent as a number or a decimal string; absent is 0."""
    if number is None:
        return 0
    if isinstance(number, str):
        if not _DECIMAL.fullmatch(number):
            raise InvalidOtlp(f"expected a decimal integer, found {number[:40]!r}")
        number = int(number)
    if not minimum <= number <= maximum:
        raise InvalidOtlp(f"expected an integer from {minimum} to {maximum}, found {number}")
    return number


def to_uint32(number: Integer) -> int:
    """Return an unsigned 32-bit integer; absent is 0. Raises InvalidOtlp."""
    return _to_integer(number, 0, 2**32 - 1)


def to_uint64(number: Integer) -> int:
    """Return an unsigned 64-bit integer; absent is 0. Raises InvalidOtlp."""
    return _to_integer(number, 0, 2**64 - 1)


def to_int64(number: Integer) -> int:
    """Return a signed 64-bit integer; absent is 0. Raises InvalidOtlp."""
    return _to_integer(number, -(2**63), 2**63 - 1)


def to_int32(number: Integer) -> int:
    """Return a signed 32-bit integer, which enums are too; absent is 0. Raises InvalidOtlp."""
    return _to_integer(number, -(2**31), 2**31 - 1)


def to_double(number: float | str) -> float:
    """Return a double that was sent as a number or as text. Raises InvalidOtlp."""
    if isinstance(number, str):
        if not _NUMBER.fullmatch(number):
            raise InvalidOtlp(f"expected a number, NaN or Infinity, found {number[:40]!r}")
        number = float(number)
    return number


def _to_bytes(text: str) -> bytes:
    """Return base64 of either alphabet, padded or not, as bytes."""
    try:
        return a2b_base64(text.translate(_URL_SAFE) + "=" * (-len(text) % 4), strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise InvalidOtlp(f"bytesValue is not base64: {error}") from None


_URL_SAFE: dict[int, Any] = str.maketrans("-_", "+/")
