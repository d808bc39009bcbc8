"""Packs the npm package `pyodide` into the runtime bundle that workerd starts Python Workers from.

workerd would otherwise download the same bundle. It reads the version named `dev` from a folder only,
without a checksum. The bundle holds a few files of the package, packed in under a second.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.glue import edit_glue
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.steps import Step, write_atomically

BUNDLE_NAME = "pyodide_dev.capnp.bin"
"""workerd's name for the bundle of the version `dev`."""

SCHEMA = Path(__file__).with_name("bundle.capnp")


def bundle_folder(checkout: Checkout) -> Path:
    """Return the folder that workerd is told to look into; one a Pyodide version."""
    return checkout.generated / f"pyodide-{checkout.node_package_version('pyodide')}"


def runtime_bundle_step(checkout: Checkout) -> Step:
    """Pack the bundle; it is packed again when its bytes are not those that were written."""
    folder = bundle_folder(checkout)
    bundle, checksum = folder / BUNDLE_NAME, folder / f"{BUNDLE_NAME}.sha256"
    package = checkout.node_modules / "pyodide"

    def pack() -> None:
        content = pack_bundle(package)
        write_atomically(bundle, content)
        write_atomically(checksum, hashlib.sha256(content).hexdigest().encode("ascii"))

    def is_intact() -> bool:
        if not bundle.is_file() or not checksum.is_file():
            return False
        return hashlib.sha256(bundle.read_bytes()).hexdigest() == checksum.read_text(encoding="ascii")

    return Step(
        title="Python runtime for workerd",
        stamp=folder / "stamp",
        inputs=(package / "package.json", SCHEMA, SCHEMA.with_name("glue.py"), SCHEMA.with_name("bundle.py")),
        outputs=(bundle,),
        run=pack,
        is_intact=is_intact,
    )


def pack_bundle(package: Path) -> bytes:
    """Return the bundle made of an unpacked npm package `pyodide`."""
    try:
        version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
        glue = (package / "pyodide.asm.mjs").read_text(encoding="utf-8")
        wasm = (package / "pyodide.asm.wasm").read_bytes()
        library = (package / "python_stdlib.zip").read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise ToolingError(
            "The npm package pyodide is incomplete.",
            detail=str(error),
            remedy="Delete node_modules/ and run the same command again.",
        ) from error
    return _encode(edit_glue(glue, str(version)).encode("utf-8"), wasm, library)


def _encode(glue: bytes, wasm: bytes, library: bytes) -> bytes:
    import capnp  # 0.2 s to import, and needed once per Pyodide version

    schema = capnp.load(str(SCHEMA))
    message = schema.Bundle.new_message()
    modules = message.init("modules", 3)
    contents = (
        ("pyodide.asm", "src", glue),
        ("pyodide.asm.wasm", "wasm", wasm),
        ("python_stdlib.zip", "data", library),
    )
    for module, (name, kind, content) in zip(modules, contents, strict=True):
        module.name = f"pyodideRuntime-internal:{name}"
        setattr(module, kind, content)
        module.type = "internal"
    return bytes(message.to_bytes())
