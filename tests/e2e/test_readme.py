"""The commands of the README work as they stand there, in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from otel_worker_cli.runtime.node import node_binary
from otel_worker_cli.runtime.project import this_checkout
from tests.e2e.collector import Collector, running_collector

BLOCK_SECONDS = 60
README_URL = "http://127.0.0.1:8787"

_TESTED_BLOCK = re.compile(r"^<!-- test: (.+?) -->\n+```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^<!-- test:", re.MULTILINE)


class Block(NamedTuple):
    """One fenced block of shell that the README marks as tested."""

    name: str
    script: str


def readme_blocks() -> list[Block]:
    text = (this_checkout().root / "README.md").read_text(encoding="utf-8")
    blocks = [Block(*match) for match in _TESTED_BLOCK.findall(text)]
    assert len(blocks) == len(_MARK.findall(text)), "a mark without a block of shell behind it"
    return blocks


def test_the_marked_blocks_of_the_readme_run_in_order(tmp_path: Path) -> None:
    blocks = readme_blocks()
    assert blocks, "the README marks no block with <!-- test: NAME -->"
    assert len({block.name for block in blocks}) == len(blocks)
    with running_collector(tmp_path) as collector:
        for block in blocks:
            _run(block, collector)
            assert collector.session.exit_code is None


def _run(block: Block, collector: Collector) -> None:
    script = f"set -euo pipefail\n{block.script}".replace(README_URL, collector.url)
    search_path = [str(Path(sys.executable).parent), str(node_binary().parent), os.environ["PATH"]]
    result = subprocess.run(
        ["bash", "-c", script],
        cwd=this_checkout().root,
        env={
            "PATH": os.pathsep.join(search_path),
            "HOME": os.environ.get("HOME", "/"),
            "NO_PROXY": "*",
            "TOKEN": collector.token,
            **collector.exporter_environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BLOCK_SECONDS,
        check=False,
    )
    assert result.returncode == 0, f"{block.name}:\n{result.stdout}"
