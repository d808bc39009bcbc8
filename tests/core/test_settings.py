"""Settings: what is read from the environment, and refusals that name the variable."""

from __future__ import annotations

import pytest

from otel_worker.errors import NotConfigured
from otel_worker.settings import Settings, read_settings


def test_without_variables_everything_has_its_default() -> None:
    settings = read_settings(lambda name: None)
    assert settings == Settings("", "", "", 7, 4_194_304, 9_000_000_000, True, frozenset())


def test_every_variable_is_read_and_spaces_around_it_are_not_part_of_it() -> None:
    variables = {
        "AUTH_TOKEN": " secret-a\n",
        "INGEST_TOKEN": "secret-i",
        "READ_TOKEN": "secret-r",
        "RETENTION_DAYS": " 30 ",
        "MAX_BODY_BYTES": "1024",
        "MAX_DATABASE_BYTES": "2048",
        "LIVE": " Off ",
        "CORS_ORIGINS": " https://a.example.com/, ,https://b.example.com:8080",
    }
    origins = frozenset({"https://a.example.com", "https://b.example.com:8080"})
    settings = Settings("secret-a", "secret-i", "secret-r", 30, 1024, 2048, False, origins)
    assert read_settings(variables.get) == settings


def test_the_collector_measures_itself_only_when_it_is_told_to() -> None:
    assert not Settings().is_measured_by_gateway
    assert read_settings({"SELF_METRICS": " Gateway "}.get) == Settings(is_measured_by_gateway=True)
    assert read_settings({"SELF_METRICS": "off"}.get) == Settings()
    variables = {"SELF_METRICS_ENDPOINT": " https://otlp.example.com ", "SELF_METRICS_TOKEN": "secret-s\n"}
    expected = Settings(self_metrics_endpoint="https://otlp.example.com", self_metrics_token="secret-s")
    assert read_settings(variables.get) == expected
    assert "secret-s" not in repr(expected)


@pytest.mark.parametrize(
    "variables",
    [
        {"SELF_METRICS": "on"},
        {"SELF_METRICS_ENDPOINT": "otlp.example.com"},
        {"SELF_METRICS": "gateway", "SELF_METRICS_ENDPOINT": "https://otlp.example.com"},
    ],
)
def test_a_way_for_self_metrics_that_is_none_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(NotConfigured, match="SELF_METRICS"):
        read_settings(variables.get)


@pytest.mark.parametrize("name", ["RETENTION_DAYS", "MAX_BODY_BYTES", "MAX_DATABASE_BYTES"])
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_number_is_the_default(name: str, text: str) -> None:
    assert read_settings({name: text}.get) == Settings()


@pytest.mark.parametrize(
    ("name", "default"),
    [("RETENTION_DAYS", 7), ("MAX_BODY_BYTES", 4_194_304), ("MAX_DATABASE_BYTES", 9_000_000_000)],
)
@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "+5",
        "1.5",
        "7d",
        "seven",
        "1_000",
        "\u0667",
        "\u00b2",
        "0x10",
        str(2**53),
        "9" * 30,
        "9" * 5000,
    ],
    ids=lambda text: text[:20],
)
def test_a_number_that_is_none_is_refused_by_the_name_of_its_variable(
    name: str, default: int, text: str
) -> None:
    with pytest.raises(NotConfigured) as caught:
        read_settings({name: text}.get)
    expected = f"{name} must be a positive whole number such as {default}; found {text[:40]!r}"
    assert caught.value.message == expected


@pytest.mark.parametrize(
    ("text", "is_live"),
    [("", True), ("  ", True), ("on", True), ("ON ", True), ("off", False), ("OFF", False)],
)
def test_live_is_on_or_off(text: str, is_live: bool) -> None:
    assert read_settings({"LIVE": text}.get).is_live == is_live


@pytest.mark.parametrize("text", ["true", "0", "no", "offf", "o n", "x" * 100])
def test_live_is_nothing_else(text: str) -> None:
    with pytest.raises(NotConfigured) as caught:
        read_settings({"LIVE": text}.get)
    assert caught.value.message == f"LIVE must be on or off; found {text[:40]!r}"


def test_tokens_are_not_in_what_a_log_would_show() -> None:
    shown = repr(Settings("secret-a", "secret-i", "secret-r", 30))
    assert "secret" not in shown
    assert "retention_days=30" in shown


def test_a_flush_is_an_hour_apart_at_most() -> None:
    assert read_settings({"METRICS_FLUSH_SECONDS": "3600"}.get).metrics_flush_seconds == 3600
    with pytest.raises(NotConfigured, match=r"METRICS_FLUSH_SECONDS must be .* up to 3600 such as 15"):
        read_settings({"METRICS_FLUSH_SECONDS": "3601"}.get)
