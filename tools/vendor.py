"""Writes web/vendor from the packages in node_modules: what the page imports, with licences and checksums."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "web" / "vendor"

# A page without an import map cannot resolve names of packages.
_PACKAGE_IMPORT = 'from"preact"'
_FILE_IMPORT = 'from"./preact.js"'
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)

_HEAD = """\
# Vendored modules

`tools/vendor.py` makes this folder from the packages that package.json pins; a test makes it again and
compares. It changes two things: the line that names a source map is left out, and hooks.js imports preact.js
beside it. The `.d.ts` files lead `tsc` to the packages' own types.

| file | package | SHA-256 of the original |
|---|---|---|
"""


class Module(NamedTuple):
    """A file of a package, and what its types are called there."""

    name: str
    package: str
    path: str
    types: str


MODULES = (
    Module("preact", "preact", "dist/preact.mjs", 'export * from "preact";\n'),
    Module("hooks", "preact", "hooks/dist/hooks.mjs", 'export * from "preact/hooks";\n'),
    Module("htm", "htm", "dist/htm.mjs", 'export { default } from "htm";\n'),
)


def render(node_modules: Path) -> dict[str, str]:
    """Return the text of each file of the folder by its name. Raises OSError when a package is missing."""
    files = {}
    rows = []
    for module in MODULES:
        package = node_modules / module.package
        original = (package / module.path).read_bytes()
        version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
        files[f"{module.name}.js"] = _adapted(original.decode())
        files[f"{module.name}.d.ts"] = module.types
        files[f"LICENSE.{module.package}.txt"] = (package / "LICENSE").read_text(encoding="utf-8")
        digest = hashlib.sha256(original).hexdigest()
        rows.append(f"| {module.name}.js | {module.package} {version}, {module.path} | `{digest}` |\n")
    files["README.md"] = _HEAD + "".join(rows)
    return files


def _adapted(code: str) -> str:
    return _SOURCE_MAP.sub("", code).replace(_PACKAGE_IMPORT, _FILE_IMPORT)


def main() -> None:
    """Write the folder again; what is no longer made is removed."""
    files = render(ROOT / "node_modules")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.iterdir():
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"Wrote {len(files)} files to {FOLDER.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
