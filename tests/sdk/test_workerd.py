"""The client inside workerd, as a user's Worker has it: endpoints that answer, refuse, stall and are gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import httpx
import pytest

from otel_worker_cli.runtime.ports import free_port
from otel_worker_cli.runtime.session import DevSession
from tests.sdk.points import counts, data_points
from tests.sdk.receiver import HANG_UP, OK, WAIT_SECONDS, Received, Receiver, Reply

TOKEN = "scenario-token"
# For an endpoint that never answers; long for any that does.
SHORT_TIMEOUT_MS = 400


class Scenarios:
    """The Worker of scenarios.py, and one collector in it."""

    def __init__(self, client: httpx.Client, name: str) -> None:
        self._client = client
        self.name = name

    def run(self, endpoint: str, counts: list[int], flush: str = "await", **options: Any) -> dict[str, Any]:
        options = {"endpoint": endpoint, "token": TOKEN, **options}
        scenario = {"name": self.name, "options": options, "counts": counts, "flush": flush}
        response = self._client.post("/scenario", json=scenario)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def wait_until_flushed(self) -> list[dict[str, Any]]:
        """Return the results of the flushes after responses, as soon as there are any."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            flushed = self._client.get("/flushed").json().get(self.name)
            if flushed:
                return list(flushed)
            time.sleep(0.05)
        raise AssertionError("no flush has ended")


@pytest.fixture
def client(worker: DevSession) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=worker.url, timeout=60) as opened:
        yield opened


@pytest.fixture
def scenarios(client: httpx.Client, request: pytest.FixtureRequest) -> Scenarios:
    return Scenarios(client, request.node.name)


def same_bodies_in_turn(requests: list[Received]) -> list[dict[str, float]]:
    """Return the counts of each body, one that came several times in a row once."""
    return [counts(received) for received in {received.body: received for received in requests}.values()]


def test_a_flush_is_one_post_of_otlp_json_with_the_token(scenarios: Scenarios, receiver: Receiver) -> None:
    result = scenarios.run(receiver.url, [1, 2, 39])
    (received,) = receiver.requests()
    assert (received.path, received.headers["Authorization"]) == ("/v1/metrics", f"Bearer {TOKEN}")
    assert received.headers["Content-Type"] == "application/json"
    assert counts(received) == {"count": 42}
    assert result == {
        "outcome": "sent",
        "sent_points": 1,
        "dropped": {},
        "overflowed": {},
        "status": 200,
        "error": "",
    }


def test_the_response_does_not_wait_for_a_flush_in_wait_until(
    scenarios: Scenarios, receiver: Receiver
) -> None:
    response_is_here = threading.Event()

    def reply(received: Received) -> Reply:
        # Were the response to wait for this answer, neither would ever come.
        assert response_is_here.wait(WAIT_SECONDS)
        return OK

    receiver.reply = reply
    scenarios.run(receiver.url, [7], flush="background")
    response_is_here.set()
    (result,) = scenarios.wait_until_flushed()
    assert (result["outcome"], result["sent_points"]) == ("sent", 1)
    assert [counts(received) for received in receiver.requests()] == [{"count": 7}]


def test_an_endpoint_that_never_answers_takes_no_more_than_the_limit_and_no_counts(
    scenarios: Scenarios, receiver: Receiver
) -> None:
    test_is_over = threading.Event()

    def stall(received: Received) -> Reply:
        test_is_over.wait(WAIT_SECONDS)
        return OK

    receiver.reply = stall
    result = scenarios.run(receiver.url, [1], timeout_ms=SHORT_TIMEOUT_MS)
    assert not test_is_over.is_set()
    assert (result["outcome"], result["status"]) == ("kept", None)
    assert "timeout" in result["error"].lower()
    receiver.reply = lambda _received: OK
    assert scenarios.run(receiver.url, [2])["outcome"] == "sent"
    test_is_over.set()
    assert same_bodies_in_turn(receiver.requests()) == [{"count": 1}, {"count": 2}]


def test_counts_for_a_dead_endpoint_are_kept_until_it_lives(scenarios: Scenarios) -> None:
    port = free_port()
    result = scenarios.run(f"http://127.0.0.1:{port}", [1])
    assert (result["outcome"], result["status"]) == ("kept", None)
    assert result["error"]
    with Receiver(port=port) as revived:
        assert scenarios.run(revived.url, [2])["outcome"] == "sent"
        assert [counts(received) for received in revived.requests()] == [{"count": 1}, {"count": 2}]


def test_counts_that_were_answered_503_go_with_the_next_flush(
    scenarios: Scenarios, receiver: Receiver
) -> None:
    receiver.reply = lambda _received: Reply(503, '{"message": "starting"}')
    result = scenarios.run(receiver.url, [1])
    assert (result["outcome"], result["status"], result["error"]) == ("kept", 503, "starting")
    receiver.reply = lambda _received: OK
    assert scenarios.run(receiver.url, [2])["outcome"] == "sent"
    assert scenarios.run(receiver.url, [4])["outcome"] == "sent"
    assert [counts(received)["count"] for received in receiver.requests()] == [1, 1, 2, 4]
    assert receiver.requests()[0].body == receiver.requests()[1].body


def test_a_connection_that_breaks_is_made_up_for_with_the_same_body(
    scenarios: Scenarios, receiver: Receiver
) -> None:
    receiver.reply = lambda _received: OK if len(receiver.requests()) > 1 else HANG_UP
    assert scenarios.run(receiver.url, [7])["outcome"] == "sent"
    assert same_bodies_in_turn(receiver.requests()) == [{"count": 7}]


def test_an_endpoint_that_asks_for_time_gets_it(scenarios: Scenarios, receiver: Receiver) -> None:
    receiver.reply = lambda _received: Reply(429, headers={"Retry-After": "120"})
    assert scenarios.run(receiver.url, [1])["outcome"] == "kept"
    assert scenarios.run(receiver.url, [2])["outcome"] == "waiting"
    assert len(receiver.requests()) == 1


def test_a_redirect_is_not_followed(scenarios: Scenarios, receiver: Receiver) -> None:
    with Receiver() as elsewhere:
        receiver.reply = lambda _received: Reply(307, headers={"Location": f"{elsewhere.url}/v1/metrics"})
        result = scenarios.run(receiver.url, [1])
        assert (result["outcome"], result["dropped"]) == ("refused", {"http_307": 1})
        assert elsewhere.requests() == []


def test_an_answer_of_any_length_is_read_only_in_part(scenarios: Scenarios, receiver: Receiver) -> None:
    receiver.reply = lambda _received: Reply(400, "x" * 3_000_000)
    result = scenarios.run(receiver.url, [1])
    assert (result["outcome"], result["error"]) == ("refused", "x" * 500)
    receiver.reply = lambda _received: OK
    assert scenarios.run(receiver.url, [1])["outcome"] == "sent"


def test_two_requests_at_a_time_send_each_count_once_and_in_turn(
    scenarios: Scenarios, receiver: Receiver
) -> None:
    second_is_answered = threading.Event()

    def reply(received: Received) -> Reply:
        if counts(received)["count"] == 1:
            assert second_is_answered.wait(WAIT_SECONDS)
        return OK

    receiver.reply = reply
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(scenarios.run, receiver.url, [1])
        receiver.wait_for(lambda requests: len(requests) == 1)
        assert scenarios.run(receiver.url, [10])["outcome"] == "joined"
        second_is_answered.set()
        assert first.result()["sent_points"] == 2
    assert [counts(received)["count"] for received in receiver.requests()] == [1, 10]


def test_many_requests_at_a_time_lose_and_repeat_nothing(scenarios: Scenarios, receiver: Receiver) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: scenarios.run(receiver.url, [1], flush="background"), range(120)))
    # What a flush under way has not taken goes with the next one, at the latest.
    deadline = time.monotonic() + WAIT_SECONDS
    while scenarios.run(receiver.url, [], flush="await")["outcome"] == "joined":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert sum(counts(received)["count"] for received in receiver.requests()) == 120
    points = [data_points(received)["count"][0][1] for received in receiver.requests()]
    ends = [(point.start_time_unix_nano, point.time_unix_nano) for point in points]
    assert all(first[1] == second[0] < second[1] for first, second in pairwise(ends))


def test_the_top_level_of_a_module_may_make_a_collector(client: httpx.Client) -> None:
    before_unix_nano = time.time_ns()
    request = client.get("/early").json()
    (resource_metrics,) = request["resourceMetrics"]
    keys = {attribute["key"] for attribute in resource_metrics["resource"]["attributes"]}
    assert "service.instance.id" in keys
    ((metric,),) = (scope["metrics"] for scope in resource_metrics["scopeMetrics"])
    (point,) = metric["sum"]["dataPoints"]
    # Of the first record that had a clock; a minute is for clocks that differ.
    assert int(point["startTimeUnixNano"]) > before_unix_nano - 60 * 10**9
    assert point["asInt"] == "2"


def test_all_collectors_of_an_isolate_that_want_a_random_instance_have_the_same(
    client: httpx.Client, receiver: Receiver
) -> None:
    for name in ("instance-a", "instance-b"):
        Scenarios(client, name).run(receiver.url, [1], random_instance_id=True)
    resources = [
        {attribute.key: attribute.value.string_value for attribute in parsed.resource.attributes}
        for received in receiver.requests()
        for parsed in received.parse().resource_metrics
    ]
    assert [resource["service.name"] for resource in resources] == ["instance-a", "instance-b"]
    assert len({resource["service.instance.id"] for resource in resources}) == 1


def test_a_service_binding_may_be_the_way_to_the_endpoint(client: httpx.Client) -> None:
    answers = [client.get("/served").json() for _ in range(2)]
    assert [answer["outcome"] for answer in answers] == ["sent", "sent"]
    served = [Received("/v1/metrics", {}, body) for body in answers[1]["served"]]
    assert [counts(received) for received in served] == [{"count": 5}, {"count": 5}]
