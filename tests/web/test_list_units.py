"""The parts of the trace list that need no page, tested by Node's own runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web import test_models

TESTS = sorted((test_models.ROOT / "tests" / "web" / "list").glob(f"*{test_models.SUFFIX}"))


def test_there_are_some() -> None:
    assert {"completions", "feed", "plot-scales", "trace-list"} <= {
        test_models.name_of(path) for path in TESTS
    }


@pytest.mark.parametrize("path", TESTS, ids=test_models.name_of)
def test_a_part(path: Path) -> None:
    test_models.test_a_model(path)
