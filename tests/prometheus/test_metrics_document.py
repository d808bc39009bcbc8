"""docs/metrics.md: its commands against a collector in workerd, its configurations in a real Prometheus."""

from __future__ import annotations

import ast
import re
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import workers_otel
from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.prometheus.prometheus_server import PrometheusServer
from tests.sdk.project import assemble_gateway
from tools.prometheus import Prometheus, Servers

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8787"
HOST = "otel-worker.example.workers.dev"
TOKEN = "document"
SCRAPE_TOKEN = "document-scrape"
WAIT_SECONDS = 60.0

_BLOCK = re.compile(r"(?:^<!-- ([^\n]*) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS: list[tuple[str, str, str]] = _BLOCK.findall(DOCUMENT)


def block(mark: str) -> str:
    (text,) = [text for found, _, text in BLOCKS if found == f"test: {mark}"]
    return text


def run(mark: str, session: DevSession) -> str:
    """Run the commands of a block as a reader would, and return what they print."""
    script = block(mark)
    assert ADDRESS in script
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, session.url)],
        env={"TOKEN": TOKEN, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@contextmanager
def collector(folder: Path, variables: Mapping[str, str]) -> Iterator[DevSession]:
    checkout = this_checkout()
    with DevSession.start(
        assemble_gateway(folder / "project", checkout),
        persist_to=folder / "state",
        token=TOKEN,
        variables=variables,
        reads_dev_vars=False,
        checkout=checkout,
    ) as session:
        yield session


def wait_for_orders(server: PrometheusServer) -> list[dict[str, str]]:
    """Return the labels of the orders as soon as Prometheus has all three."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := server.query("shop_orders_total == 3")):
        assert time.monotonic() < deadline, server.process.log()
        time.sleep(0.2)
    return [dict(series.labels) for series in found]


def test_every_block_of_commands_and_code_has_its_test() -> None:
    marks = {mark for mark, language, _ in BLOCKS if language in ("sh", "python", "yaml")}
    assert marks == {
        "checked: names",
        "not run: it needs an account",
        *(f"test: {name}" for name in ("push a delta", "look at the page", "scrape", "push")),
    }


def test_the_code_of_a_worker_uses_what_there_is() -> None:
    (code,) = [text for _, language, text in BLOCKS if language == "python"]
    imported = [
        name.name
        for node in ast.parse(code).body
        if isinstance(node, ast.ImportFrom) and node.module == "workers_otel"
        for name in node.names
    ]
    assert imported
    assert set(imported) <= set(workers_otel.__all__)


def test_the_settings_are_toml_and_known() -> None:
    settings = [tomllib.loads(text) for _, language, text in BLOCKS if language == "toml"]
    known = (this_checkout().root / "src" / "otel_worker" / "settings.py").read_text()
    known += (this_checkout().root / "sdk" / "src" / "workers_otel" / "client.py").read_text()
    names = {name for table in settings for name in table["vars"]}
    assert names
    assert [name for name in sorted(names) if f'"{name}"' not in known] == []


def test_prometheus_scrapes_what_was_pushed(programs: Servers, tmp_path: Path) -> None:
    feature = "created-timestamp-zero-ingestion"
    assert f"--enable-feature={feature}" in DOCUMENT
    with collector(tmp_path, {"METRICS_TOKEN": SCRAPE_TOKEN}) as session:
        config = block("scrape")
        local = {
            HOST: session.url.removeprefix("http://"),
            "scheme: https": "scheme: http",
            "scrape_interval: 30s": "scrape_interval: 1s",
        }
        for deployed, here in local.items():
            assert config.count(deployed) == 1
            config = config.replace(deployed, here)
        (tmp_path / "otel-worker.token").write_text(SCRAPE_TOKEN + "\n")
        (tmp_path / "prometheus.yml").write_text(config)
        with PrometheusServer(
            programs.prometheus,
            tmp_path / "prometheus",
            config=tmp_path / "prometheus.yml",
            features=[feature],
        ) as server:
            run("push a delta", session)
            assert run("look at the page", session).endswith(" 3\n")
            (labels,) = wait_for_orders(server)
            # So the first value counts.
            assert server.number("min_over_time(shop_orders_total[5m])") == 0
    assert labels["job"] == "shop"
    assert "exported_job" not in labels


def test_the_gateway_pushes_to_a_prometheus_that_is_so_configured(
    otlp_prometheus: Prometheus, tmp_path: Path
) -> None:
    (tmp_path / "prometheus.yml").write_text(block("push"))
    with PrometheusServer(
        otlp_prometheus, tmp_path / "prometheus", config=tmp_path / "prometheus.yml"
    ) as server:
        variables = {"PROMETHEUS_OTLP_ENDPOINT": server.otlp_url, "METRICS_FLUSH_SECONDS": "1"}
        with collector(tmp_path, variables) as session:
            run("push a delta", session)
            (labels,) = wait_for_orders(server)
            assert labels["job"] == "shop"
            # The zero at its start makes the first value count.
            deadline = time.monotonic() + WAIT_SECONDS
            while (
                server.number("max_over_time(shop_orders_total[5m]) - min_over_time(shop_orders_total[5m])")
                != 3
            ):
                assert time.monotonic() < deadline
                time.sleep(0.2)
