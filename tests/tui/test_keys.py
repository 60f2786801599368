from collections import Counter

import pytest
from keys_page import PAGE, page
from textual.binding import Binding, BindingsMap
from tui_screen import app_on, monitor, text
from views import shop_view

from tui.app import VIEWS, KmonApp
from tui.keys import (
    ALERT_KEYS,
    APP_KEYS,
    FORM_KEYS,
    HELP_KEYS,
    SCREEN_KEYS,
    SILENCE_KEYS,
    TABLE_KEYS,
    key_name,
    view_keys,
)
from tui.registry import BELOW, SCREENS
from tui.screens.base import MonitorScreen
from tui.screens.form import FormScreen
from tui.screens.help import HelpScreen, help_lines
from tui.widgets.columns import WIDE
from tui.widgets.table import VirtualTable

EVERY_SCREEN = (*SCREENS, *BELOW)


def bindings(*classes: type) -> list[Binding]:
    """What Textual binds where these classes are, with what they inherit."""
    return [each for cls in classes for _, each in cls._merge_bindings()]  # type: ignore[attr-defined]  # of every DOMNode


@pytest.mark.parametrize("screen", EVERY_SCREEN)
def test_no_key_is_bound_twice_in_a_view(screen: type[MonitorScreen]) -> None:
    keys = Counter(each.key for each in bindings(KmonApp, screen, VirtualTable))
    assert [key for key, times in keys.items() if times > 1] == []


@pytest.mark.parametrize("screen", [HelpScreen, FormScreen])
def test_no_key_of_the_help_and_of_forms_is_bound_twice(screen: type) -> None:
    keys = Counter(each.key for each in bindings(screen))
    assert [key for key, times in keys.items() if times > 1] == []


@pytest.mark.parametrize("screen", EVERY_SCREEN)
def test_everything_bound_in_a_view_is_in_its_help(screen: type[MonitorScreen]) -> None:
    known = {
        each.key
        for registry in (view_keys(VIEWS), APP_KEYS, SCREEN_KEYS, TABLE_KEYS, screen.KEYS)
        for _, each in BindingsMap(registry)
    }
    letters = {each.letter for each in screen.COLUMNS if each.letter}
    assert {each.key for each in bindings(KmonApp, screen, VirtualTable)} == known | letters


@pytest.mark.parametrize("keys", [*((key,) for key, _, _ in VIEWS), *(("7", *["tab"] * step) for step in (2, 3, 4))])
async def test_the_help_names_every_key_and_column(keys: tuple[str, ...]) -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(120, 160)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        screen = monitor(pilot)
        await pilot.press("?")
        shown = text(app)
        for binding in (*view_keys(VIEWS), *APP_KEYS, *SCREEN_KEYS, *TABLE_KEYS, *screen.KEYS):
            for key in binding.key.split(","):
                assert key_name(key) in shown
            assert binding.tooltip in shown
        for column in screen.COLUMNS:
            assert column.title in shown
            assert not column.letter or f"shift+{column.letter.lower()}" in shown


def test_every_column_says_what_it_means() -> None:
    for screen in EVERY_SCREEN:
        for column in screen.COLUMNS:
            assert column.meaning.strip(), column.name
            assert not column.letter or column.letter in column.title.upper(), column.name
            assert column.sort is not None or not column.letter, column.name
            assert column.letter or column.sort is None or column.rank == WIDE, column.name


def test_the_help_fits_a_narrow_terminal() -> None:
    for screen in EVERY_SCREEN:
        for line in help_lines(screen.__new__(screen), view_keys(VIEWS), 68):
            assert sum(len(part.text) for part in line.left) <= 68


@pytest.mark.parametrize(
    "binding",
    [*view_keys(VIEWS), *APP_KEYS, *SCREEN_KEYS, *TABLE_KEYS, *ALERT_KEYS, *SILENCE_KEYS, *FORM_KEYS, *HELP_KEYS],
    ids=lambda each: each.key,
)
def test_every_binding_stands_in_the_docs(binding: Binding) -> None:
    page_text = PAGE.read_text()
    assert any(
        binding.tooltip in line and all(f"`{key_name(key)}`" in line for key in binding.key.split(","))
        for line in page_text.splitlines()
    )


def test_the_docs_are_what_the_registry_says() -> None:
    assert PAGE.read_text() == page(), "run: python tests/support/keys_page.py"
