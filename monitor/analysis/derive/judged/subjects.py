"""All subjects with their judgements: the one place where a View is judged."""

from monitor.analysis.derive.judged.brokers import judge_brokers, judge_log_dirs, judge_quorum
from monitor.analysis.derive.judged.groups import judge_lags, judge_members, paced_groups
from monitor.analysis.derive.judged.partitions import judge_partitions, judge_topics
from monitor.analysis.derive.judged.transactions import judge_transactions
from monitor.model.judgements import Judgements
from monitor.model.view import View


def judge_rows(view: View, last: View | None) -> Judgements:
    """Judge every row; `last` is the View before, which knows since when statuses hold. It changes neither."""
    before = None if last is None or not last.shown.up else last.shown
    groups, pairs, times, rows = view.group_lags, view.group_topic_lags, view.lag_times, view.lag_statuses
    partitions = judge_partitions(view, before)
    lag = judge_lags(view.time, rows.status, rows.since, times.lag_seconds - times.lag_seconds_error, rows.paced)
    paced = paced_groups(view)
    return Judgements(
        groups=judge_lags(view.time, groups.status, groups.since, groups.lag_seconds_at_least, paced),
        group_topics=judge_lags(view.time, pairs.status, pairs.since, pairs.lag_seconds_at_least, paced[pairs.group]),
        lag=lag,
        members=judge_members(view, lag),
        topics=judge_topics(view, partitions, before),
        partitions=partitions,
        brokers=judge_brokers(view, before),
        log_dirs=judge_log_dirs(view, before),
        transactions=judge_transactions(view),
        quorum=judge_quorum(view, before),
    )
