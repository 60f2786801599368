"""The virtual table by itself, with a small model of its own."""

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from monitor.model.table import objects
from tui.theme import KMON_DARK
from tui.widgets.columns import Cell, Column
from tui.widgets.table import VirtualTable


@dataclass
class Numbers:
    """Names with a number each, NaN for unknown; counts the cells that were written."""

    values: dict[str, float]
    written: list[int] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return list(self.values)

    def name(self, row: int) -> Cell:
        self.written.append(row)
        return Cell(self.keys[row])


COLUMNS: tuple[Column[Numbers], ...] = (
    Column("name", "Name", 10, Numbers.name, "", sort=lambda model: [objects(model.keys)], letter="N", falling=False),
    Column(
        "number",
        "Number",
        10,
        lambda model, row: Cell(str(list(model.values.values())[row])),
        "",
        sort=lambda model: [np.array(list(model.values.values()))],
        letter="U",
        right=True,
    ),
)


class TableApp(App[None]):
    """One table of `count` rows: n000 has the largest number."""

    def __init__(self, count: int = 100) -> None:
        super().__init__()
        self.register_theme(KMON_DARK)
        self.theme = KMON_DARK.name
        self.model = Numbers({f"n{each:03}": float(count - each) for each in range(count)})
        self.chosen: list[Hashable] = []

    def compose(self) -> ComposeResult:
        yield VirtualTable(COLUMNS, "number", empty="nothing here")

    def on_mount(self) -> None:
        self.table.show(self.model)

    @property
    def table(self) -> VirtualTable[Numbers]:
        return self.query_one(VirtualTable)

    def on_virtual_table_row_chosen(self, message: VirtualTable.RowChosen) -> None:
        self.chosen.append(message.key)


def seen(app: TableApp) -> list[str]:
    """The names on the screen, from the first line down."""
    table = app.table
    strips = [table.render_line(line).text for line in range(1, table.size.height)]
    return [strip[1:].split(" ")[0] for strip in strips if strip.strip()]


def first(app: TableApp) -> Hashable:
    return app.table.keys[0]


async def test_keys_move_the_cursor() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 21)) as pilot:  # a header and 20 rows
        for keys, cursor in (
            (["j"], "n001"),
            (["down", "down"], "n003"),
            (["k"], "n002"),
            (["up"], "n001"),
            (["ctrl+d"], "n011"),
            (["ctrl+u"], "n001"),
            (["pagedown"], "n021"),
            (["pageup", "pageup"], "n000"),
            (["G"], "n099"),
            (["j"], "n099"),
            (["g"], "n000"),
            (["k"], "n000"),
            (["end"], "n099"),
            (["home"], "n000"),
        ):
            await pilot.press(*keys)
            assert app.table.cursor_key == cursor, keys
            assert cursor in seen(app)


async def test_enter_and_double_click_choose_the_row() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 21)) as pilot:
        await pilot.press("j", "enter")
        await pilot.click(VirtualTable, offset=(3, 6))
        assert app.table.cursor_key == "n005"
        assert app.chosen == ["n001"]
        await pilot.double_click(VirtualTable, offset=(3, 8))
        assert app.chosen == ["n001", "n007"]


async def test_clicking_a_title_sorts_and_again_reverses() -> None:
    app = TableApp(9)
    async with app.run_test(size=(40, 21)) as pilot:
        await pilot.click(VirtualTable, offset=(3, 0))
        assert first(app) == "n000"
        await pilot.click(VirtualTable, offset=(3, 0))
        assert first(app) == "n008"
        await pilot.press(">")
        assert (app.table.sort.name, app.table.keys[0]) == ("number", "n000")
        await pilot.press(">", "<")
        assert app.table.sort.name == "name"


def cursor_of(app: TableApp) -> Hashable:
    return app.table.cursor_key


async def move_to(pilot: Pilot[None], app: TableApp, downs: int) -> Hashable:
    await pilot.press(*["j"] * downs)
    return app.table.cursor_key


async def test_the_cursor_follows_its_row_through_refresh_sort_and_filter() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 21)) as pilot:
        assert await move_to(pilot, app, 3) == "n003"
        app.table.show(Numbers({**app.model.values, "n003": 0.5}))
        await pilot.pause()
        assert app.table.cursor_key == "n003"
        assert "n003" in seen(app)
        assert app.table.cursor == 99
        app.table.sort_by("name")
        await pilot.pause()
        assert (app.table.cursor_key, app.table.cursor) == ("n003", 3)
        assert "n003" in seen(app)
        app.table.show(app.model, np.array([3, 50, 2]))
        assert (app.table.cursor_key, app.table.keys) == ("n003", ["n002", "n003", "n050"])
        app.table.show(app.model, np.array([50, 2]))
        assert cursor_of(app) == "n050"


async def test_the_scroll_position_is_kept_by_a_refresh() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 21)) as pilot:
        await pilot.press("pagedown", "pagedown", "k", "k", "k")
        before, cursor = seen(app), app.table.cursor_key
        app.table.show(Numbers({name: value * 2 for name, value in app.model.values.items()}))
        await pilot.pause()
        assert (seen(app), app.table.cursor_key) == (before, cursor)


async def test_nobody_is_taken_from_the_top_of_the_list_without_having_moved() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 21)) as pilot:
        app.table.show(Numbers({**app.model.values, "n000": 0.5}))
        await pilot.pause()
        assert (seen(app)[0], app.table.cursor_key) == ("n001", "n001")


async def test_a_row_that_goes_leaves_the_cursor_on_its_place() -> None:
    app = TableApp(3)
    async with app.run_test(size=(40, 21)) as pilot:
        assert await move_to(pilot, app, 2) == "n002"
        app.table.show(Numbers({"n000": 2.0, "n001": 1.0}))
        assert app.table.cursor_key == "n001"
        app.table.show(Numbers({}))
        await pilot.pause()
        assert app.table.cursor_key is None
        assert "nothing here" in app.table.render_line(2).text
        await pilot.press("j", "enter", "G", "ctrl+d")
        assert app.chosen == []


async def test_only_the_lines_in_sight_are_written_and_once_a_version() -> None:
    app = TableApp(10_000)
    async with app.run_test(size=(40, 21)) as pilot:
        await pilot.pause()
        assert set(app.model.written) == set(range(20))
        app.model.written.clear()
        await pilot.press("j")
        assert set(app.model.written) <= {0, 1}  # the row the cursor left was drawn with it only
        app.table.show(app.model)
        await pilot.pause()
        assert set(app.model.written) == set(range(20))


@pytest.mark.parametrize("name", ["漢字グループ名前", "🦜🦜🦜🦜🦜🦜🦜", "x" * 500, "\\x1b[31m"])
async def test_columns_stay_aligned_beside_any_name(name: str) -> None:
    app = TableApp(1)
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.show(Numbers({name: 7.0}))
        await pilot.pause()
        strip = app.table.render_line(1)
        assert strip.cell_length == 40
        assert strip.text.rstrip().endswith(" 7.0")
        assert cell_len(strip.text.rstrip()) == cell_len(app.table.render_line(0).text.rstrip())
