"""Set-up steps are skipped while nothing changed, and repeated when anything did or a run was cut short."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.steps import Step, run_steps, run_tool, write_atomically


class Recorder:
    """A step that writes one output and counts its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.input = folder / "input"
        self.output = folder / "output"
        self.input.write_text("one")
        self.runs = 0
        self.fails = False
        self.is_intact: Callable[[], bool] = lambda: True

    def step(self, *values: str) -> Step:
        return Step(
            title="Recorded step",
            stamp=self.folder / "stamp",
            inputs=(self.input, *values),
            outputs=(self.output,),
            run=self.run,
            is_intact=lambda: self.is_intact(),
        )

    def run(self) -> None:
        self.runs += 1
        self.output.write_text("half")
        if self.fails:
            raise ToolingError("cut short")
        self.output.write_text("whole")

    def run_steps(self, *values: str) -> list[str]:
        return run_steps([self.step(*values)], self.folder / "lock", io.StringIO())


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def test_a_step_runs_once_while_nothing_changes(recorder: Recorder) -> None:
    assert recorder.run_steps() == ["Recorded step"]
    assert recorder.run_steps() == []
    assert recorder.runs == 1


def test_a_changed_input_file_repeats_the_step(recorder: Recorder) -> None:
    recorder.run_steps()
    recorder.input.write_text("two")
    assert recorder.run_steps() == ["Recorded step"]


def test_a_changed_input_value_repeats_the_step(recorder: Recorder) -> None:
    recorder.run_steps("3.13")
    assert recorder.run_steps("3.14") == ["Recorded step"]


def test_a_deleted_output_repeats_the_step(recorder: Recorder) -> None:
    recorder.run_steps()
    recorder.output.unlink()
    assert recorder.run_steps() == ["Recorded step"]


def test_a_damaged_output_repeats_the_step(recorder: Recorder) -> None:
    recorder.run_steps()
    recorder.is_intact = lambda: recorder.runs > 1
    assert recorder.run_steps() == ["Recorded step"]


def test_a_step_that_was_cut_short_is_repeated_though_it_was_done_before(recorder: Recorder) -> None:
    recorder.run_steps("old")
    recorder.fails = True
    with pytest.raises(ToolingError, match="cut short"):
        recorder.run_steps("new")
    recorder.fails = False
    assert recorder.run_steps("old") == ["Recorded step"]
    assert recorder.output.read_text() == "whole"


def test_an_unreadable_stamp_repeats_the_step(recorder: Recorder) -> None:
    recorder.run_steps()
    (recorder.folder / "stamp").write_bytes(b"\xff\x00")
    assert recorder.run_steps() == ["Recorded step"]


def test_progress_is_one_line_and_names_a_failure(recorder: Recorder) -> None:
    stream = io.StringIO()
    recorder.fails = True
    with pytest.raises(ToolingError):
        run_steps([recorder.step()], recorder.folder / "lock", stream)
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().startswith("  Recorded step ")
    assert stream.getvalue().endswith("s  failed\n")


def test_a_failed_tool_is_reported_with_its_own_words_and_what_to_do() -> None:
    script = "print('no matching distribution'); raise SystemExit(3)"
    with pytest.raises(ToolingError) as caught:
        run_tool([sys.executable, "-c", script], problem="pip failed.", remedy="Check the network.")
    assert str(caught.value) == "pip failed.\n    no matching distribution\nCheck the network."


def test_the_long_output_of_a_failed_tool_keeps_its_beginning_and_its_end() -> None:
    script = "[print('line', n) for n in range(100)]; raise SystemExit(1)"
    with pytest.raises(ToolingError) as caught:
        run_tool([sys.executable, "-c", script], problem="npm failed.", remedy="")
    lines = caught.value.detail.splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("line 0", "line 99", 25)


def test_a_tool_that_does_not_end_is_ended_and_reported() -> None:
    script = "import time; time.sleep(60)"
    with pytest.raises(ToolingError, match=r"no end after 0\.2 s"):
        run_tool([sys.executable, "-c", script], problem="stuck", remedy="", timeout_seconds=0.2)


def test_a_missing_tool_is_reported_by_name() -> None:
    with pytest.raises(ToolingError, match="no-such-tool: not found"):
        run_tool(["no-such-tool"], problem="It failed.", remedy="")


def test_an_atomic_write_leaves_only_the_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"content", mode=0o755)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o755
