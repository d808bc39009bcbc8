"""The tables of the search measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.report import table


@dataclass(frozen=True, slots=True)
class Measured:
    """What one kind of question costs in one database; the last three are means.

    `trivial_ms` is the median of the trivial Worker's requests directly before.
    """

    trivial_ms: float
    wall_ms: Sequence[float]
    native_ms: Sequence[float]
    rows_read: float
    requests: float
    trace_count: float

    def added_ms(self, share: float) -> float:
        """Return what a percentile of the wall time adds to the trivial Worker's median."""
        return percentile(self.wall_ms, share) - self.trivial_ms


# By the spans of the database, and the kind of question.
Samples = dict[tuple[int, str], Measured]


def render(samples: Samples) -> str:
    """Return all tables, with their titles."""
    span_counts = list(dict.fromkeys(span_count for span_count, _ in samples))
    largest = span_counts[-1]
    names = [name for span_count, name in samples if span_count == largest]
    trivial_ms = median(measured.trivial_ms for measured in samples.values())
    return "\n\n".join(
        (
            f"In {largest:,} spans. Wall time in ms, less the trivial Worker's p50 ({trivial_ms:.0f} ms):",
            table(
                (
                    "what is asked for",
                    "traces found",
                    "requests",
                    "p50",
                    "p95",
                    "p50 natively",
                    "rows read",
                ),
                (_cost_row(name, samples[largest, name]) for name in names),
            ),
            "As the database grows, p50 in ms as above, and rows read:",
            table(
                (
                    "what is asked for",
                    *(f"{span_count:,} spans" for span_count in span_counts),
                    *(f"rows, {span_count:,}" for span_count in span_counts),
                ),
                (_growth_row(name, span_counts, samples) for name in names),
            ),
        )
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _cost_row(name: str, measured: Measured) -> tuple[str, ...]:
    return (
        name,
        f"{measured.trace_count:.1f}",
        f"{measured.requests:.1f}",
        f"{measured.added_ms(0.5):.1f}",
        f"{measured.added_ms(0.95):.1f}",
        f"{median(measured.native_ms):.1f}",
        f"{measured.rows_read:,.0f}",
    )


def _growth_row(
    name: str, span_counts: Sequence[int], samples: Mapping[tuple[int, str], Measured]
) -> tuple[str, ...]:
    some = [samples[span_count, name] for span_count in span_counts]
    return (
        name,
        *(f"{measured.added_ms(0.5):.1f}" for measured in some),
        *(f"{measured.rows_read:,.0f}" for measured in some),
    )
