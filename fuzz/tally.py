"""What a run found: counts by generator and outcome, and the violations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fuzz.generators import NAMES

# A defect that every tenth input meets need not be told a thousand times.
_MAX_REPORTS_A_KIND = 2
_MAX_REPORTS = 20


@dataclass
class Tally:
    """Counts of inputs by (generator, outcome), and the first reports of those that failed."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failure_count: int = 0
    reports: list[str] = field(default_factory=list)
    _reported: Counter[str] = field(default_factory=Counter)

    @property
    def input_count(self) -> int:
        return sum(self.counts.values())

    def wants_report(self, kind: str) -> bool:
        """Return whether one more failure of a kind should be told: making an input small takes seconds."""
        return self._reported[kind] < _MAX_REPORTS_A_KIND

    def add_failure(self, generator: str, kind: str, report: str | None) -> None:
        """Count an input that failed."""
        self.counts[generator, f"FAILED: {kind}"] += 1
        self.failure_count += 1
        if report is not None:
            self._reported[kind] += 1
            self.reports.append(report)

    def merge(self, other: Tally) -> None:
        """Take over what another run found."""
        self.counts += other.counts
        self.failure_count += other.failure_count
        self.reports += other.reports[: max(0, _MAX_REPORTS - len(self.reports))]

    def table(self) -> str:
        """Return the counts as a Markdown table."""
        outcomes = sorted({outcome for _, outcome in self.counts})
        rows = [["generator", *outcomes, "all"], ["---", *["---:"] * (len(outcomes) + 1)]]
        for name in NAMES:
            counts = [self.counts[name, outcome] for outcome in outcomes]
            if any(counts):
                rows.append([name, *map(_number, counts), _number(sum(counts))])
        sums = [sum(self.counts[name, outcome] for name in NAMES) for outcome in outcomes]
        rows.append(["all", *map(_number, sums), _number(self.input_count)])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _number(count: int) -> str:
    return f"{count:,}" if count else ""
