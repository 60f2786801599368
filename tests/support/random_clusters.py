"""A cluster whose groups, topics and brokers change at random, as hypothesis draws it: poll by poll, as Views."""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from catalogue_scenes import configs
from hypothesis import strategies as st
from series import Series
from views import Group, Topic, snapshot_of

from monitor.model.view import View

STEP_SECONDS = 60
"""From one poll to the next, and from one evaluation to the next."""

END = 10_000.0
PARTITIONS = (("orders", 0), ("orders", 1), ("audit", 0))
GROUPS = ("billing-v1", "billing-v2", 'g "x" \\ é')
BROKERS = snapshot_of([], []).brokers
TIMED_OUT = "broker 2: timed out after 3.3 s"


class Change(NamedTuple):
    """What changes before a poll: of `what` (a place in World), the value. The world then stays so for `polls`."""

    what: str
    of: Any
    value: Any
    polls: int


POLLS = st.sampled_from([0, 0, 1, 2, 4])

GROUP, PARTITION, ONE = st.sampled_from(GROUPS), st.sampled_from(PARTITIONS), st.just("")
USUALLY, RARELY = st.sampled_from([True, True, False]), st.sampled_from([True, False, False])


def _change(what: str, of: st.SearchStrategy[Any], value: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    return st.builds(Change, st.just(what), of, value, POLLS)


def _lags(*values: float | str | None) -> st.SearchStrategy[Change]:
    return _change("lags", st.tuples(GROUP, PARTITION), st.sampled_from(values))


KNOWN_CHANGES = (
    _lags(0.0, 40.0, 50.0),
    _lags(51.0, 60.0, 900.0),
    _change("ages", PARTITION, st.sampled_from([10.0, 300.0])),
    _change("groups", GROUP, USUALLY),
    _change("states", GROUP, st.sampled_from(["Stable", "PreparingRebalance", "Empty"])),
    _change("subscribed", GROUP, st.sampled_from([("orders", "audit"), ("orders",)])),
    _change("isr", PARTITION, st.sampled_from([1, 2, 3, 3])),
    _change("fenced", ONE, st.sampled_from([0.0, 1.0])),
)
"""Changes that leave nothing unknown."""
CHANGES = (
    *KNOWN_CHANGES,
    _lags(None, TIMED_OUT, 0.0, 60.0),
    _change("ages", PARTITION, st.sampled_from([None, 10.0, 300.0])),
    _change("isr", PARTITION, st.sampled_from([0, 3])),
    _change("ends", PARTITION, USUALLY),
    _change("denied", GROUP, RARELY),
    _change("audited", ONE, USUALLY),
    _change("fenced", ONE, st.sampled_from([0.0, np.nan])),
    _change("failed", st.sampled_from(["groups", "cluster"]), RARELY),
    _change("up", ONE, USUALLY),
)
KNOWN_SERIES, SERIES = (st.lists(st.one_of(*each), min_size=20, max_size=40) for each in (KNOWN_CHANGES, CHANGES))

LEFT = [
    Change("lags", ("billing-v1", ("audit", 0)), 900.0, 3),
    Change("subscribed", "billing-v1", ("orders",), 6),
    Change("groups", "billing-v2", False, 2),
    Change("states", "billing-v1", "Empty", 0),
    Change("groups", "billing-v2", True, 8),
]
"""A group leaves a topic on which it is behind, and then all of them, because a newer version replaces it."""


@dataclass
class World:
    """The cluster as it is now: each of these by what it is about, where it differs from the default.

    `lags` are records that a commit is behind, None for no commit, and a text: why it is unknown.
    """

    lags: dict[tuple[str, tuple[str, int]], float | str | None] = field(default_factory=dict)
    ages: dict[tuple[str, int], float | None] = field(default_factory=dict)
    groups: dict[str, bool] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    subscribed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    denied: dict[str, bool] = field(default_factory=dict)
    isr: dict[tuple[str, int], int] = field(default_factory=dict)
    ends: dict[tuple[str, int], bool] = field(default_factory=dict)
    audited: dict[str, bool] = field(default_factory=dict)
    fenced: dict[str, float] = field(default_factory=dict)
    failed: dict[str, bool] = field(default_factory=dict)
    up: dict[str, bool] = field(default_factory=dict)


def views_of(changes: list[Change]) -> list[View]:
    """The Views of all polls: five before the first change, so that there is a past."""
    world, series = World(), Series(interval=STEP_SECONDS)
    views = [_poll(series, world) for _ in range(5)]
    for change in changes:
        getattr(world, change.what)[change.of] = change.value
        views += [_poll(series, world) for _ in range(change.polls)]
    return views


def _poll(series: Series, world: World) -> View:
    names = ("orders", "audit") if world.audited.get("", True) else ("orders",)
    groups = [_group(world, name) for name in GROUPS if world.groups.get(name, True)]
    mentioned = {*names, *(topic for group in groups for topic, _ in group.commits)}
    fenced = np.array([0.0, 0.0, world.fenced.get("", 0.0)])
    ages = {place: world.ages.get(place, 10.0) for place in PARTITIONS}
    return series.poll(
        [_topic(world, name) for name in names],
        groups,
        ages={place: age for place, age in ages.items() if age is not None},
        error="" if world.up.get("", True) else "no broker of broker:9092 responded in time",
        failed={name: TIMED_OUT for name, failed in world.failed.items() if failed},
        tables={"topic_configs": configs(len(mentioned)), "brokers": replace(BROKERS, fenced=fenced)},
    )


def _topic(world: World, name: str) -> Topic:
    """A topic on three brokers; a partition without in-sync replicas has no leader."""
    mine = [place for place in PARTITIONS if place[0] == name]
    isr = [[1, 2, 3][: world.isr.get(place, 3)] for place in mine]
    return Topic(
        name,
        [
            (0.0, END if world.ends.get(place, True) and in_sync else None)
            for place, in_sync in zip(mine, isr, strict=True)
        ],
        leaders=[1 if in_sync else -1 for in_sync in isr],
        isr=isr,
        replicas=[[1, 2, 3]] * len(mine),
    )


def _group(world: World, name: str) -> Group:
    denied = "denied: Describe on the group" if world.denied.get(name) else ""
    state = world.states.get(name, "Stable")
    lags = {place: world.lags.get((name, place), 0.0) for place in PARTITIONS}
    subscribed = world.subscribed.get(name, ("orders", "audit"))
    assigned = [place for place in PARTITIONS if place[0] in subscribed]
    return Group(
        name,
        {place: END - lag if isinstance(lag, float) else lag for place, lag in lags.items()},
        [] if state == "Empty" else [("reader-0", "/10.0.3.7", assigned)],
        state=state,
        subscribed=subscribed,
        reason=denied,
        commits_reason=denied,
    )
