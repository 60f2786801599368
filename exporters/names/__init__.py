"""Metrics under the names of other exporters, for dashboards and alerts that were made for these.

Each exporter is a file with its families. docs/coming-from.md is the same for people; a test holds the two together.
"""

from collections.abc import Iterable, Mapping

from exporters.families import CLUSTER_FAMILIES
from exporters.family import Family
from exporters.names.kafka_exporter import KAFKA_EXPORTER
from exporters.names.kafka_lag_exporter import KAFKA_LAG_EXPORTER
from exporters.names.kminion import KMINION
from monitor.settings.metrics import KMON

EXPORTERS: Mapping[str, tuple[Family, ...]] = {
    "kafka_exporter": KAFKA_EXPORTER,
    "kminion": KMINION,
    "kafka_lag_exporter": KAFKA_LAG_EXPORTER,
}
"""The families of each exporter, by what `metrics.names` calls it."""


def families_of(names: Iterable[str]) -> tuple[Family, ...]:
    """The families of a cluster by `metrics.names`. Without kmon's own, those about kmon itself are still there."""
    names = set(names)
    others = [each for name, families in EXPORTERS.items() if name in names for each in families]
    # kmon's are last: the last of them is the duration of the poll, which ends when all others are rendered.
    return (*others, *(each for each in CLUSTER_FAMILIES if KMON in names or each.always))
