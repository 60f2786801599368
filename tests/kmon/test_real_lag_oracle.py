"""kmon lag against Kafka's own tools, row by row, on a quiet cluster with groups of every type."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from kafka_cluster import (
    commit,
    consumer_group,
    make_topic,
    member,
    produce,
    share_group,
    streams_group,
    unique,
    wait_until,
)
from real_kmon import kmon_lag

from kmon.commands.lag_rows import Row
from kmon.demo.cluster import Cluster
from kmon.demo.kafka_clients import STREAMS_INPUT

pytestmark = pytest.mark.kafka

Told = dict[tuple[str, str, int], tuple[object, ...]]
"""What is said of (group, topic, partition)."""

OFFSETS = {"committed_offset": "CURRENT-OFFSET", "end_offset": "LOG-END-OFFSET", "lag": "LAG"}
MEMBERS = {"member_id": "CONSUMER-ID", "host": "HOST", "client_id": "CLIENT-ID"}


def told_by_tool(output: str, *headers: str) -> Told:
    """The columns of these headers in the tables that a tool has printed; `-` is None."""
    told: Told = {}
    columns: list[str] = []
    for cells in map(str.split, output.splitlines()):
        if cells[:1] == ["GROUP"]:
            columns = cells
        elif cells and len(cells) == len(columns):
            row = {name: None if cell == "-" else cell for name, cell in zip(columns, cells, strict=True)}
            key = (str(row["GROUP"]), str(row["TOPIC"]), int(str(row["PARTITION"])))
            assert key not in told
            told[key] = tuple(row[header] for header in headers)
    return told


def told_by_kmon(rows: list[Row], *keys: str) -> Told:
    told: Told = {
        (str(row["group"]), str(row["topic"]), int(str(row["partition"]))): tuple(
            None if row[key] is None else str(row[key]) for key in keys
        )
        for row in rows
    }
    assert len(told) == len(rows)
    return told


class Groups:
    """The groups of this module, and what kmon and Kafka say of them."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.topic = make_topic(cluster, "oracle", partitions=3)
        for partition, count in ((0, 7), (1, 5)):
            produce(cluster, self.topic, partition, count)
        self.share_topic = make_topic(cluster, "shared")
        produce(cluster, self.share_topic, count=6)
        self.gone, self.live, self.modern, self.share, self.streams = map(
            unique, ("gone", "live", "modern", "share", "streams")
        )

    def kmon(self, group: str) -> list[Row]:
        return [row for row in kmon_lag(self.cluster.bootstrap) if row["group"] == group]

    def wait_read(self, group: str, partitions: int) -> None:
        """Return when a group has read so many partitions to their ends."""
        wait_until(lambda: [row["lag"] for row in self.kmon(group)].count(0) >= partitions, f"{group} to read", 180)

    def tool(self, main_class: str, *args: str) -> str:
        return self.cluster.run_tool(main_class, "--bootstrap-server", self.cluster.bootstrap, "--describe", *args)

    def both(self, group: str, keys: tuple[str, ...], tool: Callable[[], Told]) -> tuple[Told, Told]:
        """What kmon and the tool say at a time when nothing changed: kmon said the same before and after the tool."""

        def quiet() -> tuple[Told, Told] | None:
            before = told_by_kmon(self.kmon(group), *keys)
            kafkas = {key: row for key, row in tool().items() if key[0] == group}
            return (before, kafkas) if before == told_by_kmon(self.kmon(group), *keys) else None

        told: tuple[Told, Told] = wait_until(quiet, f"{group} to be quiet", 180)
        return told


@pytest.fixture(scope="module")
def groups(kafka: Cluster) -> Iterator[Groups]:
    groups = Groups(kafka)
    topic = groups.topic
    commit(kafka, groups.gone, {(topic, 0): 3, (topic, 2): 0}, metadata="by hand")
    with ExitStack() as running:
        consumer = running.enter_context(member(kafka, groups.live, topic, client_id=unique("client")))
        wait_until(lambda: consumer.poll(500), "a record")
        consumer.commit()
        running.enter_context(consumer_group(kafka, groups.modern, topic))
        running.enter_context(streams_group(kafka, groups.streams))
        produce(kafka, STREAMS_INPUT, count=3, value=b"one two three")
        with share_group(kafka, groups.share, groups.share_topic):
            groups.wait_read(groups.share, 1)
        produce(kafka, groups.share_topic, count=4)
        groups.wait_read(groups.modern, 2)
        # Of its input and of the topic that its words are counted by.
        groups.wait_read(groups.streams, 2)
        yield groups


@pytest.mark.parametrize("name", ["gone", "live", "modern"])
def test_consumer_groups(groups: Groups, name: str) -> None:
    """Of a classic group with members and one without, and of a KIP-848 group."""
    group = getattr(groups, name)
    ours, kafkas = groups.both(
        group,
        (*OFFSETS, *MEMBERS),
        lambda: told_by_tool(
            groups.tool(".consumer.group.ConsumerGroupCommand", "--all-groups"), *OFFSETS.values(), *MEMBERS.values()
        ),
    )
    assert kafkas
    assert ours == kafkas


def test_each_case_is_there(groups: Groups) -> None:
    """Else the comparison would hold of rows without anything to compare."""
    topic, rows = groups.topic, kmon_lag(groups.cluster.bootstrap)
    told = told_by_kmon(rows, "committed_offset", "end_offset", "lag", "reason", "group_type")
    assert told[groups.gone, topic, 0] == ("3", "7", "4", None, "classic")
    assert told[groups.gone, topic, 2] == ("0", "0", "0", None, "classic")
    assert (groups.gone, topic, 1) not in told
    assert told[groups.modern, topic, 0] == ("7", "7", "0", None, "consumer")
    assert told[groups.modern, topic, 2] == (None, "0", None, "no commit", "consumer")
    assert {row["client_id"] for row in rows if row["group"] == groups.gone} == {None}
    assert {bool(row["client_id"]) for row in rows if row["group"] in (groups.live, groups.modern)} == {True}


def test_streams_group(groups: Groups) -> None:
    """Both have the topics of the application's subtopologies, committed or not.

    Where nothing was committed Kafka's tool counts lag from the log start, as if it knew where the application will
    begin; to kmon that lag is unknown.
    """
    ours, kafkas = groups.both(
        groups.streams,
        tuple(OFFSETS),
        lambda: told_by_tool(
            groups.tool(".streams.StreamsGroupCommand", "--all-groups", "--offsets", "--verbose"),
            *("CURRENT-OFFSET", "LOG-END-OFFSET", "OFFSET-LAG"),
        ),
    )
    assert {row[0] is None for row in kafkas.values()} == {True, False}
    assert ours == {
        key: (committed, end, None if committed is None else lag) for key, (committed, end, lag) in kafkas.items()
    }


def test_streams_members(groups: Groups) -> None:
    output = groups.tool(".streams.StreamsGroupCommand", "--all-groups", "--members")
    header, *lines = (line.split() for line in output.splitlines() if line.split())
    at = header.index("MEMBER"), header.index("CLIENT-ID")
    kafkas = {(cells[at[0]], cells[at[1]]) for cells in lines if cells[0] == groups.streams}
    assert len(kafkas) == 1
    assert {(row["member_id"], row["client_id"]) for row in groups.kmon(groups.streams)} == kafkas


def test_share_group(groups: Groups) -> None:
    """A share group has no committed offset: kmon gives the start offset of the share-partition in its place."""
    ours, kafkas = groups.both(
        groups.share,
        ("committed_offset", "lag"),
        lambda: told_by_tool(
            groups.tool(".consumer.group.ShareGroupCommand", "--all-groups", "--offsets"), "START-OFFSET", "LAG"
        ),
    )
    assert [lag for _, lag in kafkas.values()] == ["4"]
    assert ours == kafkas
