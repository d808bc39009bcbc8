"""The viewer's models, tested by Node's own runner in the pinned Node.js."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from otel_worker_cli.runtime.node import node_binary, node_environment
from otel_worker_cli.runtime.project import this_checkout

ROOT = this_checkout().root
SUFFIX = ".test.js"
TESTS = sorted((ROOT / "tests" / "web" / "models").glob(f"*{SUFFIX}"))


def name_of(path: Path) -> str:
    return path.name.removesuffix(SUFFIX)


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_a_model(path: Path) -> None:
    # Node would take itself for a part of a run if NODE_TEST_CONTEXT came from one.
    environment = {name: value for name, value in node_environment().items() if name != "NODE_TEST_CONTEXT"}
    run = subprocess.run(
        [str(node_binary()), "--no-warnings", "--test", "--test-reporter=tap", str(path)],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    counts = dict(re.findall(r"^# (tests|pass|skipped|todo) (\d+)$", run.stdout, re.MULTILINE))
    assert int(counts["tests"]) == int(counts["pass"]) > 0, run.stdout
    assert (counts["skipped"], counts["todo"]) == ("0", "0")


def test_every_model_has_tests() -> None:
    # types.js has nothing that runs; the others are parts of otlp.js and service-graph.js, tested with them.
    parts = {"types", "attributes", "graph-places"}
    models = {path.stem for path in (ROOT / "web" / "model").glob("*.js")} - parts
    assert models
    assert {name_of(path) for path in TESTS} == models
