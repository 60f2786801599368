"""Groups that have left a topic, and each look-alike of one, which must not be hidden."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from series import Series
from views import Group, Topic, snapshot_of

from monitor.analysis.derive.story import partition_story
from monitor.analysis.derive.successors import name_of_version
from monitor.analysis.derive.verdict import group_why
from monitor.model.limits import IDLE_SECONDS, LEFT_SECONDS, SHARED_SECONDS
from monitor.model.status import STATUSES
from monitor.model.table import objects
from monitor.model.view import View

MINUTE = 6
POLLS = int(LEFT_SECONDS / 10)
"""Polls for which the signs must have held before they are told, at an interval of 10 s."""
Member = tuple[str, str, list[tuple[str, int]]]


def reader(*places: tuple[str, int], name: str = "c") -> Member:
    return name, "/10.0.3.1", list(places)


ON_A, ON_B = ("a", 0), ("b", 0)


class Shop:
    """Group g that reads topics a and b, one partition each; 10 records a poll come on both."""

    def __init__(self, **options: Any) -> None:
        self.series, self.end, self.views = Series(**options), 1000.0, list[View]()
        self.a = self.b = 990.0

    def poll(
        self,
        *members: Member,
        subscribed: tuple[str, ...] | None = ("a",),
        reads: str = "a",
        polls: int = 1,
        others: tuple[Group, ...] = (),
        topics: tuple[Topic, ...] = (),
        starts: float = 0,
        **options: Any,
    ) -> View:
        """So many polls in which the group commits on the topics that it `reads`."""
        for _ in range(polls):
            self.end += 10
            self.a, self.b = (
                self.end - 10 if name in reads else committed for name, committed in (("a", self.a), ("b", self.b))
            )
            ages = options.pop("ages", None) or {}
            changes = {name: options[name] for name in options if name in {"after", "failed"}}
            about = {name: value for name, value in options.items() if name not in changes}
            group = Group(
                "g",
                {ON_A: self.a, ON_B: self.b, **about.pop("commits", {})},
                list(members),
                subscribed=subscribed,
                state=about.pop("state", "Stable" if members else "Empty"),
                **about,
            )
            offsets: tuple[float, float] = (starts, self.end)
            view = self.series.poll(
                [Topic("a", [(0, self.end)]), Topic("b", [offsets]), *topics], [group, *others], ages=ages, **changes
            )
            self.views.append(view)
        return self.views[-1]


def status(view: View, topic: str = "b", group: str = "g") -> str:
    """The status of a group on partition 0 of a topic."""
    return STATUSES[view.lag_statuses.status[row_of(view, topic, group)]]


def row_of(view: View, topic: str = "b", group: str = "g") -> int:
    mine = (view.lag.group == view.group_rows[group]) & (view.lag.topic == view.topic_rows[topic])
    return int(np.flatnonzero(mine)[0])


def group_status(view: View, group: str = "g") -> str:
    return STATUSES[view.group_lags.status[view.group_rows[group]]]


def kinds(view: View) -> list[str]:
    return list(view.events.kind)


def well() -> Shop:
    """Both topics are read for three minutes."""
    shop = Shop()
    shop.poll(reader(ON_A, ON_B), subscribed=("a", "b"), reads="ab", polls=3 * MINUTE)
    assert status(shop.views[-1]) == "ok"
    return shop


def left() -> Shop:
    """The group has left topic b."""
    shop = well()
    shop.poll(reader(ON_A), polls=POLLS + 1)
    assert status(shop.views[-1]) == "left"
    return shop


# ---------------------------------------------------------------- members tell


def test_a_topic_that_no_member_subscribes_to_any_more_is_left_after_four_minutes() -> None:
    shop = well()
    said = [status(shop.poll(reader(ON_A))) for _ in range(POLLS + 3)]
    assert said[POLLS:] == ["left"] * 3
    assert "left" not in said[:POLLS]
    view = shop.views[-1]
    assert status(view, "a") == group_status(view) == "ok"
    assert group_why(view, 0) == ""


def test_what_was_left_is_in_no_total_and_no_problem() -> None:
    view = left().views[-1]
    row = row_of(view)
    assert view.lag.lag[row] > 200
    groups, topics = view.group_lags, view.topic_totals
    assert (groups.lag[0], groups.lag_at_least[0], groups.max_lag[0]) == (10, 10, 10)
    assert (groups.partitions[0], groups.left_partitions[0]) == (1, 1)
    assert view.lag.topic[groups.worst[0]] == view.topic_rows["a"]
    assert groups.lag_seconds[0] < 30
    assert (topics.lag[view.topic_rows["b"]], topics.groups[view.topic_rows["b"]]) == (0, 0)
    assert view.totals.lag == 10
    assert view.totals.groups_behind == 0
    assert len(view.problems) == len(view.diagnoses) == 0
    assert view.verdict.sentence.startswith("the group keeps up")


def test_the_rows_of_what_was_left_have_their_lag_and_tell_why() -> None:
    view = left().views[-1]
    pair = int(np.flatnonzero(view.group_topic_lags.topic == view.topic_rows["b"])[0])
    assert STATUSES[view.group_topic_lags.status[pair]] == "left"
    assert view.group_topic_lags.lag[pair] == view.lag.lag[row_of(view)]
    assert partition_story(view, row_of(view)) == (
        "left for 4 min: its member does not subscribe to the topic; 260 records unread"
    )
    assert view.judged.lag.levels[row_of(view)] == "note"


def test_leaving_is_an_event_and_reading_again_is_one() -> None:
    shop = left()
    (text,) = shop.views[-1].events.text[shop.views[-1].events.kind == "group_left"]
    assert text.startswith("g left b: its member does not subscribe to the topic")
    back = [shop.poll(reader(ON_A, ON_B), subscribed=("a", "b"), reads="ab") for _ in range(9)]
    assert "group_returned" in kinds(back[0])
    assert kinds(back[-1]).count("group_left") == kinds(back[-1]).count("group_returned") == 1
    # What was so beneath ends as it always does.
    assert "left" not in set(map(status, back))
    assert status(back[-1]) == "ok"


def test_many_topics_that_a_group_leaves_are_one_event() -> None:
    series = Series(interval=60.0)
    names = [f"t{number}" for number in range(25)]
    topics = [Topic(name, [(0, 100)]) for name in ("a", *names)]
    for poll in range(8):
        places = [("a", 0)] if poll else [("a", 0), *((name, 0) for name in names)]
        subscribed = tuple(name for name, _ in places)
        commits: dict[tuple[str, int], float | str | None] = dict.fromkeys(
            [("a", 0), *((each, 0) for each in names)], 50.0
        )
        view = series.poll(topics, [Group("g", commits, [reader(*places)], subscribed=subscribed)])
    (row,) = np.flatnonzero(view.events.kind == "group_left")
    assert (view.events.count[row], view.events.group[row]) == (25, "g")
    assert view.events.text[row] == "g left 25 topics"
    assert view.group_lags.left_partitions[0] == 25


def test_records_that_are_deleted_of_what_was_left_are_not_lost_to_the_group() -> None:
    shop = left()
    view = shop.poll(reader(ON_A), polls=4, starts=1300)
    assert status(view) == "left"
    assert view.lag.lost[row_of(view)] == 0
    assert math.isinf(view.lag_times.headroom_seconds[row_of(view)])
    assert not {"retention_overtook", "group_lost"} & set(kinds(view))
    view = shop.poll(reader(ON_A, ON_B), subscribed=("a", "b"), polls=3, starts=1300)
    assert status(view) == "lost"
    assert view.lag.lost[row_of(view)] > 0


@pytest.mark.parametrize(
    "options",
    [
        {"subscribed": ("a", "b")},
        {"subscribed": None},
        {"state": "PreparingRebalance"},
        {"state": "CompletingRebalance"},
        {"assignments_reason": "the assignment of member c cannot be decoded"},
        {"reason": "broker 2: timed out after 3.3 s"},
        {"protocol_type": "connect"},
        {"protocol_type": ""},
        {"group_type": "share"},
        {"group_type": "streams"},
        {"group_type": "consumer", "regex": "[ab]"},
        {"group_type": "consumer", "regex": "("},
        {"group_type": "consumer", "state": "Reconciling"},
        {"group_type": "consumer", "state": "Assigning"},
    ],
)
def test_what_may_still_be_read_is_not_left(options: Mapping[str, Any]) -> None:
    shop = well()
    for _ in range(2 * POLLS):
        assert status(shop.poll(reader(ON_A), **options)) != "left"


@pytest.mark.parametrize(
    "options", [{"group_type": "consumer"}, {"group_type": "consumer", "regex": "a.*"}, {"group_type": None}]
)
def test_other_groups_of_consumers_leave_topics_too(options: Mapping[str, Any]) -> None:
    shop = well()
    assert status(shop.poll(reader(ON_A), polls=POLLS + 1, **options)) == "left"


def test_a_topic_that_is_being_revoked_is_not_left() -> None:
    """Nobody subscribes to it any more, and a member has a partition of it still."""
    shop = well()
    assert status(shop.poll(reader(ON_A, ON_B), polls=2 * POLLS)) != "left"


def test_members_that_have_nothing_to_read_have_left_nothing() -> None:
    """Somebody has misspelt all topics."""
    shop = well()
    view = shop.poll(reader(), subscribed=("ordesr",), reads="", polls=2 * POLLS)
    assert (status(view, "a"), status(view, "b")) == ("stuck", "stuck")


def test_one_old_member_of_a_rollout_keeps_its_topic() -> None:
    shop = well()
    for _ in range(2 * POLLS):
        assert status(_mixed(shop, ("a",), ("a", "b"))) != "left"
    assert status([_mixed(shop, ("a",), ("a",)) for _ in range(POLLS + 1)][-1]) == "left"


def _mixed(shop: Shop, *subscribed: tuple[str, ...]) -> View:
    """A poll in which the members of the group, of which the first has topic a, subscribe to different topics."""
    shop.end += 10
    members = [reader(ON_A), *(reader(name=f"c{number}") for number in range(1, len(subscribed)))]
    topics = [Topic("a", [(0, shop.end)]), Topic("b", [(0, shop.end)])]
    group = Group("g", {ON_A: shop.end - 10, ON_B: shop.b}, members)
    table = replace(snapshot_of(topics, [group]).members, subscribed=objects(subscribed))
    return shop.series.poll(topics, [group], tables={"members": table})


def test_of_two_applications_that_share_a_group_one_that_dies_is_missed() -> None:
    """One subscribes to a, the other to b. Nobody subscribes to b then, as where the group has left it."""
    shop = Shop()
    for _ in range(MINUTE):
        assert status(_mixed(shop, ("a",), ("b",))) != "left"
    assert "left" not in {status(_mixed(shop, ("a",))) for _ in range(3 * POLLS)}
    assert status(_mixed(shop, ("a",))) == "stopped"
    # Neither has it left what all members subscribe to, nor is it shared any more once they do.
    _mixed(shop, ("a", "b"), ("a", "b"))
    assert status([_mixed(shop, ("a",)) for _ in range(POLLS + 1)][-1]) == "left"


def test_members_that_differ_for_longer_than_a_rollout_share_the_group() -> None:
    shop = well()
    for _ in range(int(SHARED_SECONDS / 10) + 1):
        _mixed(shop, ("a",), ("a", "b"))
    assert "left" not in {status(_mixed(shop, ("a",))) for _ in range(2 * POLLS)}


def test_where_patterns_of_members_differ_any_topic_may_be_of_another_application() -> None:
    shop = Shop()
    topics = [Topic("a", [(0, 1000)]), Topic("b", [(0, 1000)])]
    group = Group("g", {ON_A: 990, ON_B: 500}, [reader(ON_A), reader(name="d")], group_type="consumer", subscribed=())
    members = replace(snapshot_of(topics, [group]).members, subscribed_regex=objects(["a", "b"]))
    shop.series.poll(topics, [group], tables={"members": members})
    alone = replace(group, members=[reader(ON_A)], regex="a")
    assert "left" not in {status(shop.series.poll(topics, [alone])) for _ in range(2 * POLLS)}


def test_a_consumer_that_comes_back_with_its_old_topics_has_not_left_them() -> None:
    """It was started with another list for three minutes, again and again."""
    shop = well()
    for _ in range(5):
        assert status(shop.poll(reader(ON_A), polls=POLLS - 2)) != "left"
        shop.poll(reader(ON_A, ON_B), subscribed=("a", "b"), reads="a", polls=2)


def test_a_group_that_rebalances_begins_anew_and_one_that_had_left_has_left() -> None:
    shop = well()
    shop.poll(reader(ON_A), polls=POLLS - 2)
    shop.poll(reader(ON_A), state="PreparingRebalance")
    assert status(shop.poll(reader(ON_A), polls=POLLS)) != "left"
    assert status(shop.poll(reader(ON_A))) == "left"
    assert status(shop.poll(reader(ON_A), state="PreparingRebalance", polls=3)) == "left"
    assert status(shop.poll(reader(ON_A), reason="broker 2: timed out after 3.3 s")) == "left"
    assert status(shop.poll(reader(ON_A), subscribed=None)) != "left"


def test_commits_on_a_topic_show_that_somebody_reads_it() -> None:
    shop = left()
    assert status(shop.poll(reader(ON_A), reads="ab")) != "left"
    assert status(shop.poll(reader(ON_A), polls=POLLS - 1)) != "left"


def test_offsets_that_expire_one_by_one_are_no_commits() -> None:
    shop = well()
    topics = (Topic("c", [(0, 10), (0, 10)]),)
    commits = {("c", 0): 5.0, ("c", 1): 5.0}
    view = shop.poll(reader(ON_A), polls=POLLS + 1, topics=topics, commits=commits)
    assert status(view, "c") == "left"
    view = shop.poll(reader(ON_A), polls=1, topics=topics, commits={("c", 1): 5.0})
    assert status(view, "c") == "left"


def test_a_group_that_cannot_be_asked_for_a_while_comes_back_as_it_was() -> None:
    shop = left()
    for _ in range(3):
        shop.series.poll(
            [Topic("a", [(0, shop.end)]), Topic("b", [(0, shop.end)])],
            [Group("g", {}, [], reason="broker 2: timed out", commits_reason="broker 2: timed out")],
        )
    view = shop.poll(reader(ON_A))
    assert status(view) == "left"
    assert kinds(view).count("group_left") == 1
    assert "group_returned" not in kinds(view)


def test_a_topic_that_is_created_anew_is_another_one() -> None:
    shop = left()
    shop.end += 10
    topics = [Topic("a", [(0, shop.end)]), Topic("b", [(0, shop.end)], topic_id="9CgPoZtBQo2gW6Qn0b3u1A")]
    group = Group("g", {ON_A: shop.end, ON_B: shop.b}, [reader(ON_A)], subscribed=("a",))
    assert status(shop.series.poll(topics, [group])) != "left"


def test_at_first_sight_an_old_record_shows_that_nobody_read_the_topic_for_long() -> None:
    """Else every restart of kmon would report records lost that nobody wanted."""
    view = Shop().poll(reader(ON_A), reads="", ages={ON_B: 600.0, ON_A: 1.0})
    assert status(view) == "left"
    assert math.isnan(view.lag_statuses.since[row_of(view)])
    assert "group_left" not in kinds(view)
    for options in ({"ages": {ON_B: 100.0, ON_A: 1.0}}, {}, {"ages": {ON_B: 600.0}, "subscribed": ("a", "b")}):
        assert status(Shop().poll(reader(ON_A), reads="", **options)) != "left"


# ---------------------------------------------------------------- groups without members


def test_a_group_whose_members_are_gone_has_stopped_on_every_topic_that_they_read() -> None:
    shop = well()
    view = shop.poll(reads="", polls=3 * POLLS)
    assert (status(view, "a"), status(view, "b"), group_status(view)) == ("stopped",) * 3


def test_what_a_group_had_left_it_has_left_when_its_members_die_and_the_rest_has_stopped() -> None:
    shop = left()
    view = shop.poll(reads="", polls=2 * POLLS)
    assert (status(view, "a"), status(view, "b"), group_status(view)) == ("stopped", "left", "stopped")
    assert "no members" in group_why(view, 0)


def test_a_consumer_started_by_hand_for_a_moment_hides_no_dead_one() -> None:
    """Somebody reads topic a with the group's id, to see what is there, after the group has died."""
    shop = well()
    shop.poll(reads="", polls=2 * MINUTE)
    shop.poll(reader(ON_A), polls=MINUTE)
    view = shop.poll(reads="", polls=3 * POLLS)
    assert (status(view, "a"), status(view, "b")) == ("stopped", "stopped")


def test_a_dead_group_one_topic_of_which_is_idle_has_stopped() -> None:
    shop = Shop()
    shop.poll(reads="", polls=3 * POLLS, commits={("c", 0): 5.0}, topics=(Topic("c", [(0, 5)]),))
    assert (status(shop.views[-1], "b"), group_status(shop.views[-1])) == ("stopped", "stopped")


def test_manual_assignment_is_never_left() -> None:
    """A consumer that assigns partitions itself is no member, and subscribes to nothing."""
    shop = Shop(interval=600.0)
    polls = 2 * int(IDLE_SECONDS / 600)
    view = shop.poll(reads="a", polls=polls, protocol_type="", ages={ON_B: 1e6})
    assert status(view) == "stuck"


def job(shop: Shop, polls: int, **options: Any) -> View:
    """A job that runs between polls, so that no poll sees its members: only what it commits."""
    return shop.poll(reads="a", polls=polls, **options)


def test_a_job_that_runs_now_and_then_leaves_a_topic_after_a_day() -> None:
    shop = Shop(interval=600.0)
    day = int(IDLE_SECONDS / 600)
    assert status(job(shop, day)) == "stopped"
    view = job(shop, 20)
    assert status(view) == "left"
    assert "no commit on the topic for over 1 d" in partition_story(view, row_of(view))
    # When the job dies, that is seen by what it read, and what it left stays so.
    view = shop.poll(reads="", polls=20)
    assert (status(view, "a"), status(view), group_status(view)) == ("stopped", "left", "stopped")


def test_a_group_that_has_nothing_but_what_it_left_has_stopped() -> None:
    shop = left()
    shop.end += 10
    for _ in range(POLLS):
        shop.end += 10
        group = Group("g", {ON_B: shop.b}, [], state="Empty")
        view = shop.series.poll([Topic("a", [(0, shop.end)]), Topic("b", [(0, shop.end)])], [group])
    assert (status(view), group_status(view)) == ("stopped", "stopped")


# ---------------------------------------------------------------- groups that newer ones replaced


def rollout(
    old: str = "orders-v1",
    new: str = "orders-v2",
    *,
    polls: int = POLLS + 3,
    topics: tuple[str, ...] = ("a", "b"),
    overlap: int = 0,
    behind: float = 0,
    others: tuple[Group, ...] = (),
    together: bool = False,
    dies: int = 1000,
    deleted: int = 1000,
) -> list[View]:
    """The older group reads for two minutes and loses its members; `overlap` polls before that the newer one starts.

    So many polls later that one `dies`, or is `deleted`.
    """
    series, views, end, gone = Series(), list[View](), 1000.0, 12
    stopped = read = 0.0
    places = [(topic, 0) for topic in topics]
    for number in range(-gone, polls):
        end += 10
        stopped = end - 10 if number < 0 else stopped
        read = end - 10 - behind if number < dies else read
        first = Group(old, {ON_A: stopped, ON_B: stopped}, [], state="Empty", subscribed=("a", "b"))
        second = Group(new, dict.fromkeys(places, read), [], state="Empty", subscribed=topics)
        if number < 0:
            first = replace(first, members=[reader(ON_A, ON_B)], state="Stable")
        if number < dies:
            second = replace(second, members=[reader(*places)], state="Stable")
        there = (together or number >= -overlap) and number < deleted
        groups = [first, *others, *([second] if there else [])]
        views.append(series.poll([Topic("a", [(0, end)]), Topic("b", [(0, end)])], groups))
    return views


def test_when_the_newer_group_dies_that_is_what_is_told_and_when_it_is_gone_the_older_one_is_missed() -> None:
    views = rollout(polls=3 * POLLS, dies=POLLS + 4, deleted=2 * POLLS + 10)
    last = views[12 + 2 * POLLS + 9]
    assert (group_status(last, "orders-v1"), group_status(last, "orders-v2")) == ("left", "stopped")
    assert group_status(views[-1], "orders-v1") == "stopped"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("orders-v1", "orders-v2"),
        ("orders-v9", "orders-v10"),
        ("orders", "orders-v2"),
        ("orders-2025", "orders-2026"),
        ("orders-2026-03-31", "orders-2026-04-01"),
        ("orders_1.2.0", "orders_1.10.0"),
    ],
)
def test_a_group_that_a_newer_version_reads_on_for_has_left_its_topics(old: str, new: str) -> None:
    views = rollout(old, new)
    view = views[-1]
    assert group_status(view, old) == "left"
    assert f"replaced by {new}, which reads on from its offsets on 2 topics" in group_why(view, view.group_rows[old])
    assert view.group_lags.lag[view.group_rows[old]] == 0
    assert group_status(view, new) == "ok"
    assert kinds(view).count("group_left") == 2
    assert len(view.problems) == 0
    assert "all 1 groups" not in view.verdict.sentence
    # It is told before the alert on a stopped group, which waits for five minutes, would fire.
    told = [group_status(each, old) for each in views]
    assert told.count("stopped") * 10 < 300


def test_a_rollout_has_both_versions_for_a_while() -> None:
    assert group_status(rollout(overlap=10)[-1], "orders-v1") == "left"


@pytest.mark.parametrize(
    ("old", "new", "options"),
    [
        # It was there before: two groups that read the same beside one another.
        ("orders-v1", "orders-v2", {"together": True}),
        # It reads only some of the topics.
        ("orders-v1", "orders-v2", {"topics": ("a",)}),
        # It has not read what the older one had left to read.
        ("orders-v1", "orders-v2", {"behind": 5000}),
        # The name of another application.
        ("orders-v1", "payments-v2", {}),
        ("orders", "orders-audit", {}),
        # Not newer.
        ("orders-v2", "orders-v1", {}),
        ("orders-v2", "orders", {}),
        # Numbers of instances: when one dies and another starts, one is dead.
        ("cache-1", "cache-2", {}),
        ("cache", "cache-2", {}),
        ("cache-0", "cache-10", {}),
        # More than one of the kind is alive, so they are instances whatever their names.
        (
            "orders-v1",
            "orders-v3",
            {"others": (Group("orders-v2", {ON_A: 1000}, [reader(ON_A)], subscribed=("a",)),)},
        ),
    ],
)
def test_a_dead_group_beside_one_that_looks_like_its_successor_has_stopped(
    old: str, new: str, options: Mapping[str, Any]
) -> None:
    views = rollout(old, new, polls=3 * POLLS, **options)
    assert group_status(views[-1], old) == "stopped"
    assert "left" not in {group_status(each, old) for each in views}


def test_a_group_that_was_dead_before_kmon_began_has_stopped() -> None:
    """When its members left, and whether that was before the other's came, nobody saw."""
    series, end = Series(), 1000.0
    for _ in range(3 * POLLS):
        end += 10
        dead = Group("orders-v1", {ON_A: 900}, [], state="Empty")
        alive = Group("orders-v2", {ON_A: end - 10}, [reader(ON_A)], subscribed=("a",))
        view = series.poll([Topic("a", [(0, end)])], [dead, alive])
        assert status(view, "a", "orders-v1") != "left"


@pytest.mark.parametrize(
    ("group", "stem", "version"),
    [
        ("orders-v2", "orders", (2,)),
        ("orders.V2.1", "orders", (2, 1)),
        ("orders-2026-04-01", "orders", (2026, 4, 1)),
        ("orders1.4", "orders", (1, 4)),
        ("v2", "v2", ()),
        ("2026", "2026", ()),
        ("orders-12", "orders-12", ()),
        ("1" * 32_767, "1" * 32_767, ()),
        ("1." * 16_000, "1." * 16_000, ()),
        ("", "", ()),
    ],
)
def test_versions_at_the_end_of_names(group: str, stem: str, version: tuple[int, ...]) -> None:
    found = name_of_version(group)
    assert (found.stem, found.version) == (stem, version)
