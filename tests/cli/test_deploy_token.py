"""`otel-worker deploy` and its token: where it comes from, and who gets to see it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from otel_worker_cli.deploy.access import TokenStep, TrialStep
from otel_worker_cli.deploy.plan import Deployment
from otel_worker_cli.deploy.wrangler import Wrangler
from tests.cli.deploying import Deployer, FakeWrangler
from tests.cli.http_collector import HttpCollector


def test_a_random_token_is_shown_before_it_is_set(
    deployer: Deployer, fake: FakeWrangler, near: HttpCollector
) -> None:
    result = deployer.run(token="")
    set_token = fake["secrets"]["AUTH_TOKEN"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", set_token)
    # The collector of this test has another one, so that the last step fails.
    assert result.exit_code == 1
    assert result.stderr.count(set_token) == 1
    assert f"does not take a test trace at {near.url}" in result.stderr
    result = deployer.run(token="")
    assert result.exit_code == 0, result.output
    assert "not sent: the token is set, and not known here" in result.stdout
    assert set_token not in result.output

    document = deployer.succeed("--new-token")
    # Whoever gives a token knows it: it is not written into the log of a build.
    assert (document["token"], fake["secrets"]["AUTH_TOKEN"]) == (None, near.token)


def test_a_program_learns_a_random_token_also_when_the_test_trace_fails(
    deployer: Deployer, fake: FakeWrangler
) -> None:
    result = deployer.run("--jsonl", token="")
    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[-1])["token"] == fake["secrets"]["AUTH_TOKEN"]


def test_the_token_of_another_collector_is_not_taken(
    deployer: Deployer, fake: FakeWrangler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_WORKER_TOKEN", "of-my-laptop")
    deployer.run(token="")
    assert fake["secrets"]["AUTH_TOKEN"] != "of-my-laptop"


def test_a_token_that_no_header_carries_is_refused(deployer: Deployer, fake: FakeWrangler) -> None:
    result = deployer.run(token="two words")
    assert (result.exit_code, fake["commands"]) == (1, [])
    assert "two words" not in result.output


def test_a_person_is_asked_for_the_token(deployer: Deployer, tmp_path: Path) -> None:
    def deployment(answer: str) -> Deployment:
        tool = Wrangler([], tmp_path, {})
        return Deployment(
            tool, tmp_path / "wrangler.toml", "", asks=lambda _question: answer, url=deployer.url
        )

    given = deployment(" mine \n")
    TokenStep().ask(given)
    assert given.token == "mine"
    made = deployment("")
    TokenStep().ask(made)
    assert len(made.token) == 32
    unknown = deployment("")
    TrialStep().ask(unknown)
    assert TrialStep().act(unknown) == "not sent"
    known = deployment(deployer.token)
    TrialStep().ask(known)
    assert TrialStep().act(known).startswith("stored, ")
