"""Every screen on a Snapshot in which every table has rows: it fits, and whatever a name holds is text."""

import re
from dataclasses import replace

import pytest
from details import detailed_snapshot, detailed_view
from reasons import reason, reasons, whys
from tui_screen import app_on, detail, lines, monitor, settled, text

from monitor.analysis.derive.times import NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.broker_metrics import DeprecatedRequests
from monitor.model.snapshot import Snapshot
from monitor.model.table import objects
from tui.registry import BELOW, SCREENS


async def test_what_has_no_room_in_the_row_is_said_below_the_table() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "j")
        assert detail(app).startswith("1 under min ISR, 1 under-replicated, 1 being reassigned")
        await pilot.press("2", "G")
        assert detail(app).startswith(f"behind on orders-0: 100 records; Time lag –: {NOT_DATED}")
        await pilot.press("3", "g")
        await pilot.resize_terminal(300, 24)
        await settled(pilot)
        assert lines(app)[-2].strip() == ""


def every_screen() -> list[tuple[str, ...]]:
    """Keys that lead to each screen from anywhere."""
    views = [(each.KEY,) for each in SCREENS]
    below = [
        *((("2", "enter") + ("tab",) * step) for step in range(3)),
        *((("3", "G", "k", "enter") + ("tab",) * step) for step in range(3)),
        *((("4", "enter") + ("tab",) * step) for step in range(4)),
        ("5", "enter"),
        *((("6",) + ("tab",) * step) for step in range(1, 4)),
        *((("7",) + ("tab",) * step) for step in range(1, 5)),
    ]
    assert len(below) == len(BELOW)
    return [*views, *below]


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
async def test_every_screen_fits_every_terminal(size: tuple[int, int]) -> None:
    app, _ = app_on(detailed_view(12))
    seen = set()
    async with app.run_test(size=size) as pilot:
        for keys in every_screen():
            await pilot.press(*keys)
            await pilot.pause()
            seen.add(monitor(pilot).NAME)
            strips = app.screen._compositor.render_strips()
            assert [strip.cell_length for strip in strips] == [size[0]] * size[1]
    assert seen == {each.NAME for each in (*SCREENS, *BELOW)}


def hostile_snapshot(name: str) -> Snapshot:
    """The detailed Snapshot in which everything that clients and operators may choose has this name."""
    snapshot = detailed_snapshot(12)
    members, brokers = snapshot.members, snapshot.brokers
    one = objects([name] * len(members))
    named = objects([name] * len(brokers))
    return replace(
        snapshot,
        cluster_id=name,
        notices=(name,),
        reasons=tuple(reason(name) if each else each for each in snapshot.reasons),
        members=replace(members, member_id=one, client_id=one, host=one, instance_id=one, rack=one),
        brokers=replace(brokers, host=named, rack=named, version=named),
        transactions=replace(snapshot.transactions, transactional_id=objects([name]), state=objects([name])),
        log_dirs=replace(snapshot.log_dirs, path=objects([name] * 3)),
        broker_requests=replace(snapshot.broker_requests, request=objects([name] * 4)),
        deprecated_requests=DeprecatedRequests.of_rows([(1, name, name, name, name, 7.0)]),
        features=replace(snapshot.features, feature=objects([name] * 2)),
        capabilities=replace(snapshot.capabilities, capability=objects([name] * 3), why_not=whys(*[name] * 3)),
        topic_configs=replace(snapshot.topic_configs, cleanup_policy=objects([name] * 4)),
        outcomes=tuple(replace(each, errors=reasons(name)) for each in snapshot.outcomes),
        tasks=replace(snapshot.tasks, subtopology=objects([name] * 2), role=objects([name] * 2)),
        subtopologies=replace(
            snapshot.subtopologies, subtopology=objects([name] * 2), source_topics=objects([(name,), (name,)])
        ),
    )


@pytest.mark.parametrize(
    "name", ["", "\x1b]0;t\x07[/x]\n[b]" + "e" + "\u0301" * 500 + "x" * 10_000], ids=["empty", "hostile"]
)
async def test_hostile_names_are_text_on_every_screen(name: str) -> None:
    app, _ = app_on(make_view(hostile_snapshot(name)))
    async with app.run_test(size=(120, 40)) as pilot:
        for keys in every_screen():
            await pilot.press(*keys)
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            assert [strip.cell_length for strip in strips] == [app.size.width] * len(strips)
            assert all(strip.text.isprintable() for strip in strips)
        assert app.is_running


async def test_wide_shows_every_column_of_the_subject() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(700, 24)) as pilot:
        await pilot.press("w", "2")
        await settled(pilot)
        assert re.search(r"Consume rate 15m +Consume rate 60m", text(app))
        await pilot.press("enter")
        await settled(pilot)
        table = monitor(pilot).table
        assert {"ahead", "lag_method"} <= {each.name for each in table.shown_columns}
        assert "Lag method" in text(app)
