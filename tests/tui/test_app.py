import socket
import threading
from typing import NoReturn

import numpy as np
import pytest
from hostile import HOSTILE
from textual.events import Key
from textual.widgets import Input
from tui_screen import StrictSource, app_on, lines, monitor, settled, table, text
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.text import name_of
from monitor.model.view import AlertRow, View
from tui.app import KmonApp
from tui.format import fit
from tui.screens.group import GroupScreen
from tui.screens.topics import TopicScreen
from tui.theme import OWN_COLOURS, inks, theme_for
from tui.widgets.chart import Chart
from tui.widgets.lines import Lines

WORST_FIRST = [
    "payments-ledger",
    "clicks-sessionizer",
    "inventory-sync",
    "orders-fulfilment",
    "audit-archiver",
    "secret-group",
    "word-count",
]


def line_with(app: KmonApp, words: str) -> str:
    return next(line for line in lines(app) if words in line)


# Going about


async def test_keys_lead_to_the_views_and_back() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        for key, name in (("2", "groups"), ("3", "topics"), ("4", "brokers"), ("1", "overview")):
            await pilot.press(key)
            assert name == monitor(pilot).NAME
        for name in ("brokers", "topics", "groups", "overview", "overview"):
            await pilot.press("escape")
            assert name == monitor(pilot).NAME


async def test_enter_drills_down_from_overview_and_groups_to_a_group_and_its_topic() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        assert isinstance(app.screen, GroupScreen)
        assert app.screen.group == "payments-ledger"
        await pilot.press("minus")
        assert monitor(pilot).NAME == "overview"
        await pilot.press("2", "j", "enter")
        assert isinstance(app.screen, GroupScreen)
        assert app.screen.group == "clicks-sessionizer"
        assert table(pilot).keys == [("clicks", 0), ("clicks", 1)]
        await pilot.press("enter")
        assert isinstance(app.screen, TopicScreen)
        assert app.screen.topic == "clicks"
        await pilot.press("escape")
        assert isinstance(app.screen, GroupScreen)
        await pilot.press("escape")
        assert monitor(pilot).NAME == "groups"
        assert table(pilot).cursor_key == "clicks-sessionizer"


async def test_a_view_key_leaves_what_was_opened_below() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "2")
        assert monitor(pilot).NAME == "groups"
        await pilot.press("1")
        assert monitor(pilot).NAME == "overview"


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_quit(key: str) -> None:
    app, source = app_on(shop_view())
    async with app.run_test() as pilot:
        await pilot.press(key)
        await settled(pilot)
        assert not app.is_running
    assert app.return_code == 0
    assert source._listeners == []


async def test_ctrl_c_quits_also_while_a_filter_is_typed_and_in_the_help() -> None:
    for keys in (["slash", "x"], ["question_mark"]):
        app, _ = app_on(shop_view())
        async with app.run_test() as pilot:
            await pilot.press(*keys, "ctrl+c")
            await settled(pilot)
            assert not app.is_running


# Data


async def test_groups_stand_worst_first_with_what_is_known_of_them() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(400, 40)) as pilot:
        await pilot.press("2")
        assert table(pilot).keys == WORST_FIRST
        partly = line_with(app, "clicks-sessionizer  ")
        assert "≥ 70,000" in partly
        assert "1 of 2 partitions unknown (broker 2: timed out after 3.3 s)" in partly
        denied = line_with(app, "secret-group")
        assert denied.count("–") == 10  # state, members, lag, its age, eta, rates, headroom, since, lost
        assert "denied: Describe on the group" in denied
        assert "0" not in denied
        assert "no commit" in line_with(app, "audit-archiver  ")
        assert "400 records lost; no members; lost on payments-0: 11,500" in line_with(app, "payments-ledger  ")


async def test_the_overview_counts_what_is_so() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)):
        shown = text(app)
        for words in ("7 groups", "● 1 ok", "▲ 3 behind", "✘ 1 lost", "? 2 unknown", "≥ 83,602", "data 3 s old"):
            assert words in shown
        assert "word-count" not in shown  # it keeps up


async def test_the_cluster_total_is_known_when_all_of_it_is() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 1500)])], [Group("g", {("t", 0): 0})]))
    app, _ = app_on(view)
    async with app.run_test(size=(120, 40)):
        assert "≥" not in text(app)
        assert "the part that is known" not in app.screen.query_one("#chart", Chart).text


async def test_a_new_view_is_drawn_and_the_cursor_stays_on_its_group() -> None:
    app, source = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "j", "j", "j")
        assert table(pilot).cursor_key == "orders-fulfilment"
        source.show(shop_view(50))
        await settled(pilot)
        assert table(pilot).cursor_key == "orders-fulfilment"
        assert "≥ 220,000" in text(app)
        await pilot.press("R")
        assert table(pilot).keys == sorted(WORST_FIRST)
        assert table(pilot).cursor_key == "orders-fulfilment"
        await pilot.press("R")
        assert table(pilot).keys == sorted(WORST_FIRST, reverse=True)
        assert table(pilot).cursor_key == "orders-fulfilment"


async def test_unknown_lag_is_last_in_both_directions() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "A")
        assert table(pilot).keys[:2] == ["clicks-sessionizer", "payments-ledger"]
        assert set(table(pilot).keys[-2:]) == {"audit-archiver", "secret-group"}
        await pilot.press("A")
        assert table(pilot).keys[:2] == ["word-count", "orders-fulfilment"]
        assert set(table(pilot).keys[-2:]) == {"audit-archiver", "secret-group"}


async def test_views_may_come_from_another_thread() -> None:
    app, source = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        thread = threading.Thread(target=source.show, args=(shop_view(50),))
        thread.start()
        thread.join()
        await settled(pilot)
        assert app.picture.view is source._latest


async def test_the_age_grows_by_itself() -> None:
    now = [NOW + 3]
    app = KmonApp([FixtureSource(shop_view())], clock=lambda: now[0])
    async with app.run_test(size=(120, 40)) as pilot:
        assert "data 3 s old" in text(app)
        now[0] += 9
        app._tick()
        await settled(pilot)
        assert "data 12 s old" in text(app)


async def test_a_group_that_goes_is_said_to_be_gone() -> None:
    app, source = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        source.show(make_view(snapshot_of([], [], time=NOW + 10)))
        await settled(pilot)
        assert "payments-ledger does not exist any more" in text(app)
        source.show(shop_view(2))
        await settled(pilot)
        assert "does not exist" not in text(app)


async def test_r_asks_for_a_poll_and_says_so_until_it_is_there() -> None:
    app, source = app_on(shop_view())
    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        await pilot.press("r")
        await settled(pilot)
        assert source.wait_for_wish(0)
        assert " polling " in text(app)
        source.show(shop_view(1))
        await settled(pilot)
        assert " polling " not in text(app)


async def test_pause_holds_the_view_and_goes_on_with_the_newest() -> None:
    app, source = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "p")
        source.show(shop_view(50))
        await settled(pilot)
        assert " paused " in text(app)
        assert "≥ 70,000" in text(app)
        await pilot.press("p")
        assert " paused " not in text(app)
        assert "≥ 220,000" in text(app)


async def test_settings_hold_in_every_view() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("e", "z", "2")
        assert "≥ 70.0k" in text(app)
        assert table(pilot).keys == WORST_FIRST[:-1]
        await pilot.press("w")
        assert "Coord" not in text(app)
        await pilot.press(*["right"] * 13)
        assert "Coord" in text(app)
        assert lines(app)[3].startswith("▌✘ lost     payments-ledger")


async def test_a_column_out_of_sight_that_rows_are_sorted_by_is_named_above_the_table() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "X")
        assert "by Max lag ▼" in lines(app)[1]
        await pilot.press("X", "w")
        while "Max lag" not in lines(app)[2]:
            assert "by Max lag ▲" in lines(app)[1]
            await pilot.press("right")
        assert "▲Max lag" in lines(app)[2]
        assert "by Max lag" not in lines(app)[1]


async def test_sideways_moves_whole_columns() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "w")
        found = []
        for _ in range(60):
            heads = [each.title for each in table(pilot).shown_columns]
            found += heads
            assert [each for each in heads[2:] if each not in lines(app)[2]] == []
            assert heads[:2] == ["Status", "Group"]
            await pilot.press("right")
        assert set(found) == {each.title for each in monitor(pilot).COLUMNS}
        await pilot.press(*["left"] * 60)
        assert [each.title for each in table(pilot).shown_columns][:3] == ["Status", "Group", "Type"]


async def test_two_clusters_are_switched_by_the_palette() -> None:
    other = shop_view(cluster="[/x]\x1b")
    sources = [FixtureSource(shop_view()), FixtureSource(other, cluster="[/x]\x1b")]
    app = KmonApp(sources, clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p", *"cluster")
        await pilot.pause(0.2)
        await pilot.press("escape", "escape")
        app.watch_cluster(1)
        await settled(pilot)
        assert r" [/x]\x1b " in lines(app)[0]


# When it does not go well


async def test_before_the_first_view_it_says_whom_it_asks() -> None:
    app, source = app_on(addresses=["127.0.0.1:9092"])
    async with app.run_test(size=(80, 24)) as pilot:
        assert "polling demo (127.0.0.1:9092) …" in text(app)
        await pilot.press("2", "j", "enter", "slash", "x", "escape", "z", "question_mark", "escape", "1")
        source.show(shop_view())
        await settled(pilot)
        assert "polling" not in text(app)
        assert "payments-ledger" in text(app)


async def test_unreachable_shows_the_reason_and_the_last_that_is_known() -> None:
    app, source = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        source.show(shop_view(3, error="127.0.0.1:9092: connection refused", last_good=shop_view()))
        await settled(pilot)
        assert (
            "✘ unreachable  127.0.0.1:9092: connection refused · showing data of the last successful poll"
            in lines(app)[0]
        )
        for key in "1234":
            await pilot.press(key)
            assert table(pilot).keys
        await pilot.press("2", "enter")
        assert "payments" in text(app)


async def test_unreachable_from_the_start_is_no_empty_page() -> None:
    app, _ = app_on(shop_view(error="127.0.0.1:9092: connection refused"))
    async with app.run_test(size=(80, 24)):
        assert text(app).count("127.0.0.1:9092: connection refused") == 2
        assert "polled every 10 s" in text(app)
        assert lines(app)[-2].strip() == ""


async def test_failing_collectors_and_alerts_are_named_with_the_reason() -> None:
    alerts = (
        AlertRow("GroupLag", "pending", "warning", (("group", "b"),), "b is behind", 1.0, NOW - 60),
        AlertRow("GroupLag", "firing", "critical", (("group", "[/x]"),), "[/x] is behind", 9.0, NOW - 300, NOW - 240),
    )
    app, _ = app_on(shop_view(alerts=alerts, failed={"commits": "broker 2: timed out after 3.3 s"}))
    async with app.run_test(size=(170, 40)):
        assert "commits incomplete: broker 2: timed out" in lines(app)[0]
        assert line_with(app, "▲ commits  ").strip() == "▲ commits  broker 2: timed out after 3.3 s"
        firing = next(each for each in lines(app)[1:] if "(alert GroupLag firing)" in each)
        assert "[/x] is behind" in firing
        assert firing.split()[-2:] == ["4", "min"]
        assert "b is behind" in line_with(app, "◆ pending  GroupLag")


async def test_alerts_are_problems_and_the_verdict_leads_to_them() -> None:
    firing = AlertRow("Late", "firing", "critical", (("group", "orders-fulfilment"),), "", 9.0, NOW - 300, NOW - 240)
    app, _ = app_on(shop_view(alerts=(firing,)))
    async with app.run_test(size=(170, 40)) as pilot:
        clause = "(alert Late firing)"
        await pilot.click("#verdict", offset=(lines(app)[0].index(clause), 0))
        await settled(pilot)
        assert monitor(pilot).NAME == "problems"
        row = next(each for each in lines(app)[1:] if "(alert Late firing)" in each)
        assert "✘ critical" in row
        assert "orders-fulfilment" in row
        assert table(pilot).row_count == len(shop_view(alerts=(firing,)).problems)


EVIL = [*HOSTILE, "[/x]", "[@click=app.quit]x[/]", "\x1b]0;title\x07", "a\u202egnp.exe", "e" + "\u0301" * 5_000]


def evil_view() -> View:
    groups = [
        Group(name, {("orders", 0): float(row)}, [(name, name, [("orders", 0)])])
        for row, name in enumerate(dict.fromkeys(EVIL))
    ]
    return make_view(snapshot_of([Topic("orders", [(0, 100)])], groups, cluster="[/demo]\x1b"))


def drawn(app: KmonApp) -> str:
    """The screen, on which every line is as wide as the terminal and has no control character."""
    strips = app.screen._compositor.render_strips()
    assert [strip.cell_length for strip in strips] == [app.size.width] * len(strips)
    assert all(strip.text.isprintable() for strip in strips)
    return "\n".join(strip.text for strip in strips)


async def test_hostile_names_are_text_in_every_view() -> None:
    source = FixtureSource(evil_view(), cluster="[/demo]\x1b")
    app = KmonApp([source], clock=lambda: NOW)
    async with app.run_test(size=(120, 50)) as pilot:
        for key in "1234":
            await pilot.press(key)
            drawn(app)
        assert r" [/demo]\x1b " in lines(app)[0]
        await pilot.press("2", "R")
        for name in dict.fromkeys(EVIL):
            assert name_of(name)[:12] in drawn(app)
        for name in dict.fromkeys(EVIL):
            app.push_screen(GroupScreen(name))
            await settled(pilot)
            assert f"› {name_of(name)[:12]}" in lines(app)[1]
            assert name_of(name)[:10] in drawn(app).split("Client id")[1]
            app.pop_screen()
            await settled(pilot)
        await pilot.press("slash", *"[/x", "enter", "question_mark", "escape", "escape", "enter")
        assert isinstance(app.screen, GroupScreen)


async def test_the_brokers_that_only_replicas_name_are_shown_as_gone() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 1)], replicas=[[1, 9]], isr=[[1]])], [], brokers=1))
    app, _ = app_on(view)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("4")
        assert table(pilot).keys == [1, 9]
        assert "not in metadata" in line_with(app, "✘ gone")


async def test_a_topic_without_metadata_is_unknown_with_the_reason() -> None:
    view = make_view(snapshot_of([], [Group("g", {("deleted", 0): 5.0})]))
    app, _ = app_on(view)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        row = line_with(app, "? unknown")
        assert "not in metadata" in row
        await pilot.press("enter")
        assert "Not in metadata: deleted, or not authorized" in text(app)


# Filter


async def test_the_filter_narrows_as_it_is_typed_and_is_a_chip_until_esc() -> None:
    app, source = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "j", "j", "j", "slash", *"^(ord|pay)")
        assert table(pilot).keys == ["payments-ledger", "orders-fulfilment"]
        assert table(pilot).cursor_key == "orders-fulfilment"
        await pilot.press("enter")
        assert "/^(ord|pay)  any case 2 of 7" in lines(app)[1]
        source.show(shop_view(5))
        await settled(pilot)
        assert table(pilot).keys == ["payments-ledger", "orders-fulfilment"]
        await pilot.press("j", "escape")
        assert table(pilot).keys == WORST_FIRST
        assert "of 7" not in lines(app)[1]
        assert table(pilot).cursor_key == "orders-fulfilment"
        assert monitor(pilot).NAME == "groups"


async def test_tab_leaves_each_table_of_a_view_as_it_was() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        for opened in (["2", "end", "enter"], ["6"]):
            await pilot.press(*opened)
            seen: list[object] = []
            for _ in range(2 * len(monitor(pilot).panes())):
                await settled(pilot)
                shown = table(pilot)
                if len(seen) < len(monitor(pilot).panes()):
                    letters = [each.letter for each in monitor(pilot).COLUMNS if each.letter]
                    await pilot.press(letters[1], letters[1], "end")
                    await settled(pilot)
                seen.append((shown.sort.name, shown.falling, shown.cursor_key))
                await pilot.press("tab")
            half = len(seen) // 2
            assert seen[:half] == seen[half:]
        await settled(pilot)
        await pilot.press("2", "home", "enter", "slash", *"pay", "enter", "tab", "tab")
        await settled(pilot)
        assert "/pay" in lines(app)[1]


async def test_a_small_terminal_has_a_table_in_every_view() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(40, 10)) as pilot:
        for keys in (*"12345678", ["2", "enter"], ["3", "enter"], ["4", "enter"]):
            await pilot.press(*keys)
            await settled(pilot)
            assert table(pilot).page >= 2, keys
        await pilot.press("1")
        await settled(pilot)
        assert "▌✘ lost    payments-ledger      13,500" in lines(app)[3]
        assert "≥ 70,000" in lines(app)[4]


@pytest.mark.parametrize(
    ("typed", "how", "keys"),
    [
        ("lag > 1000", "condition", ["payments-ledger"]),
        ("lag_at_least > 1k and status != ok", "condition", ["payments-ledger", "clicks-sessionizer"]),
        ("status = lost", "condition", ["payments-ledger"]),
        ("state == Empty", "condition", ["payments-ledger"]),
        ("group ~ pay.*", "condition", ["payments-ledger"]),
        ("lost", "any case", ["payments-ledger"]),
        ("Unknown", "exact case", ["audit-archiver", "secret-group"]),
        ("PAY", "exact case", []),
        ("lag", "any case", []),
    ],
)
async def test_the_filter_is_a_condition_or_else_a_name_or_a_status(typed: str, how: str, keys: list[str]) -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "slash", *typed, "enter")
        assert table(pilot).keys == keys
        assert f"/{fit(typed, min(24, len(typed)))}  {how} {len(keys)} of 7" in lines(app)[1]


async def test_a_condition_that_is_not_finished_keeps_the_last_rows_and_says_why() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "slash", *"lag > 2", "backspace")
        assert table(pilot).keys == ["payments-ledger", "inventory-sync"]
        assert "expected a number, a text in quotes, true or false: the last rows are kept" in text(app)


async def test_an_invalid_pattern_says_so_and_keeps_the_last_rows() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "slash", *"pay", "[")
        assert table(pilot).keys == ["payments-ledger"]
        assert "is not a regular expression that RE2 accepts: missing ]: [: the last rows are kept" in text(app)
        await pilot.press("backspace")
        assert "not a regular expression" not in text(app)
        await pilot.press("escape")
        assert table(pilot).keys == WORST_FIRST


async def test_keys_typed_into_the_filter_do_nothing_else() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "slash", *"q1zewpGA?/")
        assert app.is_running
        assert monitor(pilot).NAME == "groups"
        assert not app.picture.human
        assert app.screen.query_one(Input).value == "q1zewpGA?/"


async def test_keys_that_come_in_one_burst_go_where_they_were_meant_to_go() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        for key in ("slash", *"ord", "enter", "e", "3"):
            app.post_message(Key(key, "/" if key == "slash" else key if len(key) == 1 else None))
        await settled(pilot)
        assert monitor(pilot).NAME == "topics"
        assert app.picture.human
        await pilot.press("2")
        assert app.screen.query_one(Input).value == "ord"
        assert table(pilot).keys == ["orders-fulfilment", "word-count"]


# Every terminal


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 10), (20, 5)])
async def test_every_view_fits_every_terminal(size: tuple[int, int]) -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=size) as pilot:
        for keys in (
            ["1"],
            ["enter"],
            ["2"],
            ["enter"],
            ["enter"],
            ["3"],
            ["enter"],
            ["4"],
            ["w"],
            ["question_mark"],
            ["escape"],
        ):
            await pilot.press(*keys)
            strips = app.screen._compositor.render_strips()
            assert [strip.cell_length for strip in strips] == [size[0]] * size[1]


async def test_a_resize_keeps_the_cursor_and_shows_more_columns() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "j")
        assert "Members" not in text(app)
        await pilot.resize_terminal(200, 60)
        await settled(pilot)
        assert "Members" in text(app)
        assert table(pilot).cursor_key == "clicks-sessionizer"
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "q quit" in lines(app)[-1]


async def test_without_colour_and_in_every_theme_the_words_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        assert app.no_color
        plain_screen = text(app)
        for word in ("● 1 ok", "▲ behind", "✘ lost", "? unknown", "▌"):
            assert word in plain_screen
        for theme in app.available_themes:
            app.theme = theme
            await settled(pilot)
            assert text(app) == plain_screen, theme


# A face asks its Source and nobody else


async def test_only_the_source_is_asked_and_never_while_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the terminal interface opened a connection")

    fixture = FixtureSource(shop_view())
    source = StrictSource(fixture)
    app = KmonApp([source], clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        monkeypatch.setattr(socket.socket, "connect", refuse)
        assert source.asked == ["subscribe", "latest", "window"]
        tour = (
            "2",
            "j",
            "enter",
            "enter",
            "escape",
            "escape",
            "3",
            "enter",
            "4",
            "1",
            "enter",
            "e",
            "w",
            "z",
            "question_mark",
        )
        await pilot.press(*tour, "escape", "slash", "a", "escape", "p", "p")
        app._tick()
        assert source.asked == ["subscribe", "latest", "window"]
        assert fixture.reads == 1
        for step in range(1, 4):
            fixture.show(shop_view(step))
            await settled(pilot)
        assert source.asked == ["subscribe", "latest", "window", *["window"] * 3]
        assert fixture.reads == 1


async def test_trend_and_chart_show_the_window() -> None:
    app, _ = app_on(*(shop_view(step) for step in range(40)))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "last 6.5 min" in app.screen.query_one("#chart", Chart).text
        await pilot.press("2")
        ledger = line_with(app, "payments-ledger  ")
        assert "▆▆▆▇▇▇████" in ledger
        assert "··········" in line_with(app, "secret-group")
        assert np.isnan(app.picture.points[-1].group_lag).any()
        await pilot.press("enter")
        assert "type classic" in app.screen.query_one("#head", Lines).text


async def test_the_clock_may_tick_while_the_app_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.TICK_SECONDS", 0.0005)
    app, _ = app_on(shop_view())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "enter")


def foregrounds(app: KmonApp, first: int, last: int) -> set[str]:
    """The colours of the text in these lines."""
    strips = app.screen._compositor.render_strips()[first:last]
    segments = (each for strip in strips for each in strip if each.text.strip() and each.style)
    return {each.style.color.name for each in segments if each.style and each.style.color}


async def test_what_is_shown_of_an_unreachable_cluster_is_dimmed_and_headed_with_its_age() -> None:
    app, source = app_on(shop_view(), age_seconds=40)
    async with app.run_test(size=(120, 40)) as pilot:
        for key in "1234567":
            await pilot.press(key)
            assert "last known" not in text(app)
        bright = foregrounds(app, 4, 38)
        source.show(shop_view(1, error="127.0.0.1:9092: connection refused", last_good=shop_view()))
        await settled(pilot)
        for key in "1234567":
            await pilot.press(key)
            await settled(pilot)
            assert lines(app)[2].strip() == "last known, 40 s ago", key
            assert not foregrounds(app, 4, 38) & bright, key
        await pilot.press("8")
        assert "last known" not in text(app), "events are true of now"
        source.show(shop_view(2))
        await pilot.press("2")
        await settled(pilot)
        assert "last known" not in text(app)
        assert foregrounds(app, 4, 38) & bright


@pytest.mark.parametrize(
    ("colours", "no_color", "theme"),
    [
        ("truecolor", False, "kmon-dark"),
        ("256", False, "kmon-dark"),
        ("standard", False, "ansi-dark"),
        ("truecolor", True, "ansi-dark"),
    ],
)
def test_the_theme_is_one_that_the_terminal_can_show(colours: str, no_color: bool, theme: str) -> None:
    assert theme_for(colours, no_color=no_color) == theme


async def test_without_colours_the_worst_status_is_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "end")
        assert foregrounds(app, 0, 39) <= {"default"}
        bold = {
            segment.text.strip(): bool(segment.style and segment.style.bold)
            for strip in app.screen._compositor.render_strips()
            for segment in strip
        }
        assert {status: bold[status] for status in ("✘ lost", "● ok", "? unknown")} == {
            "✘ lost": True,
            "● ok": False,
            "? unknown": False,
        }


async def test_the_16_colours_of_a_terminal_tell_levels_apart() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test():
        app.theme = OWN_COLOURS
        styles = [inks(app)[level] for level in ("ok", "unknown", "attention", "degraded", "critical")]
        assert len({each.color for each in styles}) == len(styles)
