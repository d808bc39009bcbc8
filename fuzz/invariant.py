"""The invariant on one input: what the collector does with a request body, and whether that is allowed."""

from __future__ import annotations

import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import msgspec

from fuzz.inputs import JSON, LIMIT_BYTES, METRICS, FuzzInput
from otel_worker.errors import InvalidOtlp, PayloadTooLarge, UnsupportedMediaType
from otel_worker.metric_model import MetricExport
from otel_worker.model import Export, TracePart
from otel_worker.otlp.compression import inflate
from otel_worker.otlp.json_decoder import decode_export_json
from otel_worker.otlp.json_encoder import encode_traces_json
from otel_worker.otlp.metric_json_decoder import decode_metrics_json
from otel_worker.otlp.metric_json_encoder import encode_metrics_json
from otel_worker.otlp.metric_protobuf_decoder import decode_metrics_protobuf
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from otel_worker.otlp.protobuf_encoder import encode_traces_protobuf
from otel_worker.otlp.response import encode_status, media_type_of
from otel_worker.store.blocks import build_blocks, decode_heads, decode_part, decode_parts

# Not a measurement: what takes so long has no end. The slowest input takes a tenth of a second.
LIMIT_SECONDS = 30
# What one input may add to the most that this process ever used: an isolate has 128 MB for all its requests.
LIMIT_GROWTH_BYTES = 96 * 1024 * 1024

# Unix counts kilobytes here, macOS bytes.
_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024

STORED, NOTHING, PARTIAL, ALL_REJECTED = "stored", "nothing in it", "stored in part", "everything rejected"
# What each outcome is over HTTP.
STATUS = {
    STORED: 200,
    NOTHING: 200,
    PARTIAL: 200,
    ALL_REJECTED: 400,
    "InvalidOtlp": 400,
    "PayloadTooLarge": 413,
    "TooManyMessages": 413,
    "UnsupportedMediaType": 415,
}


class Violation(Exception):
    """The invariant does not hold for an input; `kind` is the same for the same defect."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


def outcome_of(fuzz_input: FuzzInput) -> str:
    """Return what becomes of an input, a key of STATUS. Raises Violation when that is nothing allowed."""
    before = _most_memory_bytes()
    try:
        with _watchdog():
            outcome = _outcome(fuzz_input)
    except Violation:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise Violation(type(error).__name__, str(error)[:500]) from error
    grown = _most_memory_bytes() - before
    if grown > LIMIT_GROWTH_BYTES:
        raise Violation("memory", f"the process grew by {grown} bytes")
    return outcome


def _outcome(fuzz_input: FuzzInput) -> str:
    media_type = media_type_of(fuzz_input.content_type)
    try:
        if media_type is None:
            raise UnsupportedMediaType(fuzz_input.content_type)
        body = inflate(fuzz_input.body, fuzz_input.content_encoding, LIMIT_BYTES)
        export = _decode(fuzz_input.signal, media_type, body)
    except (InvalidOtlp, PayloadTooLarge, UnsupportedMediaType) as error:
        # The answer has to be possible in both encodings, also when the message quotes the body.
        for answer_type in (JSON, "application/x-protobuf"):
            if not 0 < len(encode_status(answer_type, error)) < 100_000:
                raise Violation("answer", "an error message without bounds") from error
        return type(error).__name__
    if isinstance(export, MetricExport):
        _check_metrics(export)
    else:
        _check_export(export)
    if export.groups if isinstance(export, MetricExport) else export.parts:
        return PARTIAL if export.rejected_count else STORED
    return ALL_REJECTED if export.rejected_count else NOTHING


def _decode(signal: str, media_type: str, body: bytes) -> Export | MetricExport:
    if signal == METRICS:
        return decode_metrics_json(body) if media_type == JSON else decode_metrics_protobuf(body)
    return decode_export_json(body) if media_type == JSON else decode_export_protobuf(body)


def _check_metrics(export: MetricExport) -> None:
    """Take the model through OTLP JSON: its points are valid there too, and the same."""
    again = decode_metrics_json(encode_metrics_json(export.groups))
    if again.rejected_count:
        raise Violation("encoded as JSON", f"points rejected: {again.rejections}")
    # As text: NaN is not equal to itself, and 1 is to 1.0.
    if repr(again.groups) != repr(export.groups):
        raise Violation("encoded as JSON", f"{again.groups!r} instead of {export.groups!r}"[:2000])


def _check_export(export: Export) -> None:
    """Store the model and read it back, and take it through both encodings of OTLP."""
    blocks, oversized = build_blocks(export.parts)
    if oversized:
        raise Violation("oversized", "no input is as large as a row")
    stored = [part for block in blocks for part in decode_parts(block.spans)]
    _same("stored parts", stored, export.parts)
    heads = [(block, head) for block in blocks for head in decode_heads(block.heads)]
    for (block, head), part in zip(heads, export.parts, strict=True):
        text = block.spans[head.offset : head.offset + head.length]
        _same("the part at a head's offset", [decode_part(text)], [part])
    for part in export.parts:
        for name, again in (
            ("protobuf", decode_export_protobuf(encode_traces_protobuf(part))),
            ("JSON", decode_export_json(encode_traces_json(part))),
        ):
            if again.rejected_count:
                raise Violation(f"encoded as {name}", f"spans rejected: {again.rejections}")
            _same(f"encoded as {name}", again.parts, [part])


def _same(what: str, found: list[TracePart], expected: list[TracePart]) -> None:
    # As JSON: for Python 1, 1.0 and True are equal.
    if msgspec.json.encode(found) != msgspec.json.encode(expected):
        raise Violation(what, f"{found!r} instead of {expected!r}"[:2000])


def _most_memory_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT_BYTES


@contextmanager
def _watchdog() -> Iterator[None]:
    """Raise TimeoutError when the input takes too long; only the main thread can be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGALRM, _time_is_up)
    signal.alarm(LIMIT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def _time_is_up(signal_number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"no end after {LIMIT_SECONDS} s")
