"""Tables of groups and their members, from what ListGroups and the describe answers of a draft say."""

from monitor.collect.draft import Draft, GroupDescription, ListedGroup, MemberRow
from monitor.model.snapshot import Groups, Members

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


def troubles(draft: Draft) -> dict[str, list[str]]:
    """Why something of each group is unknown, empty where it is known, by the columns of `Groups` that say so."""
    described = [description(draft, each) for each in draft.groups]
    return {
        "reason": [each.reason or about.error for each, about in zip(draft.groups, described, strict=True)],
        "commits_reason": [draft.commit_faults.get(each.group, "") for each in draft.groups],
        "assignments_reason": [each.assignment_error for each in described],
    }


def make_groups(draft: Draft) -> Groups:
    """The groups, without the reasons, whose codes are of one poll."""
    return Groups.of_rows(
        (
            each.group,
            each.group_type,
            each.protocol_type,
            about.state or each.state,
            each.coordinator,
            about.epoch,
            about.assignment_epoch,
            about.topology_epoch,
            about.assignor,
            None if about.error else len(about.members),
            *(0, 0, 0),
        )
        for each in draft.groups
        for about in [description(draft, each)]
    )


def make_members(members: list[tuple[int, MemberRow]]) -> Members:
    """The members with the row of their group."""
    return Members.of_rows(
        (row, each.member_id, each.client_id, each.host, each.instance_id, each.rack, each.epoch)
        for row, each in members
    )
