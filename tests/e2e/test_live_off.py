"""A collector that is set up with LIVE=off: it takes and shows traces, and has no live view."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e.collector import Collector, running_collector
from tests.e2e.otlp import one_span
from tests.e2e.sockets import open_socket


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield the collector without a live view."""
    with running_collector(tmp_path_factory.mktemp("silent"), variables={"LIVE": "off"}) as running:
        yield running


def test_its_address_names_the_setting(silent: Collector) -> None:
    answer = silent.client.get("/api/ws", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert (answer.status_code, answer.json()) == (
        404,
        {
            "error": {
                "code": "not_found",
                "message": "there is no live view: this collector is set up with LIVE=off",
            }
        },
    )
    with pytest.raises(InvalidStatus) as caught:
        open_socket(silent, silent.token)
    assert caught.value.response.status_code == 404


def test_only_who_may_read_is_told_so(silent: Collector) -> None:
    with pytest.raises(InvalidStatus) as caught:
        open_socket(silent, "wrong")
    assert caught.value.response.status_code == 401


def test_traces_are_stored_and_shown(silent: Collector, trace_id: str, now_unix_nano: int) -> None:
    assert silent.export(one_span(trace_id, now_unix_nano)).status_code == 200
    assert [trace["traceId"] for trace in silent.get("/v1/traces")] == [trace_id]
    assert silent.get("/v1/stats")["live"] is None
