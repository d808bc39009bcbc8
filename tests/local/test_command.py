"""`otel-worker serve` as a person meets it: what it says, what it refuses, and how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.e2e.collector import PROTOBUF, http_client, new_token
from tests.e2e.otlp import one_span
from tests.local.running import ANY_PORTS, COMMAND, LocalServer

COMMAND_SECONDS = 60.0
WAIT_SECONDS = 20.0


def refused(arguments: Sequence[str], **variables: str) -> str:
    """Return what the command says when it does not start."""
    result = subprocess.run(
        [*COMMAND, *arguments],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture
def taken_port() -> Iterator[str]:
    """Yield a port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def test_it_says_where_it_is_and_what_to_set(tmp_path: Path) -> None:
    database = tmp_path / "new folder" / "traces.sqlite"
    with LocalServer([*ANY_PORTS, "--database", str(database)]) as server:
        said = server.log_text
        assert f"export OTEL_EXPORTER_OTLP_ENDPOINT={server.url}\n" in said
        assert "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n" in said
        assert "export OTEL_EXPORTER_OTLP_HEADERS=" in said
        assert f"Data: {database}\n" in said
        assert f"ws://127.0.0.1:{server.port}/api/ws" in said
        assert database.is_file()
        assert (database.parent.stat().st_mode & 0o777) == 0o700


def test_the_data_is_in_the_user_s_own_folder(tmp_path: Path, trace_id: str, now_unix_nano: int) -> None:
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    for _ in range(2):
        with LocalServer(ANY_PORTS, home) as server, http_client(server.url, None) as client:
            body = one_span(trace_id, now_unix_nano)
            client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF})
            assert client.get(f"/v1/traces/{trace_id}").json()["spanCount"] == 1
            assert str(tmp_path) in server.log_text
    assert [path.name for path in tmp_path.rglob("traces.sqlite")] == ["traces.sqlite"]


def test_memory_keeps_nothing(tmp_path: Path, trace_id: str, now_unix_nano: int) -> None:
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    with LocalServer([*ANY_PORTS, "--memory"], home) as server, http_client(server.url, None) as client:
        body = one_span(trace_id, now_unix_nano)
        client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF})
        assert client.get(f"/v1/traces/{trace_id}").json()["spanCount"] == 1
        assert client.get("/v1/traces?service=e2e").json()[0]["traceId"] == trace_id
    assert list(tmp_path.rglob("*")) == []


def test_a_token_is_asked_for_and_never_said(tmp_path: Path) -> None:
    token = new_token()
    for variable in ("OTEL_WORKER_TOKEN", "AUTH_TOKEN"):
        with LocalServer([*ANY_PORTS, "--memory"], {variable: token}) as server:
            for sent, status in ((token, 200), ("wrong", 401), (None, 401)):
                with http_client(server.url, sent) as client:
                    assert client.get("/v1/traces").status_code == status
            command_line = Path(f"/proc/{server.process.pid}/cmdline").read_text()
            assert token not in server.log_text + command_line


def test_with_a_token_it_answers_by_any_name(tmp_path: Path) -> None:
    token = new_token()
    with (
        LocalServer([*ANY_PORTS, "--memory", "--host", "0.0.0.0"], {"OTEL_WORKER_TOKEN": token}) as server,
        http_client(f"http://127.0.0.1:{server.port}", token) as client,
    ):
        assert client.get("/v1/traces", headers={"Host": "collector.example"}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_others_are_served_only_with_a_token(host: str) -> None:
    said = refused([*ANY_PORTS, "--memory", "--host", host])
    assert "needs a token" in said
    assert "OTEL_WORKER_TOKEN" in said


def test_a_taken_port_is_named(taken_port: str) -> None:
    said = refused(["--port", taken_port, "--no-grpc", "--memory"])
    assert f"Port {taken_port} of 127.0.0.1" in said
    assert "--port" in said


def test_a_taken_port_of_grpc_is_named(taken_port: str) -> None:
    said = refused(["--port", "0", "--grpc-port", taken_port, "--memory"])
    assert f"Port {taken_port} of 127.0.0.1" in said
    assert "--no-grpc" in said


def test_the_port_of_grpc_is_not_shared() -> None:
    with LocalServer([*ANY_PORTS, "--memory"]) as server:
        port = server.grpc_address.rpartition(":")[2]
        assert port in refused(["--port", "0", "--grpc-port", port, "--memory"])


def test_without_grpc_there_is_none() -> None:
    with LocalServer(["--port", "0", "--no-grpc", "--memory"]) as server:
        assert "gRPC" not in server.log_text


def test_an_address_that_is_not_ours_is_an_error() -> None:
    said = refused([*ANY_PORTS, "--memory", "--host", "192.0.2.1"], OTEL_WORKER_TOKEN="token")
    assert "192.0.2.1" in said


def test_a_second_server_on_the_same_database_is_refused(tmp_path: Path) -> None:
    arguments = [*ANY_PORTS, "--database", str(tmp_path / "traces.sqlite")]
    with LocalServer(arguments) as server:
        said = refused(arguments)
        assert "Another `otel-worker serve` has the database" in said
        server.kill()
    with LocalServer(arguments) as server:
        assert server.exit_code is None


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "traces.sqlite"
    arguments = [*ANY_PORTS, "--database", str(path)]
    with LocalServer(arguments):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')")
    connection.close()
    before = path.read_bytes()
    said = refused(arguments)
    assert "newer version of otel-worker (9999_later.sql)" in said
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.close()
    before = path.read_bytes()
    assert "belongs to another program" in refused([*ANY_PORTS, "--database", str(path)])
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to have a header " * 100)
    before = path.read_bytes()
    assert "cannot be used" in refused([*ANY_PORTS, "--database", str(path)])
    assert path.read_bytes() == before


def test_a_database_that_another_program_writes_to_for_long_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "traces.sqlite"
    arguments = [*ANY_PORTS, "--database", str(path)]
    with LocalServer(arguments):
        pass
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert "busy" in refused(arguments)


def test_a_wrong_setting_is_named() -> None:
    assert "RETENTION_DAYS" in refused([*ANY_PORTS, "--memory"], RETENTION_DAYS="soon")


def test_memory_and_a_file_exclude_each_other(tmp_path: Path) -> None:
    assert "--memory" in refused([*ANY_PORTS, "--memory", "--database", str(tmp_path / "traces.sqlite")])


def test_nothing_of_cloudflare_or_node_is_imported() -> None:
    program = (
        "import sys, otel_worker_cli.local.server, otel_worker_cli.local.grpc_server, "
        "otel_worker_cli.local.metric_push\n"
        "print([name for name in sys.modules if 'cloudflare' in name or 'nodejs' in name or name == 'js'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True
    )
    assert result.stdout == "[]\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_when_what_runs_is_answered(
    number: signal.Signals, tmp_path: Path, trace_id: str, now_unix_nano: int
) -> None:
    database = tmp_path / "traces.sqlite"
    body = one_span(trace_id, now_unix_nano)
    head = (
        f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: {PROTOBUF}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    arguments = [*ANY_PORTS, "--database", str(database)]
    with LocalServer(arguments) as server:
        with (
            socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS) as idle,
            socket.create_connection(("127.0.0.1", server.port), WAIT_SECONDS) as sender,
        ):
            sender.sendall(head + body[:10])
            with http_client(server.url, None) as client:
                # It answers in the order in which it reads: by now it has the head.
                assert client.get("/health").status_code == 200
            ended = threading.Thread(target=server.stop, args=(number,))
            ended.start()
            # The first connection that is closed tells that the server is ending.
            assert idle.recv(1) == b""
            sender.sendall(body[10:])
            answer = sender.recv(65_536)
            ended.join(WAIT_SECONDS)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert server.exit_code == 0
        assert "Traceback" not in server.log_text
    with LocalServer(arguments) as server, http_client(server.url, None) as client:
        assert client.get(f"/v1/traces/{trace_id}").json()["spanCount"] == 1
