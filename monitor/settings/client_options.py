"""kafka-python's options for a cluster: addresses, limits, SASL and TLS, with files and secrets as they are now."""

from collections.abc import Sequence
from typing import Any

from monitor.settings.model import ClusterSettings
from monitor.settings.security import SecuritySettings


def client_options(cluster: ClusterSettings) -> dict[str, Any]:
    """Options of kafka-python's KafkaConnectionManager. Raises SettingsError when a file cannot be used."""
    return {
        "bootstrap_servers": list(cluster.bootstrap_servers),
        "client_id": cluster.client_id,
        "request_timeout_ms": max(1, round(cluster.request_timeout_seconds * 1000)),
        "receive_message_max_bytes": cluster.max_answer_bytes,
        **security_options(cluster.security, cluster.bootstrap_servers),
    }


def security_options(security: SecuritySettings, servers: Sequence[str] = ()) -> dict[str, Any]:
    """Those of them about protocol, SASL and TLS; `servers` are host:port.

    Raises SettingsError when a file cannot be used, or when a package for the mechanism is missing.
    """
    options: dict[str, Any] = {"security_protocol": security.protocol}
    if security.sasl:
        from monitor.settings.sasl import sasl_options  # noqa: PLC0415 - imports kafka-python, and few need it

        options |= sasl_options(security, servers)
    if security.tls:
        from monitor.settings.tls import make_context  # noqa: PLC0415 - ssl takes 20 ms to import and few need it

        options |= {"ssl_context": make_context(security), "ssl_check_hostname": security.check_hostname}
    return options
