"""The set-up gives the Worker the client as it is in this repository, whenever it has changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from otel_worker_cli.runtime.packages import worker_client_step
from otel_worker_cli.runtime.project import Checkout
from tests.sdk.conftest import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Checkout:
    """Return a checkout that has the client and nothing else."""
    shutil.copytree(ROOT / "sdk" / "src", tmp_path / "sdk" / "src")
    (tmp_path / "python_modules").mkdir()
    return Checkout(tmp_path)


def test_the_client_is_copied_and_nothing_beside_it(copy: Checkout) -> None:
    other = copy.python_modules / "msgspec.py"
    other.touch()
    step = worker_client_step(copy)
    assert not step.is_up_to_date()
    step.execute()
    assert step.is_up_to_date()
    assert sorted(path.name for path in copy.python_modules.iterdir()) == ["msgspec.py", "workers_otel"]
    source = ROOT / "sdk" / "src" / "workers_otel"
    vendored = copy.python_modules / "workers_otel"
    assert {file.name: file.read_bytes() for file in vendored.iterdir()} == {
        file.name: file.read_bytes() for file in source.iterdir() if file.is_file()
    }


@pytest.mark.parametrize("change", ["edited", "added", "removed", "vendored was edited", "vendored is gone"])
def test_any_difference_is_made_up_for(copy: Checkout, change: str) -> None:
    worker_client_step(copy).execute()
    source = copy.root / "sdk" / "src" / "workers_otel"
    vendored = copy.python_modules / "workers_otel"
    if change == "edited":
        (source / "version.py").write_text("VERSION = '9'\n")
    elif change == "added":
        (source / "new.py").touch()
    elif change == "removed":
        (source / "gen_ai.py").unlink()
    elif change == "vendored was edited":
        (vendored / "version.py").write_text("VERSION = '9'\n")
    else:
        shutil.rmtree(vendored)
    step = worker_client_step(copy)
    assert not step.is_up_to_date()
    step.execute()
    assert step.is_up_to_date()
    names = {path.name for path in source.iterdir() if path.is_file()}
    assert {path.name for path in vendored.iterdir()} == names
    assert (vendored / "version.py").read_bytes() == (source / "version.py").read_bytes()
