"""Groups that come and go, rebalance and move to another coordinator, and their members."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from monitor.analysis.derive.completeness import lists_groups
from monitor.analysis.events.event import fold, some
from monitor.model.events import Event
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.text import NAME, name_of, plural

REBALANCING = ("PreparingRebalance", "CompletingRebalance")
"""States of a classic group that is not done with a rebalance."""


class Group(NamedTuple):
    """A group as it was last described; `members` maps who they are to what they are called."""

    state: str
    coordinator: int
    epoch: float | None
    members: dict[str, str]


class Groups(NamedTuple):
    """What is remembered of groups.

    `known` are those that were ever described, `there` all that were ever listed, without those that were deleted.
    `stale` and `away` tell when those of them were last described or listed that were not in the snapshot before,
    `listed` when the last full list was, all in unix time. That one left out `hidden` groups by the settings;
    `left_out` are those of `there` that it may have left out.
    """

    snapshot: Snapshot
    known: dict[str, Group]
    stale: dict[str, float]
    there: frozenset[str]
    away: dict[str, float]
    listed: float | None
    hidden: int
    left_out: frozenset[str]


def see_groups(before: Groups | None, now: Snapshot) -> tuple[Groups, list[Event], dict[str, int]]:
    """What is to be remembered, what changed, and how many times each group was seen to rebalance."""
    complete = lists_groups(now)
    if before is not None and _same(before.snapshot, now) and before.away.keys() <= before.left_out:
        listed, hidden = (now.time, now.hidden_groups) if complete else (before.listed, before.hidden)
        return before._replace(snapshot=now, listed=listed, hidden=hidden), [], {}
    described, states = _described(now), _listed(now)
    if before is None:
        listed_at = now.time if complete else None
        there = frozenset(states)
        return Groups(now, described, {}, there, {}, listed_at, now.hidden_groups, frozenset()), [], {}
    events: list[Event] = []
    rebalances: dict[str, int] = {}
    if before.listed is not None:
        for name in states.keys() - before.there:
            text = f"group {name_of(name, NAME)} was created"
            events.append(Event("group_created", before.listed, now.time, text, group=name, after=states[name]))
    for name, group in described.items():
        old = before.known.get(name)
        if old is not None and old != group:
            times = before.stale.get(name, before.snapshot.time), now.time
            events += _changes(name, times, old, group)
            if number := _rebalances(old, group):
                rebalances[name] = number
                events.append(_rebalanced(name, times, old, group))
    deleted, left_out = _gone(before, now, complete=complete)
    for name in sorted(deleted):
        text, state = (
            f"group {name_of(name, NAME)} was deleted",
            before.known[name].state if name in before.known else "",
        )
        times = before.away.get(name, before.snapshot.time), now.time
        events.append(Event("group_deleted", *times, text, group=name, before=state))
    known = {name: group for name, group in {**before.known, **described}.items() if name not in deleted}
    there = (before.there | states.keys()) - deleted
    memory = Groups(
        now,
        known,
        {name: before.stale.get(name, before.snapshot.time) for name in known.keys() - described.keys()},
        there,
        {name: before.away.get(name, before.snapshot.time) for name in there - states.keys()},
        now.time if complete else before.listed,
        now.hidden_groups if complete else before.hidden,
        left_out,
    )
    return memory, fold(events, _key, _many), rebalances


def _gone(before: Groups, now: Snapshot, *, complete: bool) -> tuple[set[str], frozenset[str]]:
    """The groups that were deleted, and those that are away and may only be left out by the settings.

    A full list has every group that is not proven to be gone (see monitor.collect.collectors.group_evidence).
    """
    absent = before.there - set(now.groups.group.tolist())
    left_out = before.left_out & absent
    if not complete:
        return set(), left_out
    if now.hidden_groups > before.hidden:
        return set(), frozenset(absent)
    return set(absent - left_out), left_out


def _listed(now: Snapshot) -> dict[str, str]:
    """The states of the groups that were listed in this poll; others are rows because they are not proven gone."""
    table = now.groups
    rows = zip(table.group.tolist(), table.state.tolist(), strict=True)
    return {name: str(state) for name, state in rows if state is not None}


def _same(before: Snapshot, now: Snapshot) -> bool:
    """Whether groups and members are as they were; columns are kept from poll to poll while answers say the same."""
    one, other = now.groups, before.groups
    return (
        now.members is before.members
        and one.group is other.group
        and one.state is other.state
        and one.coordinator is other.coordinator
        and one.epoch is other.epoch
        and np.array_equal(one.reason != KNOWN, other.reason != KNOWN)
    )


def _described(now: Snapshot) -> dict[str, Group]:
    """The groups whose description is known, by id."""
    table, members = now.groups, now.members
    called: dict[int, dict[str, str]] = {}
    columns = (members.group, members.member_id, members.instance_id, members.client_id, members.host)
    for group, member_id, instance_id, client_id, host in zip(*(each.tolist() for each in columns), strict=True):
        # A static member that comes back has another member id and is the same member.
        who = member_id if instance_id is None else f"static {instance_id}"
        called.setdefault(group, {})[who] = f"{name_of(client_id, NAME)} ({name_of(host, NAME)})"
    rows = zip(
        table.group.tolist(),
        table.state.tolist(),
        table.coordinator.tolist(),
        table.epoch.tolist(),
        table.reason.tolist(),
        strict=True,
    )
    return {
        name: Group(
            str(state),
            coordinator,
            None if np.isnan(epoch) else epoch,
            called.get(row, {}),
        )
        for row, (name, state, coordinator, epoch, reason) in enumerate(rows)
        if reason == KNOWN and state is not None
    }


def _changes(name: str, times: tuple[float, float], old: Group, new: Group) -> Iterable[Event]:
    shown = name_of(name, NAME)
    if old.coordinator != new.coordinator:
        before, after = f"broker {old.coordinator}", f"broker {new.coordinator}"
        text = f"coordinator of {shown}: {before} → {after}"
        yield Event("coordinator_changed", *times, text, new.coordinator, group=name, before=before, after=after)
    for who in new.members.keys() - old.members.keys():
        text = f"{new.members[who]} joined {shown}"
        yield Event("member_joined", *times, text, group=name, after=new.members[who])
    for who in old.members.keys() - new.members.keys():
        text = f"{old.members[who]} left {shown}"
        yield Event("member_left", *times, text, group=name, before=old.members[who])
    if new.state == "Empty" != old.state:
        text = f"{shown} has no members left, had {len(old.members):,}"
        yield Event("group_emptied", *times, text, group=name, before=old.state, after=new.state)


def _rebalances(old: Group, new: Group) -> int:
    """How many times a group rebalanced at least: a classic one has no epoch that would tell of each time."""
    if old.epoch is not None and new.epoch is not None:
        return max(0, round(new.epoch - old.epoch))
    if old.state in REBALANCING:
        return 0  # the poll before has told of it
    return int(new.state in REBALANCING or (bool(new.members) and new.members.keys() != old.members.keys()))


def _rebalanced(name: str, times: tuple[float, float], old: Group, new: Group) -> Event:
    def told(group: Group) -> str:
        epoch = "" if group.epoch is None else f", epoch {group.epoch:.0f}"
        return f"{group.state} with {plural(len(group.members), 'member')}{epoch}"

    text = f"{name_of(name, NAME)} rebalanced: {told(old)} → {told(new)}"
    return Event("rebalanced", *times, text, group=name, before=told(old), after=told(new))


DONE = {
    "group_created": "groups were created",
    "group_deleted": "groups were deleted",
    "group_emptied": "groups have no members left",
    "coordinator_changed": "groups moved to another coordinator",
    "rebalanced": "groups rebalanced",
    "member_joined": "members joined",
    "member_left": "members left",
}


def _key(event: Event) -> object:
    """What many events are folded by: the group of members, the broker of a coordinator."""
    return event.group if event.kind.startswith("member") else event.broker


def _many(events: list[Event]) -> Event:
    first = events[0]
    groups = dict.fromkeys(str(each.group) for each in events)
    text = f"{len(events):,} {DONE[first.kind]}: {some(groups)}"
    return Event(
        first.kind,
        min(each.after_time for each in events),
        first.time,
        text,
        first.broker if len({each.broker for each in events}) == 1 else -1,
        group=str(first.group) if len(groups) == 1 else None,
        count=len(events),
    )
