"""A real Kafka that wants to know who asks: one broker with TLS, mTLS, SASL and an authorizer.

Helpers of kafka_cluster (make_topic, commit, …) work on `secure.cluster`: its own listener is for administrators.
"""

import base64
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from breakable import Cluster
from certificates import Authority
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialUpsertion,
)
from kafka_cluster import wait_until
from real_kmon import settings_of

from monitor.poll.poller import Poller
from monitor.settings.model import ClusterSettings
from monitor.settings.security import SecuritySettings

LISTENERS = {"ADMIN": "PLAINTEXT", "SASL": "SASL_SSL", "MTLS": "SSL", "OAUTH": "SASL_SSL"}
"""ADMIN is the brokers' own and the launcher's: whoever connects is a super user. SASL has PLAIN and both SCRAMs, MTLS
wants a client certificate, OAUTH takes unsigned JSON web tokens."""

SCRAM = ("SCRAM-SHA-512", "SCRAM-SHA-256")
PASSWORDS = {"admin": "admin-secret", "watcher": "watcher-secret", "nobody": "nobody-secret"}
"""Users at the start, with their passwords: a super user, one with the ACLs that kmon needs, one with no ACL."""

KMON_NEEDS = (
    ("DESCRIBE", "CLUSTER", "kafka-cluster"),
    ("DESCRIBE_CONFIGS", "CLUSTER", "kafka-cluster"),
    ("DESCRIBE", "TOPIC", "*"),
    ("DESCRIBE_CONFIGS", "TOPIC", "*"),
    ("DESCRIBE", "GROUP", "*"),
    ("DESCRIBE", "TRANSACTIONAL_ID", "*"),
)
"""Operation, resource type and name of every ACL that kmon needs."""

_AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:admin;User:ANONYMOUS",
}
_MODULES = "org.apache.kafka.common.security"
_numbers = itertools.count(1)


class SecureKafka:
    """The cluster between the ends of a `with`; `folder` holds its certificates and goes with the caller's."""

    def __init__(self, folder: Path, *, brokers: int = 1) -> None:
        self.folder = folder
        self.authority = Authority("kmon test brokers")
        self.ca_file = folder / "ca.crt"
        self.ca_file.write_text(self.authority.pem)
        self.passwords = dict(PASSWORDS)
        self.cluster = Cluster(
            brokers,
            listeners=LISTENERS,
            config={**self._tls(), **self._sasl(), **_AUTHORIZER},
            format_args=[
                part
                for user, password in PASSWORDS.items()
                for mechanism in SCRAM
                for part in ("--add-scram", f"{mechanism}=[name={user},password={password}]")
            ],
        )

    def __enter__(self) -> Self:
        self.cluster.__enter__()
        try:
            self.allow("watcher", *KMON_NEEDS)
        except BaseException:
            self.cluster.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cluster.__exit__(kind, error, trace)

    def _tls(self) -> dict[str, object]:
        self.certify()
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.folder / "broker.pem",
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.ca_file,
            "listener.name.mtls.ssl.client.auth": "required",
            "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/,DEFAULT",
        }

    def _sasl(self) -> dict[str, object]:
        users = " ".join(f'user_{user}="{password}"' for user, password in PASSWORDS.items())
        scram = f"{_MODULES}.scram.ScramLoginModule required;"
        oauth = "listener.name.oauth.oauthbearer.sasl"
        validator = "internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"
        return {
            "listener.name.sasl.sasl.enabled.mechanisms": ",".join((*SCRAM, "PLAIN")),
            **{f"listener.name.sasl.{mechanism.lower()}.sasl.jaas.config": scram for mechanism in SCRAM},
            "listener.name.sasl.plain.sasl.jaas.config": f"{_MODULES}.plain.PlainLoginModule required {users};",
            "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
            f"{oauth}.jaas.config": f"{_MODULES}.oauthbearer.OAuthBearerLoginModule required;",
            f"{oauth}.server.callback.handler.class": f"{_MODULES}.oauthbearer.{validator}",
        }

    def certify(self, days: int = 365) -> None:
        """A certificate that is valid for so many days, which a broker takes when it starts."""
        # Not for localhost: who connects there meets a certificate for another host.
        broker = self.authority.issue("broker", ["127.0.0.1"], days=days)
        (self.folder / "broker.pem").write_text(broker.key + broker.cert)

    # ---------------------------------------------------------------- who may do what

    def make_user(self, name: str, *needs: tuple[str, str, str], password: str = "") -> str:
        """A SCRAM user of a name made unique, with these ACLs; `passwords` has the password. Not for PLAIN."""
        user = f"{name}-{next(_numbers)}"
        self.set_password(user, password or f"{user}-secret")
        self.allow(user, *needs)
        return user

    def set_password(self, user: str, password: str) -> None:
        """Set a SCRAM user's password, for both mechanisms; returns when the broker knows it."""
        with closing(self.cluster.admin()) as admin:
            for mechanism in SCRAM:  # a request takes a user once
                failed = admin.alter_user_scram_credentials([UserScramCredentialUpsertion(user, mechanism, password)])
                assert failed == {user: None}, failed
        self.passwords[user] = password

    def allow(self, user: str, *needs: tuple[str, str, str]) -> None:
        """Add ACLs, each (operation, resource type, literal name or `*`): ("DESCRIBE", "TOPIC", "orders").

        As in `revoke`, the broker goes by them on return, which it does only a while after it has taken them.
        """
        self._acls(user, needs, "create_acls", there=True)

    def revoke(self, user: str, *needs: tuple[str, str, str]) -> None:
        """Remove ACLs."""
        self._acls(user, needs, "delete_acls", there=False)

    def _acls(self, user: str, needs: tuple[tuple[str, str, str], ...], action: str, *, there: bool) -> None:
        acls = [
            ACL(
                f"User:{user}",
                "*",
                ACLOperation[operation],
                ACLPermissionType.ALLOW,
                ResourcePattern(ResourceType[kind], name),
            )
            for operation, kind, name in needs
        ]
        if acls:
            with closing(self.cluster.admin()) as admin:
                getattr(admin, action)(acls)
                anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
                of_user = ACLFilter(f"User:{user}", None, ACLOperation.ANY, ACLPermissionType.ANY, anything)
                wait_until(
                    lambda: {each in admin.describe_acls(of_user)[0] for each in acls} == {there},
                    f"the broker goes by the ACLs of {user}",
                )

    # ---------------------------------------------------------------- ways in

    def bootstrap(self, listener: str = "SASL") -> str:
        """`127.0.0.1:port` of a listener."""
        return self.cluster.bootstrap_of(listener)

    def security(self, user: str = "watcher", listener: str = "SASL", **changes: Any) -> SecuritySettings:
        """How `user` logs in at a listener; `changes` replace settings, None takes one out."""
        settings: dict[str, Any] = {"protocol": LISTENERS[listener]}
        if listener != "ADMIN":
            settings["ssl_cafile"] = str(self.ca_file)
        if listener == "SASL":
            settings |= {"sasl_mechanism": SCRAM[0], "username": user, "password": self.passwords[user]}
        if listener == "MTLS":
            cert, key = self.certificate(user)
            settings |= {"ssl_certfile": str(cert), "ssl_keyfile": str(key)}
        if listener == "OAUTH":
            token = self.folder / f"{user}.token"
            token.write_text(unsigned_token(user))
            settings |= {"sasl_mechanism": "OAUTHBEARER", "oauth_token_file": str(token)}
        settings |= changes
        return SecuritySettings(**{key: value for key, value in settings.items() if value is not None})

    def settings(self, user: str = "watcher", listener: str = "SASL", **changes: Any) -> ClusterSettings:
        """Settings of kmon for `user` at a listener; `changes` replace those outside of `security`."""
        return settings_of(self.bootstrap(listener), **{"security": self.security(user, listener), **changes})

    @contextmanager
    def polling(self, user: str = "watcher", listener: str = "SASL", **changes: Any) -> Iterator[Poller]:
        """A Poller of `settings(…)`."""
        poller = Poller(self.settings(user, listener, **changes))
        try:
            yield poller
        finally:
            poller.close()

    def certificate(self, user: str) -> tuple[Path, Path]:
        """The files of a client's certificate and key, made anew; at MTLS its principal is User:`user`."""
        return self.authority.issue(user).write(self.folder, user)

    def client_properties(self, user: str = "admin", mechanism: str = SCRAM[0], name: str = "") -> Path:
        """A client.properties file for the listener SASL, as Kafka's tools take it by --command-config."""
        module = "plain.PlainLoginModule" if mechanism == "PLAIN" else "scram.ScramLoginModule"
        path = self.folder / f"{name or user}.properties"
        path.write_text(
            f"bootstrap.servers={self.bootstrap()}\n"
            "security.protocol=SASL_SSL\n"
            f"sasl.mechanism={mechanism}\n"
            f'sasl.jaas.config={_MODULES}.{module} required username="{user}" password="{self.passwords[user]}";\n'
            f"ssl.truststore.type=PEM\nssl.truststore.location={self.ca_file}\n"
        )
        return path

    def run_tool(self, main_class: str, *args: str, user: str = "admin") -> str:
        """Run one of Kafka's tools (`.AclCommand`, `.ConfigCommand`, …) as `user`; what it printed.

        It takes --bootstrap-server and --command-config; see Cluster.run_tool.
        """
        config = str(self.client_properties(user))
        server = ("--bootstrap-server", self.bootstrap())
        return self.cluster.run_tool(main_class, *server, "--command-config", config, *args)


def unsigned_token(user: str, *, seconds: float = 3600, **claims: object) -> str:
    """A JSON web token without a signature, as the listener OAUTH takes it; with `seconds` below 0 it has expired."""
    now = time.time()
    begin = now + min(0.0, seconds) - 1
    return (
        ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "none"}, {"sub": user, "iat": begin, "exp": now + seconds, **claims})
        )
        + "."
    )
