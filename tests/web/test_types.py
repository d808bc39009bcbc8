"""The page's modules keep to the types in their comments, and to one format."""

from __future__ import annotations

import subprocess
from pathlib import Path

from otel_worker_cli.runtime.node import node_binary
from otel_worker_cli.runtime.project import this_checkout

CHECK_SECONDS = 120


def check_types(config: Path) -> subprocess.CompletedProcess[str]:
    compiler = this_checkout().node_modules / "typescript" / "bin" / "tsc"
    return subprocess.run(
        [str(node_binary()), str(compiler), "--noEmit", "--pretty", "false", "--project", str(config)],
        cwd=this_checkout().root,
        capture_output=True,
        text=True,
        timeout=CHECK_SECONDS,
        check=False,
    )


def test_the_types_are_right() -> None:
    result = check_types(this_checkout().root / "tsconfig.json")
    assert (result.returncode, result.stdout) == (0, "")


def test_a_wrong_one_would_be_found(tmp_path: Path) -> None:
    # The settings could switch it all off.
    settings = this_checkout().root / "tsconfig.json"
    config = tmp_path / "tsconfig.json"
    config.write_text(f'{{"extends": "{settings}", "include": ["*.js"], "exclude": []}}')
    (tmp_path / "wrong.js").write_text("/** @type {number} */\nexport const wrong = document.title;\n")
    result = check_types(config)
    assert result.returncode != 0
    assert "wrong.js(2,14): error TS2322" in result.stdout


def test_the_format_is_prettiers() -> None:
    formatter = this_checkout().node_modules / "prettier" / "bin" / "prettier.cjs"
    files = ["web/**/*.js", "web/style.css", "tests/web/**/*.js"]
    result = subprocess.run(
        [str(node_binary()), str(formatter), "--list-different", *files],
        cwd=this_checkout().root,
        capture_output=True,
        text=True,
        timeout=CHECK_SECONDS,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, ""), "`make page` formats them"
