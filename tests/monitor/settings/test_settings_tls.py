"""TLS towards the brokers: real handshakes in memory, and unusable files named with their reason."""

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pems
import pytest
from pydantic import SecretStr

from monitor.settings import load
from monitor.settings.client_options import client_options, security_options
from monitor.settings.errors import SettingsError
from monitor.settings.model import ClusterSettings
from monitor.settings.security import SecuritySettings


def shake_hands(
    client_context: ssl.SSLContext, folder: Path, *, host: str, ask_certificate: bool = False
) -> dict[str, Any] | None:
    """A handshake with a server that has the test certificate; the answer is the client's certificate as it sees it."""
    chain = folder / "server.pem"
    chain.write_text(pems.CERT + pems.KEY)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(chain)
    if ask_certificate:
        server_context.verify_mode = ssl.CERT_REQUIRED
        server_context.load_verify_locations(cadata=pems.CA)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(6):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return server.getpeercert()


def context_of(**security: Any) -> ssl.SSLContext:
    options = security_options(SecuritySettings(protocol="SSL", **security))
    context = options["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    return context


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    named = {
        "ca": pems.CA,
        "cert": pems.CERT,
        "key": pems.KEY,
        "encrypted": pems.ENCRYPTED_KEY,
        "both": pems.CERT + pems.KEY,
    }
    for name, text in named.items():
        (tmp_path / f"{name}.pem").write_text(text)
    return {name: str(tmp_path / f"{name}.pem") for name in named}


def test_a_broker_of_the_named_authority_is_trusted(tmp_path: Path, files: dict[str, str]) -> None:
    shake_hands(context_of(ssl_cafile=files["ca"]), tmp_path, host=pems.HOST)


@pytest.mark.parametrize("pem", [pems.CA, pems.CA.replace("\n", " "), "some words\n" + pems.CA])
def test_an_authority_may_stand_in_the_settings_also_in_one_line(tmp_path: Path, pem: str) -> None:
    shake_hands(context_of(ssl_ca_pem=pem), tmp_path, host=pems.HOST)


def test_a_stranger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(context_of(), tmp_path, host=pems.HOST)


def test_another_host_name_is_refused_unless_the_check_is_off(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(context_of(ssl_cafile=files["ca"]), tmp_path, host="other.test")
    shake_hands(context_of(ssl_cafile=files["ca"], check_hostname=False), tmp_path, host="other.test")


@pytest.mark.parametrize(
    "names",
    [
        {"ssl_certfile": "cert", "ssl_keyfile": "key"},
        {"ssl_certfile": "both"},
        {"ssl_certfile": "cert", "ssl_keyfile": "encrypted"},
    ],
)
def test_kmon_shows_its_own_certificate_from_files(
    tmp_path: Path, files: dict[str, str], names: dict[str, str]
) -> None:
    own: dict[str, Any] = {key: files[name] for key, name in names.items()}
    if "encrypted" in names.values():
        own["ssl_key_password"] = pems.KEY_PASSWORD
    seen = shake_hands(context_of(ssl_cafile=files["ca"], **own), tmp_path, host=pems.HOST, ask_certificate=True)
    assert seen is not None
    assert ("DNS", pems.HOST) in seen["subjectAltName"]


def test_kmon_shows_its_own_certificate_from_texts(tmp_path: Path) -> None:
    own = {"ssl_cert_pem": pems.CERT.replace("\n", " "), "ssl_key_pem": pems.KEY.replace("\n", " ")}
    assert shake_hands(context_of(ssl_ca_pem=pems.CA, **own), tmp_path, host=pems.HOST, ask_certificate=True)


def test_the_temporary_key_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    context_of(ssl_cert_pem=pems.CERT, ssl_key_pem=pems.KEY)
    with pytest.raises(SettingsError):
        context_of(ssl_cert_pem=pems.CERT, ssl_key_pem="junk")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("security", "problem"),
    [
        ({"ssl_cafile": "{}/none.pem"}, "{}/none.pem: cannot be read: No such file or directory"),
        ({"ssl_cafile": "{}"}, "{}: cannot be read: Is a directory"),
        ({"ssl_cafile": "{}/words"}, "{}/words: is not PEM: it has no line -----BEGIN …-----"),
        ({"ssl_cafile": "{}/jks"}, "{}/jks: is a Java keystore (JKS); kmon reads PEM. Convert it: keytool"),
        ({"ssl_certfile": "{}/der"}, "{}/der: is PKCS12 or DER; kmon reads PEM. Convert it: openssl pkcs12"),
        ({"ssl_cafile": "{}/key.pem"}, "{}/key.pem: does not contain a usable PEM certificate"),
        ({"ssl_certfile": "{}/cert.pem"}, "{}/cert.pem: not a usable certificate and key ({}/cert.pem)"),
        ({"ssl_certfile": "{}/key.pem"}, "{}/key.pem: not a usable certificate and key"),
        (
            {"ssl_certfile": "{}/cert.pem", "ssl_keyfile": "{}/encrypted.pem"},
            "{}/encrypted.pem: the key is encrypted: set ssl_key_password",
        ),
        (
            {"ssl_certfile": "{}/cert.pem", "ssl_keyfile": "{}/encrypted.pem", "ssl_key_password": "wrong-word"},
            "{}/encrypted.pem: ssl_key_password does not decrypt the key",
        ),
        (
            {"ssl_ca_pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
            "ssl_ca_pem: does not contain a usable PEM certificate",
        ),
    ],
)
@pytest.mark.usefixtures("files")
def test_an_unusable_file_is_named_with_the_reason(tmp_path: Path, security: dict[str, str], problem: str) -> None:
    (tmp_path / "words").write_text("just words")
    (tmp_path / "jks").write_bytes(b"\xfe\xed\xfe\xed\x00\x00\x00\x02")
    (tmp_path / "der").write_bytes(b"\x30\x82\x03\xff\x02")
    with pytest.raises(SettingsError) as caught:
        context_of(**{key: value.format(tmp_path) for key, value in security.items()})
    (line,) = caught.value.problems
    assert line.startswith(problem.format(tmp_path, tmp_path))
    assert "wrong-word" not in line


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl program")
def test_a_real_pkcs12_file_is_recognised(tmp_path: Path, files: dict[str, str]) -> None:
    store = tmp_path / "store.p12"
    subprocess.run(
        ["openssl", "pkcs12", "-export", "-in", files["both"], "-passout", "pass:x", "-out", str(store)],
        check=True,
        capture_output=True,
    )
    with pytest.raises(SettingsError, match="is PKCS12 or DER"):
        context_of(ssl_cafile=str(store))


def test_client_properties_take_pem_stores_and_texts(tmp_path: Path, files: dict[str, str]) -> None:
    path = tmp_path / "client.properties"
    inline = pems.CA.replace("\n", "\\n\\\n  ")
    path.write_text(
        f"bootstrap.servers=a:1\nsecurity.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.certificates={inline}\n"
        f"ssl.keystore.type=PEM\nssl.keystore.location={files['both']}\n"
    )
    cluster: ClusterSettings = load(None, {}, command_config=path).settings.cluster
    assert shake_hands(client_options(cluster)["ssl_context"], tmp_path, host=pems.HOST, ask_certificate=True)


def test_plaintext_needs_no_context() -> None:
    assert security_options(SecuritySettings()) == {"security_protocol": "PLAINTEXT"}


def test_every_option_is_one_that_the_kafka_client_has(files: dict[str, str]) -> None:
    from kafka.net.manager import KafkaConnectionManager

    security = SecuritySettings(
        protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        username="u",
        password=SecretStr("p"),
        ssl_cafile=files["ca"],
    )
    options = client_options(ClusterSettings(bootstrap_servers=("a:1",), security=security))
    assert options.keys() <= KafkaConnectionManager.DEFAULT_CONFIG.keys()
