"""Edits Pyodide's JavaScript glue, written for browsers, so that workerd can load it.

workerd offers its own versions of a few functions in `pyodide-internal:builtin_wrappers`. Every edit below
MUST be found in the glue as often as it says: another Pyodide release may differ, and a silent miss
would show only later, as a Worker that cannot import a C extension.
"""

from __future__ import annotations

from dataclasses import dataclass

from otel_worker_cli.runtime.failures import ToolingError

WRAPPERS = (
    "import{addEventListener,getRandomValues,location,monotonicDateNow,newWasmModule,patchedLoadLibData,"
    'wasmInstantiate}from"pyodide-internal:builtin_wrappers";\n'
)
"""`addEventListener` and `location` are not named in an edit: they stand in for the browser's globals."""


@dataclass(frozen=True, slots=True)
class GlueEdit:
    """One replacement of a text by another."""

    purpose: str
    found: str
    replacement: str
    occurrences: int | None = None
    """How often the text MUST occur; None: at least once."""


GLUE_EDITS = (
    GlueEdit(
        "compile Wasm modules with workerd's permission",
        "new WebAssembly.Module(",
        "newWasmModule(",
    ),
    GlueEdit(
        "instantiate Wasm modules with workerd's permission",
        "WebAssembly.instantiate(",
        "wasmInstantiate(",
    ),
    GlueEdit(
        "let time advance at every look, or Python misses changed directories",
        "Date.now",
        "monotonicDateNow",
    ),
    GlueEdit(
        "take randomness from workerd, which forbids it outside of requests",
        "crypto.getRandomValues(view)",
        "getRandomValues(Module,view)",
        occurrences=1,
    ),
    GlueEdit(
        "take dynamic libraries as modules that workerd compiled",
        "function loadLibData(){if(handle){var data=HEAPU32[handle+28>>>2>>>0];"
        "var dataSize=HEAPU32[handle+32>>>2>>>0];if(data&&dataSize){"
        "var libData=HEAP8.slice(data,data+dataSize);"
        "return flags.loadAsync?Promise.resolve(libData):libData}}"
        'var f=findLibraryFS(libName,flags.rpath);if(f){var libData=FS.readFile(f,{encoding:"binary"});'
        "return flags.loadAsync?Promise.resolve(libData):libData}"
        "var libFile=locateFile(libName);if(flags.loadAsync){return asyncLoad(libFile)}"
        "if(!readBinary){throw new Error(`${libFile}: file not found, "
        "and synchronous loading of external files is not available`)}return readBinary(libFile)}",
        "function loadLibData(){var libModule=patchedLoadLibData(Module,libName,flags.rpath);"
        "return flags.loadAsync?Promise.resolve(libModule):libModule}",
        occurrences=1,
    ),
    GlueEdit(
        "place dynamic libraries where a memory snapshot expects them",
        "alignMemory(getMemory(metadata.memorySize+memAlign),memAlign)",
        "alignMemory(Module.getMemoryPatched(Module,libName,metadata.memorySize+memAlign),memAlign)",
        occurrences=1,
    ),
    GlueEdit(
        "export the factory by name",
        "export default _createPyodideModule;",
        "export{_createPyodideModule};export default _createPyodideModule;",
        occurrences=1,
    ),
)


def edit_glue(glue: str, pyodide_version: str) -> str:
    """Return the glue with every edit made and the wrappers imported."""
    for edit in GLUE_EDITS:
        count = glue.count(edit.found)
        if count == 0 or (edit.occurrences is not None and count != edit.occurrences):
            wanted = "at least once" if edit.occurrences is None else f"{edit.occurrences} time(s)"
            raise ToolingError(
                f"pyodide {pyodide_version} cannot be packed for workerd: {edit.purpose}.",
                detail=f"expected {wanted}, found {count} times: {edit.found[:100]}",
                remedy="Pin the pyodide version that this file was written for, or adapt the edit in "
                "cli/otel_worker_cli/runtime/glue.py.",
            )
        glue = glue.replace(edit.found, edit.replacement)
    return WRAPPERS + glue
