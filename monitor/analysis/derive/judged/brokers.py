"""How brokers, their log dirs and the nodes of the quorum are."""

from collections.abc import Iterable

import numpy as np

from monitor.analysis.derive.judged.table import Judge
from monitor.analysis.derive.slow_brokers import slow_brokers
from monitor.analysis.earlier_polls.rows import places_of
from monitor.model.judgements import JudgedBrokers, JudgedLogDirs, JudgedQuorum
from monitor.model.levels import LEVELS
from monitor.model.limits import QUORUM_BEHIND_SECONDS
from monitor.model.snapshot import KNOWN
from monitor.model.table import Flags, Floats, Texts, objects
from monitor.model.text import duration, percent, plural, size, visible
from monitor.model.view import View


def fenced_brokers(view: View) -> Flags:
    """Which brokers are fenced, in the order of `broker_totals`."""
    brokers = view.snapshot.brokers
    return np.isin(view.broker_totals.broker, brokers.broker[brokers.fenced == 1])


def offline_dirs(view: View) -> Flags:
    """Which brokers have a log dir that is offline, in the order of `broker_totals`."""
    dirs = view.snapshot.log_dirs
    return np.isin(view.broker_totals.broker, dirs.broker[dirs.reason != KNOWN])


def judge_brokers(view: View, before: View | None) -> JudgedBrokers:
    """What is gone has a replica still; a fenced broker is down unless it holds none."""
    totals = view.broker_totals
    fenced = fenced_brokers(view)
    told = Judge(JudgedBrokers, len(totals))
    slow = [node for node, signs in slow_brokers(view).items() if signs]
    told.where(np.isin(totals.broker, slow), "slow", "attention")
    told.where(totals.out_of_sync > 0, "out of sync", "degraded")
    silent = np.array([each.node for each in view.snapshot.silent], np.int32)
    told.where(np.isin(totals.broker, silent), "silent", "degraded")
    told.where(fenced, "fenced", "attention")
    told.where(offline_dirs(view), "dir offline", "critical")
    told.where(fenced & (totals.replicas > 0), "fenced", "critical")
    told.where(~totals.described, "gone", "critical")
    return told.held(view, before, "brokers", lambda *both: places_of(*(each.broker_totals.broker for each in both)))


def broker_why(view: View, row: int) -> str:
    """What is wrong with a row of `broker_totals`, in words; empty where nothing is."""
    totals, dirs = view.broker_totals, view.snapshot.log_dirs
    node, held = int(totals.broker[row]), int(totals.replicas[row])
    parts = []
    if not totals.described[row]:
        parts.append(f"not in metadata, but has {plural(held, 'replica')}")
    elif fenced_brokers(view)[row]:
        parts.append("fenced: cannot lead partitions" if held else "fenced, holds no replicas")
    parts += [f"did not respond: {visible(each.what)}" for each in view.snapshot.silent if each.node == node]
    parts += [
        f"log dir {visible(dirs.path[each], 40)}: {log_dir_why(view, each)}"
        for each in np.flatnonzero((dirs.broker == node) & (dirs.reason != KNOWN)).tolist()
    ]
    if totals.out_of_sync[row]:
        parts.append(f"{plural(int(totals.out_of_sync[row]), 'replica')} not in sync")
    if slow := slow_brokers(view).get(node):
        parts.append(f"slow: {slow}")
    return "; ".join(parts)


def _free(view: View) -> Floats:
    dirs = view.snapshot.log_dirs
    return dirs.usable_bytes / np.where(dirs.total_bytes > 0, dirs.total_bytes, np.nan)


def disk_used(view: View) -> Floats:
    """The used share of each log dir's volume, in the order of `log_dirs`; unknown where its size is."""
    return 1 - _free(view)


def fullest_disks(view: View) -> Floats:
    """The used share of each broker's fullest volume, in the order of `broker_totals`; unknown while that of any is."""
    brokers, dirs = view.broker_totals.broker, view.snapshot.log_dirs
    there = np.isin(dirs.broker, brokers)
    fullest, used = np.full(len(brokers), -1.0), disk_used(view)[there]
    np.maximum.at(fullest, np.searchsorted(brokers, dirs.broker[there]), np.where(np.isnan(used), np.inf, used))
    return np.where((fullest < 0) | np.isinf(fullest), np.nan, fullest)


def fullest_levels(view: View) -> Texts:
    """The level of each broker by its fullest volume: the worst of its log dirs that can be read."""
    dirs, judged = view.snapshot.log_dirs, view.judged.log_dirs
    worst = np.zeros(len(view.broker_totals), np.int8)
    there = np.isin(dirs.broker, view.broker_totals.broker) & (dirs.reason == KNOWN)
    np.maximum.at(worst, np.searchsorted(view.broker_totals.broker, dirs.broker[there]), judged.level[there])
    return objects(LEVELS)[worst]


def judge_log_dirs(view: View, before: View | None) -> JudgedLogDirs:
    """A log dir that cannot be read is offline; of others the volume may be nearly full."""
    dirs = view.snapshot.log_dirs
    told = Judge(JudgedLogDirs, len(dirs))
    told.where(_free(view) < view.limits.disk_degraded, "nearly full", "degraded")
    told.where(_free(view) < view.limits.disk_critical, "nearly full", "critical")
    told.where(dirs.reason != KNOWN, "offline", "critical")
    return told.held(view, before, "log_dirs", lambda *both: places_of(*map(_dirs, both)))


def _dirs(view: View) -> Iterable[tuple[int, str]]:
    return zip(view.snapshot.log_dirs.broker, view.snapshot.log_dirs.path, strict=True)


def log_dir_why(view: View, row: int) -> str:
    """What is wrong with a row of `log_dirs`, in words; empty where nothing is."""
    dirs = view.snapshot.log_dirs
    if dirs.reason[row] != KNOWN:
        return visible(view.reason_values[dirs.reason[row]].what)
    if view.judged.log_dirs.words[row] == "ok":
        return ""
    free = float(_free(view)[row])
    return f"{percent(free)} free, {size(float(dirs.usable_bytes[row]))}"


def judge_quorum(view: View, before: View | None) -> JudgedQuorum:
    """A node is behind that has not had all of the leader's log for QUORUM_BEHIND_SECONDS."""
    behind = view.quorum_lags.behind_seconds
    told = Judge(JudgedQuorum, len(behind))
    told.where(np.isnan(behind), "unknown", "unknown")
    told.where(behind > QUORUM_BEHIND_SECONDS, "behind", "degraded")
    return told.held(view, before, "quorum", lambda *both: places_of(*(each.snapshot.quorum.node for each in both)))


def quorum_why(view: View, row: int) -> str:
    """What is wrong with a row of `quorum`, in words; empty where nothing is."""
    behind = float(view.quorum_lags.behind_seconds[row])
    if np.isnan(behind):
        return "the leader does not report it" if view.snapshot.quorum.leader.any() else "the quorum has no leader"
    return f"{duration(behind)} behind the metadata log" if behind > QUORUM_BEHIND_SECONDS else ""
