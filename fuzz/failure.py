"""A violation made small and told so that anyone can have it again."""

from __future__ import annotations

from collections.abc import Callable

from fuzz.inputs import LIMIT_BYTES, FuzzInput
from fuzz.invariant import Violation, outcome_of
from otel_worker.errors import OtelWorkerError
from otel_worker.otlp.compression import inflate

_MAX_ATTEMPTS = 3000


def describe_failure(seed: int, index: int, fuzz_input: FuzzInput, violation: Violation) -> str:
    """Return a report: the violation, its origin, and the smallest input found that has the same one."""
    smallest = minimise(fuzz_input, violation.kind)
    return "\n".join(
        (
            str(violation),
            f"generator: {fuzz_input.generator}",
            f"again: python -m fuzz --signal {fuzz_input.signal} --seed {seed} --start {index} --inputs 1",
            f"Content-Type: {smallest.content_type}, Content-Encoding: {smallest.content_encoding}",
            f"body, {len(fuzz_input.body)} bytes made {len(smallest.body)}, in hex:",
            smallest.body.hex(),
        )
    )


def minimise(fuzz_input: FuzzInput, kind: str) -> FuzzInput:
    """Return a smaller input with a violation of the same kind, or the same one."""

    def fails(body: bytes) -> bool:
        try:
            outcome_of(fuzz_input._replace(body=body))
        except Violation as violation:
            return violation.kind == kind
        return False

    if fuzz_input.content_encoding:
        try:
            plain = inflate(fuzz_input.body, fuzz_input.content_encoding, LIMIT_BYTES)
        except OtelWorkerError:
            plain = b""
        except Exception:  # the defect itself
            return fuzz_input._replace(body=halve(fuzz_input.body, fails))
        bare = fuzz_input._replace(body=plain, content_encoding=None)
        try:
            outcome_of(bare)
        except Violation as violation:
            if violation.kind == kind:
                return minimise(bare, kind)
    return fuzz_input._replace(body=halve(fuzz_input.body, fails))


def halve(body: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Return a body that still fails with pieces taken out: halves first, then quarters, down to bytes."""
    size_bytes = (len(body) + 1) // 2
    attempts = 0
    while size_bytes and attempts < _MAX_ATTEMPTS:
        position = 0
        while position < len(body) and attempts < _MAX_ATTEMPTS:
            shorter = body[:position] + body[position + size_bytes :]
            attempts += 1
            if fails(shorter):
                body = shorter
            else:
                position += size_bytes
        size_bytes //= 2
    return body
