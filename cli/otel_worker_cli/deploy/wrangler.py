"""What wrangler is asked and told: its commands, and its answers as values.

Answers are read from what wrangler writes for programs: JSON, and the file of WRANGLER_OUTPUT_FILE_PATH.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.output import TERMINAL_CODES

TIMEOUT_SECONDS = 300.0
"""Longest run of one command: an upload over a slow line takes a minute or two."""

GO_ON = "When that is in order, run the same command again: it goes on where it stopped."

_DETAIL_LINES = 24
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_MIGRATIONS_TABLE = "d1_migrations"
_APPLIED = f"SELECT name FROM {_MIGRATIONS_TABLE} ORDER BY name"  # noqa: S608 - a constant

# A target of a deploy that is an address: a host name, a domain of one's own, or an address whole.
_HOST = re.compile(r"(?P<host>(?:[a-z0-9-]+\.)+[a-z]{2,})(?: \(custom domain.*\))?")
_ADDRESS = re.compile(r"https?://\S+")

Result = TypeVar("Result")


class Account(NamedTuple):
    """An account of Cloudflare."""

    account_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Login:
    """Who wrangler acts for; `email` is "" where the token may not tell."""

    email: str
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """A deployed version; `url` is "" where the Worker has no address of its own, but routes."""

    version_id: str
    url: str


@dataclass(frozen=True, slots=True)
class BundleSize:
    """How large an upload is, as it is and compressed."""

    raw_bytes: int
    gzip_bytes: int


class Answer(NamedTuple):
    """How a command has ended, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def words(self) -> str:
        """The end of what it complained about, or else of what it said."""
        said = self.stderr if self.stderr.strip() else self.stdout
        lines = [line.rstrip() for line in said.splitlines() if line.strip()]
        return "\n".join(lines[-_DETAIL_LINES:]) or f"exit code {self.exit_code}"


class Wrangler:
    """The pinned wrangler in the folder of a wrangler.toml. All methods raise ToolingError."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._folder = folder
        self._environment = {**environment, "FORCE_COLOR": "0"}

    def login(self) -> Login | None:
        """Return who is logged in; None: nobody."""
        answer = self._run("whoami", "--json")
        if answer.exit_code and _is_logged_out(answer.stdout):
            return None
        return _read(
            "wrangler cannot say who is logged in.",
            answer,
            lambda: _login(json.loads(answer.stdout)),
        )

    def databases(self) -> dict[str, str]:
        """Return the ids of the account's databases by their names."""
        answer = self._run("d1", "list", "--json")
        return _read(
            "wrangler cannot list the databases of the account.",
            answer,
            lambda: {str(item["name"]): str(item["uuid"]) for item in json.loads(answer.stdout)},
        )

    def create_database(self, name: str) -> None:
        """Create a database."""
        _require(f"wrangler cannot create the database {name}.", self._run("d1", "create", name))

    def applied_migrations(self, binding: str) -> list[str]:
        """Return the migrations that a deployed database has; changes nothing in it."""
        if _MIGRATIONS_TABLE not in self._names(binding, _TABLES):
            return []
        return self._names(binding, _APPLIED)

    def apply_migrations(self, binding: str) -> None:
        """Apply to a deployed database what it lacks; each migration is applied whole or not at all."""
        _require(
            f"wrangler cannot apply the migrations to {binding}.",
            self._run("d1", "migrations", "apply", binding, "--remote"),
        )

    def upload(self) -> Upload:
        """Deploy the Worker."""
        return self._deploy(
            "wrangler cannot deploy the Worker.",
            lambda entry: Upload(str(entry["version_id"]), _address(entry["targets"])),
        )

    def check_bundle(self) -> BundleSize:
        """Put the upload together and return its size; nothing is uploaded."""
        return self._deploy(
            "wrangler cannot put the Worker together.",
            lambda entry: BundleSize(
                int(entry["bundle_size"]["raw_bytes"]), int(entry["bundle_size"]["gzip_bytes"])
            ),
            "--dry-run",
        )

    def secrets(self, worker: str) -> set[str] | None:
        """Return the names of a Worker's secrets; None: there is no such Worker."""
        answer = self._run("secret", "list", "--format", "json")
        if answer.exit_code and f'Worker "{worker}" not found' in answer.stderr:
            return None
        return _read(
            "wrangler cannot list the secrets of the Worker.",
            answer,
            lambda: {str(item["name"]) for item in json.loads(answer.stdout)},
        )

    def put_secret(self, name: str, value: str) -> None:
        """Set a secret; it goes through a pipe, where no other user of the machine can read it."""
        answer = self._run("secret", "put", name, stdin=value)
        _require(f"wrangler cannot set the secret {name}.", answer)

    def _names(self, binding: str, query: str) -> list[str]:
        answer = self._run("d1", "execute", binding, "--remote", "--json", "--command", query)
        return _read(
            f"wrangler cannot read the database {binding}.",
            answer,
            lambda: [str(row["name"]) for row in json.loads(answer.stdout)[0]["results"]],
        )

    def _deploy(self, problem: str, read: Callable[[dict[str, Any]], Result], *arguments: str) -> Result:
        """Return what `read` makes of the entry that wrangler writes about a deploy for programs."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.jsonl"
            answer = self._run("deploy", *arguments, variables={"WRANGLER_OUTPUT_FILE_PATH": str(report)})
            return _read(problem, answer, lambda: read(_deploy_entry(report)))

    def _run(self, *arguments: str, stdin: str = "", variables: Mapping[str, str] | None = None) -> Answer:
        shown = f"wrangler {' '.join(arguments[:2])}"
        try:
            result = subprocess.run(  # noqa: S603 - the pinned tool, and no shell
                [*self._command, *arguments],
                cwd=self._folder,
                env={**self._environment, **(variables or {})},
                input=stdin,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except OSError as error:
            raise ToolingError(f"{shown} cannot be started.", detail=str(error), remedy=GO_ON) from error
        except subprocess.TimeoutExpired as error:
            raise ToolingError(f"{shown} did not end within {TIMEOUT_SECONDS:g} s.", remedy=GO_ON) from error
        stdout, stderr = (TERMINAL_CODES.sub("", text) for text in (result.stdout, result.stderr))
        return Answer(result.returncode, stdout, stderr)


def _require(problem: str, answer: Answer) -> None:
    """Raise unless a command has succeeded."""
    if answer.exit_code:
        raise ToolingError(problem, detail=answer.words, remedy=GO_ON)


def _read(problem: str, answer: Answer, read: Callable[[], Result]) -> Result:
    """Return what is read from the answer of a command that has succeeded."""
    _require(problem, answer)
    try:
        return read()
    except (LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        raise ToolingError(
            f"{problem[:-1]}: it answers in a form that this version does not know.",
            detail=f"{type(error).__name__}: {error}\n{answer.words}",
            remedy="Is it the wrangler that package.json pins? `otel-worker setup` installs it.",
        ) from error


def _is_logged_out(text: str) -> bool:
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("loggedIn") is False


def _login(document: dict[str, Any]) -> Login:
    accounts = tuple(Account(str(item["id"]), str(item["name"])) for item in document["accounts"])
    return Login(str(document.get("email") or ""), accounts)


def _deploy_entry(report: Path) -> dict[str, Any]:
    for line in report.read_text(encoding="utf-8").splitlines():
        entry: dict[str, Any] = json.loads(line)
        if entry["type"] == "deploy":
            return entry
    raise LookupError("no entry of a deploy")


def _address(targets: Sequence[str]) -> str:
    """Return the first address among the targets of a deploy; routes and schedules are none."""
    for target in targets:
        if _ADDRESS.fullmatch(target):
            return target
        if match := _HOST.fullmatch(target):
            return f"https://{match['host']}"
    return ""
