"""As much of Cloudflare's API as wrangler asks for in a deploy, over SQLite; it can be made to refuse.

The pinned wrangler itself talks to it, through CLOUDFLARE_API_BASE_URL: the answers have the shapes that its
source reads. It is not Cloudflare, and shows only what is sent and how answers are taken.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import apsw

ACCOUNT_ID, WORKER = "a" * 32, "otel-worker"
VERSION_ID = "00000000-0000-4000-8000-00000000000f"
HOST = "otel-worker.example.workers.dev"

_NO_WORKER = (10007, "This Worker does not exist on your account.")
_ROOT = f"/accounts/{ACCOUNT_ID}"
_SCRIPT = f"{_ROOT}/workers/scripts/{WORKER}"


class Refusal(Exception):
    """What is answered with an error of the API."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class CloudflareApi:
    """An account: its databases, one Worker and that one's secrets."""

    url: str
    accounts: list[dict[str, str]] = field(default_factory=lambda: [{"id": ACCOUNT_ID, "name": "Example"}])
    databases: dict[str, apsw.Connection] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    is_deployed: bool = False
    secrets: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    refusals: dict[tuple[str, str], Refusal] = field(default_factory=dict)
    """By method and end of the path."""

    def answer(self, method: str, path: str, body: bytes) -> Any:
        """Return the result of a request; raises Refusal."""
        self.requests.append((method, path))
        for (refused_method, end), refusal in self.refusals.items():
            if method == refused_method and path.endswith(end):
                raise refusal
        if path.startswith(f"{_ROOT}/d1/database"):
            return self._answer_d1(method, path.removeprefix(f"{_ROOT}/d1/database"), body)
        if path.startswith(f"{_ROOT}/workers/"):
            return self._answer_worker(method, path, body)
        return {
            "/user": {"id": "u", "email": "operator@example.com"},
            "/user/tokens/verify": {"id": "t", "status": "active"},
            "/accounts": self.accounts,
            "/memberships": [{"id": "m", "account": account} for account in self.accounts],
        }[path]

    def _answer_d1(self, method: str, path: str, body: bytes) -> Any:
        if path == "" and method == "GET":
            return [{"uuid": found, "name": name} for name, found in self.names.items()]
        if path == "":
            name = json.loads(body)["name"]
            if name in self.names:
                raise Refusal(400, 7502, f"database with name '{name}' already exists")
            self.names[name] = f"12345678-1234-4234-8234-{len(self.names) + 1:012d}"
            self.databases[self.names[name]] = apsw.Connection(":memory:")
            return {"uuid": self.names[name], "name": name, "created_in_region": "WEUR"}
        match = re.fullmatch(r"/([0-9a-f-]{36})/query", path)
        assert match, path
        return [{"results": self._query(match[1], json.loads(body)["sql"]), "success": True, "meta": {}}]

    def _query(self, database_id: str, sql: str) -> list[dict[str, Any]]:
        try:
            cursor = self.databases[database_id].execute(sql)
            return [
                dict(zip((column[0] for column in cursor.description), row, strict=True)) for row in cursor
            ]
        except apsw.ExecutionCompleteError:
            return []
        except apsw.Error as error:
            raise Refusal(400, 7500, str(error)) from error

    def _answer_worker(self, method: str, path: str, body: bytes) -> Any:
        if path == f"{_ROOT}/workers/subdomain":
            return {"subdomain": "example"}
        if path == f"{_SCRIPT}/assets-upload-session":
            # All files are there already, so that nothing is uploaded.
            return {"jwt": "of-this-deploy", "buckets": []}
        if (method, path) == ("PUT", _SCRIPT):
            self.is_deployed = True
            return {"id": WORKER, "tag": "t", "deployment_id": VERSION_ID, "startup_time_ms": 10}
        if not self.is_deployed:
            raise Refusal(404, *_NO_WORKER)
        if (method, path) == ("PUT", f"{_SCRIPT}/secrets"):
            secret = json.loads(body)
            self.secrets[secret["name"]] = secret["text"]
            return {"name": secret["name"], "type": "secret_text"}
        return {
            f"{_SCRIPT}/secrets": [{"name": name, "type": "secret_text"} for name in self.secrets],
            f"{_SCRIPT}/subdomain": {"enabled": True, "previews_enabled": False},
            f"{_SCRIPT}/schedules": {"schedules": []},
            f"{_SCRIPT}/deployments": {
                "deployments": [{"versions": [{"version_id": VERSION_ID, "percentage": 100}]}]
            },
            f"{_SCRIPT}/settings": {"bindings": []},
            f"{_ROOT}/workers/services/{WORKER}": {
                "default_environment": {"script": {"tag": "t", "last_deployed_from": "wrangler"}}
            },
            f"{_ROOT}/workers/workers/{WORKER}": {"subdomain": {"enabled": True, "previews_enabled": False}},
        }[path]


@contextlib.contextmanager
def cloudflare_api() -> Iterator[CloudflareApi]:
    """Yield an empty account behind a port of this machine."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path = urlsplit(self.path).path
            with lock:
                body = self._body()
                try:
                    status, errors, result = 200, [], api.answer(self.command, path, body)
                except Refusal as refusal:
                    status, result = refusal.status, None
                    errors = [{"code": refusal.code, "message": refusal.message}]
                except KeyError:
                    status, result = 404, None
                    errors = [{"code": 7003, "message": f"this stand-in knows no {self.command} {path}"}]
            document = {"success": not errors, "errors": errors, "messages": [], "result": result}
            written = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing: the tests look at `requests`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api = CloudflareApi(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="stand-in for Cloudflare")
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
