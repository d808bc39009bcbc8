"""What the viewer's tests share: a browser, two collectors, and pages that read from them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from otel_worker_cli.runtime.session import DevSession
from tests.client.project import assemble_project
from tests.e2e.browser import find_chromium
from tests.e2e.collector import Collector, http_client, new_token
from tests.local import running
from tests.web.sample_views import Shop, played_shop
from tests.web.telemetry import Exporter, exporting
from tests.web.viewer import Viewer, opened_viewer

READ_TOKEN = "web-read-only"
INGEST_TOKEN = "web-ingest-only"
VARIABLES = {"READ_TOKEN": READ_TOKEN, "INGEST_TOKEN": INGEST_TOKEN}
NO_CHROMIUM = "needs a Chromium or Chrome: apt install chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the browser; where tests have to be complete, its absence is a failure."""
    command = find_chromium()
    if command is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_CHROMIUM)
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=command, args=[*ARGUMENTS])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield the collector as it is deployed, in workerd, out of a folder of its own."""
    folder, token = tmp_path_factory.mktemp("worker"), new_token()
    config = assemble_project(folder / "project")
    with (
        DevSession.start(
            config, persist_to=folder / "state", token=token, variables=VARIABLES, reads_dev_vars=False
        ) as session,
        http_client(session.url, token) as client,
    ):
        yield Collector(session, token, client)


@pytest.fixture(scope="session")
def local_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield `otel-worker serve`, which asks for a token here."""
    folder: Path = tmp_path_factory.mktemp("local")
    with running.running_collector(folder, variables=VARIABLES) as collector:
        yield collector


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Yield a collector that has the sample data and nothing else, as of the first test that asks for it."""
    with played_shop(tmp_path_factory.mktemp("shop")) as played:
        yield played


@pytest.fixture(params=["worker", "local_server"])
def collector(request: pytest.FixtureRequest) -> Collector:
    """Return one of the two; `tests.web.marks.ON_THE_WORKER` and the like choose."""
    chosen: Collector = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def exporter(collector: Collector) -> Iterator[Exporter]:
    """Yield OpenTelemetry's own exporter, which sends to the collector of the test."""
    with exporting(collector) as sending:
        yield sending


@pytest.fixture
def viewer(browser: Browser, collector: Collector) -> Iterator[Viewer]:
    """Yield a page that is signed in; nothing is loaded before `viewer.open()`."""
    with opened_viewer(browser, collector, token=collector.token) as opened:
        yield opened


@pytest.fixture
def visitor(browser: Browser, collector: Collector) -> Iterator[Viewer]:
    """Yield a page of somebody who has not signed in."""
    with opened_viewer(browser, collector) as opened:
        yield opened
