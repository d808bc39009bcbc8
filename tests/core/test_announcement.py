"""Announcements: what an export tells the hub of each trace, from the text that was stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.live.announcement import (
    AnnouncedTrace,
    announce_blocks,
    merge_traces,
    read_announcement,
)
from otel_worker.model import TracePart
from otel_worker.store import blocks as blocks_module
from tests.samples import blocks_of, make_group, make_part, make_span, span_id, trace_id


def announced(*parts: TracePart) -> list[AnnouncedTrace]:
    return read_announcement(announce_blocks(blocks_of(*parts)).text)


def test_each_trace_has_its_span_ids_and_each_combination_of_features_once() -> None:
    part = TracePart(
        trace_id(1),
        [
            make_group([make_span(1), make_span(2), make_span(3, status_code=2)], "shop"),
            make_group([make_span(4), make_span(5, name="pay", status_code=1)], "till"),
        ],
    )
    assert announced(part, make_part(2, make_span(6))) == [
        AnnouncedTrace(
            trace_id(1),
            [span_id(number) for number in range(1, 6)],
            [
                ("shop", "GET /", False),
                ("shop", "GET /", True),
                ("till", "GET /", False),
                ("till", "pay", False),
            ],
        ),
        AnnouncedTrace(trace_id(2), [span_id(6)], [("shop", "GET /", False)]),
    ]


@pytest.mark.parametrize("status_code", [-1, 0, 1, 2, 3, 2**31 - 1])
def test_only_the_status_error_is_a_failure(status_code: int) -> None:
    ((_, _, failed),) = announced(make_part(1, make_span(1, status_code=status_code)))[0].features
    assert failed == (status_code == 2)


def test_a_service_is_the_one_that_lists_show() -> None:
    """Without a name of its own it has that of the semantic conventions."""
    part = make_part(1)
    part.groups[0].resource.attributes.clear()
    assert announced(part)[0].features == [("unknown_service", "GET /", False)]


def test_a_request_of_several_blocks_tells_of_each_trace_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "MAX_BLOCK_BYTES", 900)
    part = make_part(1, *(make_span(number) for number in range(1, 31)))
    blocks = blocks_of(part, make_part(2))
    assert len(blocks) > 2
    announcement = announce_blocks(blocks)
    assert announcement.trace_count == 2
    first, second = read_announcement(announcement.text)
    assert first.span_ids == [span_id(number) for number in range(1, 31)]
    assert first.features == [("shop", "GET /", False)]
    assert second.trace_id == trace_id(2)


def test_no_blocks_tell_of_nothing() -> None:
    assert announce_blocks([]) == ("[]", 0)
    assert read_announcement("[]") == []


@given(st.text(max_size=30), st.text(max_size=30))
def test_every_name_survives(service: str, name: str) -> None:
    (trace,) = announced(make_part(1, make_span(1, name=name), service=service))
    assert [each[1:] for each in trace.features] == [(name, False)]
    assert trace.features[0][0] == (service or "unknown_service")


_TRACES = st.lists(
    st.builds(
        AnnouncedTrace,
        st.sampled_from("abc"),
        st.lists(st.sampled_from("1234"), unique=True, max_size=4),
        st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("xy"), st.booleans()), unique=True),
    ),
    max_size=8,
)


@given(_TRACES)
def test_merged_traces_have_all_that_their_parts_have_once_and_in_order(traces: list[AnnouncedTrace]) -> None:
    merged = merge_traces(traces)
    assert [trace.trace_id for trace in merged] == list(dict.fromkeys(each.trace_id for each in traces))
    for trace in merged:
        parts = [each for each in traces if each.trace_id == trace.trace_id]
        assert trace.span_ids == list(dict.fromkeys(ids for each in parts for ids in each.span_ids))
        assert trace.features == list(dict.fromkeys(some for each in parts for some in each.features))
