"""Calls of language models: duration, tokens by direction and cost, by model and stage."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from workers_otel.client import Metrics

# "Generative AI metrics" of the semantic conventions has the names and buckets, but no cost and no stage.
DURATION = "gen_ai.client.operation.duration"
TOKEN_USAGE = "gen_ai.client.token.usage"  # noqa: S105 - not that kind of token
COST = "gen_ai.client.cost"

DURATION_BOUNDS = tuple(0.01 * 2**power for power in range(14))
TOKEN_BOUNDS = tuple(float(4**power) for power in range(14))

_NANO_PER_SECOND = 1_000_000_000


class LlmCall:
    """One call under way, to be told what it used; made by llm_call."""

    def __init__(self, metrics: Metrics, attributes: dict[str, Any]) -> None:
        self._metrics = metrics
        self._attributes = attributes
        self._start_unix_nano = 0

    def used(self, *, input_tokens: int = 0, output_tokens: int = 0, cost_usd: float = 0.0) -> None:
        """Record what the provider's answer says, once for each answer; zeros are not recorded."""
        for direction, tokens in (("input", input_tokens), ("output", output_tokens)):
            if tokens:
                attributes = {**self._attributes, "gen_ai.token.type": direction}
                self._metrics.histogram(TOKEN_USAGE, tokens, attributes, unit="{token}", bounds=TOKEN_BOUNDS)
        if cost_usd:
            self._metrics.counter(COST, cost_usd, self._attributes, unit="{USD}")

    def __enter__(self) -> LlmCall:
        self._start_unix_nano = self._metrics.now_unix_nano()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = (self._metrics.now_unix_nano() - self._start_unix_nano) / _NANO_PER_SECOND
        attributes = (
            self._attributes if kind is None else {**self._attributes, "error.type": kind.__qualname__}
        )
        self._metrics.histogram(DURATION, max(seconds, 0.0), attributes, unit="s", bounds=DURATION_BOUNDS)


def llm_call(
    metrics: Metrics, *, provider: str, model: str, stage: str | None = None, operation: str = "chat"
) -> LlmCall:
    """Return a context manager around one call of a model; what is raised in it is counted and goes on.

    `provider` and `operation` are words of the semantic conventions, such as "openai" and "chat"; `stage` is
    the step of your own pipeline, such as "plan" or "summarize".
    """
    attributes = {
        "gen_ai.provider.name": provider,
        "gen_ai.operation.name": operation,
        "gen_ai.request.model": model,
    }
    if stage is not None:
        attributes["stage"] = stage
    return LlmCall(metrics, attributes)
