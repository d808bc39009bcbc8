"""Calls of a language model: duration, tokens and cost, by model and stage."""

from __future__ import annotations

import json
from typing import Any

from workers import Response, WorkerEntrypoint, fetch

from workers_otel import Metrics, llm_call, shared_metrics

get_metrics = shared_metrics(service_name="assistant")

MODEL = "gpt-5-mini"
INPUT_USD_PER_TOKEN = 0.25e-6
OUTPUT_USD_PER_TOKEN = 2e-6


class Default(WorkerEntrypoint):
    """Answers in two stages."""

    async def fetch(self, request: Any) -> Any:
        """Ask the model twice, and send the metrics after the response."""
        metrics = get_metrics(self.env)
        try:
            plan = await ask(metrics, self.env.MODEL_URL, "plan", "How would you greet?")
            return Response(await ask(metrics, self.env.MODEL_URL, "write", plan))
        finally:
            self.ctx.waitUntil(metrics.flush())


async def ask(metrics: Metrics, url: str, stage: str, question: str) -> str:
    """Return the model's answer; an exception is counted and goes on."""
    with llm_call(metrics, provider="openai", model=MODEL, stage=stage) as call:
        body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": question}]})
        response = await fetch(url, method="POST", headers={"Content-Type": "application/json"}, body=body)
        answer = json.loads(await response.text())
        tokens_in, tokens_out = answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]
        cost_usd = tokens_in * INPUT_USD_PER_TOKEN + tokens_out * OUTPUT_USD_PER_TOKEN
        call.used(input_tokens=tokens_in, output_tokens=tokens_out, cost_usd=cost_usd)
        text: str = answer["choices"][0]["message"]["content"]
        return text
