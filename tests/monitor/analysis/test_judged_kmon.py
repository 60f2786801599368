"""What kmon itself sees of a cluster and keeps of its alerts, as the subject kmon has it."""

import pytest
from series import Series
from views import NOW, Topic

from monitor.model.view import View
from monitor.subjects import SUBJECTS
from monitor.subjects.shown import shown

TROUBLE = "cannot keep alerts over a restart: /state/state.sqlite: database or disk is full"
TOPICS = [Topic("t", [(0, 1)])]
NAMES = ("status", "level", "since", "why", "state_kept", "state_why")


def row_of(view: View) -> tuple[object, ...]:
    (row,) = SUBJECTS["kmon"].plain(view)
    return tuple(row[name] for name in NAMES)


def test_a_state_that_is_not_kept_is_a_status_with_its_reason_since_it_was_seen() -> None:
    series = Series()
    found = [row_of(series.poll(TOPICS, [], state_trouble=each)) for each in ("", TROUBLE, TROUBLE, "")]
    not_kept = ("state not kept", "attention", NOW + 10, TROUBLE, False, TROUBLE)
    assert found[1:3] == [not_kept, not_kept]
    assert found[0] == ("ok", "ok", None, None, True, None)
    assert found[3] == ("ok", "ok", NOW + 30, None, True, None)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"error": "no broker responded"}, "unreachable"),
        ({"failed": {"configs": "denied"}}, "incomplete"),
        ({"tables": {"overruns": 3}}, "overrunning"),
    ],
)
def test_what_is_worse_is_the_status_and_the_state_has_columns_of_its_own(
    changes: dict[str, object], status: str
) -> None:
    series = Series()
    series.poll(TOPICS, [], state_trouble="")
    row = row_of(series.poll(TOPICS, [], state_trouble=TROUBLE, **changes))  # type: ignore[arg-type] # any of poll's
    assert row[0] == status
    assert row[3] != TROUBLE
    assert row[4:] == (False, TROUBLE)


def test_it_is_unknown_where_no_state_is_to_be_kept() -> None:
    view = Series().poll(TOPICS, [])
    assert row_of(view)[4:] == (None, None)
    assert "alerts.keep_state is false" in shown(SUBJECTS["kmon"].read(view), "state_kept").why(0)
