"""Markdown tables, and their places in a page that is otherwise written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first one is aligned to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return median and range: "8.1 (7.9 to 8.6)"; a single value stands alone."""
    middle = f"{median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def times(values: Sequence[float]) -> str:
    """Return ratios, one a round, as median and range: "9.5 x (9.1 to 9.9)"."""
    middle, _, limits = spread(values).partition(" ")
    return f"{middle} x {limits}".rstrip()


def replace_section(page: Path, name: str, text: str) -> None:
    """Put `text` between the page's markers of this name; all around them is kept."""
    start, end = f"<!-- measured: {name} -->\n", f"<!-- end: {name} -->"
    before, found_start, rest = page.read_text(encoding="utf-8").partition(start)
    _, found_end, after = rest.partition(end)
    if not found_start or not found_end:
        raise ValueError(f"{page.name} has no markers {start.strip()} and {end}")
    page.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")
