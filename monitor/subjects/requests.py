"""What kmon asks of a cluster: capabilities, collectors and requests, with what came of them."""

from functools import partial

import numpy as np

from monitor.model.cluster_tables import Capabilities
from monitor.model.levels import ABOVE_ZERO, CAPABILITY_MISSING, COLLECTOR_FAILED
from monitor.model.snapshot import Requests
from monitor.model.table import Floats, Ints, objects
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import BYTES, FLAG, LATENCY, REASON, SECONDS, UNIX
from monitor.subjects.tables import numbers, of, size, states, subject, texts

UNSENT, NO_DATA = "no requests yet", "no data yet"


def _available(view: View) -> Ints:
    table = view.snapshot.capabilities
    codes = np.where(np.isnan(table.available), 2, table.available != 1)
    return np.where(table.switched_off, 3, codes).astype(np.int8)


def _failing(view: View) -> Ints:
    return np.greater(view.snapshot.requests.errors, 0).astype(np.int8)


def _mean(view: View, *, name: str, answered: bool = False) -> Floats:
    """A total of each row of requests to a request, or to one that was answered; unknown while there is none."""
    table = view.snapshot.requests
    number = table.requests - table.errors if answered else table.requests
    means: Floats = getattr(table, name) / np.where(number > 0, number, np.nan)
    return means


_MEAN_SECONDS = partial(_mean, name="seconds")
_MEAN_BYTES = partial(_mean, name="received_bytes", answered=True)


def _outcomes(name: str, view: View) -> Floats:
    values = [getattr(each, name) for each in view.snapshot.outcomes]
    return np.array([np.nan if each is None else each for each in values], np.float64)


def _success(view: View) -> Floats:
    return np.where([each.ran for each in view.snapshot.outcomes], _outcomes("success", view), np.nan)


def _data_age(view: View) -> Floats:
    return np.maximum(0.0, view.time - _outcomes("collected_at", view))


def _unsuccessful(view: View) -> Ints:
    return np.equal(_outcomes("success", view), 0).astype(np.int8)


CAPABILITY = Subject(
    "capability",
    "permission or API that kmon can use on a cluster",
    ("capability",),
    size("snapshot.capabilities"),
    (
        *of("snapshot.capabilities", Capabilities, "capability", "available"),
        *states(
            {"ok": "ok", "missing": CAPABILITY_MISSING, "unknown": "unknown", "off": "ok"},
            _available,
            "missing: not served by the cluster, or not authorized; unknown: the request failed; off: disabled in"
            " settings",
        ),
        texts("reason", "why it is not available, or why that is unknown", "snapshot.capabilities.why", kind=REASON),
    ),
)

COLLECTOR = Subject(
    "collector",
    "collector and how it fared in the last poll",
    ("collector",),
    size("snapshot.outcomes"),
    (
        texts(
            "collector",
            "name of the collector",
            lambda view: objects(each.collector for each in view.snapshot.outcomes),
        ),
        *states(
            {"ok": "ok", "failed": COLLECTOR_FAILED},
            _unsuccessful,
            "failed: a request failed or a broker did not respond",
        ),
        texts(
            "why", "reason of the failure", lambda view: objects(each.error or None for each in view.snapshot.outcomes)
        ),
        numbers(
            "success",
            FLAG,
            "1 when the last run of the collector was complete, else 0; unknown before its first run, and while the "
            "cluster is unreachable and the collector cannot run",
            _success,
        ),
        numbers(
            "collected_at",
            UNIX,
            "unix time of the newest response in the collector's tables; unknown before the first",
            partial(_outcomes, "collected_at"),
            otherwise=NO_DATA,
        ),
        numbers(
            "data_age_seconds", SECONDS, "age of its newest data when this poll began", _data_age, otherwise=NO_DATA
        ),
        numbers(
            "duration_seconds",
            LATENCY,
            "duration of the collector in the last poll; unknown when it did not run",
            partial(_outcomes, "duration_seconds"),
            otherwise="it did not run in this poll",
        ),
    ),
)

REQUEST = subject(
    "request",
    "snapshot.requests",
    Requests,
    "api",
    "broker",
    leave=("durations",),
    more=(
        *states({"ok": "ok", "failing": ABOVE_ZERO["errors"]}, _failing, "failing: some requests have failed"),
        numbers("mean_seconds", LATENCY, "average time to the response", _MEAN_SECONDS, otherwise=UNSENT),
        numbers("mean_bytes", BYTES, "average size of a response", _MEAN_BYTES, otherwise=UNSENT),
    ),
)

REQUESTS = (CAPABILITY, COLLECTOR, REQUEST)
