"""Tables of groups and their members, from what ListGroups and the describe answers of a draft say."""

from monitor.collect.draft import Draft, GroupDescription, ListedGroup, MemberRow
from monitor.model.reasons import NO_REASON, Kind, Reason
from monitor.model.snapshot import Groups, Members

DESCRIBED_TYPES = ("classic", "consumer", "share", "streams")


def description(draft: Draft, group: ListedGroup) -> GroupDescription:
    known = draft.descriptions.get(group.group)
    if known is None:
        strange = group.group_type is not None and group.group_type not in DESCRIBED_TYPES
        known = GroupDescription(
            Reason(Kind.STRANGE_GROUP_TYPE, detail=str(group.group_type)) if strange else Reason(Kind.NOT_ASKED)
        )
    return known


def troubles(draft: Draft) -> dict[str, list[Reason]]:
    """The reason columns of `Groups`, by name; NO_REASON where the value is known."""
    described = [description(draft, each) for each in draft.groups]
    return {
        "reason": [each.reason or about.error for each, about in zip(draft.groups, described, strict=True)],
        "commits_reason": [draft.commit_faults.get(each.group, NO_REASON) for each in draft.groups],
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
