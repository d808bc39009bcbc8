"""Attribute values in the model's form, where JSON has no form of its own: doubles and bytes."""

from __future__ import annotations

from binascii import b2a_base64
from math import isfinite, isnan

from otel_worker.model import Value

# Arrays and maps inside each other. Nobody's telemetry comes near it; a hostile body would go deeper.
MAX_VALUE_DEPTH = 32


def double_value(number: float) -> Value:
    """Return a double in the model's form."""
    if isfinite(number):
        return number
    return {"double": "NaN" if isnan(number) else "Infinity" if number > 0 else "-Infinity"}


def bytes_value(value: bytes) -> Value:
    """Return bytes in the model's form."""
    return {"bytes": b2a_base64(value, newline=False).decode()}
