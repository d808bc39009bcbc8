"""How the comparison with another collector counts: its tables, whole process trees, the pinned version."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from bench.ingest.client import Client
from bench.peers.packages import phoenix_version
from bench.peers.process_tree import ProcessTree
from bench.peers.servers import OURS, PHOENIX, Launch, Server, launch_ours, launch_phoenix, running
from bench.peers.tables import Rest, Sample, render
from bench.report import replace_section
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import this_checkout
from tests.samples import small_request

CPU_SECONDS = 0.4
PARENT = f"""
import subprocess, sys
work = "import time\\nwhile time.process_time() < {CPU_SECONDS}: pass"
subprocess.run([sys.executable, "-c", work], check=True)
then = "\\nprint('done', flush=True); input()"
child = subprocess.Popen([sys.executable, "-c", work + then], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
child.communicate(b"\\n")
"""
WAIT_SECONDS = 30.0


def test_a_process_counts_with_all_that_it_has_started_and_those_that_have_ended() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        lines = {parent.stdout.readline().strip() for _ in range(2)}
        (child_id,) = map(int, lines - {"done"})
        tree, alone = ProcessTree(parent.pid), ProcessTree(child_id)
        assert tree.process_ids() == [parent.pid, child_id]
        assert alone.process_ids() == [child_id]
        assert alone.cpu_seconds() >= CPU_SECONDS
        # The first child has ended, which /proc tells in ticks of 10 ms.
        assert tree.cpu_seconds() >= alone.cpu_seconds() + CPU_SECONDS - 0.02
        assert tree.resident_bytes() > alone.resident_bytes() > 1_000_000
        assert alone.peak_bytes() >= alone.resident_bytes()
    finally:
        parent.communicate("\n", timeout=WAIT_SECONDS)
    assert tree.resident_bytes() == 0


SAMPLES = {
    (OURS, 512): [Sample(20.0, 5.0, 10_000.0), Sample(10.0, 7.0, 30_000.0), Sample(15.0, 6.0, 20_000.0)],
    (PHOENIX, 512): [Sample(2000.0, 40.0, 200.0), Sample(3000.0, 50.0, 300.0), Sample(3000.0, 45.0, 100.0)],
    (OURS, 64): [Sample(40.0, 2.5, 5_000.0)],
    (PHOENIX, 64): [Sample(4000.0, 25.0, 50.0)],
}
RESTS = {
    OURS: Rest(50_000_000, 60_000_000, 61_400_000, 0.001),
    PHOENIX: Rest(450_000_000, 460_000_000, 1_234_567_890, 0.0123),
}
TABLES = """\
CPU time of the server in us a span, until the spans are in its database:

| spans a request | otel-worker serve | Arize Phoenix 1.2 | ratio |
| --- | ---: | ---: | ---: |
| 512 | 15.0 (10.0 to 20.0) | 3000 (2000 to 3000) | 200.0 x (100.0 to 300.0) |
| 64 | 40.0 | 4000 | 100.0 x |

Spans that are in the database a second, and the answer to a request in ms:

| spans a request | otel-worker serve | Arize Phoenix 1.2 | ratio | answer, otel-worker serve | answer, Arize Phoenix 1.2 |
| --- | ---: | ---: | ---: | ---: | ---: |
| 512 | 20000 (10000 to 30000) | 200 (100 to 300) | 100.0 x (50.0 to 200.0) | 6.0 (5.0 to 7.0) | 45.0 (40.0 to 50.0) |
| 64 | 5000 | 50 | 100.0 x | 2.5 | 25.0 |

Memory in MB, resident, with 1,664 spans stored, and CPU time at rest:

| server | when ready | after | at most | of a core at rest |
| --- | ---: | ---: | ---: | ---: |
| otel-worker serve | 50 | 60 | 61 | 0.1% |
| Arize Phoenix 1.2 | 450 | 460 | 1,235 | 1.2% |"""  # noqa: E501


def test_the_tables_are_medians_with_their_ranges_and_ratios_of_a_round() -> None:
    assert render(SAMPLES, RESTS, "Arize Phoenix 1.2", 1_664) == TABLES


def test_the_page_has_a_place_for_the_tables(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text((this_checkout().root / "docs" / "performance.md").read_text(encoding="utf-8"))
    replace_section(page, "peers", TABLES)
    assert TABLES in page.read_text(encoding="utf-8")


def test_the_version_that_is_named_is_the_one_that_is_wanted() -> None:
    wanted = (this_checkout().requirements / "phoenix.in").read_text(encoding="utf-8").splitlines()[-1]
    assert wanted == f"arize-phoenix=={phoenix_version(this_checkout())}"


def test_phoenix_keeps_to_this_machine_and_to_its_folder(tmp_path: Path) -> None:
    launch = launch_phoenix(Path("phoenix"), tmp_path)
    assert launch.environment["PHOENIX_HOST"] == "127.0.0.1"
    assert launch.environment["PHOENIX_TELEMETRY_ENABLED"] == "false"
    assert launch.environment["PHOENIX_ALLOW_EXTERNAL_RESOURCES"] == "false"
    assert launch.environment["PHOENIX_WORKING_DIR"] == str(tmp_path)
    assert launch.environment["PHOENIX_PORT"] == str(launch.port)
    assert launch.database.parent == tmp_path


def export(server: Server, *spans: tuple[int, int]) -> None:
    with Client(server.port) as client:
        client.export(small_request(*spans).SerializeToString(), "application/x-protobuf")


def test_our_server_runs_and_its_spans_are_counted_in_its_database(tmp_path: Path) -> None:
    with running(launch_ours(tmp_path), tmp_path) as server:
        assert server.stored_spans() == 0
        export(server, (1, 1), (1, 2), (2, 3))
        server.wait_until_stored(3, WAIT_SECONDS)
        assert server.processes.cpu_seconds() > 0
        with pytest.raises(ToolingError, match="stored 3 of 4 spans within 0 s"):
            server.wait_until_stored(4, 0.0)
        (process_id,) = server.processes.process_ids()
    deadline = time.monotonic() + WAIT_SECONDS
    while Path(f"/proc/{process_id}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{process_id}").exists()


def test_a_server_that_ends_at_once_is_told_with_its_words(tmp_path: Path) -> None:
    apsw.Connection(str(tmp_path / "x.db")).close()
    command = [sys.executable, "-c", "print('no room'); raise SystemExit(3)"]
    launch = Launch("a server", command, {}, 9, "/", tmp_path / "x.db", "SELECT 0")
    with pytest.raises(ToolingError, match="a server did not start") as failure, running(launch, tmp_path):
        pytest.fail("it started")
    assert "no room" in str(failure.value)
