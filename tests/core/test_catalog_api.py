"""The menus over HTTP: paths, parameters, and that an export of any kind fills them."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
import pytest

from tests.core.harness import JSON, Api
from tests.core.otlp_oracle import request_as_json
from tests.samples import key_values, rich_request, small_request, trace_id


def test_menus_of_an_empty_collector_are_empty(api: Api) -> None:
    for target in ("/v1/services", "/v1/services/a/operations", "/v1/attributes", "/v1/attributes/a/values"):
        response = api.respond("GET", target)
        assert (response.status, response.body, response.content_type) == (200, b"[]", JSON)


def test_an_export_fills_the_menus(api: Api) -> None:
    api.export(small_request((1, 1), service="till"))
    body = request_as_json(rich_request())
    assert api.respond("POST", "/v1/traces", body, Content_Type=JSON).status == 200
    assert api.get("/v1/services") == ["shop", "till"]
    assert api.get("/v1/services/shop/operations") == ["GET /cart"]
    assert api.get("/v1/services/till/operations") == ["GET /"]
    keys = [
        "array",
        "bytes",
        "double",
        "empty",
        "infinity",
        "int",
        "map",
        "nan",
        "no",
        "service.name",
        "text",
    ]
    assert api.get("/v1/attributes") == [*keys, "unset", "yes", "zero"]
    assert api.get("/v1/attributes?limit=2") == keys[:2]
    assert api.get("/v1/attributes/service.name/values") == [
        {"value": "shop", "count": 1},
        {"value": "till", "count": 1},
    ]
    # A span and its resource have it.
    assert api.get("/v1/attributes/int/values?limit=1") == [{"value": str(-(2**63)), "count": 2}]


def test_names_in_a_path_are_percent_encoded(api: Api) -> None:
    service, key = "team/cart ünïcode%2F?#", "a/b.c%d"
    request = small_request((1, 1), service=service)
    request.resource_spans[0].scope_spans[0].spans[0].attributes.extend(key_values({key: "x"}))
    api.export(request)
    assert api.get(f"/v1/services/{quote(service, safe='')}/operations") == ["GET /"]
    assert api.get(f"/v1/attributes/{quote(key, safe='')}/values") == [{"value": "x", "count": 1}]


def test_a_value_of_a_menu_finds_its_traces_as_a_filter(api: Api) -> None:
    values: list[object] = ["/cart", 200, 0.1 + 0.2, 5e-324, 3.0, True, False, "a=b&c", "1e5", 2**63 - 1]
    for number, value in enumerate(values):
        request = small_request((number, 1))
        request.resource_spans[0].scope_spans[0].spans[0].attributes.extend(key_values({"k": value}))
        api.export(request)
    shown = api.get("/v1/attributes/k/values")
    assert len(shown) == len(values)
    found = {
        summary["traceId"]
        for value in shown
        for summary in api.get(f"/v1/traces?limit=2&attr={quote('k=' + value['value'])}")
    }
    assert found == {trace_id(number) for number in range(len(values))}


@pytest.mark.parametrize(
    ("target", "maximum"),
    [
        ("/v1/services", 2000),
        ("/v1/services/a/operations", 2000),
        ("/v1/attributes", 2000),
        ("/v1/attributes/a/values", 1000),
    ],
)
def test_the_limit_of_a_menu_is_checked(target: str, maximum: int, api: Api) -> None:
    assert api.respond("GET", f"{target}?limit={maximum}").status == 200
    wanted = f"limit must be 1 to {maximum}, such as 20; found '{maximum + 1}'"
    assert api.refusal("GET", f"{target}?limit={maximum + 1}") == (400, "invalid_parameter", wanted)
    status, code, _ = api.refusal("GET", f"{target}?offset=1")
    assert (status, code) == (400, "invalid_parameter")


def test_a_retried_export_changes_no_menu(api: Api) -> None:
    for _ in range(2):
        assert api.export(small_request((1, 1))).status == 200
    assert api.get("/v1/services") == ["shop"]
    assert (
        msgspec.json.encode(api.get("/v1/attributes/service.name/values")) == b'[{"value":"shop","count":1}]'
    )
