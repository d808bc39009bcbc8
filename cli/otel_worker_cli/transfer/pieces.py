"""TracesData taken apart into ResourceSpans, and those into smaller ones, without reading the spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from otel_worker.errors import InvalidOtlp
from otel_worker.otlp.wire import LENGTH, length_field, read_fields
from otel_worker_cli.transfer.records import Encoding, NotTraces

_RESOURCE_SPANS, _SCOPE_SPANS, _SPANS = 1, 2, 2


class Piece(NamedTuple):
    """An encoded ResourceSpans, and how many spans are in it."""

    body: bytes
    spans: int


def pieces_of(body: bytes, encoding: Encoding, limit_bytes: int) -> Iterator[Piece]:
    """Yield the ResourceSpans of a TracesData, each of about `limit_bytes` at most; raises NotTraces.

    A single span is never cut. A message of another signal has none.
    """
    try:
        whole = list(_json_list(body, "resourceSpans") if encoding is Encoding.JSON else _spans_of(body))
        for resource_spans in whole:
            yield from _split(resource_spans, encoding, limit_bytes)
    except (msgspec.DecodeError, RecursionError, InvalidOtlp, IndexError, TypeError) as error:
        raise NotTraces(f"a record is not a TracesData in OTLP {encoding.name.lower()}: {error}") from error


def split_piece(piece: Piece, encoding: Encoding) -> list[Piece]:
    """Return two or more pieces with the same spans; only the piece itself when it is a single span."""
    if piece.spans < 2:
        return [piece]
    return list(_split(piece.body, encoding, len(piece.body) // 2))


def join(pieces: list[Piece], encoding: Encoding) -> bytes:
    """Return pieces as one TracesData."""
    if encoding is Encoding.JSON:
        return b'{"resourceSpans":[%s]}' % b",".join(piece.body for piece in pieces)
    return b"".join(length_field(_RESOURCE_SPANS, piece.body) for piece in pieces)


def _spans_of(body: bytes) -> list[bytes]:
    return [
        body[start:stop]
        for tag, start, stop in read_fields(body, 0, len(body))
        if tag == _RESOURCE_SPANS << 3 | LENGTH
    ]


def _split(body: bytes, encoding: Encoding, limit_bytes: int) -> Iterator[Piece]:
    """Yield a ResourceSpans as one piece, or as several that share its resource."""
    around, scopes = _take_apart(body, encoding, "scopeSpans", _SCOPE_SPANS)
    parts = [_take_apart(scope, encoding, "spans", _SPANS) for scope in scopes]
    count = sum(len(spans) for _, spans in parts)
    if len(body) <= limit_bytes or count < 2:
        yield Piece(body, count)
        return
    for scope_around, spans in parts:
        for group in _groups(spans, limit_bytes):
            scope = _put_together(scope_around, group, encoding, "spans", _SPANS)
            resource_spans = _put_together(around, [scope], encoding, "scopeSpans", _SCOPE_SPANS)
            yield Piece(resource_spans, len(group))


def _groups(spans: list[bytes], limit_bytes: int) -> Iterator[list[bytes]]:
    """Yield spans in groups below a size, or alone."""
    group: list[bytes] = []
    size = 0
    for span in spans:
        if group and size + len(span) > limit_bytes:
            yield group
            group, size = [], 0
        group.append(span)
        size += len(span)
    if group:
        yield group


def _take_apart(body: bytes, encoding: Encoding, name: str, field: int) -> tuple[Any, list[bytes]]:
    """Return a message without one of its repeated fields, and the members of that one."""
    if encoding is Encoding.JSON:
        around = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        members = around.pop(name, None)
        found = [] if members is None else msgspec.json.decode(members, type=list[msgspec.Raw] | None)
        return around, list(map(bytes, found or ()))
    rest = bytearray()
    inside: list[bytes] = []
    before = 0
    for tag, start, stop in read_fields(body, 0, len(body)):
        # For a number `stop` is behind it too, so what lies between two ends is one field with its tag.
        if tag == field << 3 | LENGTH:
            inside.append(body[start:stop])
        else:
            rest += body[before:stop]
        before = stop
    return bytes(rest), inside


def _put_together(around: Any, members: list[bytes], encoding: Encoding, name: str, field: int) -> bytes:
    if encoding is Encoding.JSON:
        return msgspec.json.encode({**around, name: list(map(msgspec.Raw, members))})
    return bytes(around) + b"".join(length_field(field, member) for member in members)


def _json_list(body: bytes, name: str) -> list[bytes]:
    return _take_apart(body, Encoding.JSON, name, 0)[1]
