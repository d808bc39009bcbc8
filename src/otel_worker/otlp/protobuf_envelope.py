"""What all OTLP signals have around their items in protobuf: resources and scopes, with schema URLs.

ResourceSpans and ResourceMetrics have the same field numbers, and so have ScopeSpans and ScopeMetrics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from otel_worker.errors import InvalidOtlp
from otel_worker.model import Resource, Scope
from otel_worker.otlp.message_count import MessageCount
from otel_worker.otlp.protobuf_values import decode_attribute
from otel_worker.otlp.wire import read_fields, refuse_known

_UINT32_MASK = 0xFFFF_FFFF


class ScopedBuilder(Protocol):
    """Takes the items of one scope after the other."""

    messages: MessageCount

    def open_scope(self, resource: Resource, scope: Scope, path: str) -> None:
        """Say which resource and scope the next items belong to; `path` names the scope in messages."""


Builder = TypeVar("Builder", bound=ScopedBuilder)
DecodeItems = Callable[[bytes, Sequence[tuple[int, int]], Builder], None]
"""Takes the body, start and stop of each item of the open scope, and the builder to put them into."""


def decode_envelope(
    body: bytes, signal: str, builder: Builder, decode_items: DecodeItems[Builder]
) -> Builder:
    """Take an export request apart and return the builder; `signal` is "Spans" or "Metrics".

    Raises InvalidOtlp, with the byte where it breaks, when the bytes are no such message, and
    TooManyMessages.
    """
    try:
        index = 0
        for tag, start, stop in read_fields(body, 0, len(body)):
            if tag == 0x0A:  # resource_spans = 1, resource_metrics = 1
                builder.messages.add()
                path = f"resource{signal}[{index}].scope{signal}"
                _decode_resource_items(body, start, stop, path, builder, decode_items)
                index += 1
            else:
                refuse_known(tag, 1)
    except IndexError:
        raise InvalidOtlp(f"the protobuf message is cut off at its end, byte {len(body)}") from None
    return builder


def decode_text(data: bytes, start: int, stop: int) -> str:
    """Return text with U+FFFD for what is not UTF-8 (rule V20)."""
    return data[start:stop].decode("utf-8", "replace")


def _decode_resource_items(
    data: bytes,
    position: int,
    end: int,
    path: str,
    builder: Builder,
    decode_items: DecodeItems[Builder],
) -> None:
    resource = Resource()
    scopes: list[tuple[int, int]] = []
    schema_url = ""
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x12:  # scope_spans = 2, scope_metrics = 2
            builder.messages.add()
            scopes.append((start, stop))
        elif tag == 0x0A:  # resource = 1
            resource = _decode_resource(data, start, stop, builder.messages)
        elif tag == 0x1A:  # schema_url = 3
            schema_url = decode_text(data, start, stop)
        else:
            refuse_known(tag, 3)
    resource.schema_url = schema_url
    for index, (start, stop) in enumerate(scopes):
        _decode_scope_items(data, start, stop, resource, f"{path}[{index}]", builder, decode_items)


def _decode_resource(data: bytes, position: int, end: int, messages: MessageCount) -> Resource:
    resource = Resource()
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # attributes = 1
            decode_attribute(data, start, stop, resource.attributes, messages)
        elif tag == 0x10:  # dropped_attributes_count = 2
            resource.dropped_attributes_count = start & _UINT32_MASK
        else:
            refuse_known(tag, 2)
    return resource


def _decode_scope_items(
    data: bytes,
    position: int,
    end: int,
    resource: Resource,
    path: str,
    builder: Builder,
    decode_items: DecodeItems[Builder],
) -> None:
    scope = Scope()
    items: list[tuple[int, int]] = []
    schema_url = ""
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x12:  # spans = 2, metrics = 2
            builder.messages.add()
            items.append((start, stop))
        elif tag == 0x0A:  # scope = 1
            scope = _decode_scope(data, start, stop, builder.messages)
        elif tag == 0x1A:  # schema_url = 3
            schema_url = decode_text(data, start, stop)
        else:
            refuse_known(tag, 3)
    scope.schema_url = schema_url
    builder.open_scope(resource, scope, path)
    decode_items(data, items, builder)


def _decode_scope(data: bytes, position: int, end: int, messages: MessageCount) -> Scope:
    scope = Scope()
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # name = 1
            scope.name = decode_text(data, start, stop)
        elif tag == 0x12:  # version = 2
            scope.version = decode_text(data, start, stop)
        elif tag == 0x1A:  # attributes = 3
            decode_attribute(data, start, stop, scope.attributes, messages)
        elif tag == 0x20:  # dropped_attributes_count = 4
            scope.dropped_attributes_count = start & _UINT32_MASK
        else:
            refuse_known(tag, 4)
    return scope
