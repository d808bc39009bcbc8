"""Pages of the list of traces: what is asked, what comes, and where the next one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from otel_worker_cli.client.model import TraceSummary

MAX_PAGE_TRACES = 1000

# A parameter may be given several times.
Parameters: TypeAlias = Sequence[tuple[str, str]]


class TracePage(NamedTuple):
    """Summaries, newest first, and the parameters of the next page; none on the last."""

    summaries: list[TraceSummary]
    next: Parameters


def next_parameters(url: str) -> Parameters:
    """Return the parameters of a link; its host is not asked, so the token goes nowhere else."""
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)
