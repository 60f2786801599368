"""Kafka's version, inferred from what a broker serves."""

import pytest
from kafka.protocol.broker_version_data import BROKER_API_VERSIONS

from monitor.kafka.client.versions import OLDER, kafka_version


@pytest.mark.parametrize("version", [each for each in BROKER_API_VERSIONS if each >= (3, 3)])
def test_what_brokers_without_features_serve(version: tuple[int, ...]) -> None:
    """kafka-python has copies of real answers of every release."""
    assert kafka_version(BROKER_API_VERSIONS[version]) == ".".join(map(str, version))


def test_older_ones_are_not_told_apart() -> None:
    for version in ((0, 10, 2), (2, 8), (3, 2)):
        assert kafka_version(BROKER_API_VERSIONS[version]) == OLDER
    assert kafka_version({}) == OLDER
    assert kafka_version({}, 3) == OLDER


@pytest.mark.parametrize(
    ("level", "version"),
    [
        (4, "3.3"),
        (7, "3.3"),
        (8, "3.4"),
        (11, "3.5"),
        (14, "3.6"),
        (19, "3.7"),
        (20, "3.8"),
        (21, "3.9"),
        (25, "4.0"),
        (27, "4.1"),
        (29, "4.2"),
        (30, "4.3"),
        (33, "4.4"),
        (34, "4.4+"),
    ],
)
def test_metadata_version_tells_exactly(level: int, version: str) -> None:
    assert kafka_version({}, level) == version
    assert kafka_version(BROKER_API_VERSIONS[3, 9], level) == version
