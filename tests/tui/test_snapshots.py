"""What the views look like, as SVG: `pytest tests/tui/test_snapshots.py --snapshot-update` draws them anew."""

from collections.abc import Callable

import pytest
from details import detailed_view
from troubled import troubled_views
from tui_screen import app_on
from views import NOW, FixtureSource, shop_view

from tui.app import KmonApp

VIEWS = [shop_view(step) for step in range(30)]


@pytest.mark.parametrize(
    ("keys", "size"),
    [([], (120, 40)), ([], (80, 24)), (["2"], (120, 40)), (["enter"], (120, 40))],
    ids=["overview", "overview-80x24", "groups", "group"],
)
def test_looks(snap_compare: Callable[..., bool], keys: list[str], size: tuple[int, int]) -> None:
    app, _ = app_on(*VIEWS)
    assert snap_compare(app, press=keys, terminal_size=size)


DETAILED = [detailed_view(step) for step in range(12)]
NARROW = (80, 24)


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ([], (120, 40)),
        ([], NARROW),
        (["3"], (120, 30)),
        (["3", "j", "enter"], (160, 24)),
        (["3", "j", "enter"], NARROW),
        (["4"], (120, 24)),
        (["4"], NARROW),
        (["4", "enter"], (120, 30)),
        (["2", "j", "j", "enter", "tab"], (140, 24)),
        (["2", "enter", "shift+tab"], (120, 24)),
        (["5"], (120, 24)),
        (["6"], (120, 24)),
        (["6", "tab"], (120, 24)),
    ],
    ids=[
        "overview",
        "overview-80x24",
        "topics",
        "topic",
        "topic-80x24",
        "brokers",
        "brokers-80x24",
        "broker",
        "members",
        "tasks",
        "transactions",
        "quorum",
        "capabilities",
    ],
)
def test_details(snap_compare: Callable[..., bool], keys: list[str], size: tuple[int, int]) -> None:
    app, _ = app_on(*DETAILED)
    assert snap_compare(app, press=keys, terminal_size=size)


TROUBLED = troubled_views()


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ([], (120, 40)),
        ([], NARROW),
        (["2"], (200, 24)),
        (["2"], NARROW),
        (["2", "enter"], (160, 40)),
        (["7", "j"], (120, 40)),
        (["7", "j"], NARROW),
        (["7", "tab"], (120, 24)),
        (["8"], (200, 24)),
        (["8"], NARROW),
    ],
    ids=[
        "overview",
        "overview-80x24",
        "groups",
        "groups-80x24",
        "group",
        "problems",
        "problems-80x24",
        "diagnoses",
        "events",
        "events-80x24",
    ],
)
def test_trouble(snap_compare: Callable[..., bool], keys: list[str], size: tuple[int, int]) -> None:
    app, _ = app_on(*TROUBLED)
    assert snap_compare(app, press=keys, terminal_size=size)


def test_several_clusters(snap_compare: Callable[..., bool]) -> None:
    named = (("shop", shop_view(cluster="shop")), ("depot", detailed_view()), ("new", None))
    sources = [FixtureSource(*([view] if view else []), cluster=name) for name, view in named]
    app = KmonApp(sources, addresses=["", "", "10.0.0.9:9092"], clock=lambda: NOW + 3)
    assert snap_compare(app, terminal_size=(140, 24))
