"""Random Snapshots for property tests: topics and groups with everything known or unknown, in any mix."""

from hypothesis import strategies as st
from views import Group, Topic, snapshot_of

from monitor.model.snapshot import Snapshot

TOPICS = ("a", "b", "c", "gone")
"""Topics that groups may mention; `gone` is never in metadata."""

PARTITIONS = 3

_unknown = st.none()
_offset = st.integers(0, 2**53).map(float)


@st.composite
def _topic(draw: st.DrawFn, name: str) -> Topic:
    def offsets() -> tuple[float | None, float | None]:
        start, end = sorted((draw(_offset), draw(_offset)))
        return draw(st.sampled_from([(start, end), (start, end), (start, end), (None, end), (start, None)]))

    return Topic(name, [offsets() for _ in range(draw(st.integers(1, PARTITIONS)))])


_place = st.tuples(st.sampled_from(TOPICS), st.integers(0, PARTITIONS))
_commit = _offset | _unknown | st.just("broker 3: timed out after 3.0 s")
_member = st.tuples(st.just("client"), st.just("/127.0.0.1"), st.lists(_place, max_size=4))


@st.composite
def _group(draw: st.DrawFn, number: int) -> Group:
    failed = draw(st.sampled_from(["", "", "", "broker 2: timed out after 3.0 s"]))
    return Group(
        f"group-{number}",
        {} if failed else draw(st.dictionaries(_place, _commit, max_size=6)),
        draw(st.lists(_member, max_size=3)),
        group_type=draw(st.sampled_from(["classic", "consumer", "share", "streams"])),
        commits_reason=failed,
        reason=draw(st.sampled_from(["", "", "", "Describe on the group is denied"])),
        assignments_reason=draw(st.sampled_from(["", "", "", "the assignment of member c cannot be decoded"])),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A Snapshot of up to three topics and up to four groups."""
    topics = [draw(_topic(name)) for name in draw(st.lists(st.sampled_from(TOPICS[:3]), unique=True))]
    groups = [draw(_group(number)) for number in range(draw(st.integers(0, 4)))]
    failed = draw(st.sampled_from([{}, {}, {"groups": "broker 3: timed out after 3.0 s"}]))
    return snapshot_of(topics, groups, failed=failed)
