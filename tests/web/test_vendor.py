"""web/vendor is what tools/vendor.py makes of the pinned packages, and nothing else."""

from __future__ import annotations

from otel_worker_cli.runtime.project import this_checkout
from tools.vendor import FOLDER, render


def test_the_folder_is_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert there == render(this_checkout().node_modules), "run `make page`"


def test_a_page_can_import_it() -> None:
    for name, text in render(this_checkout().node_modules).items():
        if name.endswith(".js"):
            assert 'from"preact' not in text
            assert "sourceMappingURL" not in text


def test_the_read_me_names_the_pinned_versions() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    for package in ("preact", "htm"):
        assert f"{package} {this_checkout().node_package_version(package)}," in page
