"""The viewer's files as this server gives them out: read once, and with the headers of the Worker's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from otel_worker.api.message import Request, Response

_PACKAGE = Path(__file__).resolve().parents[1]

# What else is in the folder is not for browsers; web/.assetsignore says so to Cloudflare.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_INDEX = "index.html"
_HEADERS = "_headers"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent."""

    body: bytes
    media_type: str
    etag: str


class StaticFiles:
    """Answers requests for the page and its files; all others are somebody else's."""

    def __init__(self, files: Mapping[str, StaticFile], headers: Headers) -> None:
        """`files` are by the path of a request, such as "/app.js"; `headers` go with each of them."""
        self._files = files
        self._headers = headers

    @classmethod
    def read(cls, folder: Path) -> StaticFiles:
        """Read a folder whose file `_headers` is in Cloudflare's format. Raises OSError without it."""
        headers = parse_headers((folder / _HEADERS).read_text(encoding="utf-8"))
        files = {}
        for path in folder.rglob("*"):
            media_type = _MEDIA_TYPES.get(path.suffix)
            if media_type is not None and path.is_file():
                body = path.read_bytes()
                etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
                files[f"/{path.relative_to(folder).as_posix()}"] = StaticFile(body, media_type, etag)
        return cls(files, headers)

    def answer(self, request: Request) -> Response | None:
        """Return the file that is asked for, or None when the path is none of a file."""
        if request.method not in ("GET", "HEAD"):
            return None
        if request.path == f"/{_INDEX}":
            # One page has one address: Cloudflare does the same.
            return Response(307, headers=(*self._headers, ("Location", "/")))
        file = self._files.get(f"/{_INDEX}" if request.path == "/" else request.path)
        if file is None:
            return None
        headers = (*self._headers, ("ETag", file.etag))
        if _is_known(file.etag, request.header("If-None-Match") or ""):
            return Response(304, headers=headers)
        # Of an answer to HEAD the HTTP server sends the head alone.
        return Response(200, file.body, file.media_type, headers)


def web_folder() -> Path:
    """Return the folder of the page: in an installed package its own, in a checkout the only copy."""
    packaged = _PACKAGE / "web"
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "web"


def parse_headers(text: str) -> Headers:
    """Return the headers of a `_headers` file that has one section, for all paths. Raises ValueError."""
    pattern, *lines = text.rstrip().splitlines() or [""]
    if pattern != "/*" or not all(line.startswith(" ") and ":" in line for line in lines):
        raise ValueError("_headers has to be one section, /*, with a header in each line")
    pairs = (line.split(":", 1) for line in lines)
    return tuple((name.strip(), value.strip()) for name, value in pairs)


def _is_known(etag: str, if_none_match: str) -> bool:
    """Tell whether the client has this version (RFC 9110, section 13.1.2: a weak comparison)."""
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in known or "*" in known
