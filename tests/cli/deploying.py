"""`otel-worker deploy` in a checkout of its own, which it may write to."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from otel_worker_cli.commands import deploy
from otel_worker_cli.main import main
from otel_worker_cli.runtime.project import Checkout, this_checkout

STEPS = ["Login", "Database DB", "Migrations DB", "Worker", "Token", "Test trace"]

_STATE: dict[str, Any] = {
    "accounts": [{}],
    "databases": {},
    "applied": {},
    "deployed": False,
    "secrets": {},
    "targets": ["https://otel-worker.example.workers.dev", "schedule: 17 * * * *"],
    "failing": "",
    "wrong_migration": "",
    "commands": [],
}


@dataclass
class Deployer:
    """Runs the command; `url` is where the test trace goes, which is not the address of the Worker."""

    checkout: Checkout
    url: str
    token: str

    @property
    def config_text(self) -> str:
        return self.checkout.wrangler_config.read_text(encoding="utf-8")

    def run(self, *arguments: str, token: str | None = None) -> Result:
        """Run `otel-worker deploy`; `token` is what AUTH_TOKEN has, by default the right one."""
        variables = {"AUTH_TOKEN": self.token if token is None else token}
        return CliRunner().invoke(main, ["deploy", "--url", self.url, *arguments], env=variables)

    def succeed(self, *arguments: str, token: str | None = None) -> dict[str, Any]:
        """Run it to its end, and return what it says to programs."""
        result = self.run("--json", *arguments, token=token)
        assert result.exit_code == 0, (result.output, result.exception)
        document: dict[str, Any] = json.loads(result.stdout)
        assert [step["step"] for step in document["steps"]] == STEPS
        return document


@dataclass
class FakeWrangler:
    """The state of fake_wrangler.py."""

    path: Path

    def __getitem__(self, name: str) -> Any:
        return json.loads(self.path.read_text(encoding="utf-8"))[name]

    def __setitem__(self, name: str, value: object) -> None:
        state = json.loads(self.path.read_text(encoding="utf-8"))
        assert name in state
        self.path.write_text(json.dumps({**state, name: value}), encoding="utf-8")

    def changes(self) -> list[str]:
        """Return the commands since the last call that change something, and forget them all."""
        commands: list[str] = self["commands"]
        self["commands"] = []
        looks = ("whoami", "d1 list", "d1 execute", "secret list", "deploy --dry-run")
        return [command for command in commands if not command.startswith(looks)]


def own_checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Make a checkout whose wrangler.toml may be written, and let the commands take it for theirs."""
    real = this_checkout()
    shutil.copytree(real.root / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(real.root / "migrations", folder / "migrations")
    for path in (real.wrangler_config, real.root / "package.json"):
        shutil.copy(path, folder)
    for name in ("node_modules", "python_modules", "web"):
        (folder / name).symlink_to(real.root / name, target_is_directory=True)
    checkout = Checkout(folder)
    monkeypatch.setattr(deploy, "this_checkout", lambda: checkout)
    monkeypatch.setattr(deploy, "set_up", lambda _checkout: [])
    return checkout


def fake_wrangler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWrangler:
    """Let the commands take fake_wrangler.py for wrangler: an account with nothing in it."""
    fake = FakeWrangler(folder / "wrangler.json")
    fake.path.write_text(json.dumps(_STATE), encoding="utf-8")
    script = Path(__file__).with_name("fake_wrangler.py")
    monkeypatch.setenv("FAKE_WRANGLER_STATE", str(fake.path))
    monkeypatch.setattr(deploy, "wrangler_command", lambda _checkout: [sys.executable, "-S", str(script)])
    return fake


def states(document: dict[str, list[dict[str, str]]]) -> list[str]:
    """Return for each step whether it was done in this run, done before, to do or skipped."""
    return ["now" if step["did"] else step["state"] for step in document["steps"]]
