"""Servers that stop, are killed under load and come back: what was acknowledged is there, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e import test_lifetimes, test_metrics_lifetimes

# What pytest runs is what it finds here.
from tests.e2e.test_lifetimes import (  # noqa: F401
    test_two_collectors_side_by_side_do_not_mix,
    test_what_was_acknowledged_survives_crashes_in_the_middle_of_a_load,
    test_what_was_stored_is_there_after_a_restart,
)
from tests.e2e.test_metrics_lifetimes import (  # noqa: F401
    test_what_was_acknowledged_is_counted_once_across_crashes_and_retries,
)
from tests.local.running import replaced, running_collector, running_metrics


@pytest.fixture(scope="module", autouse=True)
def _local() -> Iterator[None]:
    """Let the Worker's tests start local servers."""
    with replaced(
        (test_lifetimes, "running_collector", running_collector),
        (test_metrics_lifetimes, "running_metrics", running_metrics),
    ):
        yield
