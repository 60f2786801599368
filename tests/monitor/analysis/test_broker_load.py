"""Rates from counters of brokers, and what of a broker's metrics becomes its load."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from views import Topic, snapshot_of

from monitor.analysis.derive.broker_load import derive_load, request_rates
from monitor.analysis.earlier_polls.broker_counters import WINDOW_SECONDS, History, rates_of, see_counters
from monitor.model.broker_metrics import BrokerLoad, BrokerMetrics, BrokerRequests, DeprecatedRequests
from monitor.model.reasons import Kind, Reason, ReasonCodes
from monitor.model.snapshot import Snapshot

NAN = math.nan
LATE = Reason(Kind.TIMEOUT, detail="after 5 s")


def snapshot(
    time: float,
    totals: Mapping[int, float | None],
    requests: Mapping[tuple[int, str], float] | None = None,
    deprecated: Mapping[int, float] | None = None,
    **gauges: float,
) -> Snapshot:
    """Brokers with this total in each of their counters; None is a broker whose endpoint is late."""
    base = snapshot_of([Topic("orders", [(0, 1)])], [], brokers=3)
    rows = [
        (node, NAN, *([NAN] * 6), 1)
        if total is None
        else (
            node,
            time,
            total,
            2 * total,
            gauges.get("idle_seconds", total),
            gauges.get("handler_idle", NAN),
            gauges.get("network_idle", NAN),
            NAN,
            0,
        )
        for node, total in totals.items()
    ]
    return Snapshot(
        **{
            **vars(base),
            "started": time,
            "reasons": (*base.reasons, LATE),
            "broker_metrics": BrokerMetrics.of_rows(rows),
            "broker_requests": BrokerRequests.of_rows(
                (*key, total, 0.5, 0.1, 0.2, NAN, 0.3) for key, total in (requests or {}).items()
            ),
            "deprecated_requests": DeprecatedRequests.of_rows(
                (node, "Fetch", "3", "a", "1", total) for node, total in (deprecated or {}).items()
            ),
        }
    )


def seen(*snapshots: Snapshot) -> History:
    history: History = ()
    for each in snapshots:
        history = see_counters(history, each)
    return history


def load(*snapshots: Snapshot) -> tuple[BrokerLoad, ReasonCodes]:
    codes = ReasonCodes(snapshots[-1].reasons)
    return derive_load(snapshots[-1], np.array([1, 2, 3]), seen(*snapshots), codes), codes


def test_rates_are_over_the_time_between_the_responses() -> None:
    found, codes = load(snapshot(1000, {1: 0, 2: 5}), snapshot(1010, {1: 8, 2: 5}))
    assert found.bytes_in_rate.tolist()[:2] == [0.8, 0.0]
    assert found.bytes_out_rate.tolist()[:2] == [1.6, 0.0]
    assert np.isnan(found.handler_idle).all()  # not over so short a time
    assert [list(codes)[each].kind for each in found.metrics_reason] == [Kind.NOTHING, Kind.NOTHING, Kind.NO_ENDPOINT]
    np.testing.assert_array_equal(found.metrics_up, [1, 1, NAN])
    np.testing.assert_array_equal(found.metrics_age_seconds, [0, 0, NAN])


def test_one_poll_has_no_rates() -> None:
    found, _ = load(snapshot(1000, {1: 7}))
    assert np.isnan(found.bytes_in_rate).all()


def test_the_same_response_in_two_polls_has_no_rate() -> None:
    first = snapshot(1000, {1: 7})
    assert np.isnan(load(first, first)[0].bytes_in_rate).all()


def test_a_broker_that_started_again_has_rates_since_then() -> None:
    polls = [snapshot(1000, {1: 500}), snapshot(1010, {1: 2}), snapshot(1020, {1: 12})]
    assert np.isnan(load(*polls[:2])[0].bytes_in_rate[0])
    assert load(*polls)[0].bytes_in_rate[0] == 1.0


def test_rates_are_over_the_last_minute_or_since_the_poll_before() -> None:
    polls = [snapshot(1000 + 10 * step, {1: 0 if step < 4 else 100 * (step - 3)}) for step in range(10)]
    assert load(*polls)[0].bytes_in_rate[0] == 10.0
    assert len(seen(*polls)) == WINDOW_SECONDS / 10 + 1
    assert load(snapshot(1000, {1: 0}), snapshot(1300, {1: 600}))[0].bytes_in_rate[0] == 2.0


def test_a_broker_whose_endpoint_is_late_is_unknown_with_the_reason() -> None:
    found, codes = load(snapshot(1000, {1: 0, 2: 5}), snapshot(1050, {1: None, 2: 6}))
    assert found.metrics_up.tolist()[:2] == [0, 1]
    assert list(codes)[found.metrics_reason[0]] == LATE
    for each in ("bytes_in_rate", "handler_idle", "deprecated_rate", "metrics_age_seconds"):
        assert math.isnan(getattr(found, each)[0])
        assert not math.isnan(getattr(found, each)[1])


def test_the_idle_share_is_as_reported_where_no_counter_is_and_never_above_1() -> None:
    found, _ = load(snapshot(1000, {1: NAN}, handler_idle=0.25, network_idle=1.7))
    assert (found.handler_idle[0], found.network_idle[0]) == (0.25, 1.0)
    two = [snapshot(time, {1: 3}, idle_seconds=20.0 * (time - 1000), handler_idle=0.25) for time in (1000, 1050)]
    assert load(*two)[0].handler_idle[0] == 1.0
    assert load(snapshot(1000, {1: 0}), snapshot(1050, {1: 10}))[0].handler_idle[0] == 0.2


def test_network_threads_of_a_broker_that_has_just_started_are_not_known_to_be_busy() -> None:
    """Kafka divides what was idle since the start by half a minute."""
    polls = [snapshot(time, {1: time}, network_idle=0.05) for time in (1000, 1030, 1060)]
    assert np.isnan(load(*polls[:1])[0].network_idle[0])
    assert np.isnan(load(*polls[:2])[0].network_idle[0])
    assert load(*polls)[0].network_idle[0] == 0.05
    assert np.isnan(load(*polls, snapshot(1070, {1: 3}, network_idle=0.05))[0].network_idle[0])


def test_percentiles_are_those_of_clients_requests() -> None:
    found, _ = load(snapshot(1000, {1: 3, 2: 3}, {(1, "Produce"): 1, (1, "FetchFollower"): 1, (2, "FetchConsumer"): 1}))
    np.testing.assert_array_equal(found.produce_p99_seconds, [0.5, NAN, NAN])
    np.testing.assert_array_equal(found.fetch_p99_seconds, [NAN, 0.5, NAN])
    np.testing.assert_array_equal(found.throttle_p99_seconds, [0.3, 0.3, NAN])


def test_requests_by_type_and_in_deprecated_versions_have_rates() -> None:
    first = snapshot(1000, {1: 0, 2: 0}, {(1, "Produce"): 100, (2, "Produce"): 7}, {2: 10})
    second = snapshot(1010, {1: 0, 2: 0}, {(1, "Fetch"): 50, (1, "Produce"): 400, (2, "Produce"): 7}, {2: 15})
    history = seen(first, second)
    np.testing.assert_array_equal(request_rates(second.broker_requests, history).rate, [NAN, 30, 0])
    np.testing.assert_array_equal(request_rates(second.deprecated_requests, history).rate, [0.5])
    np.testing.assert_array_equal(load(first, second)[0].deprecated_rate, [0, 0.5, NAN])


def test_nothing_is_kept_of_a_cluster_without_endpoints() -> None:
    assert seen(snapshot(1000, {1: 1}), snapshot(1010, {})) == ()


@pytest.mark.parametrize("history", [(), ({},), ({}, {})])
def test_no_counters_have_no_rates(history: History) -> None:
    assert rates_of(history) == {}
