"""Damaged answers of every API that kmon asks: what cannot be read is unknown with a reason, and never a wrong number.

Real answers are damaged and read by a whole poll. An answer that is cut off, or has more behind it, is refused as a
whole. What changes within one may be a message as good as any: there it counts that nothing breaks.
"""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from recorded import Recorded, Recording, ReplayClient, load, replaying
from said import Row, is_true, said, tables

from monitor.model.reasons import Reason
from monitor.model.view import View

RECORDING = load()
APIS = sorted({each.api for each in RECORDING.answers})
FUZZ = settings(max_examples=12, phases=set(Phase) - {Phase.explain}, suppress_health_check=[HealthCheck.too_slow])
LARGE = (b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x07", b"\x80\x00\x00\x00", b"\xff\xff\xff\xff\x0f", b"\x7f\xff")
"""Counts and lengths up to 2^31 and beyond, in both notations."""


def of(api: str) -> list[Recorded]:
    return [each for each in RECORDING.answers if each.api == api]


def with_body(answer: Recorded, body: bytes) -> Recording:
    """The recording with other bytes for one of its answers."""
    return replace(
        RECORDING, answers=[replace(each, body=body) if each == answer else each for each in RECORDING.answers]
    )


def poll(*recordings: Recording) -> list[View]:
    """What one poller makes of these recordings, a poll each."""
    client = ReplayClient(recordings[0])
    views = []
    with replaying(client) as poller:
        for each in recordings:
            client.use(each)
            views.append(poller.poll())
    return views


(TRUTH,) = poll(RECORDING)


TRUE_ROWS = said(TRUTH.snapshot)


def hold_true(view: View) -> None:
    """All that is said is true."""
    for name, rows in said(view.snapshot).items():
        for row in rows:
            assert is_true(row, TRUE_ROWS[name]) or not_there(name, row), f"{name} {row}"


def not_there(name: str, row: Row) -> bool:
    """A topic that is only mentioned by commits and assignments, as all are when metadata says less."""
    return name == "topics" and row[1] is None


def hold_sane(view: View) -> None:
    """Nothing broke, and nothing is said that cannot be."""
    for outcome in view.snapshot.outcomes:
        assert " failed: " not in outcome.error, outcome
    for name, table in tables(view.snapshot):
        for each in table.schema():
            column = getattr(table, each.name)
            if each.metadata["unit"] == "records":
                assert not (column < 0).any(), f"{name}.{each.name} {column}"
            if "reason" in each.name:
                assert all(0 <= code < len(view.reasons) for code in column), f"{name}.{each.name}"
            if isinstance(column, np.ndarray) and column.dtype == object:
                good = (str, tuple, Reason, type(None))
                assert all(isinstance(value, good) for value in column), f"{name}.{each.name}"
    said(view.snapshot)


def failing(view: View) -> set[str]:
    return {each.collector for each in view.snapshot.outcomes if not each.success}


WITHOUT = {each: failing(poll(with_body(each, b""))[0]) for each in RECORDING.answers}
"""The collectors that miss each answer; none do where it only dates a record."""


# -------------------------------------------------------------------- the damage


def test_the_recording_is_of_all_that_is_asked() -> None:
    """Else run tests/support/record_answers.py, and look at what it brings."""
    client = ReplayClient(RECORDING)
    with replaying(client) as poller:
        assert poller.poll().complete
        assert poller.poll().complete
    # Which times are asked to date a record hangs on how long the poll took; a row that is missed costs its age only.
    assert [each for each in client.unheard if not each.startswith("ListOffsets")] == []
    assert {each.api for each in client.given} == set(APIS)


@pytest.mark.parametrize("api", APIS)
@FUZZ
@given(data=st.data())
def test_an_answer_of_another_length_is_refused(api: str, data: st.DataObject) -> None:
    answer = data.draw(st.sampled_from(of(api)))
    cut = st.integers(0, len(answer.body) - 1).map(lambda end: answer.body[:end])
    more = st.binary(min_size=1, max_size=50).map(lambda tail: answer.body + tail)
    damaged = with_body(answer, data.draw(cut | more | st.just(answer.body * 2), label="body"))
    views = poll(damaged, RECORDING, damaged)
    assert failing(views[0]) == WITHOUT[answer]
    for view in views:
        hold_sane(view)
        hold_true(view)


@pytest.mark.parametrize("api", APIS)
@FUZZ
@given(data=st.data())
def test_whatever_changes_in_an_answer_breaks_nothing(api: str, data: st.DataObject) -> None:
    answer = data.draw(st.sampled_from(of(api)))
    body = bytearray(answer.body)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        kind = data.draw(st.sampled_from(["flip", "set", "insert", "remove", "repeat"]))
        if kind == "flip":
            body[at] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "set":
            body[at] = data.draw(st.integers(0, 255))
        elif kind == "insert":
            body[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        elif kind == "remove" and len(body) > 1:
            del body[at : min(at + data.draw(st.integers(1, 8)), len(body) - 1)]
        else:
            body[at:at] = body[at : at + data.draw(st.integers(1, 40))]
    damaged = with_body(answer, bytes(body))
    for view in poll(damaged, RECORDING, damaged):
        hold_sane(view)


@pytest.mark.parametrize("api", APIS)
@settings(FUZZ, max_examples=3)
@given(data=st.data())
def test_a_large_count_takes_no_memory(api: str, data: st.DataObject) -> None:
    answer = data.draw(st.sampled_from(of(api)))
    at = data.draw(st.integers(0, len(answer.body) - 1))
    large = data.draw(st.sampled_from(LARGE))
    keep = data.draw(st.booleans())
    damaged = with_body(answer, answer.body[:at] + large + answer.body[at + (0 if keep else len(large)) :])
    tracemalloc.start()
    try:
        (view,) = poll(damaged)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20
    hold_sane(view)
