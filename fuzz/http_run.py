"""Inputs over HTTP to a running collector: never a 5xx, always an answer, and the one the core gives here."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

from fuzz.generators import input_at
from fuzz.inputs import JSON, FuzzInput
from fuzz.invariant import PARTIAL, STATUS, Violation, outcome_of
from fuzz.tally import Tally
from otel_worker.otlp.response import media_type_of

# For what a busy machine needs two seconds: after this nothing will come.
ANSWER_SECONDS = 60.0


class Target(NamedTuple):
    """A collector and its token. Its MAX_BODY_BYTES has to be the default."""

    url: str
    token: str


class _Connection:
    """A kept-alive connection that is opened again when the collector closed it."""

    def __init__(self, target: Target) -> None:
        parts = urlsplit(target.url)
        assert parts.hostname
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
        self._authorization = {"Authorization": f"Bearer {target.token}"}

    def post(self, fuzz_input: FuzzInput) -> tuple[int, str, bytes]:
        """Return status, Content-Type and body of the answer. Raises Violation when there is none."""
        headers = {"Content-Type": fuzz_input.content_type, **self._authorization}
        if fuzz_input.content_encoding is not None:
            headers["Content-Encoding"] = fuzz_input.content_encoding
        return self._request("POST", "/v1/traces", fuzz_input.body, headers)

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Return the same for a GET."""
        return self._request("GET", path, None, self._authorization)

    def close(self) -> None:
        self._connection.close()

    def _request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, str, bytes]:
        for attempt in (1, 2):
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                return response.status, response.headers.get("Content-Type", ""), response.read()
            except TimeoutError:
                self._connection.close()
                raise Violation("hang", f"no answer within {ANSWER_SECONDS} s") from None
            except (OSError, http.client.HTTPException) as error:
                # A server may close an idle connection just as the next request is written, but not twice.
                self._connection.close()
                if attempt == 2:
                    raise Violation("no answer", repr(error)) from None
        raise AssertionError("both attempts returned or raised")


def run_over_http(
    target: Target,
    seed: int,
    start: int,
    count: int,
    connection_count: int,
    on_progress: Callable[[Tally], None],
) -> Tally:
    """Post inputs over several connections at once; in the end the collector has to be alive."""
    tally = Tally()
    lock = threading.Lock()

    def send(first: int) -> None:
        with contextlib.closing(_Connection(target)) as connection:
            for index in range(first, start + count, connection_count):
                fuzz_input = input_at(seed, index)
                try:
                    outcome = outcome_of(fuzz_input)
                    _check_answer(outcome, fuzz_input, connection)
                    with lock:
                        tally.counts[fuzz_input.generator, outcome] += 1
                except Violation as violation:
                    report = (
                        _report(seed, index, fuzz_input, violation)
                        if tally.wants_report(violation.kind)
                        else None
                    )
                    with lock:
                        tally.add_failure(fuzz_input.generator, violation.kind, report)
                with lock:
                    on_progress(tally)

    with ThreadPoolExecutor(connection_count) as pool:
        # Each request has its own time limit, so each thread comes to its end.
        for result in [pool.submit(send, start + number) for number in range(connection_count)]:
            result.result()
    with contextlib.closing(_Connection(target)) as connection:
        for path in ("/health", "/v1/traces?limit=1"):
            status, _, body = connection.get(path)
            if status >= 500:
                raise RuntimeError(f"after the inputs GET {path} is answered {status}: {body[:500]!r}")
    return tally


def _check_answer(outcome: str, fuzz_input: FuzzInput, connection: _Connection) -> None:
    """Raise Violation unless the collector answers what the outcome means, in the request's encoding."""
    status, content_type, body = connection.post(fuzz_input)
    if status != STATUS[outcome]:
        raise Violation(f"status {status}", f"{outcome!r} here; the answer: {body[:500]!r}")
    # A body of an unknown type is answered in JSON.
    media_type = media_type_of(fuzz_input.content_type) or JSON
    if content_type != media_type:
        raise Violation("Content-Type", f"{content_type!r} instead of {media_type!r}")
    if media_type == JSON:
        answer = json.loads(body)
        if (status == 200) == ("code" in answer) or (outcome == PARTIAL) != ("partialSuccess" in answer):
            raise Violation("answer", f"{status} {body[:500]!r}")
    elif not body and (status != 200 or outcome == PARTIAL):
        raise Violation("answer", f"{status} without a body")


def _report(seed: int, index: int, fuzz_input: FuzzInput, violation: Violation) -> str:
    return "\n".join(
        (
            str(violation),
            f"generator: {fuzz_input.generator}",
            f"again: python -m fuzz --seed {seed} --start {index} --inputs 1 --url ... --token ...",
            f"Content-Type: {fuzz_input.content_type}, Content-Encoding: {fuzz_input.content_encoding}",
            f"body, {len(fuzz_input.body)} bytes, in hex:",
            fuzz_input.body.hex(),
        )
    )
