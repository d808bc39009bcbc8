"""The menus over real HTTP, out of a collector of their own: its names are all there are."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.e2e.collector import JSON, Collector, running_collector
from tests.e2e.otlp import export_request, make_span, to_otlp_json

SERVICE = 'team/cart 日本語 "é" %2F?#.&'
KEY = "http.route/ü.\\'"


@pytest.fixture(scope="module")
def empty_collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield a collector that nobody else sends to."""
    with running_collector(tmp_path_factory.mktemp("catalog")) as running:
        yield running


def values_of(collector: Collector, key: str) -> list[tuple[str, int]]:
    values = collector.get(f"/v1/attributes/{quote(key, safe='')}/values")
    return [(value["value"], value["count"]) for value in values]


def test_menus_follow_what_is_stored_and_deleted(empty_collector: Collector, now_unix_nano: int) -> None:
    collector, stored, deleted = empty_collector, "5" * 32, "6" * 32
    menus = ("/v1/services", "/v1/attributes", f"/v1/services/{quote(SERVICE, safe='')}/operations")
    assert [collector.get(menu) for menu in menus] == [[], [], []]

    spans = [
        make_span(stored, n, now_unix_nano, f"GET /{n % 3} ü", **{KEY: f"v{n % 2}"}) for n in range(1, 6)
    ]
    for _ in range(2):
        assert collector.export(to_otlp_json(export_request(spans, SERVICE)), JSON).status_code == 200
    other = export_request([make_span(deleted, 1, now_unix_nano, "GET /0 ü", other="x")], "till")
    assert collector.export(other.SerializeToString()).status_code == 200

    operations = ["GET /0 ü", "GET /1 ü", "GET /2 ü"]
    assert [collector.get(menu) for menu in menus] == [
        [SERVICE, "till"],
        [KEY, "other", "service.name"],
        operations,
    ]
    assert collector.get("/v1/services/till/operations") == operations[:1]
    assert (values_of(collector, KEY), values_of(collector, "other")) == ([("v1", 3), ("v0", 2)], [("x", 1)])
    assert values_of(collector, "service.name") == [(SERVICE, 5), ("till", 1)]

    assert collector.client.delete(f"/v1/traces/{deleted}").status_code == 204
    assert [collector.get(menu) for menu in menus] == [[SERVICE], [KEY, "service.name"], operations]
    # The isolate that remembers them has not written them again.
    assert collector.export(other.SerializeToString()).status_code == 200
    assert collector.get("/v1/services") == [SERVICE, "till"]
