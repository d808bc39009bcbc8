"""Where requests go, and what an answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from workers_otel.transport import Answer

_PATH = "/v1/metrics"

# "Retryable response codes" of OTLP/HTTP; any other error is for good.
RETRYABLE = frozenset((429, 502, 503, 504))

# An endpoint that asks for more time than this is asked again nevertheless.
MAX_RETRY_AFTER_SECONDS = 300

_MAX_ERROR_LENGTH = 500


class Endpoint(NamedTuple):
    """An address that can be posted to."""

    url: str
    headers: Mapping[str, str]


def read_endpoint(endpoint: object, token: object) -> Endpoint | str:
    """Return where to send; or what is missing or wrong, as a sentence that repeats nothing secret.

    `endpoint` is a base as in OTEL_EXPORTER_OTLP_ENDPOINT, to which /v1/metrics is added, or the whole URL
    that ends so.
    """
    if not isinstance(endpoint, str) or not endpoint.strip():
        return "no endpoint is set"
    if not isinstance(token, str) or not token.strip():
        return "no token is set"
    url, token = endpoint.strip().rstrip("/"), token.strip()
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    if scheme.lower() not in ("http", "https") or not host:
        return "the endpoint is not an http or https URL"
    if "@" in host or "?" in rest or "#" in rest or any(character <= " " for character in url):
        return "the endpoint has more than scheme, host and path"
    if not all(" " < character <= "~" for character in token):
        return "the token has characters that no header can carry"
    if not url.endswith(_PATH):
        url += _PATH
    return Endpoint(url, {"Content-Type": "application/json", "Authorization": f"Bearer {token}"})


def retry_after_seconds(answer: Answer) -> int:
    """Return how long to wait; 0 if it does not say. It may also be a date, which is not read."""
    text = answer.retry_after.strip()
    if not (text.isascii() and text.isdigit()):
        return 0
    return min(int(text[:6]), MAX_RETRY_AFTER_SECONDS)


def read_partial_success(answer: Answer) -> tuple[int, str]:
    """Return how many data points a 2xx answer rejects, and its message."""
    try:
        partial = json.loads(answer.body)["partialSuccess"]
        rejected = int(partial.get("rejectedDataPoints") or 0)
        message = str(partial.get("errorMessage") or "")
    except (ValueError, TypeError, KeyError, AttributeError):
        # Prometheus answers with an empty body.
        return 0, ""
    return max(rejected, 0), message[:_MAX_ERROR_LENGTH]


def error_of(answer: Answer) -> str:
    """Return what an answer of failure says: google.rpc.Status as JSON, or a line of text."""
    text = answer.body.strip()
    with suppress(ValueError, TypeError, KeyError):
        text = str(json.loads(text)["message"])
    return text[:_MAX_ERROR_LENGTH] or f"HTTP {answer.status}"
