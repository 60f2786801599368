"""What the views look like, as SVG: `pytest tests/tui/test_snapshots.py --snapshot-update` draws them anew."""

from collections.abc import Callable

import pytest
from tui_screen import app_on
from views import shop_view

VIEWS = [shop_view(step) for step in range(30)]


@pytest.mark.parametrize(
    ("keys", "size"),
    [([], (120, 40)), ([], (80, 24)), (["2"], (120, 40)), (["enter"], (120, 40))],
    ids=["overview", "overview-80x24", "groups", "group"],
)
def test_looks(snap_compare: Callable[..., bool], keys: list[str], size: tuple[int, int]) -> None:
    app, _ = app_on(*VIEWS)
    assert snap_compare(app, press=keys, terminal_size=size)
