"""A collector that measures itself, and its page of metrics."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

WAIT_SECONDS = 60.0

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass(frozen=True)
class Page:
    """What GET /metrics shows."""

    samples: Samples

    @classmethod
    def fetch(cls, client: httpx.Client) -> Page:
        response = client.get("/metrics")
        assert response.status_code == 200, response.text
        return cls(
            {
                (name, frozenset(_LABEL.findall(labels))): float(value)
                for name, labels, value in _SAMPLE.findall(response.text)
            }
        )

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.samples}

    def sum(self, metric: str, **labels: str) -> float:
        """Return the sum of the samples that have the labels."""
        return sum(
            value
            for (name, found), value in self.samples.items()
            if name == metric and set(labels.items()) <= found
        )


def wait_for_page(client: httpx.Client, condition: Callable[[Page], bool]) -> Page:
    """Return the page as soon as it meets a condition; each look is a request that may flush."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        page = Page.fetch(client)
        if condition(page):
            return page
        assert time.monotonic() < deadline, page.samples
        time.sleep(0.25)
