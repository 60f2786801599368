"""kmon lag against Kafka's own tools, row by row, on a quiet cluster with groups of every type."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from breakable import Cluster
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
from real_kmon import kmon_lag, polling, rows_of

from kmon.commands.lag_rows import Row
from kmon.demo.shop import STREAMS_INPUT

pytestmark = pytest.mark.kafka

Told = dict[tuple[str, str, int], tuple[object, ...]]
"""What is said of (group, topic, partition)."""

OFFSETS = {"committed_offset": "CURRENT-OFFSET", "end_offset": "LOG-END-OFFSET", "lag": "LAG"}
MEMBERS = {"member_id": "CONSUMER-ID", "host": "HOST", "client_id": "CLIENT-ID"}


def told_by_tool(output: str, *headers: str) -> Told:
    """The columns of these headers in the tables that a tool has printed; `-` is None, and hosts lose Java's slash."""
    told: Told = {}
    columns: list[str] = []
    for cells in map(str.split, output.splitlines()):
        if cells[:1] == ["GROUP"]:
            columns = cells
        elif cells and len(cells) == len(columns):
            row = {name: None if cell == "-" else cell for name, cell in zip(columns, cells, strict=True)}
            row["HOST"] = (row.get("HOST") or "").removeprefix("/") or None
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
    """The groups of this module, and who is asked of them."""

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

    def rows(self) -> list[Row]:
        """What kmon lag says of these groups."""
        names = (self.gone, self.live, self.modern, self.share, self.streams)
        return [row for row in kmon_lag(self.cluster.bootstrap) if row["group"] in names]

    def tool(self, args: tuple[str, ...]) -> str:
        main_class, *options = args
        where = ("--bootstrap-server", self.cluster.bootstrap)
        return self.cluster.run_tool(main_class, *where, "--describe", "--all-groups", *options)


@pytest.fixture(scope="module")
def groups(kafka: Cluster) -> Iterator[Groups]:
    groups = Groups(kafka)
    topic = groups.topic
    commit(kafka, groups.gone, {(topic, 0): 3, (topic, 2): 0}, metadata="by hand")
    with ExitStack() as running, polling(kafka) as poller:

        def wait_read(group: str, partitions: int) -> None:
            """Return when a group has read so many partitions to their ends."""

            def read() -> int:
                return [row["lag"] for row in rows_of(poller.poll(), group).values()].count(0)

            wait_until(lambda: read() >= partitions, f"{group} to read", 180)

        consumer = running.enter_context(member(kafka, groups.live, topic, client_id=unique("client")))
        wait_until(lambda: consumer.poll(500), "a record")
        consumer.commit()
        running.enter_context(consumer_group(kafka, groups.modern, topic, wait=False))
        running.enter_context(streams_group(kafka, groups.streams, wait=False))
        with share_group(kafka, groups.share, groups.share_topic):
            wait_read(groups.share, 1)
        produce(kafka, groups.share_topic, count=4)
        produce(kafka, STREAMS_INPUT, count=3, value=b"one two three")
        wait_read(groups.modern, 2)
        # Of its input and of the topic that its words are counted by.
        wait_read(groups.streams, 2)
        yield groups


TOOLS = {
    "consumers": (".consumer.group.ConsumerGroupCommand",),
    "streams": (".streams.StreamsGroupCommand", "--offsets", "--verbose"),
    "streams members": (".streams.StreamsGroupCommand", "--members"),
    "share": (".consumer.group.ShareGroupCommand", "--offsets"),
}


@dataclass
class Said:
    """What kmon and Kafka's tools say of the groups at a time when nothing changed."""

    rows: list[Row]
    printed: dict[str, str]

    def kmon(self, group: str, *keys: str) -> Told:
        return told_by_kmon([row for row in self.rows if row["group"] == group], *keys)

    def tool(self, name: str, group: str, *headers: str) -> Told:
        return {key: row for key, row in told_by_tool(self.printed[name], *headers).items() if key[0] == group}


@pytest.fixture(scope="module")
def said(groups: Groups) -> Said:
    def quiet() -> Said | None:
        """None where kmon does not say the same before and after the tools."""
        before = groups.rows()
        with ThreadPoolExecutor() as pool:
            printed = dict(zip(TOOLS, pool.map(groups.tool, TOOLS.values()), strict=True))
        same = told_by_kmon(before, *OFFSETS, *MEMBERS) == told_by_kmon(groups.rows(), *OFFSETS, *MEMBERS)
        return Said(before, printed) if same else None

    found: Said = wait_until(quiet, "the groups to be quiet", 180)
    return found


@pytest.mark.parametrize("name", ["gone", "live", "modern"])
def test_consumer_groups(groups: Groups, said: Said, name: str) -> None:
    """Of a classic group with members and one without, and of a KIP-848 group."""
    group = getattr(groups, name)
    kafkas = said.tool("consumers", group, *OFFSETS.values(), *MEMBERS.values())
    assert kafkas
    assert said.kmon(group, *OFFSETS, *MEMBERS) == kafkas


def test_each_case_is_there(groups: Groups, said: Said) -> None:
    """Else the comparison would hold of rows without anything to compare."""
    topic, rows = groups.topic, said.rows
    told = told_by_kmon(rows, "committed_offset", "end_offset", "lag", "reason", "group_type")
    assert told[groups.gone, topic, 0] == ("3", "7", "4", None, "classic")
    assert told[groups.gone, topic, 2] == ("0", "0", "0", None, "classic")
    assert (groups.gone, topic, 1) not in told
    assert told[groups.modern, topic, 0] == ("7", "7", "0", None, "consumer")
    assert told[groups.modern, topic, 2] == (None, "0", None, "no commit", "consumer")
    assert {row["client_id"] for row in rows if row["group"] == groups.gone} == {None}
    assert {bool(row["client_id"]) for row in rows if row["group"] in (groups.live, groups.modern)} == {True}


def test_streams_group(groups: Groups, said: Said) -> None:
    """Both have the topics of the application's subtopologies, committed or not.

    Where nothing was committed Kafka's tool counts lag from the log start, as if it knew where the application will
    begin; to kmon that lag is unknown.
    """
    kafkas = said.tool("streams", groups.streams, "CURRENT-OFFSET", "LOG-END-OFFSET", "OFFSET-LAG")
    assert {row[0] is None for row in kafkas.values()} == {True, False}
    assert said.kmon(groups.streams, *OFFSETS) == {
        key: (committed, end, None if committed is None else lag) for key, (committed, end, lag) in kafkas.items()
    }


def test_streams_members(groups: Groups, said: Said) -> None:
    header, *lines = (line.split() for line in said.printed["streams members"].splitlines() if line.split())
    at = header.index("MEMBER"), header.index("CLIENT-ID")
    kafkas = {(cells[at[0]], cells[at[1]]) for cells in lines if cells[0] == groups.streams}
    assert len(kafkas) == 1
    assert {(row["member_id"], row["client_id"]) for row in said.rows if row["group"] == groups.streams} == kafkas


def test_share_group(groups: Groups, said: Said) -> None:
    """A share group has no committed offset: kmon gives the start offset of the share-partition in its place."""
    kafkas = said.tool("share", groups.share, "START-OFFSET", "LAG")
    assert [lag for _, lag in kafkas.values()] == ["4"]
    assert said.kmon(groups.share, "committed_offset", "lag") == kafkas
