"""How open transactions are."""

import numpy as np

from monitor.analysis.derive.judged.table import Judge
from monitor.model.judgements import JudgedTransactions
from monitor.model.snapshot import KNOWN
from monitor.model.text import duration, visible
from monitor.model.view import View


def judge_transactions(view: View) -> JudgedTransactions:
    """A transaction hangs that no coordinator has aborted `transaction_late_seconds` beyond its timeout."""
    table, ages = view.snapshot.transactions, view.transaction_ages.age_seconds
    late = table.timeout_seconds + view.limits.transaction_late_seconds
    told = Judge(JudgedTransactions, len(table))
    told.where((table.reason != KNOWN) | np.isnan(ages) | np.isnan(late), "unknown", "unknown")
    hangs = ages > late
    told.where(hangs, "hanging", "degraded")
    since = np.where(hangs, view.time - (ages - late), table.started)
    return told.judged(since)


def transaction_why(view: View, row: int) -> str:
    """Why a row of `transactions` is as it is, in words; empty where nothing is wrong with it."""
    table, judged = view.snapshot.transactions, view.judged.transactions
    word = judged.words[row]
    if word == "unknown":
        return visible(view.reasons[table.reason[row]]) or "the coordinator does not report when it began"
    if word == "ok":
        return ""
    age = duration(float(view.transaction_ages.age_seconds[row]))
    return f"open for {age}, timeout {duration(float(table.timeout_seconds[row]))}"
