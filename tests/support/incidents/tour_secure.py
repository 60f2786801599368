"""Shows of the catalogue's alerts on a cluster with TLS and ACLs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from incidents.incident import Phase
from incidents.tour import Show

if TYPE_CHECKING:
    from incidents.tour_stage import SecureStage

MISSING = ("DESCRIBE_CONFIGS", "CLUSTER", "kafka-cluster")
BROKER = 1


def permission_missing(stage: "SecureStage") -> Iterator[Phase]:
    yield Phase.WELL
    stage.kafka.revoke(stage.user, MISSING)
    yield Phase.TROUBLE
    stage.kafka.allow(stage.user, MISSING)
    yield Phase.OVER


def certificate_expiring(stage: "SecureStage") -> Iterator[Phase]:
    yield Phase.WELL
    _certify(stage, 10)
    yield Phase.TROUBLE
    _certify(stage, 365)
    yield Phase.OVER


def _certify(stage: "SecureStage", days: int) -> None:
    """Restart the broker with a certificate that is valid for so many days."""
    stage.kafka.certify(days)
    stage.kafka.cluster.stop(BROKER)
    stage.kafka.cluster.start(BROKER)


SECURE = (
    Show(
        "tour-permission",
        "the ACL for DescribeConfigs on the cluster is removed",
        permission_missing,
        ("KmonPermissionMissing",),
    ),
    Show(
        "tour-certificate",
        "a broker restarts with a certificate that is valid for 10 days",
        certificate_expiring,
        ("KafkaCertificateExpiring",),
    ),
)
