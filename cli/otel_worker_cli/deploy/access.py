"""The last steps of a deploy: the token, and a trace that shows that the collector works."""

from __future__ import annotations

import asyncio
import secrets

from otel_worker_cli.client import Client, ClientError
from otel_worker_cli.deploy.plan import LOOKED_AT_AFTER, Deployment, Finding, State
from otel_worker_cli.deploy.trial import send_trial
from otel_worker_cli.deploy.wrangler import GO_ON
from otel_worker_cli.runtime.failures import ToolingError

TOKEN = "AUTH_TOKEN"  # noqa: S105 - its name

_TOKEN_BYTES = 24


class TokenStep:
    """The Worker has to have a token: without one it refuses everything."""

    title = "Token"

    def look(self, deployment: Deployment) -> Finding:
        """See Step.look."""
        commands = [f"otel-worker wrangler secret put {TOKEN}"]
        if not deployment.is_logged_in:
            return Finding(State.TODO, LOOKED_AT_AFTER.format("the login"), commands)
        names = deployment.wrangler.secrets(deployment.config.worker)
        if names is None:
            return Finding(State.TODO, LOOKED_AT_AFTER.format("the Worker"), commands)
        if TOKEN not in names:
            return Finding(State.TODO, f"{TOKEN} is not set", commands)
        if deployment.replaces_token:
            return Finding(State.TODO, f"{TOKEN} is set, and is to be replaced", commands)
        deployment.is_token_set = True
        return Finding(State.DONE, f"{TOKEN} is set")

    def ask(self, deployment: Deployment) -> None:
        """Take the token that is known here, or ask for one, or make one; show what was made."""
        if not deployment.token and deployment.asks is not None:
            deployment.token = checked_token(deployment.asks(f"{TOKEN} to set (Enter: a random one)"))
        if not deployment.token:
            deployment.token = secrets.token_urlsafe(_TOKEN_BYTES)
            deployment.is_token_made = True
            deployment.shows_token(deployment.token)

    def act(self, deployment: Deployment) -> str:
        """See Step.act."""
        deployment.wrangler.put_secret(TOKEN, deployment.token)
        deployment.is_token_new = True
        return f"set {TOKEN}"


class TrialStep:
    """A sample trace, as `otel-worker send` sends it."""

    title = "Test trace"

    def look(self, deployment: Deployment) -> Finding:
        """See Step.look."""
        if deployment.is_token_set and not deployment.token and deployment.asks is None:
            words = "not sent: the token is set, and not known here; the variable AUTH_TOKEN tells it"
            return Finding(State.SKIPPED, words)
        where = deployment.url or "<the address of the Worker>"
        return Finding(State.TODO, "a new one each time", [f"otel-worker send --url {where}"])

    def ask(self, deployment: Deployment) -> None:
        """Ask for a token that was set by an earlier run."""
        if not deployment.token and deployment.asks is not None:
            answer = deployment.asks(f"The collector's {TOKEN}, for a test (Enter: no test)")
            deployment.token = checked_token(answer)

    def act(self, deployment: Deployment) -> str:
        """See Step.act."""
        if not deployment.token:
            return "not sent"
        if not deployment.url:
            raise ToolingError(
                "wrangler does not say at which address the Worker is.",
                remedy="It may have routes only: give the address with --url.",
            )

        async def send() -> str:
            async with Client(deployment.url, deployment.token) as client:
                return await send_trial(client, is_token_new=deployment.is_token_new)

        try:
            deployment.trace_id = asyncio.run(send())
        except ClientError as error:
            raise ToolingError(
                f"The Worker is deployed, and does not take a test trace at {deployment.url}.",
                detail=str(error),
                remedy="A new address may take some minutes; `otel-worker wrangler tail` shows what it says. "
                f"If the token is lost, --new-token sets another. {GO_ON}",
            ) from error
        return f"stored, {deployment.trace_id}"


def checked_token(token: str) -> str:
    """Return a token without the space around it; raises ToolingError for what no header can carry."""
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ToolingError("The token has a space, a newline or another character that no token has.")
    return token
