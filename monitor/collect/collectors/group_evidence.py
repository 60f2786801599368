"""What the lists of groups of several brokers prove: which groups there are, which are gone, which are in doubt.

ListGroups names the groups that a broker coordinates just then, without an error for those that nobody coordinates or
that their new coordinator is still loading. A group is believed from the list of its coordinator alone, and is gone
only when a coordinator that is known to have loaded its partition of the offsets topic, and to have caught up with what
was committed of it, does not list it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from monitor.collect.draft import ListedGroup
from monitor.model.coordinators import NOBODY, OFFSETS_TOPIC, Tenure, leaderless, partition_of
from monitor.model.reasons import NO_REASON, Kind, Reason
from monitor.model.snapshot import NO_LEADER

ABSENT_POLLS = 3
"""How many lists in a row have to lack a group to prove that it is gone, where its coordinator is not known or may not
be asked."""

DENIED = Reason(Kind.GROUP_DENIED)
"""What came of asking a coordinator that this user may not ask, or that does not serve the request: it proves nothing.
"""


NOT_LISTED = Reason(Kind.NOT_LISTED)


class Absence(NamedTuple):
    """In how many polls in a row a group was listed by nobody, and who led its partition of the offsets topic."""

    tenure: Tenure
    polls: int


@dataclass(frozen=True)
class Evidence:
    """What earlier polls proved: `known` groups, of which some may be in doubt (see `reason` of ListedGroup), which
    leaders have loaded each partition of the offsets topic, and since when groups are absent.
    """

    known: Mapping[str, ListedGroup] = field(default_factory=dict)
    loaded: Mapping[int, Tenure] = field(default_factory=dict)
    absent: Mapping[str, Absence] = field(default_factory=dict)


class Lists(NamedTuple):
    """The answers of one poll: groups by the broker that lists them, why others list none, and who leads each
    partition of the offsets topic (nothing where that topic is not in metadata).
    """

    groups: Mapping[int, Mapping[str, ListedGroup]]
    troubles: Mapping[int, Reason]
    tenures: tuple[Tenure, ...]
    places: Mapping[str, int]
    """The partition of the offsets topic of each group that is known or listed."""

    def trouble(self, partition: int) -> Reason:
        """Why the groups of a partition of the offsets topic could not be listed; NO_REASON where they could."""
        leader = self.tenures[partition].leader
        if leader == NO_LEADER:
            return Reason(Kind.NO_COORDINATOR, detail=str(partition))
        absent = Reason(Kind.UNKNOWN_COORDINATOR, leader, detail=str(partition))
        return NO_REASON if leader in self.groups else self.troubles.get(leader, absent)


@dataclass(frozen=True)
class Finding:
    """The groups by name, why not all of them could be listed, and what to remember."""

    groups: list[ListedGroup]
    missing: list[Reason]
    evidence: Evidence

    @property
    def doubtful(self) -> bool:
        """Whether to judge again, although nobody lists other groups."""
        return bool(self.missing or self.evidence.absent or any(each.reason for each in self.groups))


def places_of(names: Iterable[str], partitions: int, known: Mapping[str, int]) -> dict[str, int]:
    """The partition of the offsets topic of each name, of which many are `known`."""
    return {name: known[name] if name in known else partition_of(name, partitions) for name in names}


def to_ask(evidence: Evidence, lists: Lists) -> dict[int, list[str]]:
    """Which brokers to ask whether they coordinate these groups, and to list theirs again: node to group ids.

    Those are the leaders that are not known to have loaded a partition of the offsets topic, and those that do not list
    a group which is known, or which another broker lists. Without leaders, every broker is asked for absent groups.
    """
    asks: dict[int, list[str]] = {}
    if not lists.tenures:
        absent = _absent_everywhere(evidence, lists)
        return dict.fromkeys(lists.groups, absent) if absent and not lists.troubles else {}
    example: dict[int, str] = {}
    doubtful: dict[int, str] = {}
    for name in (*evidence.known, *(name for listed in lists.groups.values() for name in listed)):
        partition = lists.places[name]
        example[partition] = name
        if name not in lists.groups.get(lists.tenures[partition].leader, {}):
            doubtful[partition] = name
    for partition, tenure in enumerate(lists.tenures):
        if lists.trouble(partition):
            continue
        if partition in doubtful or evidence.loaded.get(partition) != tenure:
            # A group that is known is more likely to be granted than a name that nobody has.
            name = doubtful.get(partition) or example.get(partition) or made_up(len(lists.tenures))[partition]
            asks.setdefault(tenure.leader, []).append(name)
    return asks


def find(evidence: Evidence, lists: Lists, answers: Mapping[tuple[int, str], Reason]) -> Finding:
    """The groups of a poll. `answers` tells of each question of `to_ask`, a node and a group id, what came of it.

    That is NO_REASON where the broker coordinates the group, before it listed its groups and after, else DENIED or why
    not.
    """
    return _by_leader(evidence, lists, answers) if lists.tenures else _by_lister(evidence, lists, answers)


def _by_leader(evidence: Evidence, lists: Lists, answers: Mapping[tuple[int, str], Reason]) -> Finding:
    why: dict[int, Reason] = {}
    denied: set[int] = set()
    unready: set[int] = set()
    loaded: dict[int, Tenure] = {}
    asked = {(node, partition_of(name, len(lists.tenures))): said for (node, name), said in answers.items()}
    for partition, tenure in enumerate(lists.tenures):
        said = asked.get((tenure.leader, partition), NO_REASON)
        if said == DENIED:
            denied.add(partition)
        elif trouble := lists.trouble(partition) or said:
            why[partition] = trouble
            if said:
                unready.add(partition)
            continue
        loaded[partition] = tenure
    rows: dict[str, ListedGroup] = {}
    absent: dict[str, Absence] = {}
    for name, partition in lists.places.items():
        tenure = lists.tenures[partition]
        old = evidence.known.get(name) or next((each[name] for each in lists.groups.values() if name in each), None)
        listed = None if partition in why else lists.groups[tenure.leader].get(name)
        if listed is not None:
            rows[name] = listed
            continue
        if partition in denied:
            absent[name] = _absence(evidence, name, tenure)
        elif partition not in why and (tenure.leader, partition) in asked:
            continue
        if old is not None and (name not in absent or absent[name].polls < ABSENT_POLLS):
            reason = why.get(partition, Reason(Kind.NOT_LISTED_BY_COORDINATOR, tenure.leader))
            ready = partition not in unready
            rows[name] = old._replace(state=None, coordinator=tenure.leader, reason=reason, ready=ready)
    return _finding(rows, _reasons(lists, why), loaded, absent)


def _reasons(lists: Lists, why: Mapping[int, Reason]) -> list[Reason]:
    """What is missing, with the partitions that have no leader in one."""
    there = [why[partition] for partition in sorted(why) if lists.tenures[partition].leader != NO_LEADER]
    return list(dict.fromkeys((*there, *leaderless(lists.tenures, OFFSETS_TOPIC))))


def _by_lister(evidence: Evidence, lists: Lists, answers: Mapping[tuple[int, str], Reason]) -> Finding:
    """Without the leaders of the offsets topic: a group is where it is listed, and gone when nobody lists it."""
    rows: dict[str, ListedGroup] = {}
    for node in sorted(lists.groups):
        for name, each in lists.groups[node].items():
            if name in rows:
                reason = Reason(Kind.LISTED_TWICE, detail=f"{rows[name].coordinator} and {node}")
                rows[name] = each._replace(state=None, coordinator=NO_LEADER, reason=reason)
            else:
                rows[name] = each
    missing = list(dict.fromkeys(lists.troubles.values()))
    absent: dict[str, Absence] = {}
    for name in _absent_everywhere(evidence, lists):
        old = evidence.known[name]
        said = [answers[node, name] for node in lists.groups if (node, name) in answers]
        if lists.troubles:
            reason = lists.troubles.get(old.coordinator, missing[0])
        elif DENIED in said or NO_REASON in said:
            absent[name] = _absence(evidence, name, NOBODY)
            if absent[name].polls >= ABSENT_POLLS:
                continue
            reason = NOT_LISTED
        else:
            reason = next(iter(said), NOT_LISTED)
        node = old.coordinator if old.coordinator in lists.troubles else NO_LEADER
        rows[name] = old._replace(state=None, coordinator=node, reason=reason, ready=True)
    return _finding(rows, missing, {}, absent)


def _finding(
    rows: Mapping[str, ListedGroup], missing: list[Reason], loaded: Mapping[int, Tenure], absent: Mapping[str, Absence]
) -> Finding:
    groups = [rows[name] for name in sorted(rows)]
    doubted = list(dict.fromkeys(each.reason for each in groups if each.reason))
    return Finding(groups, missing or doubted, Evidence(dict(rows), loaded, absent))


def _absent_everywhere(evidence: Evidence, lists: Lists) -> list[str]:
    return [name for name in evidence.known if not any(name in listed for listed in lists.groups.values())]


def _absence(evidence: Evidence, name: str, tenure: Tenure) -> Absence:
    before = evidence.absent.get(name)
    return Absence(tenure, before.polls + 1 if before is not None and before.tenure == tenure else 1)


@lru_cache(maxsize=8)
def made_up(partitions: int) -> tuple[str, ...]:
    """For each partition of the offsets topic, of so many, a group id that it would keep and that nobody has."""
    names: dict[int, str] = {}
    for number in count():
        if len(names) == partitions:
            break
        name = f"kmon-asks-who-coordinates-{number}"
        names.setdefault(partition_of(name, partitions), name)
    return tuple(names[partition] for partition in range(partitions))
