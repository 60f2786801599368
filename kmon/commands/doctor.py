"""kmon doctor: reports missing permissions and APIs, what they hide, and how an administrator grants them."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

from kmon.commands.checks import MISSING, NOTE, OK, Check, checks_of, summary
from kmon.commands.grants import ADMIN, principal_notes, principal_of
from kmon.commands.options import settings_from
from kmon.commands.text import align, clip
from monitor.model.text import UNKNOWN, visible
from monitor.model.view import View
from monitor.settings.model import ClusterSettings

HOW_TO_GRANT = f"To grant the missing permissions, run as a user who may alter ACLs ({ADMIN} holds that user's login):"
CELLS = 60
"""The widest cell of the table's first column."""
MARKS = {OK: "●", NOTE: "▲", MISSING: "✘"}


@dataclass(frozen=True)
class Report:
    """A cluster that was examined. `status` is ok, degraded or unreachable; `error` is why it could not be reached."""

    cluster: str
    status: str
    error: str
    cluster_id: str | None
    kafka: tuple[str, ...]
    principal: str
    checks: tuple[Check, ...]


EXIT_CODES = {"ok": 0, "degraded": 1, "unreachable": 2}


def run(args: argparse.Namespace) -> int:
    """Print the report: 0 when everything is there, 1 when something is missing, 2 when nothing could be asked."""
    cluster = settings_from(args).cluster
    report = examine(cluster)
    if args.output == "json":
        print(json.dumps(asdict(report), indent=1))
    elif report.error:
        print(f"kmon doctor: {visible(report.error)}", file=sys.stderr)
    else:
        print("\n".join(lines_of(report, principal_notes(cluster.security))))
    return EXIT_CODES[report.status]


def examine(cluster: ClusterSettings) -> Report:
    """Poll the cluster once and ask every address of it."""
    from monitor.kafka.client.reach import reach  # noqa: PLC0415 - the Kafka client is not needed to find bad usage
    from monitor.poll.poller import client_of, poll_once  # noqa: PLC0415 - as above

    view = poll_once(cluster)
    if not view.up:
        return _report(cluster, view, "unreachable", [])
    with closing(client_of(cluster)) as client:
        deadline = time.monotonic() + 3 * cluster.request_timeout_seconds
        reached = reach(client, view.snapshot.brokers, cluster.security.protocol, deadline)
    checks = checks_of(cluster, view, reached)
    return _report(cluster, view, "degraded" if any(each.level == MISSING for each in checks) else "ok", checks)


def _report(cluster: ClusterSettings, view: View, status: str, checks: Sequence[Check]) -> Report:
    snapshot = view.snapshot
    versions = sorted({str(each) for each in snapshot.brokers.version if each is not None})
    principal = principal_of(cluster.security)
    return Report(view.cluster, status, snapshot.error, snapshot.cluster_id, tuple(versions), principal, tuple(checks))


def lines_of(report: Report, notes: Sequence[str] = ()) -> list[str]:
    """The report for people: a table of the checks, what to run, and how it stands. No line holds a control character.

    `notes` are what to know of the principal.
    """
    kafka, cluster_id = visible(", ".join(report.kafka) or UNKNOWN), visible(report.cluster_id)
    named = f"cluster {visible(report.cluster)}" + (f", id {cluster_id}" if report.cluster != report.cluster_id else "")
    asked = f"{named}, Kafka {kafka}, as {visible(report.principal)}"
    rows = [(" ", "WHAT", "STATE", "REASON AND WHAT IT HIDES")]
    for each in report.checks:
        lost = "; ".join(filter(None, (each.why, each.without))) if each.level != OK else ""
        rows.append((MARKS[each.level], clip(visible(each.name), CELLS), each.state, visible(lost)))
    lines = [asked, "", *align(rows, [False] * 4)]
    fixes = [each.fix for each in report.checks if each.fix]
    if fixes:
        lines += ["", HOW_TO_GRANT, "", *(f"  {visible(each)}" for each in fixes)]
        lines += ["", *notes] if notes else []
    return [*lines, "", f"{report.status}: {summary(report.checks) or 'nothing is missing'}"]
