"""The tables of the decoders; ratios are taken body by body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.ingest.projects import OURS, REFERENCE
from bench.report import spread, table, times


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of body."""

    encoding: str
    span_count: int
    never_repeating: bool

    @property
    def name(self) -> str:
        return f"{self.encoding}-{self.span_count}{'-unique' if self.never_repeating else ''}"

    @property
    def title(self) -> str:
        return f"{self.encoding}, {self.span_count}{', nothing repeats' if self.never_repeating else ''}"


# Microseconds by pipeline and stage, one number a body.
Results = dict[Case, dict[tuple[str, str], list[int]]]


def render(cases: Sequence[Case], sizes: Mapping[Case, Sequence[int]], results: Results) -> str:
    """Return both tables, with their titles."""
    return "\n\n".join(
        (
            "Decoding, CPU time in ms a body:",
            table(
                ("encoding, spans", "KB", "reference", "ours", "ours, us a span", "reference / ours"),
                (_decoding_row(case, sizes[case], results) for case in cases),
            ),
            "Everything up to the database, CPU time in us a span; terms and JSON are part of the blocks:",
            table(
                (
                    "encoding, spans",
                    "reference: decode",
                    "rows",
                    "ours: decode",
                    "blocks",
                    "of it terms",
                    "of it JSON",
                    "reference / ours",
                ),
                (_stages_row(case, results) for case in cases),
            ),
        )
    )


def _decoding_row(case: Case, sizes: Sequence[int], results: Results) -> tuple[str, ...]:
    reference, ours = results[case][REFERENCE, "decode"], results[case][OURS, "decode"]
    return (
        case.title,
        f"{median(sizes) / 1000:.1f}",
        spread([microseconds / 1000 for microseconds in reference], 2),
        spread([microseconds / 1000 for microseconds in ours], 2),
        f"{median(ours) / case.span_count:.1f}",
        times(_ratios(reference, ours)),
    )


def _stages_row(case: Case, results: Results) -> tuple[str, ...]:
    stages = results[case]
    reference = _sum(stages[REFERENCE, "decode"], stages[REFERENCE, "rows"])
    ours = _sum(stages[OURS, "decode"], stages[OURS, "blocks"])
    shown = [(REFERENCE, "decode"), (REFERENCE, "rows")]
    shown += [(OURS, stage) for stage in ("decode", "blocks", "terms", "JSON")]
    return (
        case.title,
        *(f"{median(stages[stage]) / case.span_count:.1f}" for stage in shown),
        times(_ratios(reference, ours)),
    )


def _sum(first: Sequence[int], second: Sequence[int]) -> list[int]:
    return [one + other for one, other in zip(first, second, strict=True)]


def _ratios(dividends: Sequence[int], divisors: Sequence[int]) -> list[float]:
    return [dividend / divisor for dividend, divisor in zip(dividends, divisors, strict=True)]
