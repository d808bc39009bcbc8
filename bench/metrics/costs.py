"""What a million requests of the shop cost on Cloudflare beyond what they cost without metrics, by way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.cost.prices import CPU, HUB, REQUESTS, ROWS_WRITTEN, Price

DURATION = Price("object awake", 12.50, 1e6, "million GB-s", "Durable Objects: Pricing")

_MILLION = 1_000_000
# Durable Objects: Pricing. Whatever an object takes, it is billed as this.
_OBJECT_GIGABYTES = 0.128


@dataclass(frozen=True, slots=True)
class Usage:
    """What one request of the shop takes for its metrics, in the mean; the rows are those of the object."""

    client_cpu_ms: float
    gateway_requests: float = 0.0
    gateway_cpu_ms: float = 0.0
    # Calls and alarms.
    object_requests: float = 0.0
    object_seconds: float = 0.0
    rows_written: float = 0.0

    def dollars_a_million(self) -> Mapping[str, float]:
        """Return what each part comes to for a million requests."""
        return {
            "client CPU": CPU.of(self.client_cpu_ms * _MILLION),
            "gateway requests": REQUESTS.of(self.gateway_requests * _MILLION),
            "gateway CPU": CPU.of(self.gateway_cpu_ms * _MILLION),
            "object calls": HUB.of(self.object_requests * _MILLION),
            DURATION.name: DURATION.of(self.object_seconds * _OBJECT_GIGABYTES * _MILLION),
            ROWS_WRITTEN.name: ROWS_WRITTEN.of(self.rows_written * _MILLION),
        }
