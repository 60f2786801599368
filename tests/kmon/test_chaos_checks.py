"""The checks of the chaos test find nothing in a View that is right or unknown, and each finds a View that is false."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from chaos_checks import CHECKS, INTERNAL, THRESHOLD, Seen, alerts, falsehoods, forgotten, remember, resolutions
from chaos_scenario import ACTIONS, SHORT, drawn
from chaos_truth import SPREADING_SECONDS, Ledger, Series, Span, Truth
from chaos_workload import COORDINATORS, coordinator_of, names
from reasons import reasons, whys
from views import NOW, Group, Topic, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.cluster_tables import Capabilities
from monitor.model.diagnoses import Diagnoses, Diagnosis
from monitor.model.events import Event, Events
from monitor.model.snapshot import Brokers
from monitor.model.status import LOST, OK
from monitor.model.table import objects
from monitor.model.view import AlertRow, View

EVERYWHERE = [1, 2, 3]
FAR = THRESHOLD + 1_000
TRUTH = Truth(
    topics={"t": ((1, 2, 3), (1, 2, 3)), "alone": ((3,),), INTERNAL: ((1, 2, 3),)},
    ends={("t", 0): Span(FAR, FAR), ("t", 1): Span(FAR, FAR + 5), ("alone", 0): Span(10, 10)},
    commits={
        "ahead": {("t", 0): Span(FAR, FAR), ("t", 1): Span(FAR, FAR + 1)},
        "behind": {("t", 0): Span(0, 0), ("alone", 0): Span(4, 4)},
    },
    brokers=frozenset({1, 2, 3}),
)
AWAY = replace(TRUTH, away=frozenset({3}))


def view(
    *,
    ends: dict[int, float | None] | None = None,
    groups: dict[str, dict[tuple[str, int], float | str | None]] | None = None,
    members: int = 0,
    topics: int = 3,
    partitions: int = 2,
    **changes: Any,
) -> View:
    """A View of the cluster of TRUTH; what is given differs."""
    places = {0: FAR, 1: FAR + 2, **(ends or {})}
    known = [Topic("t", [(0, places[each]) for each in range(partitions)], replicas=[EVERYWHERE] * partitions)]
    known += [Topic("alone", [(0, 10)], leaders=[3], replicas=[[3]], isr=[[3]])]
    known += [Topic(INTERNAL, [(0, 0)], replicas=[EVERYWHERE])]
    commits: dict[str, dict[tuple[str, int], float | str | None]] = {
        "ahead": {("t", 0): FAR, ("t", 1): FAR},
        "behind": {("t", 0): 0, ("alone", 0): 4},
    }
    client: list[tuple[str, str, list[tuple[str, int]]]] = [("client", "/10.0.0.1", [])] * members
    made = [Group(name, offsets, client, state="Empty") for name, offsets in (groups or commits).items()]
    return make_view(snapshot_of(known[-topics:], made, **changes))


def fenced(number: int) -> View:
    """A View of a cluster whose Metadata names no broker, of which the controller has fenced so many."""
    snapshot = view().snapshot
    named = {each.name: getattr(snapshot.brokers, each.name)[:number] for each in snapshot.brokers.schema()}
    return make_view(replace(snapshot, brokers=Brokers(**{**named, "fenced": np.ones(number)})))


def without(name: str) -> View:
    whole: dict[str, dict[tuple[str, int], float | str | None]] = {
        "ahead": {("t", 0): FAR, ("t", 1): FAR},
        "behind": {("t", 0): 0, ("alone", 0): 4},
    }
    return view(groups={each: offsets for each, offsets in whole.items() if each != name})


def with_status(status: int, lag: float) -> View:
    right = view()
    lags = replace(right.group_lags, status=np.full(2, status, np.int32), lag=np.full(2, lag))
    return replace(right, group_lags=lags)


def with_event(kind: str, time: float = NOW) -> View:
    return replace(view(), events=Events.of([Event(kind, NOW - 2, time, "it happened")]))


BEHIND = {("t", 0): 0.0, ("alone", 0): 4.0}
FALSE: dict[str, list[tuple[View, Truth]]] = {
    "offsets": [(view(ends={0: FAR - 1}), TRUTH), (view(ends={1: FAR + 6}), TRUTH)],
    "lag": [
        (view(groups={"ahead": {("t", 0): FAR - 1, ("t", 1): FAR}, "behind": {**BEHIND}}), TRUTH),
        (view(groups={"ahead": {("t", 0): FAR, ("t", 1): FAR}, "behind": {**BEHIND, ("t", 1): 3}}), TRUTH),
    ],
    "groups_that_there_are": [
        (without("ahead"), TRUTH),
        (view(groups={"ahead": {("t", 0): FAR, ("t", 1): FAR}, "behind": {("alone", 0): 4}}), TRUTH),
        (view(groups={"ahead": {("t", 0): FAR, ("t", 1): FAR}, "behind": {**BEHIND}, "new": {}}), TRUTH),
    ],
    "totals_of_lag": [(without("behind"), TRUTH), (view(groups={"behind": {("t", 0): 0, ("t", 1): 0}}), TRUTH)],
    "counts": [
        (without("ahead"), TRUTH),
        (view(topics=2), TRUTH),
        (view(partitions=1, groups={"behind": {**BEHIND}}), TRUTH),
        (view(), AWAY),
        (fenced(2), TRUTH),
    ],
    "topics_that_there_are": [(view(), replace(TRUTH, topics={"t": ((1,), (2,))})), (view(partitions=1), TRUTH)],
    "leaders": [
        (view(), AWAY),
        (view(), replace(TRUTH, topics={**TRUTH.topics, "alone": ((2,),)})),
    ],
    "groups_have_no_members": [(view(members=1), TRUTH)],
    "statuses": [(with_status(LOST, 0.0), TRUTH), (with_status(OK, math.nan), TRUTH)],
    "events": [
        (with_event(kind), TRUTH) for kind in ("group_deleted", "offsets_reset", "topic_deleted", "broker_joined")
    ],
    "diagnoses": [(replace(view(), diagnoses=Diagnoses.of([Diagnosis("offsets_reset", 0, "set back", ())])), TRUTH)],
    "verdict": [(view(groups={"ahead": {("t", 0): FAR, ("t", 1): FAR + 2}}), AWAY)],
    "exit_code": [(without("ahead"), TRUTH)],
}


def said_by(check: str, found: list[str]) -> list[str]:
    return [each for each in found if each.startswith(f"{check}: ")]


def test_a_view_that_is_right_has_no_falsehoods() -> None:
    assert view().complete
    assert falsehoods(view(), TRUTH) == []


UNKNOWN = {
    "an end offset": view(ends={0: None}),
    "a commit": view(
        groups={"ahead": {("t", 0): "broker 2: timed out", ("t", 1): FAR}, "behind": {**BEHIND}},
    ),
    "groups": view(failed={"groups": "broker 2: timed out"}),
    "a group that is missing from a list that is not complete": make_view(
        replace(
            without("ahead").snapshot,
            outcomes=view(failed={"groups": "broker 2: timed out"}).snapshot.outcomes,
        )
    ),
    "groups that may be hidden": make_view(
        replace(
            view().snapshot,
            capabilities=Capabilities(
                capability=objects(["describe_cluster"]), available=np.zeros(1), why_not=whys("denied")
            ),
        )
    ),
    "brokers that a new controller has fenced": fenced(3),
    "all": view(error="no broker is reachable", brokers=0),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_unknown_is_not_false(what: str) -> None:
    assert falsehoods(UNKNOWN[what], TRUTH) == []


@pytest.mark.parametrize("check", [each.__name__ for each in CHECKS])
def test_each_check_finds_what_is_false(check: str) -> None:
    for false, truth in FALSE[check]:
        assert said_by(check, falsehoods(false, truth)), falsehoods(false, truth)


def test_an_event_of_a_broken_broker_and_one_of_an_earlier_poll_are_no_falsehoods() -> None:
    assert falsehoods(with_event("leader_moved"), TRUTH) == []
    assert falsehoods(with_event("group_deleted", NOW - 2), TRUTH) == []


# -------------------------------------------------------------------- several Views


def alert(group: str, state: str = "firing") -> AlertRow:
    return AlertRow("Behind", state, "warning", (("alertname", "Behind"), ("group", group)), "", FAR, NOW)


def test_a_group_that_was_listed_is_not_forgotten() -> None:
    seen = remember(Seen(), view())
    assert list(forgotten(seen, view(), TRUTH)) == []
    assert list(forgotten(seen, without("ahead"), TRUTH))
    down = replace(
        without("ahead"), last_good=view(), snapshot=replace(view().snapshot, errors=reasons("no broker is reachable"))
    )
    assert list(forgotten(seen, down, TRUTH)) == []


def test_an_alert_fires_for_as_long_as_it_is_true() -> None:
    firing = replace(view(), alerts=(alert("behind"),))
    seen = remember(Seen(), firing)
    assert list(alerts(seen, firing, TRUTH)) == []
    assert list(alerts(seen, view(), TRUTH)), "it is no longer there"
    assert list(alerts(seen, replace(view(), alerts=(alert("behind", "pending"),)), TRUTH)), "it starts over"
    assert list(alerts(Seen(), view(), TRUTH)) == [], "it has not begun yet"
    caught_up = replace(TRUTH, commits={**TRUTH.commits, "behind": {("t", 0): Span(0, FAR)}})
    assert list(alerts(seen, view(), caught_up)) == []


@pytest.mark.parametrize("group", ["ahead", "invented"])
def test_an_alert_that_is_not_true_is_false(group: str) -> None:
    assert list(alerts(Seen(), replace(view(), alerts=(alert(group),)), TRUTH))


def test_a_receiver_is_told_of_no_false_resolution() -> None:
    assert list(resolutions([("Behind", "behind", "gone")], TRUTH))
    assert list(resolutions([("Behind", "ahead", "below")], TRUTH)) == []


# -------------------------------------------------------------------- the ledger and the steps


def test_a_number_is_between_what_was_confirmed_before_and_what_was_begun_by_the_end() -> None:
    series = Series.at(10)
    ledger = Ledger(ends={("t", 0): series}, commits={"g": {("t", 0): Series.at(4)}})
    ledger.begin(series, 11, at=20.0)
    ledger.confirm(series, 11, at=22.0)
    early = 22.0 + SPREADING_SECONDS

    def end(start: float, end: float) -> Span:
        return ledger.truth(start, end).ends["t", 0]

    assert end(5, 19) == Span(10, 10)
    assert end(5, 21) == Span(10, 11)
    assert end(23, 24) == Span(10, 11), "news spreads slowly"
    assert end(early, early + 1) == Span(11, 11)
    assert ledger.truth(early, early).lag("g", ("t", 0)) == Span(7, 7)


def test_a_broker_is_away_only_for_polls_in_which_it_was_all_the_time() -> None:
    ledger = Ledger(brokers=frozenset({1, 2, 3}))
    ledger.give_up(frozenset({2}), at=10.0)
    ledger.give_up(frozenset(), at=30.0)
    sure = 10.0 + SPREADING_SECONDS
    polls = [(5, 8), (9, 12), (12, 14), (sure, 20), (25, 29), (28, 31), (40, 41)]
    assert [bool(ledger.truth(*poll).away) for poll in polls] == [False, False, False, True, True, False, False]


def test_what_is_known_of_partitions_while_a_broker_is_away() -> None:
    assert (TRUTH.short, TRUTH.leaderless) == (0, 0)
    assert (AWAY.short, AWAY.leaderless) == (3, 1)


def test_steps_are_actions_and_the_same_for_a_seed() -> None:
    steps = list(itertools.islice(drawn(7), 200))
    assert steps == list(itertools.islice(drawn(7), 200))
    assert steps != list(itertools.islice(drawn(8), 200))
    assert {each.action for each in steps} == ACTIONS.keys()
    assert {each.action for each in SHORT} == ACTIONS.keys() - {"calm"}
    assert all((each.broker in {1, 2, 3}) == (each.action in {"kill", "pause", "cut_off"}) for each in (*steps, *SHORT))


def test_every_offsets_partition_has_a_group_of_each_role() -> None:
    assert coordinator_of("abc") == 96354 % COORDINATORS  # "abc".hashCode() in Java
    assert coordinator_of("polygenelubricants") == 0  # whose hash is the least of all
    assert sorted(names("behind")) == list(range(COORDINATORS))
    assert all(coordinator_of(group) == at for at, group in names("behind").items())
