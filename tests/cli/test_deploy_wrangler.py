"""`otel-worker deploy` with the pinned wrangler itself: without an account, and with a stand-in for one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.cloudflare_api import HOST, VERSION_ID, Refusal, cloudflare_api
from tests.cli.deploying import Deployer, own_checkout, states
from tests.cli.http_collector import HttpCollector

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture
def deployer(near: HttpCollector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployer:
    """Return the command in a checkout of its own, where nobody is logged in."""
    for name in (*PROXIES, "CI", "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return Deployer(own_checkout(tmp_path / "checkout", monkeypatch), near.url, near.token)


def test_a_dry_run_needs_no_account(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever it asks for in spite of that does not leave this machine.
    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:9")
    document = deployer.succeed("--dry-run")
    assert states(document) == ["todo"] * 6
    assert document["steps"][0]["found"] == "nobody is logged in"
    assert re.search(r"[\d.]+ .?B to upload, [\d.]+ .?B compressed", document["steps"][3]["found"])


def test_from_nothing_to_a_stored_trace(
    deployer: Deployer, near: HttpCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "a-token-of-cloudflare")
    with cloudflare_api() as api:
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", api.url)
        api.refusals["PUT", "/secrets"] = Refusal(403, 10000, "not with this token")
        deployer.url = ""
        result = deployer.run()
        assert result.exit_code == 1, result.output
        assert f"deployed version {VERSION_ID}, at https://{HOST}" in result.stdout, result.output
        assert "wrangler cannot set the secret AUTH_TOKEN." in result.stderr
        assert "not with this token" in result.stderr
        ((name, database_id),) = api.names.items()
        assert (name, api.secrets) == ("otel-worker", {})
        assert f'database_id = "{database_id}"\n' in deployer.config_text
        (database,) = api.databases.values()
        applied = [name for (name,) in database.execute("SELECT name FROM d1_migrations ORDER BY name")]
        migrations = (deployer.checkout.root / "migrations").glob("*.sql")
        assert applied == sorted(path.name for path in migrations)

        api.refusals.clear()
        changes = database.total_changes()
        deployer.url = near.url
        document = deployer.succeed()
        assert states(document) == ["done", "done", "done", "now", "now", "now"]
        assert (api.secrets, list(api.names.values())) == ({"AUTH_TOKEN": near.token}, [database_id])
        assert database.total_changes() == changes
    assert ("GET", f"/v1/traces/{document['traceId']}") in near.requests
