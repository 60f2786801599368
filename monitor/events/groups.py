"""Groups that come and go, rebalance and move to another coordinator, and their members."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from monitor.derive.completeness import lists_groups
from monitor.events.event import NAME, Event, fold, some
from monitor.snapshot import KNOWN, Snapshot
from monitor.text import name_of, plural

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

    `known` are all that were ever described and not deleted. `stale` tells when those were that the snapshot before
    does not describe, `listed` when the last full list was, both in unix time. A list may lack the groups of a
    coordinator that is just taking over, so those that are `pending` are deleted only when the next list lacks them
    too. `hidden` is how many groups the settings left out when none was pending.
    """

    snapshot: Snapshot
    known: dict[str, Group]
    stale: dict[str, float]
    listed: float | None
    pending: frozenset[str]
    hidden: int


def see_groups(before: Groups | None, now: Snapshot) -> tuple[list[Event], dict[str, int], Groups]:
    """What changed, how many times each group was seen to rebalance, and what is to be remembered."""
    complete = lists_groups(now) and not now.cut_groups
    if before is not None and not before.pending and _same(before.snapshot, now):
        listed = now.time if complete else before.listed
        return [], {}, before._replace(snapshot=now, listed=listed, hidden=now.hidden_groups)
    described = _described(now)
    if before is None:
        return [], {}, Groups(now, described, {}, now.time if complete else None, frozenset(), now.hidden_groups)
    events: list[Event] = []
    rebalances: dict[str, int] = {}
    named = set(before.snapshot.groups.group.tolist())
    for name, group in described.items():
        old = before.known.get(name)
        if old is None:
            if before.listed is not None and name not in named:
                text = f"group {name_of(name, NAME)} was created"
                events.append(Event("group_created", before.listed, now.time, text, group=name, after=group.state))
        elif old != group:
            times = before.stale.get(name, before.snapshot.time), now.time
            events += _changes(name, times, old, group)
            if number := _rebalances(old, group):
                rebalances[name] = number
                events.append(_rebalanced(name, times, old, group))
    known = {**before.known, **described}
    stale = {name: before.stale.get(name, before.snapshot.time) for name in known.keys() - described.keys()}
    missing = stale.keys() - set(now.groups.group.tolist()) if complete else set()
    pending = frozenset(name for name in missing if name not in before.stale)
    for name in sorted(missing & before.pending) if now.hidden_groups <= before.hidden else ():
        text = f"group {name_of(name, NAME)} was deleted"
        events.append(Event("group_deleted", stale.pop(name), now.time, text, group=name, before=known.pop(name).state))
    listed = now.time if complete else before.listed
    hidden = before.hidden if pending else now.hidden_groups
    by_kind = {event.kind: [each for each in events if each.kind == event.kind] for event in events}
    folded = [each for alike in by_kind.values() for each in fold(alike, _key, _many)]
    return folded, rebalances, Groups(now, known, stale, listed, pending, hidden)


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
        text = f"{shown} has no members any more, had {len(old.members):,}"
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
    "group_emptied": "groups have no members any more",
    "coordinator_changed": "groups have another coordinator",
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
