"""What stands on a page of metrics, read by Prometheus's own Python client."""

from prometheus_client.parser import text_string_to_metric_families

from exporters.prometheus import MetricsPage

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(page: MetricsPage) -> Samples:
    """Every sample of the page by name and labels; fails on a series that stands there twice."""
    found: Samples = {}
    for family in text_string_to_metric_families(page.body()[0].decode()):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, f"twice: {key}"
            found[key] = sample.value
    return found


def value(page: MetricsPage, name: str, /, **labels: str) -> float | None:
    """The sample of cluster "demo" with these labels besides, None where there is none."""
    return samples(page).get((name, frozenset({"cluster": "demo", **labels}.items())))


def still(body: bytes) -> bytes:
    """A page without the lines that differ from scrape to scrape."""
    return b"".join(
        line for line in body.splitlines(keepends=True) if not line.startswith((b"process_", b"kmon_data_age_seconds"))
    )


def names(page: MetricsPage) -> set[str]:
    return {name for name, _ in samples(page)}
