"""What can be the matter with brokers, the quorum, disks and transactions: each with what would explain it."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from monitor.analysis.derive.judged.brokers import log_dir_why
from monitor.analysis.derive.slow_brokers import slow_brokers
from monitor.model.problems import Key, Problem
from monitor.model.reasons import Reason
from monitor.model.snapshot import KNOWN
from monitor.model.text import NAME, duration, name_of, visible
from monitor.model.view import View


def broker(node: int) -> str:
    """A broker as a subject."""
    return f"broker {node}"


def down_brokers(view: View) -> dict[int, bool]:
    """Brokers that hold replicas and are not there, and whether they are fenced, for they are registered still."""
    totals, brokers = view.broker_totals, view.snapshot.brokers
    fenced = set(brokers.broker[brokers.fenced == 1].tolist())
    held = totals.replicas > 0
    return {
        node: node in fenced
        for node, described in zip(totals.broker[held].tolist(), totals.described[held].tolist(), strict=True)
        if node in fenced or not described
    }


def log_dir(view: View, row: int) -> str:
    """A log dir as a subject."""
    dirs = view.snapshot.log_dirs
    return f"broker {dirs.broker[row]} {name_of(str(dirs.path[row]))}"


def silent_brokers(view: View) -> dict[int, Reason]:
    """Brokers that metadata names and that did not answer kmon, with the reason."""
    named = set(view.snapshot.brokers.broker.tolist())
    return {each.node: each for each in view.snapshot.silent if isinstance(each.node, int) and each.node in named}


def brokers_at_fault(view: View) -> dict[int, Key]:
    """The problem of each broker that is down or silent."""
    kinds = {**dict.fromkeys(silent_brokers(view), "broker_silent"), **dict.fromkeys(down_brokers(view), "broker_down")}
    return {node: (kind, broker(node)) for node, kind in kinds.items()}


# -------------------------------------------------------------------- brokers, quorum, disks


def find_brokers(view: View) -> Iterable[Problem]:
    """Brokers that are down, or that do not answer."""
    down, silent = down_brokers(view), silent_brokers(view)
    for node, fenced in down.items():
        sentence = f"broker {node} is down" + (" (fenced)" if fenced else "")
        yield Problem("critical", "broker_down", broker(node), sentence, node)
    brokers = view.snapshot.brokers
    for node in brokers.broker[brokers.fenced == 1].tolist():
        if node not in down:
            sentence = f"broker {node} is fenced and holds no replica"
            yield Problem("attention", "broker_fenced", broker(node), sentence, node)
    for node, why in silent.items():
        if node not in down:
            sentence = f"broker {node} did not respond: {visible(why.what)}"
            yield Problem("degraded", "broker_silent", broker(node), sentence, node)


def find_slow(view: View) -> Iterable[Problem]:
    """Brokers that are slow by their own metrics."""
    down = {**down_brokers(view), **silent_brokers(view)}
    for node, signs in slow_brokers(view).items():
        if signs and node not in down:
            yield Problem("attention", "broker_slow", broker(node), f"broker {node} is slow: {signs}", node)


def find_quorum(view: View) -> Iterable[Problem]:
    """No controller, controllers and brokers that fell behind its log, and too few controllers to lose another."""
    quorum, lags = view.snapshot.quorum, view.quorum_lags
    if view.snapshot.quorum_silent:
        sentence = (
            "no active controller responds to the brokers: the metadata quorum has no leader, or they cannot reach it"
        )
        yield Problem("critical", "no_controller", "quorum", sentence)
    if not len(quorum):
        return
    if not quorum.leader.any():
        yield Problem(
            "critical", "no_controller", "quorum", "the metadata quorum has no leader, so there is no active controller"
        )
        return
    late = view.judged.quorum.words == "behind"
    for row in np.flatnonzero(late).tolist():
        node, role = int(quorum.node[row]), "controller" if quorum.voter[row] else "broker"
        sentence = f"{role} {node} is {duration(float(lags.behind_seconds[row]))} behind the metadata log"
        key = ("broker_down", broker(node))
        yield Problem("degraded", "metadata_behind", broker(node), sentence, node, explained_by=(key,))
    voters, healthy = int(quorum.voter.sum()), int((quorum.voter & ~late).sum())
    majority = voters // 2 + 1
    if healthy < voters and healthy <= majority:
        level = "degraded" if healthy == majority else "critical"
        sentence = f"{healthy} of {voters} controllers are caught up, {majority} are needed for a quorum"
        yield Problem(level, "quorum_minority", "quorum", sentence, count=voters - healthy)


def find_disks(view: View) -> Iterable[Problem]:
    """Log dirs that are offline, and volumes that are nearly full."""
    dirs, judged = view.snapshot.log_dirs, view.judged.log_dirs
    for row in np.flatnonzero(judged.status).tolist():
        node, path = int(dirs.broker[row]), name_of(str(dirs.path[row]), NAME)
        if dirs.reason[row] != KNOWN:
            kind, said = "log_dir_offline", f"log dir {path} of broker {node}"
        else:
            kind, said = "disk_full", f"disk of log dir {path} of broker {node} is nearly full"
        yield Problem(str(judged.levels[row]), kind, log_dir(view, row), f"{said}: {log_dir_why(view, row)}", node)


def find_transactions(view: View) -> Iterable[Problem]:
    """Transactions that no coordinator aborts: they hold back readers for ever."""
    table, ages = view.snapshot.transactions, view.transaction_ages.age_seconds
    for row in np.flatnonzero(view.judged.transactions.words == "hanging").tolist():
        whole = str(table.transactional_id[row])
        name = name_of(whole, NAME)
        age, timeout = duration(float(ages[row])), duration(float(table.timeout_seconds[row]))
        yield Problem(
            "degraded",
            "transaction_hangs",
            name_of(whole),
            f"transaction {name} is hanging: open for {age}, timeout {timeout}",
        )


def find_unanswered(view: View) -> Iterable[Problem]:
    """Collectors without a full answer; a broker or log dir that is at fault for all that is missing explains it."""
    failed = [each for each in view.snapshot.outcomes if each.errors]
    if not failed:
        return
    at_fault = brokers_at_fault(view)
    dirs = view.snapshot.log_dirs
    of_dirs: dict[Reason, list[Key]] = defaultdict(list)
    for row in np.flatnonzero(dirs.reason != KNOWN).tolist():
        of_dirs[view.reason_values[dirs.reason[row]]].append(("log_dir_offline", log_dir(view, row)))

    def causes(error: Reason) -> list[Key]:
        if isinstance(error.node, int) and error.node in at_fault:
            return [at_fault[error.node]]
        return of_dirs.get(error, [])

    unexplained = [each for each in failed if not all(map(causes, each.errors))]
    told = unexplained or failed
    names = [each.collector for each in told]
    more = f"{', '.join(names[:3])} and {len(names) - 3:,} more" if len(names) > 3 else ", ".join(names)
    keys = dict.fromkeys(key for each in failed for error in each.errors for key in causes(error) if not unexplained)
    sentence = f"{more} incomplete: {visible(told[0].error)}"
    yield Problem("degraded", "no_full_answer", "kmon", sentence, count=len(told), explained_by=tuple(keys))
