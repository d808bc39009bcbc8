"""The command as it is installed: a wheel in an empty environment, far from any checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from otel_worker_cli.runtime.project import this_checkout
from tests.e2e.collector import PROTOBUF, http_client
from tests.e2e.otlp import one_span
from tests.local.running import ANY_PORTS, LocalServer

BUILD_SECONDS = 120.0
INSTALL_SECONDS = 300.0


def run_tool(*command: str, seconds: float, cwd: Path) -> None:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=seconds, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout, and beside it that of the client for metrics, which it depends on."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    for project in (this_checkout().root, this_checkout().root / "sdk"):
        run_tool(*build, seconds=BUILD_SECONDS, cwd=project)
    (built,) = folder.glob("otel_worker-*.whl")
    return built


def test_the_migrations_travel_in_the_wheel(wheel: Path) -> None:
    migrations = sorted(path.name for path in (this_checkout().root / "migrations").glob("*.sql"))
    packed = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".sql")]
    assert sorted(packed) == [f"otel_worker_cli/migrations/{name}" for name in migrations]


def test_the_page_travels_in_the_wheel(wheel: Path) -> None:
    web = this_checkout().root / "web"
    files = {path.relative_to(web).as_posix() for path in web.rglob("*") if path.is_file()}
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {f"otel_worker_cli/web/{name}" for name in files} <= packed


def test_it_serves_from_an_empty_environment(
    wheel: Path, tmp_path: Path, trace_id: str, now_unix_nano: int
) -> None:
    run_tool(sys.executable, "-m", "venv", "environment", seconds=INSTALL_SECONDS, cwd=tmp_path)
    python = str(tmp_path / "environment" / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run_tool(
        *install, "--find-links", str(wheel.parent), f"{wheel}[cli]", seconds=INSTALL_SECONDS, cwd=tmp_path
    )
    command = (str(tmp_path / "environment" / "bin" / "otel-worker"), "serve")
    arguments = [*ANY_PORTS, "--database", str(tmp_path / "traces.sqlite")]
    with (
        LocalServer(arguments, {"PATH": os.environ["PATH"]}, command=command, cwd=tmp_path) as server,
        http_client(server.url, None) as client,
    ):
        body = one_span(trace_id, now_unix_nano)
        assert client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF}).status_code == 200
        assert client.get(f"/v1/traces/{trace_id}").json()["spanCount"] == 1
        page = client.get("/")
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
