"""Cloudflare's prices, as data: what the Workers Paid plan takes beyond what it includes."""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "November 2026"
RETENTION_DAYS = 7
_DAYS_A_MONTH = 30
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for so many units, the page of Cloudflare's documentation that says so, and the unit's name."""

    name: str
    dollars: float
    units: float
    unit: str
    page: str

    def of(self, units: float) -> float:
        """Return the dollars for a number of units."""
        return units / self.units * self.dollars


ROWS_WRITTEN = Price("rows written", 1.00, _MILLION, "million rows", "D1: Pricing")
ROWS_READ = Price("rows read", 0.001, _MILLION, "million rows", "D1: Pricing")
STORAGE = Price("storage", 0.75, 1e9, "GB and month", "D1: Pricing")
REQUESTS = Price("requests", 0.30, _MILLION, "million requests", "Workers: Pricing")
CPU = Price("CPU", 0.02, _MILLION, "million ms", "Workers: Pricing")
HUB = Price("live hub", 0.15, _MILLION, "million requests", "Durable Objects: Pricing")

PRICES = (ROWS_WRITTEN, ROWS_READ, STORAGE, REQUESTS, CPU, HUB)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one export request takes, its part of retention included."""

    span_count: int
    rows_written: float
    rows_read: float
    stored_bytes: float
    cpu_ms: float
    hub_requests: int

    def dollars_a_million_spans(self) -> dict[Price, float]:
        """Return what each price comes to for a million spans that are kept for RETENTION_DAYS."""
        requests = _MILLION / self.span_count
        stored_byte_months = self.stored_bytes * RETENTION_DAYS / _DAYS_A_MONTH
        return {
            ROWS_WRITTEN: ROWS_WRITTEN.of(self.rows_written * requests),
            ROWS_READ: ROWS_READ.of(self.rows_read * requests),
            STORAGE: STORAGE.of(stored_byte_months * requests),
            REQUESTS: REQUESTS.of(requests),
            CPU: CPU.of(self.cpu_ms * requests),
            HUB: HUB.of(self.hub_requests * requests),
        }
