"""The tables of the cost measurement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.cost.prices import AS_OF, PRICES, RETENTION_DAYS, Usage
from bench.cost.requests import Deleted, Ingested
from bench.cost.storage import Stored
from bench.report import table

# D1: Limits. A database cannot be made larger.
DATABASE_LIMIT_BYTES = 10e9
_SECONDS_A_DAY = 86_400
_RATES = (10, 100, 1_000)


@dataclass(frozen=True, slots=True)
class Shape:
    """One size of export requests: what it takes with us, and with a row a span."""

    ingested: Ingested
    deleted: Deleted
    stored: Stored
    reference_ingested: Ingested
    reference_stored: Stored

    @property
    def span_count(self) -> int:
        return self.ingested.span_count

    @property
    def usage(self) -> Usage:
        """What a request takes of what Cloudflare bills; the hub is asked once whether anybody watches."""
        return Usage(
            span_count=self.span_count,
            rows_written=self.ingested.rows_written + self.deleted.rows_written,
            rows_read=self.ingested.rows_read + self.deleted.rows_read,
            stored_bytes=self.stored.bytes_a_span * self.span_count,
            cpu_ms=self.ingested.cpu_ms + self.deleted.cpu_ms,
            hub_requests=1,
        )

    @property
    def reference_usage(self) -> Usage:
        """The same with a row a span, which retention deletes one by one; its reads are left out."""
        ingested = self.reference_ingested
        return Usage(
            span_count=self.span_count,
            rows_written=ingested.rows_written + self.span_count,
            rows_read=0,
            stored_bytes=self.reference_stored.bytes_a_span * self.span_count,
            cpu_ms=ingested.cpu_ms,
            hub_requests=0,
        )


def render(shapes: Sequence[Shape], shares: Mapping[str, Stored]) -> str:
    """Return all tables, with their titles."""
    return "\n\n".join(
        (
            f"Dollars for a million spans that are kept for {RETENTION_DAYS} days:",
            table(
                ("spans a request", *(price.name for price in PRICES), "sum"),
                (
                    *(_dollar_row(f"{shape.span_count}", shape.usage) for shape in shapes),
                    *(
                        _dollar_row(f"{shape.span_count}, a row a span", shape.reference_usage)
                        for shape in shapes
                    ),
                ),
            ),
            "What was measured for it, a request:",
            table(
                (
                    "spans a request",
                    "rows written",
                    "by retention",
                    "rows read",
                    "by retention",
                    "CPU ms",
                    "by retention",
                    "D1 batch ms",
                    "bytes a span",
                ),
                _measured_rows(shapes),
            ),
            f"Prices of {AS_OF}, beyond what the Workers Paid plan includes:",
            table(
                ("what", "for", "dollars", "page of Cloudflare's documentation"),
                ((price.name, price.unit, f"{price.dollars:g}", price.page) for price in PRICES),
            ),
            "The index of terms, in a database of its own each:",
            table(
                (
                    "spans a request, attributes",
                    "spans",
                    "bytes a span",
                    "index, bytes a span",
                    "index, share",
                ),
                (_share_row(name, stored) for name, stored in shares.items()),
            ),
            f"What one database of {DATABASE_LIMIT_BYTES / 1e9:.0f} GB holds, and for how many days:",
            table(
                ("spans a request", "million spans", *(f"{rate:,} spans a second" for rate in _RATES)),
                (_capacity_row(shape) for shape in shapes),
            ),
        )
    )


def _dollar_row(name: str, usage: Usage) -> tuple[str, ...]:
    dollars = usage.dollars_a_million_spans()
    return (name, *(f"{dollars[price]:.4f}" for price in PRICES), f"{sum(dollars.values()):.3f}")


def _measured_rows(shapes: Iterable[Shape]) -> Iterable[tuple[str, ...]]:
    for shape in shapes:
        ingested, deleted = shape.ingested, shape.deleted
        yield (
            f"{shape.span_count}",
            f"{ingested.rows_written:.2f}",
            f"{deleted.rows_written:.2f}",
            f"{ingested.rows_read:.1f}",
            f"{deleted.rows_read:.1f}",
            f"{ingested.cpu_ms:.1f}",
            f"{deleted.cpu_ms:.1f}",
            f"{ingested.batch_ms:.1f}",
            f"{shape.stored.bytes_a_span:.0f}",
        )
    for shape in shapes:
        ingested = shape.reference_ingested
        yield (
            f"{shape.span_count}, a row a span",
            f"{ingested.rows_written:.2f}",
            f"{shape.span_count} (not measured)",
            "",
            "",
            f"{ingested.cpu_ms:.1f}",
            "",
            "",
            f"{shape.reference_stored.bytes_a_span:.0f}",
        )


def _share_row(name: str, stored: Stored) -> tuple[str, ...]:
    return (
        name,
        f"{stored.span_count:,}",
        f"{stored.bytes_a_span:.0f}",
        f"{stored.index_bytes / stored.span_count:.0f}",
        f"{stored.index_share:.1%}",
    )


def _capacity_row(shape: Shape) -> tuple[str, ...]:
    spans = DATABASE_LIMIT_BYTES / shape.stored.bytes_a_span
    days = (spans / rate / _SECONDS_A_DAY for rate in _RATES)
    return (f"{shape.span_count}", f"{spans / 1e6:.1f}", *(f"{some:,.1f} days" for some in days))
