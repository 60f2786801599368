"""Settings of security towards the brokers: protocol, SASL, TLS, and secrets, which may live in files that change."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from monitor.settings.document import read_bytes
from monitor.settings.errors import SettingsError
from monitor.settings.values import FilePath, Frozen, Secret, Text, is_loopback

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"]

PASSWORD = ("username", "password")
ENDPOINT = ("oauth_token_endpoint", "oauth_client_id", "oauth_client_secret")
LOGIN = (*PASSWORD, "oauth_", "aws_")
SASL, TLS = ("sasl_", *LOGIN), ("ssl_",)
"""How the names of settings begin that are used together."""

ALTERNATIVES = (
    ("ssl_cafile", "ssl_ca_pem"),
    ("ssl_certfile", "ssl_cert_pem"),
    ("ssl_keyfile", "ssl_key_pem"),
    ("oauth_token_file", "oauth_token_endpoint"),
)


class FileSecret(SecretStr):
    """A secret that was read from `file`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(self.now())

    def now(self) -> str:
        """What the file holds now, without a newline at its end. Raises SettingsError when it cannot be read."""
        try:
            return re.sub(r"\r?\n\Z", "", read_bytes(self.file).decode())
        except UnicodeDecodeError:
            raise SettingsError(f"{self.file}: is not UTF-8") from None


def text_of(secret: SecretStr) -> str:
    """The secret as it is now. Raises SettingsError when its file cannot be read."""
    return secret.now() if isinstance(secret, FileSecret) else secret.get_secret_value()


def stamp_of(files: Iterable[str | Path]) -> tuple[tuple[int, ...] | None, ...]:
    """A value that changes when one of the files is written, replaced, removed or made."""
    return tuple(map(_stamp, files))


def _stamp(file: str | Path) -> tuple[int, ...] | None:
    try:
        status = Path(file).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def check_endpoint(url: str) -> str:
    match = re.fullmatch(r"(https?)://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:[0-9]{1,5})?(/[^\s?#]*)?(\?[^\s#]*)?", url)
    if match is None:
        raise ValueError("must be a URL e.g. https://idp.example.com/oauth2/token, without user name and password")
    if match[1] == "http" and not is_loopback(match[2].strip("[]")):
        raise ValueError("must start with https://, because the client secret is sent there")
    return url


def check_extensions(extensions: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in extensions.items():
        if not re.fullmatch(r"[A-Za-z]{1,255}", name) or name == "auth":
            raise ValueError("has a name that is not only letters, or is auth")
        if not re.fullmatch(r"[\x21-\x7e \t\r\n]{1,4096}", text):
            raise ValueError(f"{name}: contains a character that SASL does not allow")
    return extensions


class SecuritySettings(Frozen):
    """How kmon proves who it is to the brokers, and how it checks who they are."""

    protocol: Protocol = Field(default="PLAINTEXT", description="security.protocol of the brokers' listener")
    sasl_mechanism: Mechanism | None = Field(default=None, description="SASL mechanism")
    username: Text | None = Field(default=None, description="SASL user name")
    password: Secret | None = Field(default=None, description="SASL password")
    oauth_token_file: FilePath | None = Field(
        default=None, description="file with the token for OAUTHBEARER, read again for every login"
    )
    oauth_token_endpoint: Annotated[str, AfterValidator(check_endpoint)] | None = Field(
        default=None, description="URL that issues tokens for OAUTHBEARER, with client credentials"
    )
    oauth_client_id: Text | None = Field(default=None, description="client id for the token endpoint")
    oauth_client_secret: Secret | None = Field(default=None, description="client secret for the token endpoint")
    oauth_scope: Text | None = Field(default=None, description="scope to request tokens for")
    oauth_cafile: FilePath | None = Field(
        default=None,
        description="PEM file of the CAs that sign the token endpoint's certificate (default: the system's)",
    )
    oauth_extensions: Annotated[Mapping[str, str], AfterValidator(check_extensions)] = Field(
        default_factory=dict, description="SASL extensions to send with the token, e.g. logicalCluster"
    )
    aws_region: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]{3,40}$",
        description="region of the MSK cluster (default: from bootstrap_servers)",
    )
    ssl_cafile: FilePath | None = Field(
        default=None, description="PEM file of the CAs that sign the brokers' certificates (default: the system's)"
    )
    ssl_certfile: FilePath | None = Field(
        default=None, description="PEM file of kmon's certificate chain, with or without its key"
    )
    ssl_keyfile: FilePath | None = Field(default=None, description="PEM file of the key of that certificate")
    ssl_ca_pem: Text | None = Field(default=None, description="content of ssl_cafile, as a text")
    ssl_cert_pem: Text | None = Field(default=None, description="content of ssl_certfile, as a text")
    ssl_key_pem: Secret | None = Field(default=None, description="content of ssl_keyfile, as a text")
    ssl_key_password: Secret | None = Field(default=None, description="password of an encrypted key")
    check_hostname: bool = Field(
        default=True, description="check that a broker's certificate names the host kmon connects to"
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
        """A setting that would be ignored is refused: whoever writes a password believes that it protects."""
        sasl, tls = self._given(*SASL), self._given(*TLS)
        unused = ([] if self.sasl else sasl) + ([] if self.tls else tls)
        if self.sasl:
            self._check_login()
        if unused:
            better = "SASL_SSL" if self.sasl or sasl else "SSL"
            raise ValueError(f"protocol {self.protocol} does not use {', '.join(unused)}: set protocol to {better}")
        for one, other in ALTERNATIVES:
            if len(self._given(one, other)) == 2:
                raise ValueError(f"set {one} or {other}, not both")
        if self._given("ssl_keyfile", "ssl_key_pem") and not self._given("ssl_certfile", "ssl_cert_pem"):
            raise ValueError("a key needs its certificate: set ssl_certfile or ssl_cert_pem")
        return self

    def _check_login(self) -> None:
        mechanism = self.sasl_mechanism
        if mechanism is None:
            missing = [name for name in ("sasl_mechanism", *PASSWORD) if not self._given(name)]
            raise ValueError(f"protocol {self.protocol} needs {', '.join(missing)}")
        needs: tuple[str, ...] = PASSWORD
        takes: tuple[str, ...] = PASSWORD
        if mechanism == "OAUTHBEARER":
            if not self._given("oauth_token_file", *ENDPOINT):
                raise ValueError(f"OAUTHBEARER needs oauth_token_file, or {', '.join(ENDPOINT)}")
            needs, takes = () if self.oauth_token_file else ENDPOINT, ("oauth_",)
        if mechanism == "AWS_MSK_IAM":
            needs, takes = (), ("aws_",)
            if not self.tls:
                raise ValueError("AWS_MSK_IAM needs protocol SASL_SSL")
        if missing := [name for name in needs if not self._given(name)]:
            raise ValueError(f"sasl_mechanism {mechanism} needs {', '.join(missing)}")
        if unused := [name for name in self._given(*LOGIN) if not name.startswith(takes)]:
            raise ValueError(f"sasl_mechanism {mechanism} does not use {', '.join(unused)}")

    def _given(self, *prefixes: str) -> list[str]:
        """The settings of these names, or with these beginnings of names, that have a value."""
        return [name for name, value in self if name.startswith(prefixes) and value not in (None, {})]

    def stamp(self) -> object:
        """A value that changes when a file changes that the client's options are read from."""
        secrets = (self.password, self.oauth_client_secret, self.ssl_key_pem, self.ssl_key_password)
        files = [self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile, self.oauth_cafile]
        files += [str(secret.file) for secret in secrets if isinstance(secret, FileSecret)]
        return stamp_of(filter(None, files))
