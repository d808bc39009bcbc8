"""Writes what a browser has to ask for at once: the shell's modules into web/index.html, those of each page
into web/views/page-modules.js. Without these lists it would find out import by import.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
INDEX = WEB / "index.html"
PAGE_MODULES = WEB / "views" / "page-modules.js"

_ENTRY = "app.js"
_PAGES = "views/pages.js"
# `import ... from "..."` and `export ... from "..."`; `import("...")`. Types are imported in comments only.
_STATIC = re.compile(r"""(?:\bfrom\s*|^import\s*)"(\.[^"]+)"\s*""", re.MULTILINE)
_DYNAMIC = re.compile(r"""\bimport\s*\(\s*"(\.[^"]+)"\s*""")
_COMMENT = re.compile(r"/\*\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
_PAGE = re.compile(r'^  (\w+): \{.*?import\("([^"]+)"\)', re.DOTALL | re.MULTILINE)
_LINK = re.compile(r'^ *<link rel="modulepreload" href="/([^"]+)">\n', re.MULTILINE)
_PLACE = "  </head>\n"

_HEAD = """\
/** The modules of each page besides the shell's; tools/preload.py writes this list. */

/** @type {Record<import("../platform/route.js").Route["page"], string[]>} */
export const PAGE_MODULES = {
"""


class Graph:
    """The modules of a folder and what they import; all names are paths below the folder.

    Methods raise FileNotFoundError when a module is imported that is not there.
    """

    def __init__(self, folder: Path = WEB) -> None:
        self._folder = folder

    def shell(self) -> list[str]:
        """Return the modules that every visit needs; the entry is first."""
        return [_ENTRY, *sorted(self._closure([_ENTRY], is_lazy_too=False) - {_ENTRY})]

    def pages(self) -> dict[str, list[str]]:
        """Return the modules that each page needs besides the shell's, sorted."""
        shell = set(self.shell())
        return {
            page: sorted(self._closure([entry], is_lazy_too=False) - shell)
            for page, entry in self.entries().items()
        }

    def whole_pages(self) -> dict[str, list[str]]:
        """Return all modules that a visit of each page may load in the end, sorted."""
        return {
            page: sorted({*self.shell(), *self._closure([entry], is_lazy_too=True)})
            for page, entry in self.entries().items()
        }

    def entries(self) -> dict[str, str]:
        """Return the module of each page by the page's name."""
        return {page: self._path(_PAGES, target) for page, target in _PAGE.findall(self._code(_PAGES))}

    def _closure(self, entries: Iterable[str], *, is_lazy_too: bool) -> set[str]:
        found: set[str] = set()
        waiting = list(entries)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            code = self._code(name)
            targets = _STATIC.findall(code)
            # Which page is loaded is not the shell's to know.
            if is_lazy_too and name != _PAGES:
                targets += _DYNAMIC.findall(code)
            waiting += [self._path(name, target) for target in targets]
        return found

    def _code(self, name: str) -> str:
        return _COMMENT.sub("", (self._folder / name).read_text(encoding="utf-8"))

    def _path(self, importer: str, target: str) -> str:
        path = ((self._folder / importer).parent / target).resolve()
        return path.relative_to(self._folder.resolve()).as_posix()


def with_list(page: str, names: list[str]) -> str:
    """Return the page with these modules listed instead of others; the entry has an element of its own."""
    links = "".join(f'    <link rel="modulepreload" href="/{name}">\n' for name in names if name != _ENTRY)
    return _LINK.sub("", page).replace(_PLACE, links + _PLACE)


def page_modules(pages: dict[str, list[str]]) -> str:
    """Return the text of the module that has the lists of the pages."""
    sections = []
    for page, names in pages.items():
        lines = "".join(f'    "/{name}",\n' for name in names)
        sections.append(f"  {page}: [\n{lines}  ],\n")
    return _HEAD + "".join(sections) + "};\n"


def main() -> None:
    """Write both again."""
    graph = Graph()
    if not PAGE_MODULES.exists():
        PAGE_MODULES.write_text(page_modules({page: [] for page in graph.entries()}), encoding="utf-8")
    INDEX.write_text(with_list(INDEX.read_text(encoding="utf-8"), graph.shell()), encoding="utf-8")
    pages = graph.pages()
    PAGE_MODULES.write_text(page_modules(pages), encoding="utf-8")
    counts = ", ".join(f"{page} {len(names)}" for page, names in pages.items())
    sys.stdout.write(f"Modules of the shell: {len(graph.shell())}; of the pages: {counts}\n")


if __name__ == "__main__":
    main()
