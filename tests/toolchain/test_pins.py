"""Everything installed is pinned exactly, and no pinned list names a registry or a machine."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PINNED = sorted((ROOT / "requirements").glob("*.txt"))

PIN = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return dict(PIN.findall(path.read_text()))


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_pinned_requirements_hold_names_versions_and_hashes_only(path: Path) -> None:
    allowed = re.compile(r"^(?:[a-z0-9-]+==\S+(?: ; .+)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?)$")
    assert [line for line in path.read_text().splitlines() if not allowed.match(line)] == []


def test_the_node_lock_file_names_no_registry_and_every_package_has_a_version() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "version" not in entry] == []


def test_the_node_lock_file_serves_every_platform_that_workerd_has() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wanted = packages["node_modules/workerd"]["optionalDependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_node_packages_are_pinned_exactly() -> None:
    manifest = json.loads((ROOT / "package.json").read_text())
    assert [v for v in manifest["devDependencies"].values() if not re.fullmatch(r"\d+\.\d+\.\d+", v)] == []


def test_the_deployed_versions_are_those_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    worker = pins(ROOT / "requirements" / "worker.txt")
    # It is vendored from its folder, not from a registry.
    client = ROOT / "sdk" / "src" / "workers_otel" / "version.py"
    worker["workers-otel"] = re.findall('VERSION = "(.+)"', client.read_text())[0]
    deployed = {f"{name}=={version}" for name, version in worker.items()}
    declared = set(project["project"]["dependencies"])
    declared |= {
        pin for pin in project["dependency-groups"]["dev"] if pin.startswith("workers-runtime-sdk==")
    }
    assert deployed == declared


def test_extras_ask_for_the_versions_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    installed = pins(ROOT / "requirements" / "run.txt")
    wanted = [pin for extra in project["optional-dependencies"].values() for pin in extra]
    assert {pin for pin in wanted if installed[pin.split("==")[0]] != pin.split("==")[1]} == set()


def test_tests_run_on_the_versions_that_the_command_runs_on() -> None:
    run, test = pins(ROOT / "requirements" / "run.txt"), pins(ROOT / "requirements" / "test.txt")
    assert {name: test[name] for name in run.keys() & test.keys()} == {
        name: run[name] for name in run.keys() & test.keys()
    }
