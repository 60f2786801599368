"""Reads Kafka's own client.properties, as the Kafka tools take it by --command-config, into settings of a context."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from urllib.parse import unquote, urlsplit

from monitor.settings.document import read_bytes
from monitor.settings.errors import SettingsError
from monitor.settings.jaas import Login, parse_jaas
from monitor.settings.properties import PropertiesError, Property, parse_properties
from monitor.settings.raw_values import Given
from monitor.settings.security import Mechanism

MECHANISMS: tuple[str, ...] = get_args(Mechanism)

SECRETS = (
    "sasl.jaas.config",
    "sasl.oauthbearer.client.credentials.client.secret",
    "ssl.key.password",
    "ssl.keystore.key",
)
PLAIN_KEYS = {
    "bootstrap.servers": "bootstrap_servers",
    "client.id": "client_id",
}
SECURITY_KEYS = {
    "ssl.truststore.certificates": "ssl_ca_pem",
    "ssl.keystore.certificate.chain": "ssl_cert_pem",
    "ssl.keystore.key": "ssl_key_pem",
    "ssl.key.password": "ssl_key_password",
}
OAUTH_KEYS = {
    "sasl.oauthbearer.client.credentials.client.id": "oauth_client_id",
    "sasl.oauthbearer.client.credentials.client.secret": "oauth_client_secret",
    "sasl.oauthbearer.scope": "oauth_scope",
}
OAUTH_OPTIONS = {"clientId": "oauth_client_id", "clientSecret": "oauth_client_secret", "scope": "oauth_scope"}
"""Options of OAuthBearerLoginModule."""

EXTENSION = "extension_"
"""What the options that are SASL extensions begin with."""

CALLBACKS = ("sasl.login.callback.handler.class", "sasl.client.callback.handler.class")
"""Name Java classes for what kmon does by itself."""

STORES = {"ssl.truststore": "ssl_cafile", "ssl.keystore": "ssl_certfile"}
READ = (
    *PLAIN_KEYS,
    *SECURITY_KEYS,
    *(f"{store}.{what}" for store in STORES for what in ("location", "type")),
    "security.protocol",
    "sasl.mechanism",
    "sasl.jaas.config",
    *OAUTH_KEYS,
    "sasl.oauthbearer.token.endpoint.url",
    "ssl.endpoint.identification.algorithm",
    "request.timeout.ms",
)


@dataclass
class ClientProperties:
    """A client.properties file as settings of a context, with what is wrong and what is worth knowing, a line each."""

    given: Given
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)


def read_client_properties(path: Path) -> ClientProperties:
    """The settings in a client.properties file. Raises SettingsError when it cannot be read at all."""
    data = read_bytes(path)
    if b"\0" in data:
        raise SettingsError(f"{path}: is binary, not a properties file")
    try:
        properties = parse_properties(data)
    except PropertiesError as error:
        raise SettingsError(f"{path}:{error.line}: {error}") from None
    return _Mapping(path, properties).result()


class _Mapping:
    """Maps one file's properties to settings."""

    def __init__(self, path: Path, properties: dict[str, Property]) -> None:
        self.path = path
        self.properties = properties
        self.read = ClientProperties(Given({}, str(path)))
        self.context: dict[str, Given] = {}
        self.security: dict[str, Given] = {}

    def result(self) -> ClientProperties:
        for key, each in self.properties.items():
            if key not in READ and key not in CALLBACKS:
                name = key if re.fullmatch(r"[\w.-]{1,80}", key, re.ASCII) else "…"
                self.read.notes.append(f"{self.path}:{each.line}: {name}: is not used by kmon")
            elif re.search(r"\$\{\w+:", each.value):
                self.complain(key, "refers to a config provider (${…:…}), which kmon does not have: write the value")
            if key in SECRETS:
                self.read.secrets.append(self.label(key))
        for key, name in PLAIN_KEYS.items():
            self.take(key, name, self.context)
        self.take("request.timeout.ms", "request_timeout", self.context, lambda text: f"{text}ms")
        protocol = self.take("security.protocol", "protocol", self.security, str.upper) or "PLAINTEXT"
        self.unused("SASL_", protocol, "sasl.")
        self.unused("SSL", protocol, "ssl.")
        if protocol.startswith("SASL_"):
            self.sasl()
        if protocol.endswith("SSL"):
            self.tls()
        if self.security:
            self.context["security"] = Given(self.security, str(self.path))
        self.read.given = Given(self.context, str(self.path))
        return self.read

    def text(self, key: str) -> str | None:
        """A property, None where it is not set, without the blanks around it that Kafka drops of all but passwords."""
        each = self.properties.get(key)
        return None if each is None else each.value if key in SECRETS else each.value.strip()

    def label(self, key: str) -> str:
        return f"{self.path}:{self.properties[key].line}: {key}" if key in self.properties else f"{self.path}: {key}"

    def path_of(self, key: str) -> str:
        return f"{self.path}:{self.properties[key].line}"

    def give(self, key: str, name: str, into: dict[str, Given], text: str) -> None:
        into[name] = Given(text, self.path_of(key), key)

    def take(self, key: str, name: str, into: dict[str, Given], change: Callable[[str], str] = str) -> str | None:
        text = self.text(key)
        if text is None:
            return None
        self.give(key, name, into, change(text))
        return change(text)

    def complain(self, key: str, text: str) -> None:
        self.read.problems.append(f"{self.label(key)}: {text}")

    def unused(self, part: str, protocol: str, prefix: str) -> None:
        for key in READ if part not in protocol.replace("SASL_SSL", "SASL_ SSL") else ():
            if key.startswith(prefix) and key in self.properties:
                self.read.notes.append(f"{self.label(key)}: is not used with security.protocol {protocol}")

    def sasl(self) -> None:
        mechanism = self.take("sasl.mechanism", "sasl_mechanism", self.security)
        if mechanism is None:
            self.complain("sasl.mechanism", "is missing, which means GSSAPI; kmon supports " + ", ".join(MECHANISMS))
        if mechanism == "OAUTHBEARER":
            self.oauth()
        config = self.text("sasl.jaas.config")
        if config is None:
            if mechanism not in ("OAUTHBEARER", "AWS_MSK_IAM"):
                self.complain("sasl.jaas.config", "is missing: it holds user name and password")
            return
        try:
            login = parse_jaas(config)
        except ValueError as error:
            self.complain("sasl.jaas.config", str(error))
            return
        if mechanism is not None and mechanism not in login.mechanisms:
            self.complain(
                "sasl.jaas.config",
                f"its login module is for {', '.join(login.mechanisms)}, not for this sasl.mechanism",
            )
        self.login(login)

    def login(self, login: Login) -> None:
        names: Mapping[str, str] = {}
        if login.takes_password:
            names = {"username": "username", "password": "password"}
        elif login.mechanisms == ("OAUTHBEARER",):
            names = OAUTH_OPTIONS
            extensions = {
                name.removeprefix(EXTENSION): Given(text, self.path_of("sasl.jaas.config"))
                for name, text in login.options.items()
                if name.startswith(EXTENSION)
            }
            if extensions:
                where = self.path_of("sasl.jaas.config")
                self.security["oauth_extensions"] = Given(extensions, where, "sasl.jaas.config")
        for option, text in login.options.items():
            if option in names:
                self.give("sasl.jaas.config", names[option], self.security, text)
            elif not option.startswith(EXTENSION):
                name = option if re.fullmatch(r"[\w.-]{1,80}", option, re.ASCII) else "…"
                self.read.notes.append(f"{self.label('sasl.jaas.config')}: {name}: is not used by kmon")

    def oauth(self) -> None:
        for key, name in OAUTH_KEYS.items():
            self.take(key, name, self.security)
        key = "sasl.oauthbearer.token.endpoint.url"
        url = self.text(key)
        if url is None:
            self.complain(key, "is missing: the URL where tokens are fetched, or file:///… of a token")
        elif url.startswith("file:"):
            self.give(key, "oauth_token_file", self.security, unquote(urlsplit(url).path))
        else:
            self.give(key, "oauth_token_endpoint", self.security, url)

    def tls(self) -> None:
        for key, name in SECURITY_KEYS.items():
            self.take(key, name, self.security)
        for store, name in STORES.items():
            location, kind = self.text(f"{store}.location"), (self.text(f"{store}.type") or "JKS").upper()
            if location is None:
                continue
            if kind == "PEM":
                self.give(f"{store}.location", name, self.security, location)
            else:
                self.complain(f"{store}.location", store_help(store, kind))
        algorithm = self.text("ssl.endpoint.identification.algorithm")
        if algorithm is not None and algorithm.lower() not in ("", "https"):
            self.complain(
                "ssl.endpoint.identification.algorithm", "must be https, or empty for no check of the host name"
            )
        elif algorithm is not None:
            self.give(
                "ssl.endpoint.identification.algorithm", "check_hostname", self.security, str(bool(algorithm)).lower()
            )


def store_help(store: str, kind: str) -> str:
    """How to turn a Java store into the PEM file that kmon reads."""
    named = f"{store}.type is {kind}" if kind in ("JKS", "PKCS12") else f"{store}.type is unknown"
    steps = []
    if kind != "PKCS12":
        steps.append("keytool -importkeystore -srckeystore STORE -destkeystore store.p12 -deststoretype PKCS12")
    source = "STORE" if kind == "PKCS12" else "store.p12"
    steps.append(f"openssl pkcs12 -in {source} -out store.pem" + (" -nokeys" if store.endswith("truststore") else ""))
    return f"{named} and kmon reads PEM: run {', then '.join(steps)}, set {store}.location to it, {store}.type to PEM"
