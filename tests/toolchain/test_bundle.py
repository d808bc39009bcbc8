"""The packer of the Python runtime: each edit must be found, and a damaged bundle is packed again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from otel_worker_cli.runtime.bundle import BUNDLE_NAME, pack_bundle, runtime_bundle_step
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.glue import GLUE_EDITS, WRAPPERS, GlueEdit, edit_glue
from otel_worker_cli.runtime.project import Checkout

WHOLE_GLUE = ";".join(edit.found for edit in GLUE_EDITS)


def test_every_edit_is_made_and_the_wrappers_are_imported() -> None:
    edited = edit_glue(WHOLE_GLUE, "1.2.3")
    assert edited == WRAPPERS + ";".join(edit.replacement for edit in GLUE_EDITS)


@pytest.mark.parametrize("edit", GLUE_EDITS, ids=lambda edit: edit.purpose)
def test_a_glue_that_lacks_a_text_fails_and_names_the_edit_and_the_version(edit: GlueEdit) -> None:
    glue = ";".join(other.found for other in GLUE_EDITS if other is not edit)
    with pytest.raises(ToolingError) as caught:
        edit_glue(glue, "999.0.1")
    assert caught.value.problem == f"pyodide 999.0.1 cannot be packed for workerd: {edit.purpose}."
    assert edit.found[:40] in caught.value.detail


@pytest.mark.parametrize(
    "edit", [edit for edit in GLUE_EDITS if edit.occurrences], ids=lambda edit: edit.purpose
)
def test_a_text_that_occurs_more_often_than_expected_fails(edit: GlueEdit) -> None:
    with pytest.raises(ToolingError, match="found 2 times"):
        edit_glue(WHOLE_GLUE + edit.found, "999.0.1")


def test_the_bundle_holds_the_three_modules_workerd_asks_for(checkout: Checkout) -> None:
    import capnp

    content = pack_bundle(checkout.node_modules / "pyodide")
    schema = capnp.load(str(Path(runtime_bundle_step.__code__.co_filename).with_name("bundle.capnp")))
    with schema.Bundle.from_bytes(content) as bundle:
        modules = [(str(module.name), str(module.which()), str(module.type)) for module in bundle.modules]
        wasm = bytes(bundle.modules[1].wasm)
    assert modules == [
        ("pyodideRuntime-internal:pyodide.asm", "src", "internal"),
        ("pyodideRuntime-internal:pyodide.asm.wasm", "wasm", "internal"),
        ("pyodideRuntime-internal:python_stdlib.zip", "data", "internal"),
    ]
    assert wasm == b"\0asm wasm"


def test_an_incomplete_package_is_reported(checkout: Checkout) -> None:
    (checkout.node_modules / "pyodide" / "pyodide.asm.wasm").unlink()
    with pytest.raises(ToolingError, match=r"(?s)pyodide is incomplete.*pyodide\.asm\.wasm"):
        pack_bundle(checkout.node_modules / "pyodide")


def test_a_truncated_bundle_is_packed_again(checkout: Checkout) -> None:
    step = runtime_bundle_step(checkout)
    step.execute()
    bundle = checkout.generated / "pyodide-1.2.3" / BUNDLE_NAME
    whole = bundle.read_bytes()
    assert step.is_up_to_date()
    bundle.write_bytes(whole[:100])
    assert not step.is_up_to_date()
    step.execute()
    assert bundle.read_bytes() == whole


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    package = tmp_path / "node_modules" / "pyodide"
    package.mkdir(parents=True)
    (tmp_path / "package.json").write_text(json.dumps({"devDependencies": {"pyodide": "1.2.3"}}))
    (package / "package.json").write_text(json.dumps({"version": "1.2.3"}))
    (package / "pyodide.asm.mjs").write_text(WHOLE_GLUE)
    (package / "pyodide.asm.wasm").write_bytes(b"\0asm wasm")
    (package / "python_stdlib.zip").write_bytes(b"zip")
    return Checkout(tmp_path)
