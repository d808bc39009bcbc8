"""The page as it is served: its files, their headers, what they may do and how large they are."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import httpx
import pytest

from otel_worker_cli.local.static_files import parse_headers
from tests.e2e.collector import Collector, http_client
from tools.preload import INDEX, PAGE_MODULES, WEB, Graph, page_modules, with_list

# Not for browsers: what the servers and the tools read.
UNSERVED = {".d.ts", ".md"}
BUDGET_BYTES = 150_000
MAX_LINES = 320

FILES = sorted(
    path.relative_to(WEB).as_posix()
    for path in WEB.rglob("*")
    if path.is_file() and not path.name.startswith(("_", ".")) and not path.name.endswith(tuple(UNSERVED))
)
OWN_MODULES = [name for name in FILES if name.endswith(".js") and not name.startswith("vendor/")]
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}


@pytest.fixture
def stranger(collector: Collector) -> httpx.Client:
    """Return a client without a token: the page is for everybody, and says nothing secret."""
    return http_client(collector.url, None)


def test_every_file_is_served_with_its_type_and_the_headers(
    collector: Collector, stranger: httpx.Client
) -> None:
    headers = parse_headers((WEB / "_headers").read_text(encoding="utf-8"))
    assert len(headers) >= 6
    with stranger:
        for name in FILES:
            answer = stranger.get("/" if name == "index.html" else f"/{name}")
            assert (answer.status_code, answer.content) == (200, (WEB / name).read_bytes()), name
            assert answer.headers["Content-Type"] == MEDIA_TYPES[Path(name).suffix]
            assert {key: answer.headers[key] for key, _ in headers} == dict(headers)


def test_the_policy_lets_nothing_in_from_elsewhere(stranger: httpx.Client) -> None:
    with stranger:
        policy = stranger.get("/").headers["Content-Security-Policy"]
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives == POLICY


def test_a_file_that_has_not_changed_is_not_sent_again(stranger: httpx.Client) -> None:
    with stranger:
        first = stranger.get("/app.js")
        etag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "no-cache"
        for known in (etag, f"W/{etag}"):
            again = stranger.get("/app.js", headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["ETag"].removeprefix("W/")) == (
                304,
                b"",
                etag,
            )
        assert stranger.get("/app.js", headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_is_get_without_a_body(stranger: httpx.Client) -> None:
    with stranger:
        for path in ("/", "/style.css"):
            get, head = stranger.get(path), stranger.head(path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["Content-Type"] == get.headers["Content-Type"]
            assert head.headers["ETag"] == get.headers["ETag"]


def test_the_page_has_one_address(stranger: httpx.Client) -> None:
    with stranger:
        answer = stranger.get("/index.html")
        assert (answer.status_code, answer.headers["Location"]) == (307, "/")


@pytest.mark.parametrize(
    "path",
    [
        "/_headers", "/.assetsignore", "/vendor/README.md", "/vendor/preact.d.ts", "/views", "/none.js",
        "/../wrangler.toml", "/vendor/../../wrangler.toml", "/%2e%2e/wrangler.toml", "/..%2fwrangler.toml",
        "//etc/passwd", "/web/index.html", "/index.html/", "/APP.JS",
    ],
)  # fmt: skip
def test_nothing_else_is_a_file(path: str, collector: Collector, stranger: httpx.Client) -> None:
    url = httpx.URL(collector.url).copy_with(raw_path=path.encode())
    with stranger:
        # It goes to the API, which asks for the token first.
        assert stranger.get(url).status_code == 401
    assert collector.client.get(url).status_code == 404


def test_the_api_is_where_it_was(collector: Collector) -> None:
    assert collector.client.get("/v1/traces").headers["Content-Type"] == "application/json"
    assert "Content-Security-Policy" not in collector.client.get("/health").headers


def test_the_lists_have_exactly_the_modules_that_are_imported() -> None:
    graph = Graph()
    page = INDEX.read_text(encoding="utf-8")
    assert with_list(page, graph.shell()) == page, "run `make page`"
    assert PAGE_MODULES.read_text(encoding="utf-8") == page_modules(graph.pages()), "run `make page`"


def test_every_page_has_a_list() -> None:
    assert list(Graph().pages()) == ["traces", "trace", "compare", "map"]


def test_there_is_no_module_that_nobody_loads() -> None:
    loaded = {name for names in Graph().whole_pages().values() for name in names}
    # theme.js is no module, types.js has types alone.
    assert set(OWN_MODULES) - loaded == {"theme.js", "model/types.js"}


@pytest.mark.parametrize("page", ["traces", "trace", "compare", "map"])
def test_what_a_visit_transfers_is_within_the_budget(page: str) -> None:
    names = [*Graph().whole_pages()[page], "index.html", "theme.js", "style.css", "favicon.svg"]
    sizes = {name: len(gzip.compress((WEB / name).read_bytes(), 6)) for name in names}
    assert sum(sizes.values()) < BUDGET_BYTES, sorted(sizes.items(), key=lambda item: -item[1])[:10]


@pytest.mark.parametrize("name", OWN_MODULES)
def test_a_module_keeps_to_the_house_rules(name: str) -> None:
    text = (WEB / name).read_text(encoding="utf-8")
    assert re.match(r"/\*\*\s+(?:\* )?[A-Z`\"]", text), "its first line says what it is"
    assert len(text.splitlines()) <= MAX_LINES
    assert (
        re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
        is None
    )
    assert re.search(r"https?://(?!www\.w3\.org/)\S*\.js", text) is None


def test_the_page_has_no_inline_script_or_style() -> None:
    page = INDEX.read_text(encoding="utf-8")
    assert re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", page) is None
    assert "@import" not in (WEB / "style.css").read_text(encoding="utf-8")
