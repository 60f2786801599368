"""How an administrator grants what kmon's user lacks: the line for Kafka's own tool, and for whom it is."""

import shlex

from monitor.collect.requests import Grant
from monitor.model.text import visible
from monitor.settings.model import ClusterSettings
from monitor.settings.security import SecuritySettings

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
