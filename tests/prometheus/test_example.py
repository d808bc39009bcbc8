"""The commands of examples/prometheus/README.md: they start what the tests start, and their push works."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.prometheus.conftest import Pair
from tests.prometheus.prometheus_server import EXAMPLE, PrometheusServer
from tools.prometheus import Prometheus

BLOCK_SECONDS = 60
README_ADDRESSES = {"caddy": "http://127.0.0.1:9091", "prometheus": "http://127.0.0.1:9090"}


def block(name: str) -> str:
    """Return the block of shell that the README marks with a name."""
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"^<!-- test: {name} -->\n+```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, name
    return str(found[0])


def commands(name: str) -> dict[str, list[str]]:
    """Return the commands of a block by their program."""
    lines = block(name).replace("\\\n", " ").splitlines()
    split = [shlex.split(line.removesuffix(" &")) for line in lines]
    return {words[0]: words for words in split if words}


def flags(words: list[str]) -> set[str]:
    """Return the options of a command, without values that are paths or addresses."""
    own_values = ("--config.file", "--storage.tsdb.path", "--web.listen-address")
    return {
        word.partition("=")[0] if word.startswith(own_values) else word for word in words if word[:2] == "--"
    }


def test_the_readme_starts_prometheus_as_the_tests_do(tmp_path: Path) -> None:
    program = Prometheus(Path("prometheus"), (3, 5, 0), takes_otlp=True)
    server = PrometheusServer(program, tmp_path, delta_to_cumulative=True)
    documented = commands("serve")["prometheus"]
    assert flags(documented) == flags(server.process.command)
    assert (EXAMPLE / "prometheus.yml").samefile(
        next(word.partition("=")[2] for word in server.process.command if word.startswith("--config.file"))
    )


def test_the_readme_starts_caddy_as_the_tests_do(pair: Pair) -> None:
    documented = commands("serve")["caddy"]
    started = [word.replace(str(EXAMPLE / "Caddyfile"), "Caddyfile") for word in pair.caddy.process.command]
    assert documented[1:] == started[1:]
    defaults = (EXAMPLE / "Caddyfile").read_text(encoding="utf-8")
    assert f"{{$METRICS_SITE:{README_ADDRESSES['caddy']}}}" in defaults
    assert f"{{$PROMETHEUS_ADDRESS:{README_ADDRESSES['prometheus'].removeprefix('http://')}}}" in defaults


def test_the_push_of_the_readme_is_stored(otlp_pair: Pair) -> None:
    script = (
        block("push")
        .replace(README_ADDRESSES["caddy"], otlp_pair.caddy.url)
        .replace(README_ADDRESSES["prometheus"], otlp_pair.prometheus.url)
    )
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={"PATH": os.environ["PATH"], "METRICS_TOKEN": otlp_pair.caddy.token, "NO_PROXY": "*"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BLOCK_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    (series,) = json.loads(result.stdout)["data"]["result"]
    assert series["value"][1] == "5"
