"""kmon lag: polls a cluster once, or for a while, and prints the lag of every group and partition, worst first."""

import argparse
import sys
from contextlib import nullcontext

from kmon.commands.asking import ask
from kmon.commands.lag_output import RENDERERS
from kmon.commands.lag_rows import lag_rows, missing_of, undecided, undecided_rows, unmatched
from kmon.commands.options import option, settings_from
from kmon.commands.signals import ending
from monitor.analysis.derive.emptiness import no_lag, no_match
from monitor.model.patterns import Pattern
from monitor.model.text import duration, visible
from monitor.model.units import parse_duration
from monitor.settings.errors import SettingsError
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter
from monitor.subjects.lag import LAG


def run(args: argparse.Namespace) -> int:
    """Print what was asked for: 0 when complete, 1 when a part or a name is missing, 2 when Kafka is unreachable."""
    group_re, topic_re, where = selection_of(args)
    seconds = option("--for", args.watch_for, parse_duration)
    cluster = settings_from(args).cluster
    with ending() if seconds else nullcontext() as end:
        newest = ask(cluster, seconds, end=end)
    view = newest.shown
    if not view.up:
        print(f"kmon lag: {visible(view.snapshot.error)}", file=sys.stderr)
        return 2
    rows = lag_rows(view, group_re, topic_re, where.rows if where else None)
    print(RENDERERS[args.output](rows), end="")
    missing = missing_of(view, rows, filtered=bool(group_re or topic_re or where))
    if where:
        missing += undecided(undecided_rows(view, group_re, topic_re, where), where)
    if not newest.up:
        before = duration(newest.time - view.time)
        missing.insert(0, f"the last poll failed ({newest.snapshot.error}): showing the poll {before} before it")
    strange = unmatched(view, group_re, topic_re)
    if not rows and not missing and not strange:
        empty = no_match("row") if len(view.lag) else no_lag(view)
        print(f"kmon lag: {empty.sentence}", file=sys.stderr)
    for line in (*strange, *(f"partial: {each}" for each in missing)):
        print(f"kmon lag: {visible(line)}", file=sys.stderr)
    return 1 if missing or strange else 0


def selection_of(args: argparse.Namespace) -> tuple[Pattern | None, Pattern | None, Filter | None]:
    """What --group, --topic and --where select. Raises SettingsError."""
    patterns = option("--group", args.group, Pattern), option("--topic", args.topic, Pattern)
    try:
        return *patterns, None if args.where is None else Filter.of(args.where, LAG.schema)
    except FilterError as error:
        raise SettingsError(f"--where: {error.problem}", *error.shown) from None
