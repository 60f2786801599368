"""A small cluster in a quarter of an hour of trouble: Views with problems, diagnoses, events and lag in time."""

from series import Series
from views import Group, Topic

from monitor.model.view import View

POLLS = 66
INTERVAL_SECONDS = 10.0
WEEK_SECONDS = 604_800.0


def troubled_views() -> list[View]:
    """The Views of POLLS polls.

    Two groups read orders: fulfilment keeps up, and billing stops in poll 20, when its one member leaves. In poll 40
    broker 3 goes, which leads payments-1, and ledger cannot read that any more. For three minutes after poll 50 there
    is no answer, and meanwhile the offsets of fulfilment are set back and a topic is created.
    """
    series = Series(interval=INTERVAL_SECONDS, retention_seconds=WEEK_SECONDS)
    return [_poll(series, step) for step in range(POLLS)]


def _poll(series: Series, step: int) -> View:
    down, late, stopped = step >= 40, step >= 51, step >= 20
    ends = 20_000 + 300 * step
    two = [[1, 2], [2, 1]] if down else [[1, 2, 3], [2, 3, 1]]
    topics = [
        Topic("orders", [(0, ends), (0, ends)], leaders=[1, 2], isr=two, replicas=[[1, 2, 3], [2, 3, 1]]),
        Topic(
            "payments",
            [(0, ends), (0, None if down else ends)],
            leaders=[1, -1 if down else 3],
            isr=[[1, 2], [] if down else [3]],
            replicas=[[1, 2], [3]],
        ),
        *([Topic("refunds", [(0, 0)], leaders=[2], isr=[[2, 1]], replicas=[[2, 1]])] if late else []),
    ]
    read = ends - 15_000 if late else ends
    billed = 20_000 + 300 * min(step, 19)
    fulfil = [("fulfil-1", "/10.0.3.17", [("orders", 0)]), ("fulfil-2", "/10.0.3.18", [("orders", 1)])]
    groups = [
        Group("billing", {("orders", 0): billed, ("orders", 1): billed},
              [] if stopped else [("bill-1", "/10.0.4.2", [("orders", 0), ("orders", 1)])],
              state="Empty" if stopped else "Stable"),
        Group("fulfilment", {("orders", 0): read, ("orders", 1): ends}, fulfil, group_type="consumer"),
        Group("ledger", {("payments", 0): ends, ("payments", 1): 20_000 + 300 * min(step, 39)},
              [("led-1", "/10.0.5.9", [("payments", 0), ("payments", 1)])]),
    ]  # fmt: skip
    return series.poll(
        topics, groups, after=190.0 if step == 51 else None, brokers=2 if down else 3, offset_reason="no leader"
    )
