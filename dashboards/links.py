"""Where things are on the web: a path for every page, and the view's state in the query string. Names are hostile."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

from monitor.poll.source import Source

OVERVIEW = "/"
PROBLEMS = "/problems"
BROKERS = "/brokers"
TOPICS = "/topics"
GROUPS = "/groups"
EVENTS = "/events"
CLUSTER = "/cluster"
CLUSTERS = "/clusters"
PATHS = (OVERVIEW, PROBLEMS, BROKERS, TOPICS, GROUPS, EVENTS, CLUSTER, CLUSTERS)
NAMED = (TOPICS, GROUPS)
"""Paths below which every name has a page."""

RANGES = {"15m": 900, "1h": 3_600, "6h": 21_600, "24h": 86_400}
"""Seconds of each time range a chart can show, by its name in the URL."""
DEFAULT_RANGE = "1h"

# A browser resolves "." and ".." also when they are percent-encoded and drops an empty last segment, so these
# names are marked by a bare "=", which `quote` never leaves in a name.
_MARKED = ("", ".", "..")


def group_path(group: str) -> str:
    """The path of a group's page."""
    return named_path(GROUPS, group)


def topic_path(topic: str) -> str:
    """The path of a topic's page."""
    return named_path(TOPICS, topic)


def group_of(pathname: str | None) -> str | None:
    """The group that a path names; None when it is another page's path."""
    return name_in(GROUPS, pathname)


def about(group: str | None, topic: str | None, broker: int) -> str:
    """The path of the page that tells of a group, else of a topic, else of brokers (-1 for none), else of the rest."""
    if group is not None:
        return group_path(group)
    return topic_path(topic) if topic is not None else BROKERS if broker >= 0 else CLUSTER


def about_alert(labels: Mapping[str, str], seconds: float, *, several: bool) -> str:
    """The page about what an alert's labels name, with charts of the time since it began `seconds` ago and before.

    With `several` clusters it names that of the alert.
    """
    number = labels.get("broker") or labels.get("node", "")
    page = about(labels.get("group"), labels.get("topic"), int(number) if number.isdecimal() else -1)
    if page == CLUSTER and labels.keys() <= {"cluster"}:
        page = OVERVIEW
    wanted = next((name for name, span in RANGES.items() if span >= 2 * seconds), [*RANGES][-1])
    query = {"cluster": labels["cluster"]} if several else {}
    query |= {"range": wanted} if RANGES[wanted] > RANGES[DEFAULT_RANGE] else {}
    return f"{page}?{urlencode(query)}" if query else page


def named_path(base: str, name: str) -> str:
    """The path of a name below `base`; `name_in` undoes it for every name, also with slashes or lone surrogates."""
    return f"{base}/{'=' if name in _MARKED else ''}{quote(name, safe='', errors='surrogatepass')}"


def name_in(base: str, pathname: str | None) -> str | None:
    """The name that a path below `base` holds, percent-encoded as browsers report it; None on any other path."""
    name = pathname.removeprefix(f"{base}/") if pathname and pathname.startswith(f"{base}/") else ""
    encoded = unquote_to_bytes(name.removeprefix("="))
    try:
        return encoded.decode("utf-8", "surrogatepass") if name else None
    except UnicodeDecodeError:
        return encoded.decode("utf-8", "replace")


def is_page(path: str) -> bool:
    """Whether a path is a page's."""
    return path in PATHS or any(path.startswith(f"{base}/") for base in NAMED)


def query_of(search: str | None) -> dict[str, str]:
    """The parameters of a query string such as `?q=pay&range=6h`; the last of equal names counts."""
    return dict(parse_qsl((search or "").removeprefix("?"), errors="replace"))


def link(path: str, search: str | None) -> str:
    """A path on the same cluster as the page with this query string."""
    cluster = query_of(search).get("cluster")
    return on_cluster(path, cluster) if cluster else path


def problem_link(rank: int, search: str | None) -> str:
    """Where the problem of this rank stands in the list of all problems: the script scrolls to it."""
    return f"{link(PROBLEMS, search)}#{problem_id(rank)}"


def problem_id(rank: int) -> str:
    """The id of what stands in the row of the problem of this rank."""
    return f"problem-{rank}"


def on_cluster(path: str, cluster: str) -> str:
    """A path on the cluster of this name."""
    return f"{path}?{urlencode({'cluster': cluster})}"


def source_of(sources: Sequence[Source], search: str | None) -> Source:
    """The source of the cluster that the query names, else the first."""
    name = query_of(search).get("cluster")
    return next((each for each in sources if each.cluster == name), sources[0])


def chosen(sources: Sequence[Source], search: str | None) -> tuple[Source, str]:
    """The source that the query names, and a query string that links keep: where there are several, its cluster."""
    source = source_of(sources, search)
    return source, on_cluster("", source.cluster) if len(sources) > 1 else ""


def range_seconds(name: str | None) -> int:
    """Seconds of a range's name; of the default for a name that is none."""
    return RANGES.get(name or "", RANGES[DEFAULT_RANGE])
