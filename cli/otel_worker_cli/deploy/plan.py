"""What a deploy is made of: steps that look first, and are carried out one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from otel_worker_cli.deploy.config import DeployConfig, read_config
from otel_worker_cli.deploy.wrangler import Wrangler

LOOKED_AT_AFTER = "not looked at: {} comes first"
"""What a dry run finds where an earlier step is not done."""


class State(Enum):
    """What a look has found."""

    DONE = "done"
    TODO = "todo"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step has found, in words, and the commands that it would run."""

    state: State
    words: str
    commands: Sequence[str] = ()


@dataclass(slots=True)
class Deployment:
    """What the steps know of each other."""

    wrangler: Wrangler
    config_path: Path
    token: str
    """AUTH_TOKEN as far as it is known here; "" if not."""
    replaces_token: bool = False
    asks: Callable[[str], str] | None = None
    """Asks a person for a token; None where nobody is."""
    shows_token: Callable[[str], None] = field(default=lambda token: None)
    """Called with a new token before it is set: it can be read nowhere afterwards."""
    url: str = ""
    is_logged_in: bool = False
    is_token_set: bool = False
    """The Worker had its token before this run."""
    is_token_new: bool = False
    is_token_made: bool = False
    """It is a random one of this run. One that somebody gave is theirs to know, and is never shown."""
    trace_id: str = ""

    @property
    def config(self) -> DeployConfig:
        """What wrangler.toml says at this moment."""
        return read_config(self.config_path)


class Step(Protocol):
    """One step; all methods raise ToolingError."""

    title: str

    def look(self, deployment: Deployment) -> Finding:
        """Find out whether it is done; changes nothing."""

    def ask(self, deployment: Deployment) -> None:
        """Ask a person what is needed to do it."""

    def act(self, deployment: Deployment) -> str:
        """Do it, and return in words what was done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step; `did` is "" where nothing was to do, or nothing should be done."""

    title: str
    finding: Finding
    did: str


def carry_out(
    steps: Sequence[Step],
    deployment: Deployment,
    *,
    only_looks: bool,
    waiting: Callable[[str], AbstractContextManager[object]],
) -> Iterator[Outcome]:
    """Yield what becomes of each step, as it is done; raises ToolingError at the first that fails.

    `waiting` gets the title of a step and is entered while that takes its time.
    """
    for step in steps:
        with waiting(step.title):
            finding = step.look(deployment)
        did = ""
        if finding.state is State.TODO and not only_looks:
            step.ask(deployment)
            with waiting(step.title):
                did = step.act(deployment)
        yield Outcome(step.title, finding, did)
