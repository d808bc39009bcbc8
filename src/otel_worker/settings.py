"""What an operator can set, read once from the environment and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from otel_worker.errors import NotConfigured

DEFAULT_RETENTION_DAYS = 7
# Inflated. A decoded body takes several times its size, and an isolate has 128 MB for all its requests.
DEFAULT_MAX_BODY_BYTES = 4 * 1024 * 1024

# As the database itself counts; D1 takes no more than 10 GB, and the hour until the next run needs room.
DEFAULT_MAX_DATABASE_BYTES = 9_000_000_000

# Prometheus' own default between two scrapes is a minute; what is seen sooner is rarely worth a push.
DEFAULT_METRICS_FLUSH_SECONDS = 15
MAX_METRICS_FLUSH_SECONDS = 3600

# Of any number set here: it stays exact in JavaScript.
_MAX_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Settings:
    """The collector's configuration. Tokens never show in its representation."""

    auth_token: str = field(default="", repr=False)
    ingest_token: str = field(default="", repr=False)
    read_token: str = field(default="", repr=False)
    retention_days: int = DEFAULT_RETENTION_DAYS
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    max_database_bytes: int = DEFAULT_MAX_DATABASE_BYTES
    # Whether stored spans are announced to those who watch.
    is_live: bool = True
    # Origins such as "https://app.example.com" whose pages may use the collector, or "*".
    cors_origins: frozenset[str] = frozenset()
    # Where the gateway pushes metrics to, such as https://prometheus.example.com/api/v1/otlp/v1/metrics; "":
    # they wait to be scraped.
    prometheus_otlp_endpoint: str = ""
    prometheus_token: str = field(default="", repr=False)
    # May scrape, and nothing else.
    metrics_token: str = field(default="", repr=False)
    metrics_flush_seconds: int = DEFAULT_METRICS_FLUSH_SECONDS
    # Whether the collector's own metrics go into its own aggregators; or where else, "": nowhere.
    is_measured_by_gateway: bool = False
    self_metrics_endpoint: str = ""
    self_metrics_token: str = field(default="", repr=False)


def read_settings(variable: Callable[[str], str | None]) -> Settings:
    """Return the settings found through `variable`, which maps a name to its text or None.

    Raises NotConfigured, naming the variable, when a number is not one.
    """
    is_measured_by_gateway = _is_gateway(variable, "SELF_METRICS")
    self_metrics_endpoint = _address(variable, "SELF_METRICS_ENDPOINT")
    if is_measured_by_gateway and self_metrics_endpoint:
        raise NotConfigured("SELF_METRICS=gateway and SELF_METRICS_ENDPOINT are two ways; set one of them")
    return Settings(
        auth_token=(variable("AUTH_TOKEN") or "").strip(),
        ingest_token=(variable("INGEST_TOKEN") or "").strip(),
        read_token=(variable("READ_TOKEN") or "").strip(),
        metrics_token=(variable("METRICS_TOKEN") or "").strip(),
        retention_days=_positive_integer(variable, "RETENTION_DAYS", DEFAULT_RETENTION_DAYS),
        max_body_bytes=_positive_integer(variable, "MAX_BODY_BYTES", DEFAULT_MAX_BODY_BYTES),
        max_database_bytes=_positive_integer(variable, "MAX_DATABASE_BYTES", DEFAULT_MAX_DATABASE_BYTES),
        is_live=_switch(variable, "LIVE"),
        prometheus_otlp_endpoint=_address(variable, "PROMETHEUS_OTLP_ENDPOINT"),
        prometheus_token=(variable("PROMETHEUS_TOKEN") or "").strip(),
        metrics_flush_seconds=_positive_integer(
            variable, "METRICS_FLUSH_SECONDS", DEFAULT_METRICS_FLUSH_SECONDS, MAX_METRICS_FLUSH_SECONDS
        ),
        is_measured_by_gateway=is_measured_by_gateway,
        self_metrics_endpoint=self_metrics_endpoint,
        self_metrics_token=(variable("SELF_METRICS_TOKEN") or "").strip(),
        cors_origins=frozenset(
            origin.strip().rstrip("/")
            for origin in (variable("CORS_ORIGINS") or "").split(",")
            if origin.strip()
        ),
    )


def _positive_integer(
    variable: Callable[[str], str | None], name: str, default: int, maximum: int = 10**_MAX_DIGITS - 1
) -> int:
    text = (variable(name) or "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and 0 < int(text) <= maximum):
        limit = "" if maximum == 10**_MAX_DIGITS - 1 else f" up to {maximum}"
        raise NotConfigured(
            f"{name} must be a positive whole number{limit} such as {default}; found {text[:40]!r}"
        )
    return int(text)


def _switch(variable: Callable[[str], str | None], name: str) -> bool:
    """Return whether something is on, as it is by default."""
    text = (variable(name) or "").strip().lower() or "on"
    if text not in ("on", "off"):
        raise NotConfigured(f"{name} must be on or off; found {text[:40]!r}")
    return text == "on"


def _is_gateway(variable: Callable[[str], str | None], name: str) -> bool:
    """Return whether it says "gateway", and not "off", the default."""
    text = (variable(name) or "").strip().lower() or "off"
    if text not in ("gateway", "off"):
        raise NotConfigured(f"{name} must be gateway or off; found {text[:40]!r}")
    return text == "gateway"


def _address(variable: Callable[[str], str | None], name: str) -> str:
    """Return a URL as it is, or "" when it is not set."""
    text = (variable(name) or "").strip()
    if text and not text.startswith(("https://", "http://")):
        raise NotConfigured(f"{name} must be a URL such as https://example.com/path; found {text[:80]!r}")
    return text
