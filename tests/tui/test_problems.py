"""Problems, diagnoses and events on their screens and on the overview, of a cluster in trouble and of others."""

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
import pytest
from reasons import whys
from textual.pilot import Pilot
from troubled import troubled_views
from tui_screen import app_on, detail, lines, monitor, settled, table, text
from views import Group, Topic, shop_view, snapshot_of

from monitor.analysis.derive.times import NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import Capabilities
from monitor.model.diagnoses import evidence_of
from monitor.model.events import Event, Events
from monitor.model.problems import Problems
from monitor.model.table import objects
from monitor.model.view import View
from tui.app import KmonApp
from tui.picture import Picture
from tui.screens.brokers import ReplicasScreen
from tui.screens.group import GroupScreen
from tui.screens.overview import share
from tui.screens.problems import ProblemsScreen, ranked
from tui.screens.topics import TopicScreen

VIEWS = troubled_views()
VIEW = VIEWS[-1]

BROKER = ("broker_down", "broker 3")
OFFLINE = ("offline", "payments on broker 3")
LEDGER = ("group_unknown", "ledger")
UNDER = ("under_replicated", "broker 3")
BILLING = ("group_stopped", "billing")
FULFILMENT = ("group_rewound", "fulfilment")


def line_with(app: KmonApp, words: str) -> str:
    return next(line for line in lines(app) if words in line)


async def at(pilot: Pilot[None], key: Hashable) -> None:
    """Put the cursor on the row with this key."""
    await pilot.press("g")
    for _ in range(table(pilot).keys.index(key)):
        await pilot.press("j")


# Problems


async def test_problems_stand_worst_first_with_their_effects_below_them() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("7")
        assert table(pilot).keys == [BROKER, OFFLINE, LEDGER, UNDER, BILLING, FULFILMENT]
        rows = lines(app)[5:11]
        assert "✘ critical   broker 3 " in rows[0]
        assert "7.1 min" in rows[0]
        assert "broker 3 is down; 1 partition offline, 3 partitions under-replicated" in rows[0]
        assert "✘ critical   └ payments on broker 3" in rows[1]
        assert "◆ attention    └ ledger" in rows[2]
        assert "▲ degraded   └ broker 3" in rows[3]
        assert "▲ degraded   billing" in rows[4]
        assert "10.3 min" in rows[4]
        await pilot.press("U")
        assert table(pilot).keys[0] == BILLING


async def test_a_problem_is_told_in_full_with_its_cause_and_what_the_diagnoses_say() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("7", "j")
        assert [line.strip() for line in lines(app)[-5:-3]] == [
            "partition payments-1 is offline; 1 group affected",
            "cause broker 3 is down; 1 partition offline, 3 partitions under-replicated",
        ]
        await at(pilot, BILLING)
        await pilot.resize_terminal(160, 24)
        await settled(pilot)
        told = "\n".join(lines(app)[-5:])
        assert str(VIEW.problems.sentence[2]) in told
        assert f"why   {VIEW.diagnoses.sentence[0]}" in told
        assert evidence_of(VIEW.diagnoses, 0) in told


async def test_only_problems_leaves_out_notes_and_the_filter_finds_kinds_and_subjects() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("7", "z")
        assert table(pilot).keys == [BROKER, OFFLINE, LEDGER, UNDER, BILLING, FULFILMENT]
        levels = objects(["note", *["attention"] * (len(VIEW.problems) - 1)])
        view = replace(VIEW, problems=replace(VIEW.problems, level=levels))
        rows = ProblemsScreen().rows(Picture("c", "", 10.0, 0.0, view))
        assert rows is not None
        assert rows.problems.tolist() == [False, *[True] * (len(VIEW.problems) - 1)]
        await pilot.press("z", "slash", *"^group_", "enter")
        assert table(pilot).keys == [LEDGER, BILLING, FULFILMENT]
        assert "3 of 6" in lines(app)[1]


@pytest.mark.parametrize(
    ("key", "kind", "name"),
    [(BROKER, ReplicasScreen, "broker 3"), (OFFLINE, TopicScreen, "payments"), (BILLING, GroupScreen, "billing")],
)
async def test_a_problem_opens_what_it_is_about(key: tuple[str, str], kind: type, name: str) -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("7")
        await at(pilot, key)
        await pilot.press("enter")
        assert isinstance(app.screen, kind)
        assert f"› {name}" in lines(app)[1]
        await pilot.press("escape")
        assert monitor(pilot).NAME == "problems"
        assert table(pilot).cursor_key == key


async def test_a_problem_that_is_about_nothing_with_a_screen_opens_the_view_it_is_told_in() -> None:
    view = make_view(replace(shop_view(failed={"commits": "no answer"}).snapshot))
    app, _ = app_on(view)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("7")
        await at(pilot, ("no_full_answer", "kmon"))
        await pilot.press("enter")
        assert monitor(pilot).NAME == "collectors"
        assert "no answer" in line_with(app, "▲ failed")
        await pilot.press("escape")
        assert monitor(pilot).NAME == "problems"


async def test_transactions_that_hang_open_the_view_of_transactions_and_escape_leads_back() -> None:
    row = {"kind": objects(["transaction_hangs"]), "subject": objects(["billing-1"]), "group": objects([None])}
    kept = {each.name: getattr(VIEW.problems, each.name)[:1] for each in Problems.schema() if each.name != "partitions"}
    one = Problems(**{**kept, **row, "partitions": type(VIEW.problems.partitions).of([[]])})
    app, _ = app_on(replace(VIEW, problems=one))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("7", "enter")
        await settled(pilot)
        assert monitor(pilot).NAME == "transactions"
        await pilot.press("escape")
        assert monitor(pilot).NAME == "problems"


async def test_unreachable_is_the_first_problem_and_the_last_ones_that_were_known_are_below_it() -> None:
    broken = make_view(snapshot_of([], [], time=VIEW.time + 10, error="127.0.0.1:9092: refused"), last_good=VIEW)
    app, _ = app_on(VIEW, broken)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("7")
        assert "✘ critical   cluster" in lines(app)[6]
        assert len(table(pilot).keys) == 7
        assert all("└ " in line for line in lines(app)[7:13])


async def test_no_problem_is_said() -> None:
    app, _ = app_on(make_view(snapshot_of([Topic("t", [(0, 5)])], [Group("g", {("t", 0): 5})])))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "Problems  " not in "\n".join(lines(app)[2:])
        await pilot.press("7")
        assert "No problems" in text(app)
        await pilot.press("enter")
        assert monitor(pilot).NAME == "problems"


def test_effects_of_effects_stand_below_them() -> None:
    place, depth = ranked(VIEW.problems)
    by_place = [VIEW.problems.kind[row] for row in np.argsort(place)]
    assert by_place == [kind for kind, _ in (BROKER, OFFLINE, LEDGER, UNDER, BILLING, FULFILMENT)]
    assert [int(depth[row]) for row in np.argsort(place)] == [0, 1, 2, 1, 0, 0]


# Diagnoses


async def test_diagnoses_are_a_tab_away_and_open_their_group_which_tells_them_too() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("7", "tab")
        assert table(pilot).keys == [("billing", "empty_group", None), ("fulfilment", "offsets_reset", "orders-0")]
        assert "□ stopped  billing" in lines(app)[5]
        assert str(VIEW.diagnoses.sentence[0])[:40] in lines(app)[5]
        await pilot.press("j")
        told = "\n".join(lines(app)[-7:])
        assert str(VIEW.diagnoses.sentence[1]) in told
        assert evidence_of(VIEW.diagnoses, 1) in told
        await pilot.press("enter")
        assert isinstance(app.screen, GroupScreen)
        assert app.screen.group == "fulfilment"
        assert str(VIEW.diagnoses.sentence[1]) in "\n".join(lines(app)[2:5])


# Events


async def test_events_stand_newest_first_with_what_was_before_and_after() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("8")
        kinds = [key[1] for key in table(pilot).keys if isinstance(key, tuple)]
        assert kinds == VIEW.events.kind.tolist()
        assert kinds[:2] == ["topic_created", "offsets_reset"]
        reset = line_with(app, "offsets_reset")
        for words in ("between 5.5 min and 2.3 min ago", "fulfilment on orders-0", "35,000", "20,300"):
            assert words in reset
        gone = line_with(app, "broker_gone")
        assert gone.startswith(" 7.2 min ago")
        assert "09-21 " in gone  # the day of NOW


async def test_an_event_between_two_polls_is_told_in_full_where_the_column_is_narrow() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("8", "j")
        assert lines(app)[4].startswith("▌≥ 2.3 min ago")
        await pilot.press("k")
        assert lines(app)[-2].strip() == f"{VIEW.events.text[0]}  between 5.5 min and 2.3 min ago"


async def test_events_are_filtered_sorted_and_narrowed_to_the_grave_ones() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("8", "slash", *"billing", "enter")
        kinds = [key[1] for key in table(pilot).keys if isinstance(key, tuple)]
        assert kinds == ["group_stopped", "member_left", "group_emptied"]
        await pilot.press("escape", "z")
        shown = {key[1] for key in table(pilot).keys if isinstance(key, tuple)}
        assert shown == {"offsets_reset", "broker_gone", "isr_shrunk", "group_emptied", "group_stopped"}
        await pilot.press("z", "W")
        assert [key[1] for key in table(pilot).keys[:2] if isinstance(key, tuple)] == ["member_left", "group_emptied"]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (Event("controller_changed", 0.0, 1.0, "controller: broker 1 → 2", 2), "quorum"),
        (Event("broker_gone", 0.0, 1.0, "broker 3 is gone", 3), "broker"),
        (Event("leader_moved", 0.0, 1.0, "payments-1: leader 3 → none", 3, "payments", 1), "topic"),
        (Event("group_emptied", 0.0, 1.0, "billing has no members left", group="billing"), "group"),
        (Event("isr_shrunk", 0.0, 1.0, "23 partitions", count=23), "events"),
    ],
)
async def test_an_event_opens_what_it_is_about(event: Event, name: str) -> None:
    app, _ = app_on(replace(VIEW, events=Events.of([event])))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("8", "enter")
        await settled(pilot)
        assert name == monitor(pilot).NAME
        await pilot.press("escape")
        assert ("events" if name != "events" else "overview") == monitor(pilot).NAME


# The overview


async def test_the_overview_has_the_worst_problems_and_the_newest_events() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(200, 50)) as pilot:
        shown = text(app)
        assert "Problems  3   7 all" in shown
        assert line_with(app, " ✘ broker 3 is down").endswith(" 7.1 min ")
        assert "partition payments-1 is offline" not in shown  # the broker explains it
        assert line_with(app, " topic refunds was created").endswith(" between 5.5 min and 2.3 min ago ")
        await pilot.click(offset=(16, lines(app).index(line_with(app, "Problems  3"))))
        await settled(pilot)
        assert monitor(pilot).NAME == "problems"


async def test_a_short_terminal_keeps_its_room_for_the_groups() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Events  " not in text(app)
        for name in ("billing", "fulfilment", "ledger"):
            assert name in text(app)
        await pilot.resize_terminal(80, 50)
        await settled(pilot)
        assert "topic refunds was created" in text(app)


def test_the_lines_of_the_overview_are_shared() -> None:
    assert share(40, 10, 3, 50) == (10, 3, 8)
    assert share(20, 10, 9, 50) == (4, 5, 6)
    assert share(9, 10, 9, 50) == (4, 3, 0)
    assert share(5, 10, 9, 50) == (5, 0, 0)
    assert share(-3, 10, 9, 50) == (2, 0, 0)
    assert share(30, 0, 0, 0) == (2, 0, 0)


@pytest.mark.parametrize("size", [(80, 24), (100, 32), (120, 40), (200, 50)])
async def test_nothing_of_the_overview_is_out_of_sight(size: tuple[int, int]) -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        shown = [each.region for each in app.screen.query("#body > *") if each.display]
        body = app.screen.query_one("#body").region
        assert sum(each.height for each in shown) <= body.height
        assert max(each.bottom for each in shown) <= body.bottom


# Lag in time


async def test_groups_tell_ages_rates_and_when_they_will_have_read_all() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("2")
        billing, fulfilment, ledger = lines(app)[3:6]
        assert [each in billing for each in ("10.5 min", "never", "60", "0.0", "6.9 d")] == [True] * 5
        assert "11.2 min" in fulfilment
        assert ledger.count("–") == 6  # lag, its age, eta, what is produced, headroom, lost
        await pilot.press("L")
        assert table(pilot).keys == ["fulfilment", "billing", "ledger"]
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "10.5 min" in line_with(app, "□ stopped billing")


async def test_a_partition_tells_how_it_stands_and_the_whole_story_below() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("2", "enter")
        assert isinstance(app.screen, GroupScreen)
        facts = lines(app)[4]
        assert "lag 27,600  time lag 10.5 min ± 5 s  drains in never  in 60/s  out 0.0/s  data loss in 6.9 d" in facts
        row = line_with(app, "▌□ stopped")
        assert [each in row for each in ("10.5 min", "never", " 30 ", "0.0")] == [True] * 4
        assert "stopped for 10.3 min: no members" in detail(app)


async def test_an_age_that_is_unknown_has_its_reason() -> None:
    app, _ = app_on(shop_view())  # there was no poll before, and nothing dated the records
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("2", "R", "slash", *"inventory", "enter")
        assert "–" in line_with(app, " inventory-sync ")
        assert f"Time lag –: {NOT_DATED}" in detail(app)
        await pilot.press("enter")
        assert f"time lag unknown ({NOT_DATED}" in detail(app)


async def test_the_readers_of_a_topic_and_its_partitions_tell_rates_too() -> None:
    app, _ = app_on(*VIEWS)
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("3", "slash", *"orders", "enter", "enter")
        assert "In/s" in line_with(app, "Leader")
        assert " 30 " in line_with(app, "39,500")
        await pilot.press("tab")
        reader = line_with(app, "□ stopped  billing")
        assert [each in reader for each in ("10.5 min", "never", "6.9 d")] == [True] * 3


# What this user may not see


def seen_by_a_stranger() -> View:
    """The View for a user that topics and groups may be hidden from."""
    hidden = Capabilities(
        capability=objects(["describe_all_topics", "describe_cluster"]),
        available=np.zeros(2),
        why_not=whys("denied", "denied"),
    )
    return make_view(replace(VIEW.snapshot, capabilities=hidden))


async def test_counts_of_what_may_be_hidden_are_no_numbers_of_the_cluster() -> None:
    app, _ = app_on(seen_by_a_stranger())
    async with app.run_test(size=(200, 50)) as pilot:
        figures = "\n".join(lines(app)[3:5])
        assert "3 visible groups" in figures
        assert "1 visible" in figures
        assert "3 visible " in figures
        assert "≥ 1 under min ISR" in text(app)
        await pilot.press("3", "slash", *"orders", "enter")
        assert "≥ 2" in line_with(app, " orders ")
        await pilot.press("enter")
        assert "read by 2 visible groups" in "\n".join(lines(app)[2:5])
        await pilot.press("4", "w")
        assert "≥ 4" in line_with(app, "127.0.0.1")


async def test_counts_of_what_is_all_there_are_plain() -> None:
    app, _ = app_on(VIEW)
    async with app.run_test(size=(200, 50)) as pilot:
        assert "visible" not in text(app)
        for key in "34":
            await pilot.press(key)
            assert "≥" not in "\n".join(line for line in lines(app)[3:-2] if "payments" not in line)


@pytest.mark.parametrize(
    ("view", "key", "typed", "said", "unsaid"),
    [
        (make_view(snapshot_of([], [], failed={"groups": "why"})), "1", "", "Groups unknown: why", "keep up"),
        (make_view(snapshot_of([], [], failed={"groups": "why"})), "2", "", "Groups unknown: why", "matches"),
        (make_view(snapshot_of([], [])), "2", "", "No groups: ", "matches"),
        (make_view(snapshot_of([Topic("t", [(0, 5)])], [Group("g")])), "2", "h", "No group matches h", "No groups"),
        (make_view(snapshot_of([], [])), "8", "", "No events: none since kmon started", "matches"),
    ],
)
async def test_an_empty_table_says_why(view: View, key: str, typed: str, said: str, unsaid: str) -> None:
    app, _ = app_on(view)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(key)
        if typed:
            await pilot.press("/", *typed, "enter")
        assert said in text(app)
        assert unsaid not in text(app)
