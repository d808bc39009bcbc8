"""The client and the collector's own gateway in workerd, and a proxy that loses requests and answers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle

import httpx
import pytest

from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.session import DevSession
from tests.sdk.project import assemble_gateway
from tests.sdk.receiver import HANG_UP, Received, Receiver, Reply
from tests.sdk.test_workerd import Scenarios
from workers_otel import Answer, create_metrics

TOKEN = "gateway-token"

# What becomes of one request after another: whether the gateway gets it, and whether the answer comes back.
ARRIVES, ANSWER_IS_LOST, REQUEST_IS_LOST, ANSWER_BECOMES_503 = range(4)


class LossyProxy:
    """Passes requests on to the gateway, each with the next fate of a cycle."""

    def __init__(self, gateway_url: str, fates: list[int]) -> None:
        self._gateway_url = gateway_url
        self._fates = cycle(fates)

    def __call__(self, received: Received) -> Reply:
        fate = next(self._fates)
        if fate == REQUEST_IS_LOST:
            return HANG_UP
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        response = httpx.post(
            f"{self._gateway_url}{received.path}", content=received.body, headers=headers, timeout=60
        )
        assert response.status_code == 200, response.text
        if fate == ANSWER_IS_LOST:
            return HANG_UP
        return Reply(503) if fate == ANSWER_BECOMES_503 else Reply(body=response.text)


@pytest.fixture(scope="module")
def gateway_url(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    config = assemble_gateway(folder / "project", checkout)
    with DevSession.start(
        config, persist_to=folder / "state", token=TOKEN, reads_dev_vars=False, checkout=checkout
    ) as session:
        yield session.url


@pytest.fixture
def counted(gateway_url: str) -> Callable[[str], int]:
    """Return a function that says what the gateway has counted for a service."""

    def counted(service: str) -> int:
        page = httpx.get(
            f"{gateway_url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60
        ).text
        pattern = rf'^count_total{{[^}}]*job="{re.escape(service)}"[^}}]*}} (\S+)'
        return sum(int(float(value)) for value in re.findall(pattern, page, re.MULTILINE))

    return counted


def test_a_collector_of_an_isolate_counts_exactly_whatever_is_lost(
    worker: DevSession, receiver: Receiver, gateway_url: str, counted: Callable[[str], int]
) -> None:
    fates = [ARRIVES, ANSWER_IS_LOST, ANSWER_IS_LOST, REQUEST_IS_LOST, ANSWER_BECOMES_503, REQUEST_IS_LOST]
    receiver.reply = LossyProxy(gateway_url, fates)
    with httpx.Client(base_url=worker.url, timeout=60) as client:
        scenarios = Scenarios(client, "lossy-isolate")
        for number in range(1, 31):
            scenarios.run(receiver.url, [number])
        assert len(receiver.requests()) > 30
        receiver.reply = LossyProxy(gateway_url, [ARRIVES])
        assert scenarios.run(receiver.url, [1_000])["outcome"] == "sent"
    assert counted("lossy-isolate") == sum(range(1, 31)) + 1_000


def test_collectors_of_single_requests_count_exactly_when_an_answer_is_lost(
    receiver: Receiver, gateway_url: str, counted: Callable[[str], int]
) -> None:
    receiver.reply = LossyProxy(gateway_url, [ARRIVES, ANSWER_IS_LOST, ARRIVES, REQUEST_IS_LOST])

    async def post(url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
        async with httpx.AsyncClient(timeout=timeout_ms / 1000) as client:
            response = await client.post(url, content=body, headers=headers)
        return Answer(response.status_code, "", response.text)

    now_unix_nano = time.time_ns()

    def serve_request() -> str:
        # All at one time, as the clock of a Worker has it: nothing but chance tells their bodies apart.
        metrics = create_metrics(
            service_name="lossy-requests",
            endpoint=receiver.url,
            token="t",
            transport=post,
            timeout_ms=20_000,
            clock=lambda: now_unix_nano,
        )
        metrics.counter("count")
        return asyncio.run(metrics.flush()).outcome

    outcomes = [serve_request() for _ in range(20)]
    assert outcomes == ["sent"] * 20
    assert counted("lossy-requests") == 20
