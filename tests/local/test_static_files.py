"""The page's files without a server: what is read of a folder, and what is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_worker.api.message import Request, Response
from otel_worker_cli.local.static_files import StaticFiles, parse_headers, web_folder

HEADERS = "/*\n  X-One: 1\n  Content-Security-Policy: default-src 'self' data:\n"


@pytest.fixture
def files(tmp_path: Path) -> StaticFiles:
    (tmp_path / "_headers").write_text(HEADERS)
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "list.js").write_text("export {};")
    (tmp_path / "views" / "list.d.ts").write_text("export {};")
    (tmp_path / "folder.js").mkdir()
    return StaticFiles.read(tmp_path)


def ask(files: StaticFiles, path: str, method: str = "GET", **headers: str) -> Response | None:
    async def no_body(limit_bytes: int) -> bytes:
        raise AssertionError("a file has no use for a body")

    by_name = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return files.answer(Request(method, path, "", lambda name: by_name.get(name.lower()), no_body))


def test_a_file_has_the_headers_of_all_and_a_tag_of_its_own(files: StaticFiles) -> None:
    page, module = ask(files, "/"), ask(files, "/views/list.js")
    assert page is not None
    assert module is not None
    assert (page.status, page.body, page.content_type) == (
        200,
        b"<!doctype html>",
        "text/html; charset=utf-8",
    )
    assert module.content_type == "text/javascript; charset=utf-8"
    assert page.headers[:-1] == module.headers[:-1] == parse_headers(HEADERS)
    assert page.headers[-1][0] == "ETag"
    assert page.headers[-1] != module.headers[-1]


@pytest.mark.parametrize("template", ["{}", "W/{}", '"other", {}', 'W/"other",W/{}', "*"])
def test_what_the_client_has_is_not_sent_again(template: str, files: StaticFiles) -> None:
    page = ask(files, "/")
    assert page is not None
    again = ask(files, "/", If_None_Match=template.format(page.headers[-1][1]))
    assert again is not None
    assert (again.status, again.body, again.headers) == (304, b"", page.headers)


def test_another_version_is_sent(files: StaticFiles) -> None:
    answer = ask(files, "/", If_None_Match='"other"')
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/_headers",
        "/views/list.d.ts",
        "/views",
        "/views/",
        "/folder.js",
        "/views/../index.html",
        "//",
        "",
        "/v1",
    ],
)
def test_other_paths_are_left_to_the_api(path: str, files: StaticFiles) -> None:
    assert ask(files, path) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_left_to_the_api(method: str, files: StaticFiles) -> None:
    assert ask(files, "/", method) is None


@pytest.mark.parametrize(
    "text", ["/page\n  X-One: 1\n", "/*\nX-One: 1\n", "/*\n  X-One\n", "", "/*\n  A: 1\n\n/b\n"]
)
def test_headers_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="has to be one section"):
        parse_headers(text)


def test_a_checkout_serves_its_only_copy() -> None:
    assert (web_folder() / "index.html").is_file()
