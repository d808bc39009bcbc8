"""Which format a scraper gets for its Accept header."""

from __future__ import annotations

import pytest

from otel_worker.metrics.exposition_negotiation import OPENMETRICS, TEXT, negotiate

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
PROMETHEUS_3_WITH_NATIVE_HISTOGRAMS = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    + PROMETHEUS_3
)
PROMETHEUS_2 = "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept",
    [
        None, "", "*/*", "text/plain", "text/plain;version=0.0.4", BROWSER, ",,;;==", "text/plain;q=x",
        "application/json", "application/vnd.google.protobuf", "text/plain;version=1.0.0",
        "application/openmetrics-text;version=2.0.0", "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=nan", "application/openmetrics-text;q=-1",
        "application/openmetrics-text;q=0.3,text/plain;q=0.4", "application/openmetrics-text;q=0.3,*/*;q=0.4",
        "application/openmetrics-text,text/plain",
    ],
)  # fmt: skip
def test_plain_text_is_for_everybody(accept: str | None) -> None:
    assert negotiate(accept) == TEXT == (False, "text/plain; version=0.0.4; charset=utf-8")


@pytest.mark.parametrize(
    "accept",
    [
        PROMETHEUS_2, "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0; q=0.5, */*; q=0.4",
        'APPLICATION/OpenMetrics-Text ; Version="1.0.0"', "application/openmetrics-text, */*",
        "text/plain;q=0.4,application/openmetrics-text;q=0.5",
    ],
)  # fmt: skip
def test_openmetrics_is_for_who_likes_it_best(accept: str) -> None:
    assert negotiate(accept) == OPENMETRICS == (
        True, "application/openmetrics-text; version=1.0.0; charset=utf-8",
    )  # fmt: skip


@pytest.mark.parametrize("scheme", ["allow-utf-8", "underscores", "dots", "values", "unknown"])
def test_whatever_the_escaping_scheme_the_names_need_none_and_the_answer_says_so(scheme: str) -> None:
    for accept in (PROMETHEUS_3, PROMETHEUS_3_WITH_NATIVE_HISTOGRAMS):
        assert negotiate(accept.replace("allow-utf-8", scheme)) == (
            True,
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
        )
