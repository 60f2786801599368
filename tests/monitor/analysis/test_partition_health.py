"""How partitions stand, held to a plain computation partition by partition; unknown never becomes a number."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from details import detailed_snapshot, detailed_view
from hypothesis import given
from hypothesis import strategies as st
from reasons import reason
from views import Topic, snapshot_of

from monitor.analysis.derive.partitions import derive_partitions, measured_brokers, partition_rows
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import LogDirs, Reassignments, Replicas, TopicConfigs
from monitor.model.reasons import NO_REASON
from monitor.model.snapshot import NO_LEADER, Snapshot
from monitor.model.table import Ragged, objects

NODES = (1, 2, 3, 4)
Place = tuple[int, int]


@dataclass
class World:
    """What a Snapshot is made of, as plain Python: partitions by (topic row, partition number)."""

    leader: dict[Place, int] = field(default_factory=dict)
    replicas: dict[Place, list[int]] = field(default_factory=dict)
    isr: dict[Place, list[int]] = field(default_factory=dict)
    offsets: dict[Place, tuple[float | None, float | None]] = field(default_factory=dict)
    stable: dict[Place, float] = field(default_factory=dict)
    wanted: list[float] = field(default_factory=list)
    adding: dict[Place, list[int]] = field(default_factory=dict)
    dirs: dict[int, bool] = field(default_factory=dict)
    sizes: dict[tuple[Place, int], float] = field(default_factory=dict)
    future: set[tuple[Place, int]] = field(default_factory=set)

    def snapshot(self) -> Snapshot:
        places = sorted(self.leader)
        rows = {topic: [place for place in places if place[0] == topic] for topic, _ in places}
        topics = [
            Topic(
                f"t{topic}",
                [self.offsets[place] for place in here],
                leaders=[self.leader[place] for place in here],
                isr=[self.isr[place] for place in here],
                replicas=[self.replicas[place] for place in here],
            )
            for topic, here in rows.items()
        ]
        base = snapshot_of(topics, [])
        nothing = np.full(len(self.wanted), math.nan)
        moving, dirs, held = sorted(self.adding), sorted(self.dirs), sorted(self.sizes)
        return replace(
            base,
            offsets=replace(base.offsets, stable_offset=np.array([self.stable[place] for place in places])),
            topic_configs=TopicConfigs(
                min_insync_replicas=np.array(self.wanted),
                retention_seconds=nothing,
                retention_bytes=nothing,
                local_retention_seconds=nothing,
                cleanup_policy=objects(None for _ in self.wanted),
                unclean_election=nothing,
                timestamp_type=objects(None for _ in self.wanted),
                remote_storage=nothing,
                digest=objects(None for _ in self.wanted),
                reason=np.zeros(len(self.wanted), np.int32),
            ),
            reassignments=Reassignments(
                topic=np.array([topic for topic, _ in moving], np.int32),
                partition=np.array([partition for _, partition in moving], np.int32),
                replicas=Ragged.of([self.replicas.get(place, []) for place in moving]),
                adding=Ragged.of([self.adding[place] for place in moving]),
                removing=Ragged.of([[] for _ in moving]),
            ),
            log_dirs=LogDirs(
                broker=np.array(dirs, np.int32),
                path=objects(["/data"] * len(dirs)),
                total_bytes=np.full(len(dirs), math.nan),
                usable_bytes=np.full(len(dirs), math.nan),
                reason=np.array([0 if self.dirs[node] else 1 for node in dirs], np.int32),
            ),
            replicas=Replicas(
                log_dir=np.array([dirs.index(node) for _, node in held], np.int32),
                broker=np.array([node for _, node in held], np.int32),
                topic=np.array([place[0] for place, _ in held], np.int32),
                partition=np.array([place[1] for place, _ in held], np.int32),
                size_bytes=np.array([self.sizes[each] for each in held]),
                offset_lag=np.zeros(len(held)),
                offset_lag_reason=np.zeros(len(held), np.int32),
                future=np.array([each in self.future for each in held], bool),
            ),
            reasons=(NO_REASON, reason("KAFKA_STORAGE_ERROR")),
        )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World()
    offset = st.integers(0, 1000).map(float)
    for topic in range(draw(st.integers(0, 3))):
        for partition in range(draw(st.integers(1, 3))):
            place = topic, partition
            nodes = draw(st.lists(st.sampled_from(NODES), unique=True, min_size=1))
            isr = draw(st.lists(st.sampled_from(nodes), unique=True))
            world.replicas[place], world.isr[place] = nodes, isr
            world.leader[place] = draw(st.sampled_from([*isr, NO_LEADER]))
            world.offsets[place] = (0.0, draw(offset | st.none()))
            world.stable[place] = draw(offset | st.just(math.nan))
            if draw(st.booleans()):
                world.adding[place] = draw(st.lists(st.sampled_from(nodes), unique=True))
        world.wanted.append(draw(st.sampled_from([1.0, 2.0, 3.0, math.nan])))
    if draw(st.booleans()):
        world.wanted = []
    if draw(st.booleans()):  # a topic that was deleted since
        world.adding[0, 9] = [1]
    for node in draw(st.lists(st.sampled_from(NODES), unique=True)):
        world.dirs[node] = draw(st.booleans())
        for place, nodes in world.replicas.items():
            if node in nodes and draw(st.booleans()):
                world.sizes[place, node] = draw(st.sampled_from([0.0, 1.0, 400.0, 1000.0, math.nan]))
                if draw(st.integers(0, 4)) == 0:
                    world.future.add((place, node))
    if not world.leader:
        world.adding, world.sizes = {}, {}
    return world


def is_number(value: float, wanted: float | None) -> bool:
    return math.isnan(value) if wanted is None else value == wanted


@given(worlds())
def test_the_health_of_each_partition(world: World) -> None:
    health = derive_partitions(world.snapshot())
    assert len(health) == len(world.leader)
    for row, place in enumerate(sorted(world.leader)):
        leader, replicas, isr = world.leader[place], world.replicas[place], world.isr[place]
        short = max(0, len(replicas) - len(world.adding.get(place, ())) - len(isr))
        assert health.offline[row] == (leader == NO_LEADER)
        assert health.preferred[row] == (leader == replicas[0])
        assert health.missing[row] == short
        assert health.under_replicated[row] == (short > 0)
        wanted = world.wanted[place[0]] if world.wanted else math.nan
        known = not math.isnan(wanted)
        assert is_number(health.min_insync_replicas[row], wanted if known else None)
        needed = min(wanted, len(world.replicas[place]))
        assert is_number(health.under_min_isr[row], float(len(isr) < needed) if known else None)
        assert is_number(health.at_min_isr[row], float(len(isr) == needed and short > 0) if known else None)
        end, stable = world.offsets[place][1], world.stable[place]
        assert is_number(health.unstable[row], None if end is None or math.isnan(stable) else max(0.0, end - stable))


def plain_size(world: World, place: Place, node: int) -> float | None:
    """What a broker holds of a partition; None where that is unknown."""
    size = None if (place, node) in world.future else world.sizes.get((place, node))
    if size is None and world.dirs.get(node):
        return 0.0
    return None if size is None or math.isnan(size) else size


@given(worlds())
def test_size_and_progress_of_each_partition(world: World) -> None:
    health = derive_partitions(world.snapshot())
    for row, place in enumerate(sorted(world.leader)):
        leader = world.leader[place]
        told = (place, leader) in world.sizes and (place, leader) not in world.future
        size = plain_size(world, place, leader) if told else None
        assert is_number(health.size_bytes[row], size)
        assert health.reassigning[row] == (place in world.adding)
        parts = [plain_size(world, place, node) for node in world.adding.get(place, ())]
        shares = [part / size for part in parts if part is not None and size]
        known = bool(size) and len(shares) == len(parts) > 0
        assert is_number(health.reassigned[row], min(1.0, *shares) if known else None)


@given(worlds())
def test_only_brokers_that_told_of_all_their_log_dirs_are_measured(world: World) -> None:
    assert measured_brokers(world.snapshot()).tolist() == sorted(node for node, told in world.dirs.items() if told)


def test_a_reassignment_to_a_broker_that_told_nothing_has_no_progress() -> None:
    """Else a broker that is down would look like one that has not begun to copy."""
    view = detailed_view()
    payments = partition_rows(view.snapshot, np.array([3]), np.array([0]))[0]
    assert view.partition_health.reassigning.nonzero()[0].tolist() == [payments]
    assert math.isnan(view.partition_health.reassigned[payments])


def test_a_replica_that_is_being_added_is_not_missing() -> None:
    world = World(
        leader={(0, 0): 1},
        replicas={(0, 0): [1, 2, 3, 4]},
        isr={(0, 0): [1, 2, 3]},
        offsets={(0, 0): (0.0, 10.0)},
        stable={(0, 0): 10.0},
        adding={(0, 0): [4]},
        dirs={1: True, 4: True},
        sizes={((0, 0), 1): 1000.0, ((0, 0), 4): 250.0},
    )
    health = derive_partitions(world.snapshot())
    assert not health.under_replicated.any()
    assert health.reassigned.tolist() == [0.25]


def test_min_isr_that_is_unknown_is_not_kept() -> None:
    totals = detailed_view().totals
    assert totals.under_min_isr is None


def test_topics_that_are_not_watched_do_not_hide_the_total() -> None:
    """Their configs are not asked, so nothing can be said of them; of the others it can."""
    snapshot = detailed_view().snapshot
    watched = np.array([name != "clicks" for name in snapshot.topics.topic])
    totals = make_view(replace(snapshot, topics=replace(snapshot.topics, watched=watched))).totals
    assert totals.under_min_isr == 2  # audit-1 and payments-0
    assert totals.partitions == len(snapshot.partitions)


def test_a_topic_with_fewer_replicas_than_min_insync_replicas_is_not_under_it() -> None:
    """Kafka's leaders ask for no more than there are replicas: Partition.effectiveMinIsr."""
    snapshot = snapshot_of([Topic("alone", [(0, 1), (0, 1)], replicas=[[1], [2]], isr=[[1], []], leaders=[1, -1])], [])
    configs = detailed_snapshot().topic_configs
    two = replace(
        TopicConfigs.empty(), **{each.name: getattr(configs, each.name)[2:3] for each in TopicConfigs.schema()}
    )
    assert two.min_insync_replicas.tolist() == [2]
    health = derive_partitions(replace(snapshot, topic_configs=two))
    assert health.under_min_isr.tolist() == [0, 1]
    assert health.at_min_isr.tolist() == [0, 0]
