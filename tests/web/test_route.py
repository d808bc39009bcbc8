"""Routes: what an address means, and that an address that the page writes means the same again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.marks import ON_SERVE
from tests.web.viewer import Viewer

pytestmark = ON_SERVE

_READ = """
async (hash) => {
  const { formatRoute, parseRoute } = await import("/platform/route.js");
  const route = parseRoute(hash);
  const written = formatRoute(route);
  return [route, written, parseRoute(written)];
}
"""
_TRACE = {"page": "trace", "traceId": "ab12", "span": "", "view": "timeline", "find": ""}
_ROUTES: dict[str, tuple[dict[str, Any], str]] = {
    "#/traces/ab12": (_TRACE, "#/traces/ab12"),
    "#/traces/ab12/": (_TRACE, "#/traces/ab12"),
    "#/traces/ab12?view=nothing": (_TRACE, "#/traces/ab12"),
    "#/traces/ab12?span=cd&view=flame&find=a%3Db+c": (
        {**_TRACE, "span": "cd", "view": "flame", "find": "a=b c"},
        "#/traces/ab12?span=cd&view=flame&find=a%3Db+c",
    ),
    "#/traces/a%2Fb%3Fc": ({**_TRACE, "traceId": "a/b?c"}, "#/traces/a%2Fb%3Fc"),
    "#/traces/100%": ({**_TRACE, "traceId": "100%"}, "#/traces/100%25"),
    "#/compare/ab/cd": ({"page": "compare", "traceIds": ["ab", "cd"]}, "#/compare/ab/cd"),
    "#/map": ({"page": "map"}, "#/map"),
    "#map": ({"page": "map"}, "#/map"),
}
_LISTS = {
    "": "#/traces",
    "#": "#/traces",
    "#/": "#/traces",
    "#/elsewhere": "#/traces",
    "#/compare/ab": "#/traces",
    "#/traces": "#/traces",
    "#/traces?service=a%26b&status=error": "#/traces?service=a%26b&status=error",
    "#/traces?attr=k%3Dv&attr=k+exists": "#/traces?attr=k%3Dv&attr=k+exists",
}


@pytest.fixture
def page(viewer: Viewer) -> Viewer:
    viewer.open("#/map")
    return viewer


def read(page: Viewer, address: str) -> tuple[dict[str, Any], str]:
    """Return the route of an address and how the page writes it; that has to be the same route."""
    route, written, again = page.page.evaluate(_READ, address)
    assert again == route
    return route, written


def test_an_address_is_a_route_and_back(page: Viewer) -> None:
    assert {address: read(page, address) for address in _ROUTES} == _ROUTES


def test_everything_else_is_the_list(page: Viewer) -> None:
    routes = {address: read(page, address) for address in _LISTS}
    assert {route["page"] for route, _ in routes.values()} == {"traces"}
    assert {address: written for address, (_, written) in routes.items()} == _LISTS
