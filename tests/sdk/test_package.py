"""The package as such: what it imports, what it consists of, and what its README says."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import workers_otel
from tests.sdk.conftest import ROOT
from tests.sdk.harness import Bench

SDK = ROOT / "sdk"
MODULES = sorted((SDK / "src" / "workers_otel").glob("*.py"))
MAX_LINES = 320

# What the snapshot of a Worker has anyway, through its own SDK. These are the slow ones to import.
HEAVY = {"asyncio", "dataclasses", "http", "inspect", "logging", "random", "socket", "threading", "uuid"}


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_and_is_short_enough_to_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert re.fullmatch(r"[A-Z`].*[.;:].*", docstring.split("\n\n")[0].replace("\n", " "))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_standard_library_is_imported_at_the_top(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "workers_otel"}
    if path.name == "opentelemetry_bridge.py":
        allowed.add("opentelemetry")
    imported = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    assert imported <= allowed


def test_an_import_brings_no_heavy_module() -> None:
    program = "import sys; sys.path.insert(0, sys.argv[1]); import workers_otel; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(SDK / "src")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert "workers_otel.client" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_all_names_are_exported_in_order() -> None:
    public = {
        name
        for name, value in vars(workers_otel).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert workers_otel.__all__ == sorted({*public, "__version__"})


def test_the_wheel_has_the_modules_and_the_mark_of_types(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=SDK, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"workers_otel-{workers_otel.__version__}-py3-none-any.whl"
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("workers_otel/")}
    assert names == {f"workers_otel/{path.name}" for path in MODULES} | {"workers_otel/py.typed"}


def readme_blocks(language: str) -> list[str]:
    text = (SDK / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_first_program_of_the_readme_runs() -> None:
    bench = Bench()
    program = next(block for block in readme_blocks("python") if "create_metrics" in block)

    def create_metrics(**options: Any) -> workers_otel.Metrics:
        assert options == {"service_name": "shop", "endpoint": "https://otlp.test", "token": "secret"}
        return bench.metrics

    waiting: list[Any] = []
    modules = {
        "workers": _module("workers", WorkerEntrypoint=object, Response=lambda body: body),
        "workers_otel": _module("workers_otel", create_metrics=create_metrics),
    }
    namespace: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, module in modules.items():
            patch.setitem(sys.modules, name, module)
        exec(compile(program, "README.md", "exec"), namespace)
    default = namespace["Default"]()
    default.env = _module("env", OTLP_ENDPOINT="https://otlp.test", OTLP_AUTH_TOKEN="secret")
    default.ctx = _module("ctx", waitUntil=waiting.append)

    async def answer() -> tuple[Any, Any]:
        return await default.fetch(None), await waiting[0]

    response, result = asyncio.run(answer())
    assert response == "thank you"
    assert (result.outcome, result.sent_points) == ("sent", 4)


def test_the_readme_names_every_reason_and_outcome() -> None:
    text = (SDK / "README.md").read_text(encoding="utf-8")
    for module in (workers_otel.drops, workers_otel.result):
        words = [value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)]
        assert words
        assert [word for word in words if f"`{word}`" not in text] == []


def test_the_request_of_the_readme_is_what_is_sent() -> None:
    bench = Bench()
    bench.metrics.counter("shop.orders", 1, {"payment.method": "card"}, unit="{order}")
    bench.pass_seconds(1)
    bench.flush()
    (shown,) = readme_blocks("json")
    assert json.loads(shown) == json.loads(bench.sent[0].body)


def _module(name: str, **attributes: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(attributes)
    return module
