"""Decoding alone, in Pyodide under Node: no workerd, no HTTP, no database.

Ours and the reference run in processes of their own, as Workers would, and take turns body by body.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.ingest.bodies import ENCODINGS, BodyMaker, never_repeating_attributes
from bench.ingest.decoder_tables import Case, Results, render
from bench.ingest.progress import say
from bench.ingest.projects import OURS, REFERENCE, WORKERS
from bench.ingest.pyodide_process import PyodideProcess
from bench.ingest.reference_packages import reference_modules
from otel_worker_cli.runtime.project import Checkout

_SEED = 2
_FULL_SPAN_COUNTS = (1, 8, 64, 512)
_QUICK_SPAN_COUNTS = (64, 512)
_NEVER_REPEATING_SPAN_COUNT = 512

# V8 runs Python's interpreter unoptimised, at half its speed, until it has been used for some seconds.
_FULL_BODIES, _FULL_WARM_UP_SECONDS = 25, 8.0
_QUICK_BODIES, _QUICK_WARM_UP_SECONDS = 5, 2.5


def measure(checkout: Checkout, quick: bool) -> str:
    """Decode fresh bodies with both and return the tables."""
    bodies = _QUICK_BODIES if quick else _FULL_BODIES
    warm_up_seconds = _QUICK_WARM_UP_SECONDS if quick else _FULL_WARM_UP_SECONDS
    span_counts = _QUICK_SPAN_COUNTS if quick else _FULL_SPAN_COUNTS
    cases = [Case(encoding, span_count, False) for encoding in ENCODINGS for span_count in span_counts]
    cases += [Case(encoding, _NEVER_REPEATING_SPAN_COUNT, True) for encoding in ENCODINGS]
    results: Results = {case: {} for case in cases}
    with tempfile.TemporaryDirectory(prefix="otel-worker-bench-") as scratch, ExitStack() as stack:
        warm_up_body, *measured_bodies = (str(index) for index in range(1 + bodies))
        sizes = {case: _write_bodies(case, Path(scratch), (warm_up_body, *measured_bodies)) for case in cases}
        processes = _start(checkout, Path(scratch), stack)
        for name, process in processes.items():
            _warm_up(process, cases, warm_up_body, warm_up_seconds)
            say(f"{name} is warm")
        for case in cases:
            for body in measured_bodies:
                for name, process in processes.items():
                    for stage, microseconds in process.measure(case.encoding, _inside(case, body)).items():
                        results[case].setdefault((name, stage), []).append(microseconds)
            say(f"{case.title}: {bodies} bodies")
    return render(cases, sizes, results)


def _start(checkout: Checkout, bodies: Path, stack: ExitStack) -> Mapping[str, PyodideProcess]:
    ours = {"/src": checkout.root / "src", "/python_modules": checkout.python_modules}
    reference = {"/workers": WORKERS, "/python_modules": reference_modules(checkout)}
    return {
        name: stack.enter_context(PyodideProcess(checkout, module, {"/bodies": bodies, **mounts}))
        for name, module, mounts in (
            (REFERENCE, "reference_stages", reference),
            (OURS, "our_stages", ours),
        )
    }


def _warm_up(process: PyodideProcess, cases: Iterable[Case], body: str, cpu_seconds: float) -> None:
    """Have the process decode a body of each case until it has taken that long."""
    used_us = 0
    while used_us < cpu_seconds * 1_000_000:
        for case in cases:
            used_us += sum(process.measure(case.encoding, _inside(case, body)).values())


def _inside(case: Case, body: str) -> str:
    """Return the path of a body as Pyodide sees it."""
    return f"/bodies/{case.name}-{body}"


def _write_bodies(case: Case, folder: Path, bodies: Sequence[str]) -> Sequence[int]:
    """Write different bodies of a case and return their sizes."""
    seed = _SEED + case.span_count
    maker = BodyMaker(seed, never_repeating_attributes) if case.never_repeating else BodyMaker(seed)
    return [
        (folder / f"{case.name}-{body}").write_bytes(maker.make(case.encoding, case.span_count))
        for body in bodies
    ]
