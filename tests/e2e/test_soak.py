"""A short soak: one kill of workerd and one of everything, in the middle of a load."""

from __future__ import annotations

from pathlib import Path

from otel_worker_cli.runtime.project import this_checkout
from soak.run import Plan, soak

# A failure names it; the moments of the kills are chance all the same.
SEED = 20_260_103
SECONDS = 120.0


def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    progress: list[str] = []
    plan = Plan(kills=2, seed=SEED, seconds=SECONDS, everything_every=2)
    result = soak(plan, tmp_path, this_checkout(), progress.append)
    assert (result.problems, result.findings.problems) == ([], [])
    assert (result.kills_of_the_runtime, result.kills_of_everything) == (1, 1)
    assert (result.findings.missing, result.findings.repeated, result.given_up) == (0, 0, 0)
    assert result.findings.once == result.acknowledged_spans
    assert result.acknowledged_requests >= result.kills
    # The kills were noticed, and the ledger knows of every request it counts.
    assert result.events["repeated"] > 0
    assert result.events["stored before the answer was lost"] <= result.events["repeated"]
    assert result.events["requests"] == (
        result.acknowledged_requests + result.events["repeated"] + result.events["resent on purpose"]
    )
    assert len(progress) == 3
