"""Which partition of Kafka's own topics keeps a group or transactional id, and who leads it."""

import pytest
from views import Topic, snapshot_of

from monitor.model.coordinators import OFFSETS_TOPIC, Tenure, leaderless, partition_of, tenures
from monitor.model.reasons import written
from monitor.model.snapshot import NO_LEADER


@pytest.mark.parametrize(
    ("name", "java_hash"),
    [
        ("", 0),
        ("a", 97),
        ("Hello", 69609650),
        ("hello world", 1794106052),
        ("console-consumer", -648006740),
        ("\N{GRINNING FACE}", 31 * 0xD83D + 0xDE00),
    ],
)
def test_a_name_is_kept_where_its_java_hash_falls(name: str, java_hash: int) -> None:
    for partitions in (1, 3, 50, 1000):
        assert partition_of(name, partitions) == abs(java_hash) % partitions


def test_the_hash_without_a_positive_counterpart_is_zero() -> None:
    assert partition_of("polygenelubricants", 50) == 0  # its hashCode is Integer.MIN_VALUE


def test_tenures_are_those_of_the_topic_in_metadata() -> None:
    topics = [Topic("a", [(0, 0)] * 3), Topic(OFFSETS_TOPIC, [(0, 0)] * 2, leaders=[2, NO_LEADER])]
    snapshot = snapshot_of(topics, [])
    assert tenures(snapshot.topics, snapshot.partitions) == (Tenure(2, 0), Tenure(NO_LEADER, 0))
    assert tenures(snapshot.topics, snapshot.partitions, "__transaction_state") == ()


def test_partitions_without_a_leader_are_named() -> None:
    none = Tenure(NO_LEADER, 3)
    assert leaderless((Tenure(1, 2),), "t") == []
    assert written(leaderless((Tenure(1, 2), none), "t")) == "t: no leader of partition 1"
    assert written(leaderless((none,) * 7, "t")) == "t: no leader of partitions 0, 1, 2, 3, 4 and 2 more"
