"""kmon lag: asks a cluster once and prints the lag of every group, topic and partition, worst first."""

import argparse
import io
import re
import sys

from kmon.commands.lag_output import RENDERERS
from kmon.commands.lag_rows import EXTRAS, lag_rows, missing_of, undecided, undecided_rows
from kmon.commands.options import settings_from
from monitor.filter.errors import FilterError
from monitor.filter.filter import Filter
from monitor.filter.lag_columns import LAG
from monitor.settings import ClusterSettings, SettingsError
from monitor.settings.values import check_regex
from monitor.text import visible
from monitor.view import View


def run(args: argparse.Namespace) -> int:
    """Print what was asked for: 0 when it is complete, 1 when a part is missing, 2 when nothing could be asked."""
    group_re, topic_re = regex_of(args.group, "--group"), regex_of(args.topic, "--topic")
    where = filter_of(args.where)
    view = ask(settings_from(args).cluster)
    if not view.up:
        print(f"kmon lag: {visible(view.snapshot.error)}", file=sys.stderr)
        return 2
    rows = lag_rows(view, group_re, topic_re, where.rows if where else None)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    print(RENDERERS[args.output](rows), end="")
    missing = missing_of(view, rows, filtered=bool(group_re or topic_re or where))
    if where:
        missing += undecided(undecided_rows(view, group_re, topic_re, where), where)
    for each in missing:
        print(f"kmon lag: partial: {visible(each)}", file=sys.stderr)
    return 1 if missing else 0


def ask(cluster: ClusterSettings) -> View:
    """One poll of the cluster for all that rows of lag have."""
    from monitor.collectors import COLLECTORS, LAG_COLLECTORS  # noqa: PLC0415 - not needed to find bad usage
    from monitor.poll import poll_once  # noqa: PLC0415 - see above

    return poll_once(cluster, (*LAG_COLLECTORS, *(each for each in COLLECTORS if each.name in EXTRAS)))


def regex_of(text: str | None, flag: str) -> re.Pattern[str] | None:
    """Raises SettingsError."""
    if text is None:
        return None
    try:
        return re.compile(check_regex(text))
    except ValueError as error:
        raise SettingsError(f"{flag}: {error}") from None


def filter_of(text: str | None) -> Filter | None:
    """The filter of --where. Raises SettingsError that shows the place of what is wrong."""
    if text is None:
        return None
    try:
        return Filter.of(text, LAG)
    except FilterError as error:
        raise SettingsError(f"--where: {error.problem}", *error.shown) from None
