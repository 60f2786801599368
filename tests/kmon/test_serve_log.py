"""What kmon serve logs: each change of its polls at once, what lasts again at a slow pace, and one line an event."""

import logging
import re
from dataclasses import replace

import pytest
from views import shop_view

from kmon.commands import logs
from kmon.commands.serve import _Changes
from monitor.analysis.view import make_view
from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import Outcome


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


@pytest.mark.parametrize("whole", [True, False], ids=["unreachable", "incomplete"])
def test_a_state_whose_text_holds_timings_is_logged_once(caplog: pytest.LogCaptureFixture, whole: bool) -> None:
    changes = _Changes(monotonic=lambda: 0.0)
    good = shop_view().snapshot
    for seconds in range(5):
        late = Reason(Kind.TIMEOUT, 1, detail=f"after 1.{seconds} s")
        lost = {"errors": (late,)} if whole else {"outcomes": (Outcome("configs", 1.5, errors=(late,)),)}
        changes(make_view(replace(good, **lost)))
    changes(make_view(replace(good, outcomes=(Outcome("configs", 1.5, errors=(Reason(Kind.TIMEOUT, 2),)),))))
    first, other = caplog.messages
    assert "broker 1: timed out after 1.0 s" in first
    assert "broker 2: timed out" in other


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undoes afterwards what `logs.set_up` does."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    for name in logs.CHATTY:
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)


def test_an_exception_is_one_line_with_its_place_in_utc(
    root: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.set_up("serve", verbose=False)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    record = logging.LogRecord("monitor", logging.ERROR, __file__, 1, "the poll of %s failed", ("a\nb",), None)
    record.created = 1_700_000_000.25
    with pytest.raises(ValueError, match="two") as caught:
        raise ValueError("two\nlines")
    record.exc_info = (caught.type, caught.value, caught.tb)
    logging.getLogger("monitor").handle(record)
    (line,) = capsys.readouterr().err.splitlines()
    start = "2023-11-14T22:13:20.250Z error monitor: the poll of a\\nb failed: ValueError: two\\nlines "
    assert line.startswith(start)
    assert re.fullmatch(r"\(test_serve_log\.py:\d+\)", line.removeprefix(start))


def test_what_clients_or_a_fault_make_a_library_log_again_and_again_is_one_line_a_minute(
    root: None, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("serve", verbose=False)
    logger = logging.getLogger("uvicorn.error")
    for second in range(130):
        record = logger.makeRecord(logger.name, logging.WARNING, "", 1, "Invalid HTTP request received.", (), None)
        record.created, record.client = 1_700_000_000.0 + second, f"10.0.0.1:{second}"
        logger.handle(record)
    first, second_, third = capsys.readouterr().err.splitlines()
    assert first.endswith(" warning uvicorn.error: Invalid HTTP request received. (client 10.0.0.1:0)")
    assert second_.endswith("received. (60 times in the last 1 min) (client 10.0.0.1:60)")
    assert third.endswith("received. (60 times in the last 1 min) (client 10.0.0.1:120)")
