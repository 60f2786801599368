"""Details of groups on a real cluster while members come and go: who has what, who is to have what, and the epochs."""

from collections import Counter

import pytest
from breakable import Cluster
from heartbeats import HeartbeatMember, heartbeats
from kafka_cluster import make_topic, unique, wait_until
from real_kmon import polling

from monitor.model.view import View
from monitor.poll.poller import Poller

pytestmark = pytest.mark.kafka


class Members:
    """What a poll says of the members of one group, by member id."""

    def __init__(self, view: View, group: str) -> None:
        groups, members = view.snapshot.groups, view.snapshot.members
        row = view.group_rows[group]
        ids = {each: str(members.member_id[each]) for each in range(len(members)) if members.group[each] == row}
        self.state, self.reconciling = groups.state[row], view.group_lags.reconciling[row]
        self.epoch, self.assignment_epoch = groups.epoch[row], groups.assignment_epoch[row]
        self.epochs = {name: members.epoch[each] for each, name in ids.items()}
        self.has = Counter(ids[each] for each in view.snapshot.assignments.member.tolist() if each in ids)
        self.is_to_have = Counter(ids[each] for each in view.snapshot.target_assignments.member.tolist() if each in ids)


def assigned(member: HeartbeatMember, count: int) -> None:
    """Beat until the coordinator has given the member so many partitions, and confirm them."""
    wait_until(lambda: member.beat() == count, f"{count} partitions")
    member.confirm()


def members_when(poller: Poller, group: str, state: str, *beating: HeartbeatMember) -> Members:
    """The members once the group is in a state; a coordinator assigns in its own time, when a member asks."""

    def seen() -> Members | None:
        for each in beating:
            each.beat()
        view = poller.poll()
        found = Members(view, group) if group in view.group_rows else None
        return found if found and found.state == state and found.epoch == found.assignment_epoch else None

    result: Members = wait_until(seen, f"{group} {state}")
    return result


def test_a_kip_848_group_whose_members_come_and_go(kafka: Cluster) -> None:
    topic, group = make_topic(kafka, "handed-over", partitions=4), unique("handed-over")
    with heartbeats(kafka) as client, polling(kafka) as poller:
        first, second = (HeartbeatMember(client, group, topic) for _ in range(2))
        first.beat({})
        assigned(first, 4)
        alone = members_when(poller, group, "Stable")
        assert (alone.has, alone.is_to_have, alone.reconciling) == ({first.member_id: 4}, {}, 0)
        assert alone.epochs == {first.member_id: alone.epoch}

        second.beat({})
        joining = members_when(poller, group, "Reconciling", second)
        assert joining.epoch > alone.epoch
        assert joining.has == {first.member_id: 4}
        assert joining.is_to_have == {first.member_id: 2, second.member_id: 2}
        assert joining.reconciling == 2
        assert joining.epochs[first.member_id] < joining.epoch

        assigned(first, 2)
        assigned(second, 2)
        shared = members_when(poller, group, "Stable", first)
        assert (shared.has, shared.is_to_have) == ({first.member_id: 2, second.member_id: 2}, {})
        assert set(shared.epochs.values()) == {shared.epoch}

        second.leave()
        assigned(first, 4)
        left = members_when(poller, group, "Stable", first)
        assert (left.has, left.is_to_have) == ({first.member_id: 4}, {})
        first.leave()
        assert members_when(poller, group, "Empty").epochs == {}
