"""kmon doctor: reports missing permissions and APIs, what they hide, and how an administrator grants them."""

import argparse
import json
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

from kmon.commands.options import cluster_from
from kmon.commands.terminal import align
from monitor.collect.collectors import COLLECTORS
from monitor.collect.requests import PERMISSIONS, READ_TOPIC, Grant, Request
from monitor.kafka.client.reach import Reached, reach
from monitor.model.reasons import Kind
from monitor.model.text import UNKNOWN, clip, visible
from monitor.model.view import View
from monitor.poll.poller import client_of, poll_once
from monitor.settings.model import ClusterSettings
from monitor.settings.security import SecuritySettings

OK, MISSING, NOTE = "ok", "missing", "note"
"""How a check went. A note is what this Kafka does not have: nothing that could be mended here."""

FLAGS = {
    "Cluster": ("--cluster",),
    "Topic": ("--topic", "*"),
    "Group": ("--group", "*"),
    "TransactionalId": ("--transactional-id", "*"),
}
"""How kafka-acls names all resources of a type."""

IAM_ACTIONS = {
    ("Describe", "Cluster"): "DescribeCluster",
    ("DescribeConfigs", "Cluster"): "DescribeClusterDynamicConfiguration",
    ("Describe", "Topic"): "DescribeTopic",
    ("DescribeConfigs", "Topic"): "DescribeTopicDynamicConfiguration",
    ("Read", "Topic"): "ReadData",
    ("Describe", "Group"): "DescribeGroup",
    ("Describe", "TransactionalId"): "DescribeTransactionalId",
}
"""What IAM policies of Amazon MSK call the ACLs; Kafka's own do not count for users of IAM."""

ADMIN = "admin.properties"
UNKNOWN_PRINCIPAL = "User:<your principal>"
HOW_TO_GRANT = f"To grant the missing permissions, run as a user who may alter ACLs ({ADMIN} holds that user's login):"
CELLS = 60
"""The widest cell of the table's first column."""
MARKS = {OK: "●", NOTE: "▲", MISSING: "✘"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `kind` is address, permission, api or answer; `state` is a word or two for people.

    `fix` is a line for an administrator that mends it, empty where there is none.
    """

    kind: str
    name: str
    level: str
    state: str
    why: str = ""
    without: str = ""
    fix: str = ""


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
    cluster = cluster_from(args)
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
    view = poll_once(cluster)
    checks: list[Check] = []
    if view.up:
        with closing(client_of(cluster)) as client:
            deadline = time.monotonic() + 3 * cluster.request_timeout_seconds
            reached = reach(client, view.snapshot.brokers, cluster.security.protocol, deadline)
        checks = checks_of(cluster, view, reached)
    degraded = any(each.level == MISSING for each in checks)
    snapshot = view.snapshot
    return Report(
        cluster=view.cluster,
        status="degraded" if degraded else "ok" if view.up else "unreachable",
        error=snapshot.error,
        cluster_id=snapshot.cluster_id,
        kafka=tuple(sorted({str(each) for each in snapshot.brokers.version if each is not None})),
        principal=principal_of(cluster.security),
        checks=tuple(checks),
    )


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


# -------------------------------------------------------------------- checks


def checks_of(cluster: ClusterSettings, view: View, reached: Sequence[Reached]) -> list[Check]:
    """All checks of a cluster that was polled and whose addresses were asked."""
    return [
        *_addresses(view, reached),
        *_permissions(cluster, view),
        *_apis(cluster, [each for each in reached if each.broker is not None and not each.error]),
        *_answers(view),
    ]


def _addresses(view: View, reached: Sequence[Reached]) -> Iterator[Check]:
    fenced = set(view.snapshot.brokers.broker[view.snapshot.brokers.fenced == 1].tolist())
    for each in reached:
        name = f"{'bootstrap' if each.broker is None else f'broker {each.broker}'} at {each.address}"
        if each.error:
            lost = "the offsets of its partitions and its groups are unknown" if each.broker is not None else ""
            yield Check("address", name, MISSING, "unreachable", each.error, lost)
        elif each.broker in fenced:
            yield Check("address", name, MISSING, "fenced", "", "it does not lead any partition")
        else:
            yield Check("address", name, OK, "reachable")


def _permissions(cluster: ClusterSettings, view: View) -> Iterator[Check]:
    table = view.snapshot.capabilities
    known = {name: (value, why) for name, value, why in zip(table.capability, table.available, table.why, strict=True)}
    for each in (*PERMISSIONS, READ_TOPIC) if cluster.choice.producers else PERMISSIONS:
        available, why = known.get(each.capability, (float("nan"), ""))
        if available == 1:
            yield Check("permission", str(each.grant), OK, "granted", "", each.without)
        elif available == 0:
            fix = how_to_grant(cluster, each.grant)
            yield Check("permission", str(each.grant), MISSING, "denied", "", each.without, fix)
        else:
            # Producers are asked only where a transaction holds a partition back.
            level = NOTE if each is READ_TOPIC else MISSING
            yield Check("permission", str(each.grant), level, "unknown", why, each.without)


def _apis(cluster: ClusterSettings, brokers: Sequence[Reached]) -> Iterator[Check]:
    asking = [each for each in COLLECTORS if cluster.choice.producers or not each.opt_in]
    for request in {each.api: each for collector in asking for each in collector.sends}.values():
        yield _api(request, brokers)


def _api(request: Request, brokers: Sequence[Reached]) -> Check:
    silent = [str(each.broker) for each in brokers if request.api.version(each.served) is None]
    name = f"{request.api.name} v{request.api.oldest}"
    if not brokers:
        return Check("api", name, NOTE, "unknown", Kind.NO_BROKER.value, request.without)
    if not silent:
        return Check("api", name, OK, "served", "", request.without)
    where = "" if len(silent) == len(brokers) else f"by broker {', '.join(silent)}"
    since = f"needs Kafka {request.kafka} or later" if request.kafka else ""
    return Check("api", name, NOTE, "not served", "; ".join(filter(None, (where, since))), request.without)


def _answers(view: View) -> Iterator[Check]:
    """What was asked and not answered in full, with the collectors that had the same trouble together."""
    by_error: dict[str, list[str]] = {}
    for each in view.snapshot.outcomes:
        if not each.success:
            by_error.setdefault(each.error, []).append(each.collector)
    for error, names in by_error.items():
        yield Check("answer", ", ".join(names), MISSING, "incomplete", error)


_TROUBLES = {
    "unreachable": ("address is unreachable", "addresses are unreachable"),
    "fenced": ("broker is fenced", "brokers are fenced"),
    "denied": ("permission is denied", "permissions are denied"),
    "unknown": ("permission is unknown", "permissions are unknown"),
    "incomplete": ("response is incomplete", "responses are incomplete"),
}
"""What each state of a check that found something missing is in a sentence, for one and for many."""


def summary(checks: Sequence[Check]) -> str:
    """What is missing, in numbers; empty when nothing is."""
    counts = Counter(each.state for each in checks if each.level == MISSING)
    return ", ".join(
        f"{counts[state]} {many if counts[state] > 1 else one}"
        for state, (one, many) in _TROUBLES.items()
        if counts[state]
    )


# -------------------------------------------------------------------- grants


def principal_of(security: SecuritySettings) -> str:
    """The principal that the brokers take kmon's user for, as far as the settings tell it."""
    if security.sasl:
        name = security.username
        return f"User:{name}" if name and visible(name) == name else UNKNOWN_PRINCIPAL
    certified = security.tls and (security.ssl_certfile or security.ssl_cert_pem)
    return UNKNOWN_PRINCIPAL if certified else "User:ANONYMOUS"


def principal_notes(security: SecuritySettings) -> list[str]:
    """What to know of the principal before a grant is made."""
    if security.sasl_mechanism == "AWS_MSK_IAM":
        return ["IAM controls access here, not ACLs: add these actions to the policy of the role that kmon runs as."]
    principal = principal_of(security)
    if security.sasl_mechanism == "OAUTHBEARER":
        return ["Your principal is the subject (sub) of the token, unless the brokers map it to another name."]
    if principal == UNKNOWN_PRINCIPAL and not security.sasl:
        return [
            "Your principal is the distinguished name of your certificate, e.g. User:CN=kmon,O=Example, unless the",
            "brokers map it with ssl.principal.mapping.rules.",
        ]
    if principal == "User:ANONYMOUS":
        return ["This listener has no authentication: these grants apply to everyone who can reach it."]
    return []


def how_to_grant(cluster: ClusterSettings, grant: Grant) -> str:
    """A line for a shell that adds an ACL by Kafka's kafka-acls, or the IAM action where ACLs do not count."""
    security = cluster.security
    if security.sasl_mechanism == "AWS_MSK_IAM":
        return f"kafka-cluster:{IAM_ACTIONS[grant]}"
    words = ["kafka-acls.sh", "--bootstrap-server", ",".join(cluster.bootstrap_servers)]
    if security.sasl or security.tls:
        words += ["--command-config", ADMIN]
    words += ["--add", "--allow-principal", principal_of(security), "--operation", grant.operation]
    return shlex.join([*words, *FLAGS[grant.resource]])
