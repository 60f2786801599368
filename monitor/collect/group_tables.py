"""Tables of groups and their members, from what ListGroups and the describe answers of a draft say."""

import numpy as np

from monitor.collect.draft import Draft, GroupDescription, ListedGroup, MemberRow
from monitor.model.snapshot import Groups, Members
from monitor.model.table import Ints, objects

DESCRIBED_TYPES = ("classic", "consumer", "share", "streams")
NOT_ASKED = "not requested: an earlier request failed"


def description(draft: Draft, group: ListedGroup) -> GroupDescription:
    known = draft.descriptions.get(group.group)
    if known is None:
        strange = group.group_type is not None and group.group_type not in DESCRIBED_TYPES
        known = GroupDescription(
            error=f"groups of type {group.group_type} are not supported by kmon" if strange else NOT_ASKED
        )
    return known


def troubles(draft: Draft) -> list[str]:
    """Why each group's description is unknown, empty where it is known."""
    return [each.reason or description(draft, each).error for each in draft.groups]


def assignment_troubles(draft: Draft) -> list[str]:
    """Why what some members of each group are assigned is unknown, empty where it is known."""
    return [description(draft, each).assignment_error for each in draft.groups]


def commit_troubles(draft: Draft, rows: dict[str, int]) -> Ints:
    reason = np.zeros(len(draft.groups), np.int32)
    for name, text in draft.commit_faults.items():
        if name in rows:
            reason[rows[name]] = draft.reason(text)
    return reason


def make_groups(draft: Draft) -> Groups:
    described = [description(draft, each) for each in draft.groups]
    none = np.zeros(len(described), np.int32)
    return Groups(
        objects(each.group for each in draft.groups),
        objects(each.group_type for each in draft.groups),
        objects(each.protocol_type for each in draft.groups),
        objects(about.state or each.state for each, about in zip(draft.groups, described, strict=True)),
        np.array([each.coordinator for each in draft.groups], np.int32),
        np.array([each.epoch for each in described], np.float64),
        np.array([each.assignment_epoch for each in described], np.float64),
        np.array([each.topology_epoch for each in described], np.float64),
        objects(each.assignor for each in described),
        np.array([np.nan if each.error else len(each.members) for each in described], np.float64),
        none,
        none.copy(),
        none.copy(),
    )


def make_members(members: list[tuple[int, MemberRow]]) -> Members:
    """The members with the row of their group."""
    return Members(
        group=np.array([row for row, _ in members], np.int32),
        member_id=objects(each.member_id for _, each in members),
        client_id=objects(each.client_id for _, each in members),
        host=objects(each.host for _, each in members),
        instance_id=objects(each.instance_id for _, each in members),
        rack=objects(each.rack for _, each in members),
        epoch=np.array([each.epoch for _, each in members], np.float64),
    )
