"""Which Kafka a broker is, inferred from its ApiVersions answer; no request tells it.

The newest metadata.version that it supports tells the release exactly: every release since 3.3 has raised it
(`MetadataVersion` in Kafka's source). Brokers with ZooKeeper, and what is not Apache Kafka, have none; there the newest
release counts that has raised a version of an API and whose API is served that high. A feature level above all known
ones gives the newest known release with a "+".
"""

from collections.abc import Mapping

_FIRST_LEVELS = (
    (31, "4.4"),
    (30, "4.3"),
    (28, "4.2"),
    (26, "4.1"),
    (22, "4.0"),
    (21, "3.9"),
    (20, "3.8"),
    (15, "3.7"),
    (12, "3.6"),
    (9, "3.5"),
    (8, "3.4"),
    (4, "3.3"),
)
"""The lowest level of metadata.version of each release, the newest release first."""

_NEWEST_LEVEL = 33
"""The level of metadata.version in the newest known release."""

_FIRST_APIS = (
    (18, 5, "4.4"),  # ApiVersions
    (35, 5, "4.3"),  # DescribeLogDirs
    (2, 11, "4.2"),  # ListOffsets
    (0, 13, "4.1"),  # Produce
    (0, 12, "4.0"),
    (1, 17, "3.9"),  # Fetch
    (0, 11, "3.8"),
    (1, 16, "3.7"),
    (24, 4, "3.6"),  # AddPartitionsToTxn
    (1, 15, "3.5"),
    (4, 7, "3.4"),  # LeaderAndIsr, which only brokers with ZooKeeper serve
    (35, 4, "3.3"),
)
"""API key and version that came with each release, the newest release first."""

OLDER = "<3.3"
"""What is older than all that is known here."""


def kafka_version(served: Mapping[int, tuple[int, int]], metadata_level: int | None = None) -> str:
    """The release, such as "3.9"; `served` maps API keys to (oldest, newest) version.

    `metadata_level` is the newest level of metadata.version that the broker supports, None where it names none.
    """
    if metadata_level is not None:
        plus = "+" if metadata_level > _NEWEST_LEVEL else ""
        return next((version + plus for first, version in _FIRST_LEVELS if metadata_level >= first), OLDER)
    return next((version for key, newest, version in _FIRST_APIS if served.get(key, (0, -1))[1] >= newest), OLDER)
