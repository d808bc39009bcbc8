"""Inputs through the core in this process, or in several."""

from __future__ import annotations

import faulthandler
import multiprocessing
import resource
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from fuzz.failure import describe_failure
from fuzz.generators import input_at
from fuzz.inputs import TRACES
from fuzz.invariant import Violation, outcome_of
from fuzz.tally import Tally

# Small enough for a lively progress line, large enough that handing it over costs nothing.
_CHUNK_INPUTS = 1000
# Where a C function does not come back, no signal is handled: then the process ends itself and says where.
_CHUNK_SECONDS = 600
_MAX_MEMORY_BYTES = 2 * 1024**3


def run_inputs(seed: int, start: int, count: int, signal: str = TRACES) -> Tally:
    """Return what becomes of inputs `start` to `start + count`."""
    tally = Tally()
    for index in range(start, start + count):
        fuzz_input = input_at(seed, index, signal)
        try:
            tally.counts[fuzz_input.generator, outcome_of(fuzz_input)] += 1
        except Violation as violation:
            report = (
                describe_failure(seed, index, fuzz_input, violation)
                if tally.wants_report(violation.kind)
                else None
            )
            tally.add_failure(fuzz_input.generator, violation.kind, report)
    return tally


def run_in_processes(
    seed: int,
    start: int,
    count: int,
    process_count: int,
    on_progress: Callable[[Tally], None],
    signal: str = TRACES,
) -> Tally:
    """Return the same from several processes; `on_progress` is called after each piece of work."""
    tally = Tally()
    starts = iter(range(start, start + count, _CHUNK_INPUTS))
    running: dict[Future[Tally], int] = {}
    with ProcessPoolExecutor(
        process_count, multiprocessing.get_context("spawn"), initializer=_limit_process
    ) as pool:

        def submit() -> None:
            first = next(starts, None)
            if first is not None:
                size = min(_CHUNK_INPUTS, start + count - first)
                running[pool.submit(_run_chunk, seed, first, size, signal)] = first

        for _ in range(process_count + 1):
            submit()
        while running:
            done = wait(running, timeout=2 * _CHUNK_SECONDS, return_when="FIRST_COMPLETED").done
            if not done:
                raise RuntimeError(f"no answer from inputs {sorted(running.values())} of seed {seed}")
            for future in done:
                first = running.pop(future)
                try:
                    tally.merge(future.result())
                except BrokenProcessPool:
                    firsts = sorted([first, *running.values()])
                    raise RuntimeError(
                        f"a process died in the {_CHUNK_INPUTS} inputs from one of {firsts} of seed {seed}"
                    ) from None
                submit()
            on_progress(tally)
    return tally


def _limit_process() -> None:
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _run_chunk(seed: int, start: int, count: int, signal: str) -> Tally:
    faulthandler.dump_traceback_later(_CHUNK_SECONDS, exit=True)
    try:
        return run_inputs(seed, start, count, signal)
    finally:
        faulthandler.cancel_dump_traceback_later()
