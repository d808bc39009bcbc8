"""The Worker of the examples in workerd, and what it sends to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_worker_cli.runtime.project import Checkout, this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.sdk.project import assemble_project
from tests.sdk.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def checkout() -> Checkout:
    return this_checkout()


@pytest.fixture(scope="session")
def examples_receiver() -> Iterator[Receiver]:
    """Yield what the examples send to, for all tests."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield a receiver of the test's own."""
    with Receiver() as running:
        yield running


@pytest.fixture(scope="session")
def worker(
    checkout: Checkout, examples_receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DevSession]:
    """Yield the Worker of the examples and scenarios, in workerd."""
    folder = tmp_path_factory.mktemp("sdk")
    config = assemble_project(folder / "project", checkout)
    variables = {
        "OTLP_ENDPOINT": examples_receiver.url,
        "OTLP_AUTH_TOKEN": "examples-token",
        "MODEL_URL": f"{examples_receiver.url}/chat",
    }
    with DevSession.start(
        config, persist_to=folder / "state", ready_path="/flushed", variables=variables, checkout=checkout
    ) as session:
        yield session
