"""docs/export.md: wrangler exports the database once its index is dropped, and everything is in the file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from otel_worker_cli.runtime.node import wrangler_command, wrangler_environment
from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.e2e.collector import Collector, http_client, new_token
from tests.e2e.otlp import one_span

WRANGLER_SECONDS = 120
BLOCK_SECONDS = 60

_TESTED_BLOCK = re.compile(r"^ *<!-- test: (\w+) -->\n *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project, as `wrangler d1 export --local` takes the database beside its config."""
    checkout = this_checkout()
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("src", "migrations", "web"):
        shutil.copytree(checkout.root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "python_modules").symlink_to(checkout.python_modules, target_is_directory=True)
    (folder / "wrangler.toml").write_text(checkout.wrangler_config.read_text())
    return folder


@pytest.fixture
def collector(project: Path) -> Iterator[Collector]:
    """Yield a collector over that project's database."""
    token = new_token()
    with (
        DevSession.start(
            project / "wrangler.toml",
            persist_to=project / ".wrangler" / "state",
            token=token,
            reads_dev_vars=False,
        ) as session,
        http_client(session.url, token) as client,
    ):
        yield Collector(session, token, client)


def export(project: Path, file: Path) -> str:
    """Run `wrangler d1 export`, and return what it says; the file is there if it succeeded."""
    command = [*wrangler_command(this_checkout()), "d1", "export", "DB", "--local", "--output", str(file)]
    result = subprocess.run(
        command,
        cwd=project,
        env={**wrangler_environment(), "NO_COLOR": "1", "FORCE_COLOR": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WRANGLER_SECONDS,
        check=False,
    )
    assert (result.returncode == 0) == file.exists(), result.stdout
    return result.stdout


def run_documented(name: str, collector: Collector) -> str:
    """Run a block of shell as docs/export.md has it, and return what it prints."""
    text = (this_checkout().root / "docs" / "export.md").read_text(encoding="utf-8")
    script = dict(_TESTED_BLOCK.findall(text))[name]
    result = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        env={
            "PATH": os.environ["PATH"],
            "NO_PROXY": "*",
            "OTEL_WORKER_URL": collector.url,
            "TOKEN": collector.token,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BLOCK_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_a_database_without_its_index_is_exported_whole(
    project: Path, collector: Collector, tmp_path: Path, now_unix_nano: int
) -> None:
    for number in (1, 2, 3):
        body = one_span(f"{number:032x}", now_unix_nano + number, filler="日本" * 30_000)
        assert collector.export(body).status_code == 200
    file = tmp_path / "traces.sql"
    assert "cannot export databases with Virtual Tables (fts5)" in export(project, file)
    assert not file.exists()
    run_documented("drop", collector)
    assert collector.get("/v1/index")["state"] == "dropped"
    assert "Done!" in export(project, file)
    database = apsw.Connection(":memory:")
    database.execute(file.read_text())
    query = "SELECT sum(span_count), sum(instr(spans, '日本') > 0) FROM span_blocks"
    assert database.execute(query).fetchall() == [(3, 3)]
    assert run_documented("rebuild", collector) == '{"state":"ready","blocks":3,"indexedBlocks":3}\n'
    assert collector.get(f"/v1/traces/{2:032x}")["spanCount"] == 1
