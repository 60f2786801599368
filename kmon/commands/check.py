"""kmon check: reports in one line, as monitoring plugins do, whether a cluster or selected lag is healthy."""

import argparse
import math
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from kmon.commands.lag import selection_of
from kmon.commands.lag_rows import Row, committed, lag_rows, missing_of, undecided, undecided_rows, unmatched
from kmon.commands.options import cluster_from, option
from kmon.commands.poll import ask
from monitor.model.patterns import Pattern
from monitor.model.status import AHEAD, STATUSES
from monitor.model.text import age, count, name_of, plural, records_of, visible
from monitor.model.units import parse_duration
from monitor.model.view import View
from monitor.settings.errors import SettingsError
from monitor.subjects.aside import counted_rows, counted_truth
from monitor.subjects.filter.filter import Filter
from monitor.subjects.filter.literals import Number, parse_number
from monitor.subjects.filter.tree import Compare, Expression, Literal, Or
from monitor.subjects.lag import LAG

OK, WARNING, CRITICAL, UNKNOWN = range(4)
"""Exit codes of monitoring plugins."""
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
WORST = (CRITICAL, UNKNOWN, WARNING, OK)
"""The first of these that was found is the state. What is certainly wrong stays so whatever else could not be read."""
LEVELS = {"ok": OK, "attention": OK, "degraded": WARNING, "critical": CRITICAL}
"""The state that each level of a cluster's verdict is; one that is unreachable has none."""
LOST = Compare("lost", ">", Literal(Number(0)))
"""What is critical of a group or a topic when no limit is given: what a cluster's verdict calls so."""
NAMED = 3
"""How many of a kind the line names."""
NAME = 60


class Finding(NamedTuple):
    """Something that is so, and the state that it gives."""

    state: int
    text: str


class Verdict(NamedTuple):
    findings: Sequence[Finding]
    perfdata: Sequence[str] = ()

    @property
    def state(self) -> int:
        return min((each.state for each in self.findings), key=WORST.index)

    @property
    def line(self) -> str:
        """The one line, the worst first; `|` begins the performance data and so stands nowhere else."""
        told = sorted(self.findings, key=lambda each: WORST.index(each.state))
        if self.state != OK:
            told = [each for each in told if each.state != OK]
        text = visible("; ".join(each.text for each in told)).replace("|", r"\x7c")
        return f"KMON {STATES[self.state]} - {text}" + (f"|{' '.join(self.perfdata)}" if self.perfdata else "")


@dataclass(frozen=True)
class Selection:
    """Which rows of lag are checked and what breaks them. `given` limits decide, or else whether records were lost."""

    breaks: Filter
    given: bool
    group_re: Pattern | None = None
    topic_re: Pattern | None = None
    max_lag: float | None = None
    max_lag_seconds: float | None = None


def run(args: argparse.Namespace) -> int:
    """Print the line and return its state. Whatever goes wrong is UNKNOWN; more about bad usage goes to stderr."""
    try:
        asked = rows_of(args)
        seconds = option("--for", args.watch_for, parse_duration)
        view = ask(cluster_from(args), seconds, everything=asked is None)
        verdict = judge_rows(view, asked) if asked else judge_cluster(view)
    except SettingsError as error:
        for line in error.lines:
            if line != error.problems[0]:
                print(visible(line), file=sys.stderr)
        verdict = Verdict([Finding(UNKNOWN, error.problems[0])])
    except Exception as error:
        if os.environ.get("KMON_DEBUG"):
            raise
        verdict = Verdict([Finding(UNKNOWN, f"unexpected error: {type(error).__name__}: {error}")])
    print(verdict.line)
    return verdict.state


def rows_of(args: argparse.Namespace) -> Selection | None:
    """Which rows the options ask about; None when they ask about the cluster. Raises SettingsError."""
    group_re, topic_re, where = selection_of(args)
    max_lag = option("--max-lag", args.max_lag, partial(_limit, "lag"))
    max_seconds = option("--max-lag-seconds", args.max_lag_seconds, partial(_limit, "lag_seconds"))
    limits = (("lag", max_lag), ("lag_seconds", max_seconds))
    parts: list[Expression] = [Compare(name, ">", Literal(Number(most))) for name, most in limits if most is not None]
    parts += [where.expression] if where else []
    if not (parts or group_re or topic_re):
        return None
    breaks = Or(tuple(parts)) if len(parts) > 1 else parts[0] if parts else LOST
    return Selection(Filter(breaks), bool(parts), group_re, topic_re, max_lag, max_seconds)


def _limit(column: str, text: str) -> float:
    """A limit of a column, as the filter language writes numbers. Raises ValueError."""
    number, unit = parse_number(text), LAG.schema[column].unit
    if number.unit not in ("", unit) or not 0 <= number.value < math.inf:
        raise ValueError(f"{text} is not a number of {unit}")
    return number.value


# -------------------------------------------------------------------- judging


def judge_cluster(view: View) -> Verdict:
    """What the View's verdict says, and UNKNOWN when a part of what it is made from could not be read."""
    if not view.up:
        return Verdict([Finding(UNKNOWN, view.snapshot.error)])
    totals = view.totals
    return Verdict(
        [
            Finding(LEVELS.get(view.verdict.level, UNKNOWN), view.verdict.sentence),
            *_unknown(missing_of(view, lag_rows(view, words=False))),
        ],
        [
            _perf("brokers", totals.brokers),
            _perf("groups", totals.groups),
            _perf("groups_unknown", totals.groups_unknown),
            _perf("lag", totals.lag),
            _perf("offline_partitions", totals.offline),
            _perf("under_replicated_partitions", totals.under_replicated),
        ],
    )


def judge_rows(view: View, asked: Selection) -> Verdict:
    """Whether rows break the limits, whether that could be told of each, and how the partitions behind them stand."""
    if not view.up:
        return Verdict([Finding(UNKNOWN, view.snapshot.error)])
    patterns = asked.group_re, asked.topic_re
    rows = lag_rows(view, *patterns, partial(counted_rows, asked.breaks, LAG.schema), words=False)
    breaking = lag_rows(
        view, *patterns, lambda columns: counted_truth(asked.breaks, LAG.schema, columns).true, words=False
    )
    known = committed(view, rows)
    open_rows = undecided_rows(view, *patterns, asked.breaks)
    missing = missing_of(view, [] if asked.given else rows, filtered=True)
    missing += undecided(open_rows, asked.breaks) if asked.given else []
    groups = plural(len({row["group"] for row in rows}), "group")
    findings = [
        *([Finding(CRITICAL, _breaking(breaking))] if breaking else []),
        *_unknown([*missing, *unmatched(view, *patterns)]),
        *_ahead(rows),
        *_short(view, rows),
        Finding(OK, f"{plural(len(rows), 'partition')} of {groups} within limits"),
    ]
    perfdata = [
        _perf("partitions", len(rows)),
        _perf("breaking", len(breaking)),
        _perf("unknown", len(open_rows)),
        _perf("max_lag", _most(known, "lag"), limit=asked.max_lag),
        _perf("max_lag_seconds", _most(known, "lag_seconds"), "s", asked.max_lag_seconds),
    ]
    return Verdict(findings, perfdata)


def _unknown(causes: Sequence[str]) -> list[Finding]:
    return [Finding(UNKNOWN, each) for each in _some(causes)]


def _some(texts: Sequence[str], number: int | None = None) -> list[str]:
    """The first few, and how many more there are; `number` is how many in all where `texts` are only the first."""
    more = (len(texts) if number is None else number) - NAMED
    return [*texts[:NAMED], *([f"and {more:,} more"] if more > 0 else [])]


def _breaking(rows: Sequence[Row]) -> str:
    shown = _some([_numbers(row) for row in rows[:NAMED]], len(rows))
    return f"{plural(len(rows), 'partition')} above the limits: {', '.join(shown)}"


def _numbers(row: Row) -> str:
    """What of a row may be above a limit."""
    numbers = []
    if row["lag"] is not None:
        numbers.append(f"lag {count(row['lag'])}")
    if row["lag_seconds"] is not None:
        numbers.append(f"time lag {age(row['lag_seconds'], row['lag_seconds_error'])}")
    if row["lost"]:
        numbers.append(records_of(row["lost"], count, " lost"))
    what = ", ".join(numbers) or f"{row['status']}: {row['reason']}"
    return f"{_name(row)} ({what})"


def _name(row: Row) -> str:
    topic = "" if row["topic"] is None else f" on {name_of(row['topic'], NAME)}-{row['partition']}"
    return name_of(row["group"], NAME) + topic


def _ahead(rows: Sequence[Row]) -> Iterable[Finding]:
    """Selection whose commit is beyond the log end: their lag is 0, and their reader fails or skips records."""
    ahead = [
        f"{_name(row)} ({count(row['committed_offset'])}, log end {count(row['end_offset'])})"
        for row in rows
        if row["status"] == STATUSES[AHEAD]
    ]
    if ahead:
        yield Finding(WARNING, f"{plural(len(ahead), 'commit')} beyond the log end: {', '.join(_some(ahead))}")


def _short(view: View, rows: Sequence[Row]) -> Iterable[Finding]:
    """Partitions of these rows that have no leader, or fewer replicas in sync than they should."""
    read = {(row["topic"], row["partition"]) for row in rows}
    health, topics = view.partition_health, view.snapshot.topics.topic
    partitions = view.snapshot.partitions
    for flags, what in ((health.offline, "offline"), (health.under_replicated, "under-replicated")):
        short = np.flatnonzero(flags)
        there = zip(topics[partitions.topic[short]].tolist(), partitions.partition[short].tolist(), strict=True)
        names = [f"{name_of(topic, NAME)}-{partition}" for topic, partition in there if (topic, partition) in read]
        if names:
            yield Finding(WARNING, f"{plural(len(names), 'partition')} {what}: {', '.join(_some(names))}")


def _most(rows: Sequence[Row], key: str) -> float | None:
    """The largest value, None while one that may be larger is unknown."""
    values = [row[key] for row in rows]
    known = [float(value) for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def _perf(label: str, value: float | None, unit: str = "", limit: float | None = None) -> str:
    """One value of the performance data: label=value[unit];warning;critical;least."""
    number = "U" if value is None else f"{_plain(value)}{unit}"
    return f"{label}={number};;{'' if limit is None else _plain(limit)};0"


def _plain(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
