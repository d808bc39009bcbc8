"""Runs inside Pyodide: a body through the collector up to the database."""

from __future__ import annotations

from pathlib import Path

from stopwatch import Stopwatch

from otel_worker.otlp.json_decoder import decode_export_json
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from otel_worker.store.blocks import build_blocks, encode_json
from otel_worker.store.terms import block_terms

_DECODERS = {"protobuf": decode_export_protobuf, "JSON": decode_export_json}


def measure_body(encoding: str, path: str) -> str:
    """Return what each stage took; terms and JSON are part of the blocks, once more by themselves."""
    body = Path(path).read_bytes()
    stopwatch = Stopwatch()
    parts = stopwatch.run("decode", _DECODERS[encoding], body).parts
    stopwatch.run("blocks", build_blocks, parts)
    stopwatch.run("terms", block_terms, parts)
    stopwatch.run("JSON", lambda: [encode_json(part) for part in parts])
    return stopwatch.report()
