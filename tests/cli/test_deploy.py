"""`otel-worker deploy`, step by step, with recorded answers of wrangler: what is done, found, and refused."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from otel_worker_cli.commands import deploy
from otel_worker_cli.deploy import wrangler
from otel_worker_cli.deploy.access import TrialStep
from otel_worker_cli.deploy.wrangler import Wrangler
from otel_worker_cli.main import main
from otel_worker_cli.runtime.failures import ToolingError
from tests.cli.deploying import Deployer, FakeWrangler, states
from tests.cli.fake_wrangler import ACCOUNT_ID, VERSION_ID
from tests.cli.http_collector import HttpCollector

NO_ID = "00000000-0000-0000-0000-000000000000"


def test_it_deploys_once_and_then_finds_what_is_done(
    deployer: Deployer, fake: FakeWrangler, near: HttpCollector
) -> None:
    text = deployer.config_text
    first = deployer.succeed()
    assert states(first) == ["done", "now", "now", "now", "now", "now"]
    assert fake.changes() == [
        "d1 create otel-worker",
        "d1 migrations apply DB --remote",
        "deploy",
        "secret put AUTH_TOKEN",
    ]
    compared = difflib.ndiff(text.splitlines(), deployer.config_text.splitlines())
    assert [line for line in compared if line[0] in "+-"] == [
        f'- database_id = "{NO_ID}"',
        f'+ database_id = "{fake["databases"]["otel-worker"]}"',
    ]
    assert fake["secrets"] == {"AUTH_TOKEN": near.token}
    assert ("GET", f"/v1/traces/{first['traceId']}") in near.requests

    text = deployer.config_text
    second = deployer.succeed()
    assert states(second) == ["done", "done", "done", "now", "done", "now"]
    assert (fake.changes(), deployer.config_text, second["token"]) == (["deploy"], text, None)
    assert second["traceId"] != first["traceId"]


def test_a_dry_run_changes_nothing(deployer: Deployer, fake: FakeWrangler, near: HttpCollector) -> None:
    text = deployer.config_text
    result = deployer.run("--dry-run")
    assert result.exit_code == 0, result.output
    for command in (
        "otel-worker wrangler d1 create otel-worker",
        "write its id into wrangler.toml",
        "otel-worker wrangler d1 migrations apply DB --remote",
        "otel-worker wrangler deploy",
        "otel-worker wrangler secret put AUTH_TOKEN",
        f"otel-worker send --url {deployer.url}",
    ):
        assert f"would run: {command}\n" in result.stdout
    assert result.stdout.endswith("\nNothing was changed.\n")
    assert (deployer.config_text, fake.changes(), near.requests) == (text, [], [])

    deployer.succeed()
    fake.changes()
    document = deployer.succeed("--dry-run")
    assert states(document) == ["done", "done", "done", "todo", "done", "todo"]
    assert fake.changes() == []


def test_without_a_login_it_says_how_to_get_one(deployer: Deployer, fake: FakeWrangler) -> None:
    fake["accounts"] = []
    assert states(deployer.succeed("--dry-run")) == ["todo"] * 6
    result = deployer.run()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nobody is logged in to Cloudflare.\nRun `otel-worker wrangler login`" in result.stderr


@pytest.mark.parametrize(
    ("failing", "problem", "done"),
    [
        ("whoami", "cannot say who is logged in", 0),
        ("d1 list", "cannot list the databases", 1),
        ("d1 create", "cannot create the database otel-worker", 1),
        ("d1 execute", "cannot read the database DB", 2),
        ("d1 migrations apply", "The migration 0001_span_blocks.sql cannot be applied to DB", 2),
        ("deploy --dry-run", "cannot put the Worker together", 3),
        ("deploy", "cannot put the Worker together", 3),
        ("secret list", "cannot list the secrets", 4),
        ("secret put", "cannot set the secret AUTH_TOKEN", 4),
    ],
)
def test_it_stops_at_the_first_failure_and_goes_on_there(
    deployer: Deployer, fake: FakeWrangler, near: HttpCollector, failing: str, problem: str, done: int
) -> None:
    fake["failing"] = failing
    result = deployer.run("--jsonl")
    assert result.exit_code == 1, result.output
    # The steps, and what came of them.
    assert len(result.stdout.splitlines()) == done + 1
    assert result.stderr.startswith("Error: ")
    assert problem in result.stderr
    assert "    " + "  not with this token [code: 9999]\n" in result.stderr
    assert result.stderr.endswith("run the same command again: it goes on where it stopped.\n")
    assert near.requests == []
    assert near.token not in result.output

    fake["failing"] = ""
    assert states(deployer.succeed())[: min(done, 3)] == ["done"] * min(done, 3)
    assert (len(fake["databases"]), fake["secrets"]) == (1, {"AUTH_TOKEN": near.token})


def test_a_failed_upload_is_told(deployer: Deployer, fake: FakeWrangler) -> None:
    fake["targets"] = None
    result = deployer.run()
    assert result.exit_code == 1
    assert "cannot deploy the Worker: it answers in a form that this version does not know" in result.stderr


def test_a_migration_that_fails_is_named(deployer: Deployer, fake: FakeWrangler) -> None:
    (deployer.checkout.root / "migrations" / "9999_wrong.sql").write_text("CREATE NOTHING;")
    fake["wrong_migration"] = "9999_wrong.sql"
    result = deployer.run()
    assert result.exit_code == 1
    assert "The migration 9999_wrong.sql cannot be applied to DB." in result.stderr


def test_what_is_printed_can_be_pasted(deployer: Deployer) -> None:
    result = deployer.run()
    assert f"export OTEL_EXPORTER_OTLP_ENDPOINT={deployer.url}\n" in result.stdout
    assert "export OTEL_EXPORTER_OTLP_HEADERS='Authorization=Bearer%20<the token>'\n" in result.stdout
    assert "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n" in result.stdout
    assert f"Its page: {deployer.url}/\n" in result.stdout


@pytest.mark.parametrize(
    ("targets", "url"),
    [
        (
            ["https://otel-worker.example.workers.dev", "schedule: 17 * * * *"],
            "https://otel-worker.example.workers.dev",
        ),
        (["traces.example.com (custom domain)"], "https://traces.example.com"),
        (["example.com/traces/* (zone name: example.com)", "schedule: 17 * * * *"], None),
    ],
)
def test_the_address_is_among_the_targets(
    deployer: Deployer,
    fake: FakeWrangler,
    monkeypatch: pytest.MonkeyPatch,
    targets: list[str],
    url: str | None,
) -> None:
    monkeypatch.setattr(TrialStep, "act", lambda _step, deployment: "sent")
    deployer.url = ""
    fake["targets"] = targets
    assert deployer.succeed()["url"] == url


def test_a_worker_without_an_address_wants_one(deployer: Deployer, fake: FakeWrangler) -> None:
    deployer.url = ""
    fake["targets"] = ["example.com/* (zone name: example.com)"]
    result = deployer.run()
    assert result.exit_code == 1
    assert "give the address with --url" in result.stderr
    assert f"deployed version {VERSION_ID}\n" in result.stdout


def test_several_accounts_want_one_named(
    deployer: Deployer, fake: FakeWrangler, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake["accounts"] = [{}, {"id": "b" * 32, "name": "Other"}]
    result = deployer.run()
    assert result.exit_code == 1
    assert f"Other ({'b' * 32})" in result.stderr
    assert "Set CLOUDFLARE_ACCOUNT_ID to the id of one." in result.stderr
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID)
    found = deployer.succeed("--dry-run")["steps"][0]["found"]
    assert found == f"operator@example.com, account Example ({ACCOUNT_ID})"


def test_a_database_of_another_account_is_left_alone(deployer: Deployer, fake: FakeWrangler) -> None:
    text = deployer.config_text.replace(NO_ID, "11111111-1111-4111-8111-111111111111")
    deployer.checkout.wrangler_config.write_text(text)
    result = deployer.run()
    assert result.exit_code == 1
    assert "which this account does not have" in result.stderr
    assert (deployer.config_text, fake.changes()) == (text, [])


def test_a_database_that_is_there_is_found_by_its_name(deployer: Deployer, fake: FakeWrangler) -> None:
    fake["databases"] = {"otel-worker": "22222222-2222-4222-8222-222222222222"}
    document = deployer.succeed()
    assert document["steps"][1]["did"].startswith("found otel-worker; wrangler.toml has its id now")
    assert len(fake["databases"]) == 1


def test_a_database_of_a_newer_version_is_left_alone(deployer: Deployer, fake: FakeWrangler) -> None:
    deployer.succeed()
    fake["applied"] = {"DB": [*fake["applied"]["DB"], "9999_later.sql"]}
    fake.changes()
    result = deployer.run()
    assert result.exit_code == 1
    assert "was migrated by a newer otel-worker (9999_later.sql)" in result.stderr
    assert fake.changes() == []


def test_remote_migrations_alone(deployer: Deployer, fake: FakeWrangler) -> None:
    arguments = ["system", "database", "migrate", "--remote"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "`otel-worker deploy` creates it" in result.stderr
    deployer.succeed()
    fake["applied"] = {"DB": fake["applied"]["DB"][:-1]}
    fake.changes()
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stderr, fake.changes()) == (0, "", ["d1 migrations apply DB --remote"])
    assert "Migrations DB: applied what was missing\n" in result.stdout
    assert "are applied\n" in CliRunner().invoke(main, arguments).stdout
    assert fake.changes() == []


def test_a_tool_that_is_not_there_or_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolingError, match=r"wrangler d1 list cannot be started"):
        Wrangler([str(tmp_path / "none")], tmp_path, {}).databases()
    monkeypatch.setattr(wrangler, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(ToolingError, match=r"wrangler d1 list did not end within 0\.2 s"):
        Wrangler([sys.executable, "-S", "-c", "import time; time.sleep(60)"], tmp_path, {}).databases()
    with pytest.raises(ToolingError, match="answers in a form that this version does not know"):
        Wrangler([sys.executable, "-S", "-c", "print([1])"], tmp_path, {}).login()


def test_without_a_checkout_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_checkout() -> None:
        raise ToolingError("This command runs the Worker and needs a checkout of otel-worker.")

    monkeypatch.setattr(deploy, "this_checkout", no_checkout)
    result = CliRunner().invoke(main, ["deploy"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: This command runs the Worker and needs a checkout")
