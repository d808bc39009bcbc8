"""The tables of the end-to-end measurement; ratios are taken within a round, then over the rounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from bench.ingest.projects import OURS, REFERENCE, TRIVIAL, VARIANTS
from bench.report import spread, table, times


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request."""

    encoding: str
    span_count: int

    @property
    def title(self) -> str:
        return f"{self.encoding}, {self.span_count}"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a request cost in one turn: the mean of CPU time, the median of wall time."""

    cpu_ms: float
    wall_ms: float


Samples = dict[tuple[str, Case], list[Sample]]
Rows = Mapping[str, Mapping[Case, set[int]]]


def render(samples: Samples, rows: Rows) -> str:
    """Return all tables, with their titles."""
    cases = [case for variant, case in samples if variant == OURS]
    return "\n\n".join(
        (
            "CPU time of a request in ms, and what it adds to the trivial Worker's:",
            table(
                (
                    "encoding, spans",
                    "trivial",
                    "reference",
                    "ours",
                    "reference adds",
                    "ours adds",
                    "added: reference / ours",
                ),
                (_cpu_row(case, samples) for case in cases),
            ),
            f"From {_SMALL} spans on, CPU time of each further span in us:",
            table(("encoding", "reference", "ours", "reference / ours"), _slope_rows(cases, samples)),
            "Wall time of a request in ms, and rows written:",
            table(
                ("encoding, spans", "trivial", "reference", "ours", "rows: reference", "rows: ours"),
                (_wall_row(case, samples, rows) for case in cases),
            ),
        )
    )


_SMALL, _LARGE = 64, 512


def _cpu_row(case: Case, samples: Samples) -> tuple[str, ...]:
    added = {variant: _added_ms(samples, variant, case) for variant in (REFERENCE, OURS)}
    return (
        case.title,
        *(spread([sample.cpu_ms for sample in samples[variant, case]]) for variant in VARIANTS),
        spread(added[REFERENCE]),
        spread(added[OURS]),
        times(_ratios(added[REFERENCE], added[OURS])),
    )


def _added_ms(samples: Samples, variant: str, case: Case) -> list[float]:
    return [
        sample.cpu_ms - trivial.cpu_ms
        for sample, trivial in zip(samples[variant, case], samples[TRIVIAL, case], strict=True)
    ]


def _ratios(dividends: Iterable[float], divisors: Iterable[float]) -> list[float]:
    return [
        dividend / divisor if divisor > 0 else float("inf")
        for dividend, divisor in zip(dividends, divisors, strict=True)
    ]


def _slope_rows(cases: Iterable[Case], samples: Samples) -> Iterable[tuple[str, ...]]:
    for encoding in dict.fromkeys(case.encoding for case in cases):
        reference, ours = (_slopes_us(samples, variant, encoding) for variant in (REFERENCE, OURS))
        yield encoding, spread(reference, 0), spread(ours, 0), times(_ratios(reference, ours))


def _slopes_us(samples: Samples, variant: str, encoding: str) -> list[float]:
    small = samples[variant, Case(encoding, _SMALL)]
    large = samples[variant, Case(encoding, _LARGE)]
    return [
        (more.cpu_ms - less.cpu_ms) / (_LARGE - _SMALL) * 1000
        for less, more in zip(small, large, strict=True)
    ]


def _wall_row(case: Case, samples: Samples, rows: Rows) -> tuple[str, ...]:
    return (
        case.title,
        *(f"{median(sample.wall_ms for sample in samples[variant, case]):.1f}" for variant in VARIANTS),
        _row_counts(rows[REFERENCE][case]),
        _row_counts(rows[OURS][case]),
    )


def _row_counts(counts: set[int]) -> str:
    return " or ".join(str(count) for count in sorted(counts))
