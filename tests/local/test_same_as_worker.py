"""The tests of the Worker's API, against the local server: whoever talks to it sees no difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.e2e import (
    test_big_traces,
    test_catalog,
    test_cloudflare_export,
    test_cors,
    test_curl,
    test_dependencies,
    test_hostile_bodies,
    test_listing,
    test_live_off,
    test_otlp_output,
    test_refusals,
    test_sdk_exporters,
    test_search,
    test_websocket,
)

# What pytest runs is what it finds here.
from tests.e2e.test_big_traces import *  # noqa: F403
from tests.e2e.test_catalog import *  # noqa: F403
from tests.e2e.test_cloudflare_export import *  # noqa: F403
from tests.e2e.test_cors import *  # noqa: F403
from tests.e2e.test_curl import *  # noqa: F403
from tests.e2e.test_dependencies import *  # noqa: F403
from tests.e2e.test_hostile_bodies import *  # noqa: F403
from tests.e2e.test_listing import *  # noqa: F403
from tests.e2e.test_live_off import *  # noqa: F403
from tests.e2e.test_otlp_output import *  # noqa: F403
from tests.e2e.test_refusals import *  # noqa: F403
from tests.e2e.test_sdk_exporters import *  # noqa: F403
from tests.e2e.test_search import *  # noqa: F403
from tests.e2e.test_websocket import *  # noqa: F403
from tests.local.running import replaced, running_collector

MODULES = (
    test_big_traces,
    test_catalog,
    test_cloudflare_export,
    test_cors,
    test_curl,
    test_dependencies,
    test_hostile_bodies,
    test_listing,
    test_live_off,
    test_otlp_output,
    test_refusals,
    test_sdk_exporters,
    test_search,
    test_websocket,
)


@pytest.fixture(scope="module", autouse=True)
def _local() -> Iterator[None]:
    """Let the modules that start collectors of their own start local servers."""
    with replaced(
        *((module, "running_collector", running_collector) for module in (test_catalog, test_live_off))
    ):
        yield


def test_every_test_of_the_modules_is_here_once() -> None:
    names = Counter(
        name
        for module in MODULES
        for name, value in vars(module).items()
        if name.startswith("test_") and getattr(value, "__module__", "") == module.__name__
    )
    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name in names if name not in globals()] == []
