"""Where things are on the web: a path for every page, and the view's state in the query string. Names are hostile."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

from monitor.source import Source

OVERVIEW = "/"
GROUPS = "/groups"
RANGES = {"15m": 900, "1h": 3_600, "6h": 21_600, "24h": 86_400}
"""Seconds of each time range a chart can show, by its name in the URL."""
DEFAULT_RANGE = "1h"

# A browser resolves "." and ".." also when they are percent-encoded and drops an empty last segment, so these
# names are marked by a bare "=", which `quote` never leaves in a name.
_MARKED = ("", ".", "..")


def group_path(group: str) -> str:
    """The path of a group's page; `group_of` undoes it for every name, also with slashes, markup or lone surrogates."""
    return f"{GROUPS}/{'=' if group in _MARKED else ''}{quote(group, safe='', errors='surrogatepass')}"


def group_of(pathname: str | None) -> str | None:
    """The group that a path names, still percent-encoded as browsers report it; None when it is another page's path."""
    prefix = f"{GROUPS}/"
    name = pathname.removeprefix(prefix) if pathname and pathname.startswith(prefix) else ""
    encoded = unquote_to_bytes(name.removeprefix("="))
    try:
        return encoded.decode("utf-8", "surrogatepass") if name else None
    except UnicodeDecodeError:
        return encoded.decode("utf-8", "replace")


def query_of(search: str | None) -> dict[str, str]:
    """The parameters of a query string such as `?q=pay&range=6h`; the last of equal names counts."""
    return dict(parse_qsl((search or "").removeprefix("?"), errors="replace"))


def link(path: str, search: str | None) -> str:
    """A path on the same cluster as the page with this query string."""
    cluster = query_of(search).get("cluster")
    return on_cluster(path, cluster) if cluster else path


def on_cluster(path: str, cluster: str) -> str:
    """A path on the cluster of this name."""
    return f"{path}?{urlencode({'cluster': cluster})}"


def source_of(sources: Sequence[Source], search: str | None) -> Source:
    """The source of the cluster that the query names, else the first."""
    name = query_of(search).get("cluster")
    return next((each for each in sources if each.cluster == name), sources[0])


def range_seconds(name: str | None) -> int:
    """Seconds of a range's name; of the default for a name that is none."""
    return RANGES.get(name or "", RANGES[DEFAULT_RANGE])
