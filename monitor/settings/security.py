"""Settings of security towards the brokers: protocol, SASL and TLS, and the ssl.SSLContext made of them."""

from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from monitor.settings.values import Frozen

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

SASL_FIELDS = ("sasl_mechanism", "username", "password")
TLS_FIELDS = (
    "ssl_cafile",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_ca_pem",
    "ssl_cert_pem",
    "ssl_key_pem",
    "ssl_key_password",
)


class SecuritySettings(Frozen):
    """How kmon proves who it is to the brokers, and how it checks who they are."""

    protocol: Protocol = Field(default="PLAINTEXT", description="security.protocol of the brokers' listener")
    sasl_mechanism: Mechanism | None = Field(default=None, description="SASL mechanism")
    username: str | None = Field(default=None, min_length=1, description="SASL user name")
    password: SecretStr | None = Field(default=None, min_length=1, description="SASL password")
    ssl_cafile: str | None = Field(
        default=None,
        min_length=1,
        description="PEM file of the authorities that sign the brokers' certificates; without it the system's own",
    )
    ssl_certfile: str | None = Field(
        default=None,
        min_length=1,
        description="PEM file of kmon's own certificate chain, which may hold the key too",
    )
    ssl_keyfile: str | None = Field(default=None, min_length=1, description="PEM file of the key of that certificate")
    ssl_ca_pem: str | None = Field(default=None, min_length=1, description="what ssl_cafile would hold, written here")
    ssl_cert_pem: str | None = Field(
        default=None, min_length=1, description="what ssl_certfile would hold, written here"
    )
    ssl_key_pem: SecretStr | None = Field(
        default=None, min_length=1, description="what ssl_keyfile would hold, written here"
    )
    ssl_key_password: SecretStr | None = Field(default=None, min_length=1, description="password of an encrypted key")
    check_hostname: bool = Field(
        default=True, description="whether a broker's certificate must name the host kmon connects to"
    )

    @property
    def sasl(self) -> bool:
        """Whether connections authenticate by SASL."""
        return self.protocol.startswith("SASL_")

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.protocol.endswith("SSL")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """A setting that the protocol would ignore is refused: who writes a password believes that it protects."""
        missing = [name for name in SASL_FIELDS if self.sasl and getattr(self, name) is None]
        if missing:
            raise ValueError(f"protocol {self.protocol} needs {', '.join(missing)}")
        idle = [name for name in SASL_FIELDS if not self.sasl and getattr(self, name) is not None]
        idle += [name for name in TLS_FIELDS if not self.tls and getattr(self, name) is not None]
        if idle:
            better = ("SASL_" if self.sasl or set(idle) & set(SASL_FIELDS) else "") + (
                "SSL" if self.tls or set(idle) & set(TLS_FIELDS) else "PLAINTEXT"
            )
            raise ValueError(f"protocol {self.protocol} would not use {', '.join(idle)}: set protocol to {better}")
        for one, other in (
            ("ssl_cafile", "ssl_ca_pem"),
            ("ssl_certfile", "ssl_cert_pem"),
            ("ssl_keyfile", "ssl_key_pem"),
        ):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise ValueError(f"give {one} or {other}, not both")
        key = self.ssl_keyfile or self.ssl_key_pem
        if key and not (self.ssl_certfile or self.ssl_cert_pem):
            raise ValueError("a key is given without its certificate: ssl_certfile or ssl_cert_pem")
        return self

    def client_options(self) -> dict[str, Any]:
        """Options of kafka-python's KafkaConnectionManager; SettingsError when a PEM file cannot be used."""
        from monitor.settings.tls import make_context  # noqa: PLC0415 - ssl takes 20 ms to import and few need it

        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self.sasl:
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password.get_secret_value() if self.password else None,
            }
        if self.tls:
            options |= {"ssl_context": make_context(self), "ssl_check_hostname": self.check_hostname}
        return options
