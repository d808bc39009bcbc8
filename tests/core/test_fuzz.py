"""A short run of the fuzzer, the same in every run, and what the fuzzer itself promises."""

from __future__ import annotations

import pytest

from fuzz import invariant
from fuzz.failure import describe_failure, halve
from fuzz.generators import NAMES, ROUND, input_at
from fuzz.inputs import JSON, METRICS, PROTOBUF, FuzzInput
from fuzz.invariant import STATUS, Violation, outcome_of
from fuzz.local_run import run_inputs
from otel_worker.errors import InvalidOtlp
from otel_worker.metric_model import MetricGroup
from otel_worker.otlp.metric_json_encoder import encode_metrics_json
from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from tests.core.metric_oracle import metrics_as_json
from tests.core.metric_samples import rich_metrics_request
from tests.core.otlp_oracle import request_as_json
from tests.samples import rich_request

SEED = 20_260_101
INPUT_COUNT = 4_000


def test_four_thousand_hostile_bodies_keep_to_the_invariant() -> None:
    tally = run_inputs(SEED, 0, INPUT_COUNT)
    assert tally.reports == []
    assert tally.failure_count == 0
    assert tally.input_count == INPUT_COUNT
    # A fuzzer whose inputs all fail at the first byte would find nothing behind it.
    assert {outcome for _, outcome in tally.counts} == set(STATUS)
    assert {name for name, _ in tally.counts} == set(NAMES)


def test_four_thousand_hostile_bodies_of_metrics_keep_to_the_invariant() -> None:
    tally = run_inputs(SEED, 0, INPUT_COUNT, METRICS)
    assert tally.reports == []
    assert (tally.failure_count, tally.input_count) == (0, INPUT_COUNT)
    assert {outcome for _, outcome in tally.counts} == set(STATUS)


def test_a_seed_and_a_number_are_an_input() -> None:
    first = [input_at(SEED, index) for index in range(2 * ROUND)]
    assert [input_at(SEED, index) for index in range(2 * ROUND)] == first
    assert [input_at(SEED + 1, index) for index in range(2 * ROUND)] != first


def test_the_messages_that_are_damaged_are_accepted_undamaged() -> None:
    assert outcome_of(FuzzInput("", rich_request().SerializeToString(), PROTOBUF)) == invariant.STORED
    assert outcome_of(FuzzInput("", request_as_json(rich_request()), JSON)) == invariant.STORED
    assert outcome_of(FuzzInput("", b"", PROTOBUF)) == invariant.NOTHING
    request = rich_metrics_request()
    body = request.SerializeToString()
    assert outcome_of(FuzzInput("", body, PROTOBUF, signal=METRICS)) == invariant.STORED
    assert outcome_of(FuzzInput("", metrics_as_json(request), JSON, signal=METRICS)) == invariant.STORED


def test_any_other_exception_is_a_violation_and_is_told_with_the_least_that_causes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decode(body: bytes) -> object:
        if b"\x2a\x07" in body:
            raise ZeroDivisionError
        raise InvalidOtlp("something else")

    monkeypatch.setattr(invariant, "decode_export_protobuf", decode)
    fuzz_input = FuzzInput("by hand", b"before" * 20 + b"\x2a\x07" + b"behind" * 33, PROTOBUF)
    with pytest.raises(Violation) as caught:
        outcome_of(fuzz_input)
    assert caught.value.kind == "ZeroDivisionError"
    report = describe_failure(3, 17, fuzz_input, caught.value).splitlines()
    assert "generator: by hand" in report
    assert "again: python -m fuzz --signal traces --seed 3 --start 17 --inputs 1" in report
    assert report[-1] == "2a07"


def test_a_model_that_changes_on_its_way_through_an_encoding_is_a_violation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lossy(body: bytes) -> object:
        return decode_export_protobuf(body.replace("naïve 🦄".encode(), b"naive 01234"))

    monkeypatch.setattr(invariant, "decode_export_protobuf", lossy)
    with pytest.raises(Violation, match="encoded as protobuf"):
        outcome_of(FuzzInput("", request_as_json(rich_request()), JSON))


def test_metrics_that_change_on_their_way_through_json_are_a_violation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lossy(groups: list[MetricGroup]) -> bytes:
        return encode_metrics_json(groups).replace(b'"asInt":"7"', b'"asInt":"8"')

    monkeypatch.setattr(invariant, "encode_metrics_json", lossy)
    body = rich_metrics_request().SerializeToString()
    with pytest.raises(Violation, match="encoded as JSON"):
        outcome_of(FuzzInput("", body, PROTOBUF, signal=METRICS))


def test_what_does_not_end_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(body: bytes) -> object:
        while True:
            pass

    monkeypatch.setattr(invariant, "decode_export_json", never)
    monkeypatch.setattr(invariant, "LIMIT_SECONDS", 1)
    with pytest.raises(Violation, match="TimeoutError"):
        outcome_of(FuzzInput("", b"{}", JSON))


def test_halving_keeps_what_fails_and_nothing_else() -> None:
    assert halve(bytes(range(256)), lambda body: {7, 200} <= set(body)) == bytes([7, 200])
    assert halve(b"anything", lambda body: False) == b"anything"
