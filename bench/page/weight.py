"""What a visit transfers: the files that the browser asks for, compressed as a server does."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Request

from bench.page.pages import open_page
from bench.page.served import Served

# What servers take for answers that they compress as they go.
_GZIP_LEVEL = 6
_API = ("/v1/", "/api/")


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that is opened first: its files, their bytes, and those after gzip."""

    title: str
    files: int
    plain_bytes: int
    gzip_bytes: int


def measure_weights(browser: Browser, served: Served, trace_id: str) -> Sequence[Visit]:
    """Visit each page as the first one, and all of them one after the other."""
    timeline = f"#/traces/{trace_id}"
    routes = {
        "the list": ["#/traces"],
        "a trace": [timeline],
        "a comparison": [f"#/compare/{trace_id}/{trace_id}"],
        "the map": ["#/map"],
    }
    views = [f"{timeline}?view=flame", f"{timeline}?view=services"]
    everything = [route for own in routes.values() for route in own] + views
    return [
        _visit(browser, served, title, own) for title, own in (routes | {"all views": everything}).items()
    ]


def _visit(browser: Browser, served: Served, title: str, routes: Sequence[str]) -> Visit:
    paths: set[str] = set()

    def remember(request: Request) -> None:
        path = urlsplit(request.url).path
        if request.url.startswith(served.url) and not path.startswith(_API):
            paths.add(path)

    with open_page(browser) as measured:
        measured.page.on("request", remember)
        for route in routes:
            measured.page.goto(f"{served.url}/{route}")
            measured.page.wait_for_load_state("networkidle")
    bodies = [served.client.get(path).content for path in sorted(paths)]
    compressed = sum(len(gzip.compress(body, _GZIP_LEVEL)) for body in bodies)
    return Visit(title, len(bodies), sum(map(len, bodies)), compressed)
