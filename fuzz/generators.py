"""All generators in one fixed order: input number N of a seed is the same bytes on every machine."""

from __future__ import annotations

from random import Random

from fuzz import compressed_inputs, json_inputs, protobuf_inputs
from fuzz.corpus import CORPORA
from fuzz.inputs import JSON, PROTOBUF, TRACES, FuzzInput

# A bomb takes a hundred times as long as any other input: one in so many rounds of all others.
_ROUNDS_PER_BOMB = 10


def _schedule() -> list[str]:
    """Return one round: each generator's name as often as its weight says."""
    return [
        f"{family}: {name}"
        for family, generators in (
            ("protobuf", protobuf_inputs.GENERATORS),
            ("JSON", json_inputs.GENERATORS),
            ("body", compressed_inputs.GENERATORS),
        )
        for name, (weight, _) in generators.items()
        for _ in range(weight)
    ]


_SCHEDULE = _schedule()
_WEIGHTS = {name: _SCHEDULE.count(name) for name in _SCHEDULE}
_FIRST = {name: _SCHEDULE.index(name) for name in _SCHEDULE}
ROUND = len(_SCHEDULE)
NAMES = (*dict.fromkeys(_SCHEDULE), "body: bomb")


def input_at(seed: int, index: int, signal: str = TRACES) -> FuzzInput:
    """Return one input. `index` counts from 0; systematic generators go on from round to round."""
    round_number, slot = divmod(index, ROUND)
    name = _SCHEDULE[slot]
    if slot == ROUND - 1 and round_number % _ROUNDS_PER_BOMB == 0:
        name = "body: bomb"
    number = round_number * _WEIGHTS.get(name, 1) + slot - _FIRST.get(name, slot)
    random = Random(f"{seed} {index}")
    corpus = CORPORA[signal]
    family, _, short = name.partition(": ")
    if family == "body":
        return compressed_inputs.GENERATORS[short][1](number, random, corpus)._replace(
            generator=name, signal=signal
        )
    if family == "JSON":
        return FuzzInput(name, json_inputs.GENERATORS[short][1](number, random, corpus), JSON, signal=signal)
    return FuzzInput(
        name, protobuf_inputs.GENERATORS[short][1](number, random, corpus), PROTOBUF, signal=signal
    )
