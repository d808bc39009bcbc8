"""The steps of a deploy: each looks whether it is done, tells what it would run, and does it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from otel_worker_cli.deploy.access import TokenStep, TrialStep
from otel_worker_cli.deploy.config import DeployConfig, write_database_id
from otel_worker_cli.deploy.plan import LOOKED_AT_AFTER, Deployment, Finding, State, Step
from otel_worker_cli.deploy.wrangler import GO_ON, Account
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.terminal.formats import format_size

ACCOUNT_VARIABLE = "CLOUDFLARE_ACCOUNT_ID"


class _Unasking:
    """A step that needs nobody's answer."""

    def ask(self, deployment: Deployment) -> None:
        """Ask nothing."""


class LoginStep(_Unasking):
    """Somebody has to be logged in, and it has to be clear which account is meant."""

    title = "Login"

    def look(self, deployment: Deployment) -> Finding:
        """See Step.look."""
        login = deployment.wrangler.login()
        if login is None:
            return Finding(State.TODO, "nobody is logged in", ["otel-worker wrangler login"])
        named = _named_account(deployment)
        accounts = [account for account in login.accounts if named in ("", account.account_id)]
        if len(accounts) > 1:
            words = f"the account is not clear: {_shown(accounts)}"
            return Finding(State.TODO, words, [f"export {ACCOUNT_VARIABLE}=<id>"])
        deployment.is_logged_in = True
        account = f"account {_shown(accounts) or named}"
        return Finding(State.DONE, f"{login.email}, {account}" if login.email else account)

    def act(self, deployment: Deployment) -> str:
        """Tell a person to do it."""
        login = deployment.wrangler.login()
        if login is None:
            raise ToolingError(
                "Nobody is logged in to Cloudflare.",
                remedy=f"Run `otel-worker wrangler login`, or set CLOUDFLARE_API_TOKEN. {GO_ON}",
            )
        raise ToolingError(
            "It is not clear which account is meant.",
            detail="\n".join(_shown([account]) for account in login.accounts),
            remedy=f"Set {ACCOUNT_VARIABLE} to the id of one. {GO_ON}",
        )


def _named_account(deployment: Deployment) -> str:
    return deployment.config.account_id or os.environ.get(ACCOUNT_VARIABLE, "")


def _shown(accounts: Sequence[Account]) -> str:
    return ", ".join(f"{account.name} ({account.account_id})" for account in accounts)


class DatabaseStep(_Unasking):
    """The database of a binding has to be there, and wrangler.toml has to have its id."""

    def __init__(self, binding: str) -> None:
        self.title = f"Database {binding}"
        self._binding = binding

    def look(self, deployment: Deployment) -> Finding:
        """See Step.look."""
        database = deployment.config.database(self._binding)
        write = f"write its id into {deployment.config_path.name}"
        create = f"otel-worker wrangler d1 create {database.name}"
        if not deployment.is_logged_in:
            commands = [] if database.database_id else [create, write]
            return Finding(State.TODO, LOOKED_AT_AFTER.format("the login"), commands)
        known = deployment.wrangler.databases()
        if not database.database_id:
            if database.name in known:
                return Finding(State.TODO, f"{database.name} is there, {known[database.name]}", [write])
            return Finding(State.TODO, f"there is no database {database.name}", [create, write])
        if database.database_id not in known.values():
            raise ToolingError(
                f"{deployment.config_path} names the database {database.database_id}, "
                "which this account does not have.",
                remedy="Is it the right account (`otel-worker wrangler whoami`)? To have a database created, "
                f"put zeros in place of the id. {GO_ON}",
            )
        return Finding(State.DONE, f"{database.name} is there, {database.database_id}")

    def act(self, deployment: Deployment) -> str:
        """See Step.act."""
        name = deployment.config.database(self._binding).name
        known = deployment.wrangler.databases()
        words = f"found {name}"
        if name not in known:
            deployment.wrangler.create_database(name)
            known = deployment.wrangler.databases()
            words = f"created {name}"
        if name not in known:
            raise ToolingError(
                f"wrangler has created the database {name}, and does not list it.", remedy=GO_ON
            )
        write_database_id(deployment.config_path, self._binding, known[name])
        return f"{words}; {deployment.config_path.name} has its id now, {known[name]}"


class MigrationsStep(_Unasking):
    """The deployed database has to have all migrations."""

    def __init__(self, binding: str) -> None:
        self.title = f"Migrations {binding}"
        self._binding = binding

    def look(self, deployment: Deployment) -> Finding:
        """See Step.look."""
        database = deployment.config.database(self._binding)
        commands = [f"otel-worker wrangler d1 migrations apply {self._binding} --remote"]
        if not deployment.is_logged_in:
            return Finding(State.TODO, LOOKED_AT_AFTER.format("the login"), commands)
        if not database.database_id:
            return Finding(State.TODO, LOOKED_AT_AFTER.format("the database"), commands)
        missing = self._missing(deployment)
        if not missing:
            return Finding(State.DONE, f"all {len(database.migrations)} are applied")
        return Finding(State.TODO, f"{len(missing)} to apply: {', '.join(missing)}", commands)

    def act(self, deployment: Deployment) -> str:
        """See Step.act."""
        try:
            deployment.wrangler.apply_migrations(self._binding)
        except ToolingError as failure:
            # wrangler does not say which one it was.
            missing = self._missing(deployment)
            if not missing:
                raise
            raise ToolingError(
                f"The migration {missing[0]} cannot be applied to {self._binding}.",
                detail=failure.detail,
                remedy=GO_ON,
            ) from failure
        return "applied what was missing"

    def _missing(self, deployment: Deployment) -> list[str]:
        database = deployment.config.database(self._binding)
        applied = deployment.wrangler.applied_migrations(self._binding)
        unknown = sorted(set(applied) - set(database.migrations))
        if unknown:
            raise ToolingError(
                f"The database {database.name} was migrated by a newer otel-worker ({unknown[-1]}).",
                remedy="Update this checkout before you deploy it.",
            )
        return [name for name in database.migrations if name not in applied]


class UploadStep(_Unasking):
    """The Worker as it is in this checkout; each time it is a new version."""

    title = "Worker"

    def look(self, deployment: Deployment) -> Finding:
        """Put the upload together, as a deploy does."""
        size = deployment.wrangler.check_bundle()
        words = f"{format_size(size.raw_bytes)} to upload, {format_size(size.gzip_bytes)} compressed"
        return Finding(State.TODO, words, ["otel-worker wrangler deploy"])

    def act(self, deployment: Deployment) -> str:
        """See Step.act."""
        upload = deployment.wrangler.upload()
        deployment.url = deployment.url or upload.url
        at = f", at {deployment.url}" if deployment.url else ""
        return f"deployed version {upload.version_id}{at}"


def deploy_steps(config: DeployConfig) -> list[Step]:
    """Return all steps in their order: the database is ready before the Worker that uses it."""
    bindings = [database.binding for database in config.databases]
    return [
        LoginStep(),
        *(DatabaseStep(binding) for binding in bindings),
        *(MigrationsStep(binding) for binding in bindings),
        UploadStep(),
        TokenStep(),
        TrialStep(),
    ]
