"""Reads Kafka's own client.properties, as the Kafka tools take it by --command-config, into settings of a context."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args
from urllib.parse import unquote, urlsplit

from monitor.settings.document import read_bytes
from monitor.settings.errors import SettingsError
from monitor.settings.jaas import Login, parse_jaas
from monitor.settings.properties import parse_properties
from monitor.settings.raw_values import Given, named
from monitor.settings.security import Mechanism


@dataclass(frozen=True)
class Known:
    """A property that kmon reads: the key that it sets, empty where it takes more than a change of its text."""

    key: str = ""
    change: Callable[[str], str] = str
    secret: bool = False


SECURITY = ("security.", "sasl.", "ssl.")
JAAS = "sasl.jaas.config"
TOKEN_URL = "sasl.oauthbearer.token.endpoint.url"  # noqa: S105 - the name of a property
IDENTIFICATION = "ssl.endpoint.identification.algorithm"


def _milliseconds(text: str) -> str:
    """A number of milliseconds as the settings write it. Raises ValueError."""
    if not re.fullmatch(r"[0-9]+", text):
        raise ValueError("is not a whole number: write milliseconds without a unit, e.g. 30000")
    return f"{text}ms"


PROPERTIES = {
    "bootstrap.servers": Known("bootstrap_servers"),
    "client.id": Known("client_id"),
    "request.timeout.ms": Known("request_timeout", _milliseconds),
    "security.protocol": Known("protocol", str.upper),
    "sasl.mechanism": Known("sasl_mechanism"),
    JAAS: Known(secret=True),
    TOKEN_URL: Known(),
    "sasl.oauthbearer.client.credentials.client.id": Known("oauth_client_id"),
    "sasl.oauthbearer.client.credentials.client.secret": Known("oauth_client_secret", secret=True),
    "sasl.oauthbearer.scope": Known("oauth_scope"),
    "ssl.truststore.certificates": Known("ssl_ca_pem"),
    "ssl.truststore.location": Known(),
    "ssl.truststore.type": Known(),
    "ssl.keystore.certificate.chain": Known("ssl_cert_pem"),
    "ssl.keystore.key": Known("ssl_key_pem", secret=True),
    "ssl.keystore.location": Known(),
    "ssl.keystore.type": Known(),
    "ssl.key.password": Known("ssl_key_password", secret=True),
    IDENTIFICATION: Known(),
}
CALLBACKS = ("sasl.login.callback.handler.class", "sasl.client.callback.handler.class")
KNOWN_CALLBACKS = ("org.apache.kafka.", "software.amazon.msk.")
"""How the names of Java classes begin that do what kmon does by itself."""

_LOGIN = 'sasl.jaas.config=…LoginModule required username="…" password="…";'
LIBRDKAFKA = {
    "metadata.broker.list": "bootstrap.servers",
    "sasl.mechanisms": "sasl.mechanism",
    "sasl.username": _LOGIN,
    "sasl.password": _LOGIN,
    "ssl.ca.location": "ssl.truststore.location, and ssl.truststore.type=PEM",
    "ssl.ca.pem": "ssl.truststore.certificates",
    "ssl.certificate.location": "ssl.keystore.location with certificate and key, and ssl.keystore.type=PEM",
    "ssl.certificate.pem": "ssl.keystore.certificate.chain",
    "ssl.key.location": "ssl.keystore.location with certificate and key, and ssl.keystore.type=PEM",
    "ssl.key.pem": "ssl.keystore.key",
}
"""Properties of librdkafka about where and how to log in, and what Kafka's own clients have instead."""

IDENTITY = re.compile(r"tokenauth|aws(?!DebugCreds|MaxRetries|MaxBackOffTimeMs)")
"""Options of the login modules that decide who logs in: without them it would be somebody else."""

STORES = {"ssl.truststore": "ssl_cafile", "ssl.keystore": "ssl_certfile"}

PASSWORD_OPTIONS = {"username": "username", "password": "password"}
OAUTH_OPTIONS = {"clientId": "oauth_client_id", "clientSecret": "oauth_client_secret", "scope": "oauth_scope"}
"""Options of the login modules, and the keys that they set."""

EXTENSION = "extension_"
"""What the options that are SASL extensions begin with."""


class ClientProperties:
    """A client.properties file as settings of a context, `given`.

    `problems` are lines, each behind whether it is about the login, `notes` are lines, and `secrets` the places of
    secrets. Raises SettingsError when the file cannot be read at all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.properties = parse_properties(read_bytes(path), str(path))
        self.problems: list[tuple[bool, str]] = []
        self.notes: list[str] = []
        self.secrets: list[str] = []
        self.protocol = (self.text("security.protocol") or "PLAINTEXT").upper()
        self.mechanism = self.text("sasl.mechanism")
        self.context: dict[str, Given] = {}
        self.security: dict[str, Given] = {}
        self.given = Given(self.context, str(path))
        for key, each in self.properties.items():
            if key in PROPERTIES:
                self.take(key, PROPERTIES[key])
            elif key in LIBRDKAFKA:
                self.report(key, f"is a property of librdkafka: write {LIBRDKAFKA[key]}")
            elif key not in CALLBACKS or not each.value.strip().startswith(KNOWN_CALLBACKS):
                self.notes.append(f"{self.path}:{each.line}: {named(key)}: is not used by kmon")
        if self.protocol.startswith("SASL_"):
            self.sasl()
        if self.protocol.endswith("SSL"):
            self.tls()
        if self.security:
            self.context["security"] = Given(self.security, str(path))

    def take(self, key: str, known: Known) -> None:
        if re.search(r"\$\{\w+:", self.properties[key].value):
            self.report(key, "refers to a config provider (${…:…}), which kmon does not support: write the value")
        if known.secret:
            self.secrets.append(self.label(key))
        if unused := self.unused_with(key):
            self.notes.append(f"{self.label(key)}: is not used with {unused}")
        elif known.key:
            try:
                self.give(key, known.key, known.change(self.text(key) or ""))
            except ValueError as error:
                self.report(key, str(error))

    def unused_with(self, key: str) -> str:
        """The property for which this one is not used, empty where it is used."""
        if (key.startswith("sasl.") and not self.protocol.startswith("SASL_")) or (
            key.startswith("ssl.") and not self.protocol.endswith("SSL")
        ):
            return f"security.protocol {self.protocol}"
        oauth = key.startswith("sasl.oauthbearer.") and self.mechanism not in (None, "OAUTHBEARER")
        return f"sasl.mechanism {self.mechanism}" if oauth else ""

    def text(self, key: str) -> str | None:
        """A property, None where it is not set, without the blanks around it that Kafka drops of all but passwords."""
        each = self.properties.get(key)
        return None if each is None else each.value if PROPERTIES[key].secret else each.value.strip()

    def place(self, key: str) -> str:
        return f"{self.path}:{self.properties[key].line}" if key in self.properties else str(self.path)

    def label(self, key: str) -> str:
        return f"{self.place(key)}: {key}"

    def give(self, key: str, name: str, value: str | dict[str, Given]) -> None:
        (self.security if key.startswith(SECURITY) else self.context)[name] = Given(value, self.place(key), key)

    def report(self, key: str, text: str) -> None:
        self.problems.append((key.startswith(SECURITY), f"{self.label(key)}: {text}"))

    def sasl(self) -> None:
        if self.mechanism is None:
            supported = ", ".join(get_args(Mechanism))
            self.report("sasl.mechanism", f"is missing, which means GSSAPI; kmon supports {supported}")
        if self.mechanism == "OAUTHBEARER":
            self.token_url()
        config = self.text(JAAS)
        if config is None:
            if self.mechanism not in ("OAUTHBEARER", "AWS_MSK_IAM"):
                self.report(JAAS, "is missing: it contains the user name and password")
            return
        try:
            login = parse_jaas(config)
        except ValueError as error:
            self.report(JAAS, str(error))
            return
        if self.mechanism is not None and self.mechanism not in login.mechanisms:
            modules = ", ".join(login.mechanisms)
            self.report(JAAS, f"its login module is for {modules}, not for this sasl.mechanism")
        self.login(login)

    def login(self, login: Login) -> None:
        oauth = login.mechanisms == ("OAUTHBEARER",)
        keys = PASSWORD_OPTIONS if login.takes_password else OAUTH_OPTIONS if oauth else {}
        extensions: dict[str, Given] = {}
        for option, text in login.options.items():
            if option in keys:
                self.give(JAAS, keys[option], text)
            elif option.startswith(EXTENSION):
                extensions[option.removeprefix(EXTENSION)] = Given(text, self.place(JAAS))
            elif IDENTITY.match(option):
                how = "set AWS_PROFILE to a profile that has it" if option.startswith("aws") else "log in without it"
                self.report(
                    JAAS, f"{named(option)}: is not supported by kmon, which would log in as another user: {how}"
                )
            else:
                self.notes.append(f"{self.label(JAAS)}: {named(option)}: is not used by kmon")
        if oauth and extensions:
            self.give(JAAS, "oauth_extensions", extensions)

    def token_url(self) -> None:
        url = self.text(TOKEN_URL)
        if url is None:
            self.report(TOKEN_URL, "is missing: the URL that issues tokens, or file:///… of a token")
        elif url.startswith("file:"):
            self.give(TOKEN_URL, "oauth_token_file", unquote(urlsplit(url).path))
        else:
            self.give(TOKEN_URL, "oauth_token_endpoint", url)

    def tls(self) -> None:
        for store, name in STORES.items():
            location, kind = self.text(f"{store}.location"), (self.text(f"{store}.type") or "JKS").upper()
            if location is not None and kind == "PEM":
                self.give(f"{store}.location", name, location)
            elif location is not None:
                pem = _is_pem(Path(location))
                self.report(f"{store}.location", f"is PEM: set {store}.type=PEM" if pem else store_help(store, kind))
        algorithm = self.text(IDENTIFICATION)
        if algorithm is not None and algorithm.lower() not in ("", "https"):
            self.report(IDENTIFICATION, "must be https, or empty for no check of the host name")
        elif algorithm is not None:
            self.give(IDENTIFICATION, "check_hostname", str(bool(algorithm)).lower())


def _is_pem(path: Path) -> bool:
    try:
        return b"-----BEGIN " in read_bytes(path)
    except SettingsError:
        return False


def store_help(store: str, kind: str) -> str:
    """How to turn a Java store into the PEM file that kmon reads."""
    found = f"{store}.type is {kind}" if kind in ("JKS", "PKCS12") else f"{store}.type is unknown"
    steps = []
    if kind != "PKCS12":
        steps.append("keytool -importkeystore -srckeystore STORE -destkeystore store.p12 -deststoretype PKCS12")
    source = "STORE" if kind == "PKCS12" else "store.p12"
    steps.append(f"openssl pkcs12 -in {source} -out store.pem" + (" -nokeys" if store.endswith("truststore") else ""))
    return f"{found} and kmon reads PEM: run {', then '.join(steps)}, set {store}.location to it, {store}.type to PEM"
