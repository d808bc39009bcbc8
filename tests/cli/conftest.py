"""The collectors of these tests: in workerd and natively for every command, and one for faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from otel_worker_cli.deploy import trial
from otel_worker_cli.runtime.session import DevSession
from tests.cli.command import CommandLine
from tests.cli.deploying import Deployer, FakeWrangler, fake_wrangler, own_checkout
from tests.cli.http_collector import HttpCollector, http_collector
from tests.client.project import assemble_project
from tests.e2e.collector import Collector, http_client, new_token
from tests.local.running import running_collector

READ_TOKEN, INGEST_TOKEN = "cli-read-only", "cli-ingest-only"
VARIABLES = {"READ_TOKEN": READ_TOKEN, "INGEST_TOKEN": INGEST_TOKEN}


@pytest.fixture(scope="session", params=["workerd", "serve"])
def collector(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collector]:
    """Yield a collector that the tests share, in workerd and natively; each keeps to traces of its own."""
    folder = tmp_path_factory.mktemp("cli")
    run = _in_workerd if request.param == "workerd" else _natively
    with run(folder) as running:
        yield running


@contextmanager
def _in_workerd(folder: Path) -> Iterator[Collector]:
    token = new_token()
    with (
        DevSession.start(
            assemble_project(folder / "project"),
            persist_to=folder / "state",
            token=token,
            variables=VARIABLES,
            reads_dev_vars=False,
        ) as session,
        http_client(session.url, token) as client,
    ):
        yield Collector(session, token, client)


def _natively(folder: Path) -> AbstractContextManager[Collector]:
    return running_collector(folder, variables=VARIABLES)


@pytest.fixture
def command(collector: Collector, tmp_path: Path) -> CommandLine:
    """Return the command, talking to the collector in workerd."""
    return CommandLine(tmp_path, collector.url, collector.token)


@pytest.fixture
def near() -> Iterator[HttpCollector]:
    """Yield an empty collector in this process."""
    with http_collector() as collector:
        yield collector


@pytest.fixture
def near_command(near: HttpCollector, tmp_path: Path) -> CommandLine:
    """Return the command, talking to the collector in this process."""
    return CommandLine(tmp_path, near.url, near.token)


@pytest.fixture
def near_client(near: HttpCollector) -> Iterator[httpx.Client]:
    """Yield an HTTP client of the collector in this process."""
    with http_client(near.url, near.token) as client:
        yield client


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWrangler:
    """Return an empty account."""
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID", raising=False)
    return fake_wrangler(tmp_path, monkeypatch)


@pytest.fixture
def deployer(
    fake: FakeWrangler, near: HttpCollector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Deployer:
    """Return the command in a checkout of its own; the collector in this process gets its test trace."""
    monkeypatch.setattr(trial, "SETTLE_SECONDS", 0)
    return Deployer(own_checkout(tmp_path / "checkout", monkeypatch), near.url, near.token)
