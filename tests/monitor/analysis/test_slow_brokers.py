"""Brokers that are slow by their own metrics: what shows it, what does not, and where it is told."""

import math

import pytest
from broker_figures import Figures, measured
from views import shop_view

from monitor.analysis.derive.judged.brokers import broker_why, judge_brokers
from monitor.analysis.derive.problems import find_slow
from monitor.analysis.derive.slow_brokers import slow_brokers
from monitor.model.limits import REQUEST_SLOW_SECONDS, REQUESTS_JUDGED_RATE, THREADS_BUSY

NAN = math.nan
VIEW = shop_view()


def signs(figures: Figures) -> str | None:
    return slow_brokers(measured(VIEW, {2: figures})).get(2)


def fetches(queue: float = 0.001, work: float = 0.001, rate: float = 50.0, request: str = "FetchConsumer") -> Figures:
    return Figures(requests={"FetchConsumer": (50.0, 0.001, 0.001), request: (rate, queue, work)})


@pytest.mark.parametrize(
    ("figures", "shown"),
    [
        (Figures(handlers=0.03), "request handlers 3 % idle"),
        (Figures(network=0.0), "network threads 0 % idle"),
        (fetches(queue=1.25), "FetchConsumer waits in the request queue for 1 s (p99)"),
        (fetches(work=0.75), "FetchConsumer is processed by the broker for 750 ms (p99)"),
        (fetches(queue=2.0, request="FetchFollower"), "FetchFollower waits in the request queue for 2 s (p99)"),
        (fetches(work=2.0, request="Produce"), "Produce is processed by the broker for 2 s (p99)"),
        (
            Figures(0.05, NAN, {"FetchConsumer": (9.0, 0.6, NAN)}),
            "request handlers 5 % idle, FetchConsumer waits in the request queue for 600 ms (p99)",
        ),
    ],
)
def test_what_shows_that_a_broker_is_slow(figures: Figures, shown: str) -> None:
    assert signs(figures) == shown


@pytest.mark.parametrize(
    "figures",
    [
        Figures(),
        Figures(THREADS_BUSY, THREADS_BUSY),
        fetches(REQUEST_SLOW_SECONDS, REQUEST_SLOW_SECONDS),
        fetches(queue=9.0, rate=REQUESTS_JUDGED_RATE / 2, request="Produce"),  # such a percentile may be an hour old
        fetches(queue=9.0, request="JoinGroup"),  # which waits for members
    ],
)
def test_a_broker_that_is_not_slow(figures: Figures) -> None:
    assert signs(figures) == ""


@pytest.mark.parametrize(
    "figures",
    [
        Figures(handlers=NAN),
        Figures(requests={}),
        fetches(queue=NAN),
        fetches(work=NAN),
        fetches(rate=NAN, queue=9.0),
    ],
)
def test_of_a_broker_that_does_not_report_enough_nobody_says_anything(figures: Figures) -> None:
    assert signs(figures) is None


def test_without_metrics_no_broker_is_judged() -> None:
    assert slow_brokers(VIEW) == {}
    assert list(find_slow(VIEW)) == []
    assert "slow" not in judge_brokers(VIEW, None).words


def test_a_slow_broker_has_the_status_a_reason_and_a_problem() -> None:
    view = measured(VIEW, {2: Figures(handlers=0.03), 3: Figures()})
    judged = judge_brokers(view, None)
    row = view.broker_totals.broker.tolist().index(2)
    assert broker_why(view, row).endswith("slow: request handlers 3 % idle")
    assert broker_why(view, row + 1) == broker_why(VIEW, row + 1)
    (problem,) = find_slow(view)
    assert (problem.level, problem.kind, problem.subject, problem.sentence, problem.broker) == (
        "attention",
        "broker_slow",
        "broker 2",
        "broker 2 is slow: request handlers 3 % idle",
        2,
    )
    before = judge_brokers(VIEW, None)
    # A status that is worse hides it.
    assert judged.words[row] == ("slow" if before.words[row] == "ok" else before.words[row])
    healthy = measured(shop_view(), {1: Figures(handlers=0.03)})
    assert judge_brokers(healthy, None).words[0] in ("slow", "out of sync")
