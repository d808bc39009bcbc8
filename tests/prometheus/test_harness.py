"""The harness itself, with whichever Prometheus 3 and Caddy 2 there are."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.prometheus.caddy_server import CaddyServer
from tests.prometheus.conftest import Pair
from tests.prometheus.prometheus_server import OTLP_PATH, PrometheusServer, QueryRefused
from tests.prometheus.promql import HistogramValue, Point, Series, read_result
from tests.prometheus.server_process import ServerFailed
from tools.prometheus import MINIMUM_CADDY, MINIMUM_PROMETHEUS, Prometheus, Servers

RULE_SECONDS = 60.0
"""How long a rule that is evaluated every second may take to store its samples."""

RULES = "groups: [{name: test, interval: 1s, rules: [{record: answer, expr: vector(42)}]}]"


def test_the_programs_have_the_versions_that_the_documentation_names(programs: Servers) -> None:
    assert MINIMUM_PROMETHEUS <= programs.prometheus.version < (4,)
    assert MINIMUM_CADDY <= programs.caddy.version < (3,)


def test_a_query_gives_typed_results(pair: Pair) -> None:
    assert pair.prometheus.number("vector(2) * 21") == 42.0
    assert pair.prometheus.query("scalar(vector(7))", at=1_800_000_000.5) == [
        Series({}, (Point(1_800_000_000.5, 7.0),))
    ]
    assert pair.prometheus.query_range("vector(1)", 1_800_000_000, 1_800_000_020, 10)[0].numbers == [1, 1, 1]
    assert pair.prometheus.query("no_such_series") == []
    with pytest.raises(QueryRefused, match="parse error"):
        pair.prometheus.query("sum(")
    with pytest.raises(ServerFailed, match="0 series instead of one"):
        pair.prometheus.number("no_such_series")


def test_a_native_histogram_is_read_with_its_buckets() -> None:
    content = {"count": "3", "sum": "4.5", "buckets": [[0, "1", "2", "3"]]}
    data = {"resultType": "vector", "result": [{"metric": {"job": "a"}, "histogram": [10, content]}]}
    value = HistogramValue(3.0, 4.5, ((1.0, 2.0, 3.0),))
    assert read_result(data) == [Series({"job": "a"}, (Point(10.0, value),))]


def test_stored_samples_outlive_a_kill(programs: Servers, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    config = tmp_path / "prometheus.yml"
    config.write_text("rule_files: [rules.yml]")
    with PrometheusServer(programs.prometheus, tmp_path / "run", config=config) as prometheus:
        before = await_samples(prometheus, 2)
        pid = prometheus.process.pid
        prometheus.process.kill()
        prometheus.process.start()
        assert prometheus.process.pid != pid
        after = prometheus.query("answer[10m]")[0].points
        assert after[: len(before)] == before


def await_samples(prometheus: PrometheusServer, count: int) -> tuple[Point, ...]:
    deadline = time.monotonic() + RULE_SECONDS
    while time.monotonic() < deadline:
        series = prometheus.query("answer[10m]")
        if series and len(series[0].points) >= count:
            assert set(series[0].numbers) == {42.0}
            return series[0].points
        time.sleep(0.2)
    raise prometheus.process.failure("the rule stored nothing")


def test_a_server_that_does_not_start_tells_why(programs: Servers, tmp_path: Path) -> None:
    config = tmp_path / "broken.yml"
    config.write_text("otlp: [")
    with pytest.raises(ServerFailed, match=r"(?s)ended with code.*broken\.yml"):
        PrometheusServer(programs.prometheus, tmp_path / "run", config=config).__enter__()


def test_a_prometheus_that_cannot_convert_deltas_is_not_taken_for_one_that_can(
    programs: Servers, tmp_path: Path
) -> None:
    without = Prometheus(programs.prometheus.path, programs.prometheus.version, takes_otlp=False)
    server = PrometheusServer(without, tmp_path, features=["no-such-feature"])
    with server:
        assert "no-such-feature" in server.process.log()
    if not programs.prometheus.takes_otlp:
        with pytest.raises(ServerFailed, match="does not know otlp-deltatocumulative"):
            PrometheusServer(without, tmp_path, delta_to_cumulative=True).__enter__()


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", "Basic {token}", "{token}"])
def test_the_proxy_lets_nobody_in_without_the_token(pair: Pair, authorization: str | None) -> None:
    given = {"Authorization": authorization.format(token=pair.caddy.token)} if authorization else {}
    for response in (pair.caddy.push(b"{}", **given), pair.caddy.get("/-/healthy", **given)):
        assert (response.status_code, response.text) == (401, "")
        assert response.headers["WWW-Authenticate"] == "Bearer"


def test_the_proxy_passes_a_push_with_the_token_on_and_the_answer_back(pair: Pair) -> None:
    through = pair.caddy.push(b"{", Authorization=pair.caddy.authorization)
    direct = pair.prometheus.push(b"{")
    assert direct.text, "an answer in Prometheus's own words, which Caddy's never are"
    assert (through.status_code, through.text) == (direct.status_code, direct.text)


def test_the_token_opens_nothing_but_the_push(pair: Pair) -> None:
    token = {"Authorization": pair.caddy.authorization}
    for path in (OTLP_PATH, "/api/v1/query?query=1", "/metrics", "/-/healthy", "/"):
        response = pair.caddy.get(path, **token)
        assert (response.status_code, response.text) == (404, ""), path


def test_a_proxy_that_was_given_no_token_lets_nobody_in(
    programs: Servers, pair: Pair, tmp_path: Path
) -> None:
    with CaddyServer(programs.caddy, tmp_path, upstream=pair.prometheus.address, token="") as caddy:
        assert caddy.push(b"{}").status_code == 401
        assert caddy.push(b"{}", Authorization="Bearer").status_code == 401


def test_a_star_in_the_token_stands_for_itself(programs: Servers, pair: Pair, tmp_path: Path) -> None:
    with CaddyServer(programs.caddy, tmp_path, upstream=pair.prometheus.address, token="abc*") as caddy:
        assert caddy.push(b"{}", Authorization="Bearer abcdef").status_code == 401
        assert caddy.push(b"{}", Authorization="Bearer abc*").status_code != 401
