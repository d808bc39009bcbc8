"""The wheels: what travels in them, and that they belong together."""

from __future__ import annotations

import json
import zipfile
from email import message_from_string
from pathlib import Path

import otel_worker
import workers_otel.version
from otel_worker_cli.runtime.project import this_checkout
from tests.local.installed import Environment, run_tool

ORIGIN = """
from importlib.metadata import distribution
for name in ("otel-worker", "workers-otel"):
    print(distribution(name).read_text("direct_url.json"))
"""


def packed(wheels: Path) -> list[str]:
    """Return the names of the files in the collector's wheel."""
    (wheel,) = wheels.glob("otel_worker-*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_there_are_two_of_one_version_each(wheels: Path) -> None:
    collector, client = otel_worker.__version__, workers_otel.version.VERSION
    assert sorted(path.name for path in wheels.iterdir()) == [
        f"otel_worker-{collector}-py3-none-any.whl",
        f"workers_otel-{client}-py3-none-any.whl",
    ]
    (metadata,) = [name for name in packed(wheels) if name.endswith(".dist-info/METADATA")]
    (wheel,) = wheels.glob("otel_worker-*.whl")
    wanted = message_from_string(zipfile.ZipFile(wheel).read(metadata).decode()).get_all("Requires-Dist")
    assert wanted is not None
    assert f"workers-otel=={client}" in wanted


def test_the_migrations_travel_in_the_wheel(wheels: Path) -> None:
    migrations = sorted(path.name for path in (this_checkout().root / "migrations").glob("*.sql"))
    found = [name for name in packed(wheels) if name.endswith(".sql")]
    assert sorted(found) == [f"otel_worker_cli/migrations/{name}" for name in migrations]


def test_the_page_travels_in_the_wheel(wheels: Path) -> None:
    web = this_checkout().root / "web"
    files = {path.relative_to(web).as_posix() for path in web.rglob("*") if path.is_file()}
    assert {f"otel_worker_cli/web/{name}" for name in files} <= set(packed(wheels))


def test_both_are_installed_from_these_files(wheels: Path, environment: Environment, tmp_path: Path) -> None:
    output = run_tool(environment.python, "-c", ORIGIN, seconds=60, cwd=tmp_path)
    origins = [json.loads(line)["url"] for line in output.splitlines()]
    assert origins == [path.as_uri() for path in sorted(wheels.iterdir())]
