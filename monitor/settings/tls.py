"""TLS towards the brokers: one ssl.SSLContext from PEM files or texts; an unusable one is named, with the reason."""

import os
import re
import ssl
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.settings.errors import SettingsError
from monitor.settings.security import SecuritySettings, text_of

JKS_HELP = (
    "is a Java keystore (JKS); kmon reads PEM. Convert it: keytool -importkeystore -srckeystore FILE -destkeystore "
    "store.p12 -deststoretype PKCS12, then openssl pkcs12 -in store.p12 -out store.pem"
)
PKCS12_HELP = "is PKCS12 or DER; kmon reads PEM. Convert it: openssl pkcs12 -in FILE -out store.pem"


def make_context(security: SecuritySettings) -> ssl.SSLContext:
    """A client context that verifies the broker, as these settings say.

    Raises SettingsError that names the file and why it cannot be used.
    """
    context = authorities(security.ssl_cafile, security.ssl_ca_pem)
    context.check_hostname = security.check_hostname
    if security.ssl_certfile or security.ssl_cert_pem:
        _load_chain(context, security)
    return context


def authorities(cafile: str | None, ca_pem: str | None = None) -> ssl.SSLContext:
    """A client context that trusts these authorities, or else the system's own. Raises SettingsError as above."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cafile or ca_pem:
        where = cafile or "ssl_ca_pem"
        try:
            context.load_verify_locations(cadata=_wrap(ca_pem) if ca_pem else _pem(where))
        except (ssl.SSLError, ValueError) as error:
            raise SettingsError(f"{where}: does not contain a usable PEM certificate: {_reason(error)}") from None
    else:
        context.load_default_certs()
    return context


def _load_chain(context: ssl.SSLContext, security: SecuritySettings) -> None:
    cert_where = security.ssl_certfile or "ssl_cert_pem"
    key_where = security.ssl_keyfile or ("ssl_key_pem" if security.ssl_key_pem else cert_where)
    cert = _wrap(security.ssl_cert_pem) if security.ssl_cert_pem else _pem(cert_where)
    key = _wrap(text_of(security.ssl_key_pem)) if security.ssl_key_pem else None
    if security.ssl_keyfile:
        key = _pem(security.ssl_keyfile)
    key_password = text_of(security.ssl_key_password) if security.ssl_key_password else ""
    asked = False

    def password() -> str:
        # Without a callback OpenSSL would ask on the terminal.
        nonlocal asked
        asked = True
        return key_password

    try:
        with _file_of(cert + "\n" + (key or "")) as path:
            context.load_cert_chain(path, password=password)
    except (ssl.SSLError, OSError, ValueError) as error:
        if asked and security.ssl_key_password is None:
            raise SettingsError(f"{key_where}: the key is encrypted: set ssl_key_password") from None
        if asked:
            raise SettingsError(f"{key_where}: ssl_key_password does not decrypt the key") from None
        raise SettingsError(f"{cert_where}: not a usable certificate and key ({key_where}): {_reason(error)}") from None


def _pem(path: str) -> str:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{path!r}: {error}") from None
    if data[:4] in (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"):
        raise SettingsError(f"{path}: {JKS_HELP}")
    if b"-----BEGIN " not in data:
        what = PKCS12_HELP if data[:1] == b"\x30" else "is not PEM: it has no line -----BEGIN …-----"
        raise SettingsError(f"{path}: {what}")
    return data.decode("ascii", "ignore")


def _wrap(pem: str) -> str:
    """PEM with its lines restored: Kafka too takes it in one line, where the settings are lines themselves."""

    def block(match: re.Match[str]) -> str:
        body = textwrap.fill("".join(match[2].split()), 64)
        return f"-----BEGIN {match[1]}-----\n{body}\n-----END {match[1]}-----\n"

    return re.sub(r"-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----", block, pem)


@contextmanager
def _file_of(text: str) -> Iterator[str]:
    """A file only this user can read, while OpenSSL reads it: the ssl module takes a chain from files alone."""
    descriptor, path = tempfile.mkstemp(prefix="kmon-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        yield path
    finally:
        Path(path).unlink()


def _reason(error: Exception) -> str:
    """What OpenSSL says, without its source lines."""
    reason = getattr(error, "reason", None) or str(error)
    return str(reason).replace("_", " ").lower()
