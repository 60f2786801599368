"""What kmon serve logs of its polls: each change at once, and what lasts again at a slow pace."""

import logging

import pytest
from views import shop_view

from kmon.commands.serve import _Changes


def test_a_cluster_that_stays_away_is_logged_again_every_five_minutes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = 0.0
    changes = _Changes(monotonic=lambda: now)
    views = [
        shop_view(),
        *[shop_view(error="refused")] * 61,
        shop_view(),
        shop_view(),
        shop_view(error="refused"),
        shop_view(failed={"groups": "timed out"}),
    ]
    for view in views:
        changes(view)
        now += 10
    good, refused, partial = caplog.messages[0], caplog.messages[1], caplog.messages[-1]
    assert refused.endswith(": refused")
    assert partial.endswith(": groups: timed out")
    again = f"{refused} (30 times in the last 5 min)"
    assert caplog.messages == [good, refused, again, again, good, refused, partial]
    assert [each.levelno for each in caplog.records if each.message == good] == [logging.INFO] * 2
