"""What a local run needs besides the runtime: a free port, secrets, migrations, an end to every process."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from otel_worker_cli.commands.development import usage
from otel_worker_cli.runtime.dev_vars import ensure_token, format_variables, read_variables
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.migrations import migrations_steps
from otel_worker_cli.runtime.output import readable_lines
from otel_worker_cli.runtime.ports import LOOPBACK, free_port, require_free_port
from otel_worker_cli.runtime.process_group import ProcessGroup
from otel_worker_cli.runtime.project import Checkout

WAIT_SECONDS = 10.0


def test_a_taken_port_is_named_together_with_the_way_to_choose_another() -> None:
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        port = server.getsockname()[1]
        with pytest.raises(ToolingError) as caught:
            require_free_port(port)
    assert f"Port {port} of 127.0.0.1 cannot be used" in caught.value.problem
    assert "--port " in caught.value.remedy


def test_a_free_port_is_accepted() -> None:
    require_free_port(free_port())


def test_a_token_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / ".dev.vars"
    token, written = ensure_token(path)
    assert written
    assert len(token) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_variables(path) == {"AUTH_TOKEN": token}
    assert ensure_token(path) == (token, False)


def test_a_token_is_added_to_what_the_file_holds(tmp_path: Path) -> None:
    path = tmp_path / ".dev.vars"
    path.write_text("READ_TOKEN=reader\n# AUTH_TOKEN=\nAUTH_TOKEN=")
    token, written = ensure_token(path)
    assert written
    assert read_variables(path) == {"READ_TOKEN": "reader", "AUTH_TOKEN": token}


def test_variables_are_read_as_wrangler_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "variables"
    path.write_text("A=plain # note\nexport B = 'quoted # text'\n#C=3\nnot a line\nD=\"x y\"\n")
    assert read_variables(path) == {"A": "plain", "B": "quoted # text", "D": "x y"}


def test_written_values_survive_the_replacement_of_dollar_signs() -> None:
    assert format_variables({"A": "x$HOME", "B": "it's"}) == "A='x\\$HOME'\nB=`it's`\n"


def test_a_value_that_no_quotes_can_hold_is_refused() -> None:
    with pytest.raises(ToolingError, match="value of A"):
        format_variables({"A": "'`"})


def test_the_printed_header_is_encoded_for_sdks_and_the_command_line_for_the_shell() -> None:
    text = usage("http://127.0.0.1:8787", "a,b='c")
    assert "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:8787\n" in text
    assert "export OTEL_EXPORTER_OTLP_HEADERS='Authorization=Bearer%20a%2Cb%3D%27c'\n" in text
    assert """curl -H 'Authorization: Bearer a,b='"'"'c' http://127.0.0.1:8787/v1/traces""" in text
    assert "ws://127.0.0.1:8787/api/ws" in text


def test_output_shows_requests_and_the_workers_own_lines_and_errors_only() -> None:
    output = """\
Using secrets defined in .dev.vars
Your Worker has access to the following bindings:
env.DB (otel-worker)              D1 Database               local
⎔ Starting local server...
▲ [WARNING] Scheduled Workers are not automatically triggered during local development.

  To manually trigger a scheduled event, run:

[wrangler:info] Ready on http://127.0.0.1:8787
[wrangler:info] GET /health 200 OK (3495ms)
a line from the Worker
[wrangler:info] POST /v1/traces 401 Unauthorized (12ms)
✘ [ERROR] Uncaught PythonError: Traceback (most recent call last):

    File "/session/metadata/entry.py", line 24, in fetch
  ValueError: wrong
   Error
      at new_error (pyodideRuntime-internal:pyodide.asm:2:568939)
      at $wrap_exception (wasm://wasm/0249d42a:1:415075)
"""
    assert readable_lines(output.splitlines()) == [
        "a line from the Worker",
        "POST   401    12 ms  /v1/traces",
        "✘ [ERROR] Uncaught PythonError: Traceback (most recent call last):",
        '    File "/session/metadata/entry.py", line 24, in fetch',
        "  ValueError: wrong",
    ]


def test_migrations_are_repeated_for_a_new_file_and_for_deleted_data(tmp_path: Path) -> None:
    config, persist_to = tmp_path / "wrangler.toml", tmp_path / "state"
    config.write_text('[[d1_databases]]\nbinding = "DB"\ndatabase_id = "0"\nmigrations_dir = "migrations"\n')
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_first.sql").write_text("CREATE TABLE first (id INTEGER);")
    (step,) = migrations_steps(Checkout(tmp_path), config, persist_to)
    step.stamp.parent.mkdir(parents=True)
    step.stamp.write_text(step.fingerprint())
    assert step.is_up_to_date()

    (tmp_path / "migrations" / "0002_second.sql").write_text("CREATE TABLE second (id INTEGER);")
    (step,) = migrations_steps(Checkout(tmp_path), config, persist_to)
    assert not step.is_up_to_date()

    step.stamp.write_text(step.fingerprint())
    step.stamp.unlink()
    step.stamp.parent.rmdir()
    assert not step.is_up_to_date()


def test_an_unreadable_config_is_named(tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text("name = ")
    with pytest.raises(ToolingError, match=r"wrangler\.toml cannot be read"):
        migrations_steps(Checkout(tmp_path), config, tmp_path)


def test_a_stopped_group_leaves_no_process_though_a_child_ignores_the_signal(tmp_path: Path) -> None:
    lines: list[str] = []
    group = _stubborn_group(tmp_path, lines)
    _wait_for(lambda: len(lines) == 2)
    group.stop(grace_seconds=0.2)
    assert group.exit_code is not None
    assert not _is_running(int(lines[1]))
    assert (tmp_path / "output.log").read_text().splitlines() == lines


def test_a_group_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux can be asked for it")
    launcher = Path(ProcessGroup.__init__.__code__.co_filename).with_name("die_with_parent.py")
    starter = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(60)"
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    command = [sys.executable, str(launcher), "KILL", sys.executable, "-c", child]
    with subprocess.Popen(
        [sys.executable, "-c", starter, *command], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child_id = int(process.stdout.readline())
        assert _is_running(child_id)
        process.kill()
    _wait_for(lambda: not _is_running(child_id))


def _stubborn_group(folder: Path, lines: list[str]) -> ProcessGroup:
    child = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('\\x1b[33mstarted\\x1b[0m', flush=True); print(os.getpid(), flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    return ProcessGroup(
        [sys.executable, "-c", parent],
        cwd=folder,
        environment={},
        log_path=folder / "output.log",
        on_line=lines.append,
    )


def _is_running(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait_for(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
