"""Kafka's client.properties: Java's format to the letter, and what the keys mean for kmon."""

import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from monitor.settings import load
from monitor.settings.client_options import client_options
from monitor.settings.errors import SettingsError
from monitor.settings.jaas import parse_jaas
from monitor.settings.model import ClusterSettings
from monitor.settings.properties import parse_properties

SECRET = "correct-horse-battery"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


def values(data: bytes) -> dict[str, str]:
    return {key: each.value for key, each in parse_properties(data, "f").items()}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a=1", {"a": "1"}),
        (b"a:1\r\nb 2\rc\t3\nd", {"a": "1", "b": "2", "c": "3", "d": ""}),
        (b"a = 1 ", {"a": "1 "}),
        (b"a == 1", {"a": "= 1"}),
        (b"a   :   = 1", {"a": "= 1"}),
        (b"a\\=b\\:c\\ d=1", {"a=b:c d": "1"}),
        (b"# a=1\n! b=2\n  # c=3\n\n   d=4", {"d": "4"}),
        (b"a=1,\\\n    2,\\\n\t3", {"a": "1,2,3"}),
        (b"a=1\\\n# 2", {"a": "1# 2"}),
        (b"a=1\\\\\nb=2", {"a": "1\\", "b": "2"}),
        (b"a=1\\\\\\\nb=2", {"a": "1\\b=2"}),
        (b"a=1\\\n\nb=2", {"a": "1", "b": "2"}),
        (b"# no continuation \\\na=1", {"a": "1"}),
        (b"a=\\t\\n\\r\\f\\q\\\\", {"a": "\t\n\r\fq\\"}),
        (b"a=\\u0041\\u00e9\\ud83d\\ude00", {"a": "Aé😀"}),
        (b"a=\xe9", {"a": "é"}),
        (b"a=1\na=2", {"a": "2"}),
        (b"a=1\\", {"a": "1"}),
        (b"\\\n# a=1\n\\\n\nb=2\n\\\n", {"b": "2"}),
        (b"a=1\n\\", {"a": "1", "": ""}),
        (b"=1", {"": "1"}),
        (b"", {}),
    ],
)
def test_properties_are_read_as_java_reads_them(data: bytes, expected: dict[str, str]) -> None:
    assert values(data) == expected


@pytest.mark.parametrize("data", [b"x\na=\\u12", b"x\na=\\u12g4", b"x\n\\uuuu=1"])
def test_a_broken_unicode_escape_is_an_error_with_its_line(data: bytes) -> None:
    with pytest.raises(SettingsError, match=r"^f:2: has a "):
        values(data)


def escaped(text: str) -> bytes:
    """The text as java.util.Properties writes it."""
    units = text.encode("utf-16-be")
    return b"".join(b"\\u%04x" % int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))


@given(st.dictionaries(st.text(), st.text(), max_size=5))
def test_what_is_written_in_escapes_is_read_back(properties: dict[str, str]) -> None:
    data = b"\n".join(b"%s=%s" % (escaped(key) or b"", escaped(value)) for key, value in properties.items() if key)
    assert values(data) == {key: value for key, value in properties.items() if key}


@given(st.binary(max_size=200))
def test_any_bytes_are_properties_or_an_error(data: bytes) -> None:
    try:
        result = values(data)
    except SettingsError:
        result = {}
    assert all(isinstance(each, str) for each in result.values())


@pytest.mark.parametrize(
    ("text", "username", "password"),
    [
        (f'{PLAIN} required username="alice" password="a;b=c d";', "alice", "a;b=c d"),
        (f"{SCRAM} required\n  username='o\\'hara'\n  password=\"\\\"\\\\\\n\\101\";", "o'hara", '"\\\nA'),
        (f'{PLAIN} REQUIRED username=alice serviceName="x" password=b-c_d$e.f ;', "alice", "b-c_d$e.f"),
        (f'/* who */ {PLAIN} required // what\n username="u" password="//p/**/";', "u", "//p/**/"),
    ],
)
def test_a_login_is_read_with_javas_quoting(text: str, username: str, password: str) -> None:
    login = parse_jaas(text)
    assert (login.options["username"], login.options["password"]) == (username, password)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not a login"),
        (f'{PLAIN} required username="u" password="{SECRET}"', "does not end with a semicolon"),
        (f'{PLAIN} username="u" password="{SECRET}";', "lacks one of required"),
        (f'{PLAIN} required username="u";', "lacks username or password"),
        (f'{PLAIN} required username "u" password="{SECRET}";', "has an option that is not"),
        (f'{PLAIN} required username="u" password={SECRET}%;', "an unexpected character"),
        (f'{PLAIN} required username="u" password="{SECRET};', "has a quote that is not closed"),
        (f"{PLAIN} required username='u' password='{SECRET};", "has a quote that is not closed"),
        (f'{PLAIN} required username="u" password="{SECRET}\n";', "has a quote that is not closed"),
        (f'{PLAIN} required username="u" password="{SECRET}"; {PLAIN} required;', "more than one login module"),
        (
            'com.sun.security.auth.module.JndiLoginModule required user.provider.url="ldap://x";',
            "login module JndiLoginModule",
        ),
        (
            "com.sun.security.auth.module.Krb5LoginModule required;",
            "login module Krb5LoginModule, which kmon does not support",
        ),
        (f"{SECRET}; required", "has the login module, which kmon does not support"),
    ],
)
def test_a_login_that_cannot_be_used_says_why_without_its_values(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
        parse_jaas(text)
    assert SECRET not in str(caught.value)


@given(st.text(alphabet=st.sampled_from("ab1 =;\"'\\/*\n.é"), max_size=40))
def test_any_text_is_a_login_or_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a login|login module|lacks|option|semicolon|character|quote"):
        parse_jaas(text)


def read(tmp_path: Path, text: str) -> tuple[ClusterSettings, list[str]]:
    path = tmp_path / "client.properties"
    path.write_text(textwrap.dedent(text))
    path.chmod(0o600)
    loaded = load(None, {}, command_config=path)
    return loaded.settings.cluster, [note.replace(f"{path.parent}/", "") for note in loaded.notes]


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, "bootstrap.servers=kafka:9092\n" + textwrap.dedent(text))
    return [each.replace(f"{tmp_path}/", "") for each in caught.value.problems]


def test_a_clients_properties_become_a_context(tmp_path: Path) -> None:
    cluster, notes = read(
        tmp_path,
        f"""\
        bootstrap.servers=kafka-1:9092, kafka-2:9092
        client.id = ops
        request.timeout.ms=1500
        security.protocol=sasl_plaintext
        sasl.mechanism=SCRAM-SHA-512
        sasl.jaas.config={SCRAM} required \\
          username="kmon" \\
          password="{SECRET}";
        group.id=x
        ssl.key.password=unused
        """,
    )
    assert cluster.bootstrap_servers == ("kafka-1:9092", "kafka-2:9092")
    assert (cluster.client_id, cluster.request_timeout_seconds) == ("ops", 1.5)
    options = client_options(cluster)
    assert options["security_protocol"] == "SASL_PLAINTEXT"
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("kmon", SECRET)
    unknown, unused = notes
    assert unknown.startswith("client.properties:9: group.id: ")
    assert unused.startswith("client.properties:10: ssl.key.password: ")
    assert unused.endswith("security.protocol SASL_PLAINTEXT")


OAUTH = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
MSK = "software.amazon.msk.auth.iam.IAMLoginModule"
OVER_SASL = "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n"
OVER_MSK = "security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM\n"
OVER_OAUTH = "security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n"


def test_client_properties_of_oauthbearer(tmp_path: Path) -> None:
    cluster, notes = read(
        tmp_path,
        f"""\
        bootstrap.servers=kafka:1
        security.protocol=SASL_SSL
        sasl.mechanism=OAUTHBEARER
        sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler
        sasl.oauthbearer.token.endpoint.url=https://idp.example.com/oauth2/token
        sasl.oauthbearer.client.credentials.client.id=newer
        sasl.jaas.config={OAUTH} required clientId="kmon" clientSecret="{SECRET}" scope="kafka" \\
          extension_logicalCluster="lkc-1" refresh_ms="5";
        """,
    )
    security = cluster.security
    assert security.oauth_token_endpoint == "https://idp.example.com/oauth2/token"
    assert (security.oauth_client_id, security.oauth_scope) == ("kmon", "kafka")
    assert security.oauth_client_secret == SecretStr(SECRET)
    assert security.oauth_extensions == {"logicalCluster": "lkc-1"}
    (note,) = notes
    assert note.startswith("client.properties:7: sasl.jaas.config: refresh_ms: ")


def test_client_properties_of_a_token_file(tmp_path: Path) -> None:
    cluster, notes = read(
        tmp_path,
        f"""\
        bootstrap.servers=kafka:1
        security.protocol=SASL_SSL
        sasl.mechanism=OAUTHBEARER
        sasl.oauthbearer.token.endpoint.url=file:///var/run/a%20token
        sasl.jaas.config={OAUTH} required;
        """,
    )
    assert cluster.security.oauth_token_file == "/var/run/a token"
    assert notes == []


def test_client_properties_of_msk(tmp_path: Path) -> None:
    pytest.importorskip("aws_msk_iam_sasl_signer")
    cluster, notes = read(
        tmp_path,
        """\
        bootstrap.servers=b-1.shop.abc.c2.kafka.eu-west-1.amazonaws.com:9098
        security.protocol=SASL_SSL
        sasl.mechanism=AWS_MSK_IAM
        sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;
        sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler
        """,
    )
    assert cluster.security.sasl_mechanism == "AWS_MSK_IAM"
    assert client_options(cluster)["sasl_mechanism"] == "OAUTHBEARER"
    assert notes == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("security.protocol=TLS\n", "client.properties:2: security.protocol: must be one of PLAINTEXT, SSL"),
        (
            "request.timeout.ms=soon\n",
            "client.properties:2: request.timeout.ms: is not a whole number: write milliseconds",
        ),
        (
            "request.timeout.ms=500ms\n",
            "client.properties:2: request.timeout.ms: is not a whole number: write milliseconds",
        ),
        ("request.timeout.ms=\n", "client.properties:2: request.timeout.ms: is not a whole number: write milliseconds"),
        (
            f"security.protocol=SASL_SSL\nsasl.jaas.config={PLAIN} required username=u password={SECRET};\n",
            "client.properties: sasl.mechanism: is missing, which means GSSAPI",
        ),
        (
            (
                "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n"
                f"sasl.jaas.config={SCRAM} required username=u password={SECRET};\n"
            ),
            "client.properties:4: sasl.jaas.config: its login module is for SCRAM-SHA-256, SCRAM-SHA-512, not",
        ),
        ("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n", "client.properties: sasl.jaas.config: is missing"),
        (
            f"{OVER_OAUTH}sasl.jaas.config={OAUTH} required;\n",
            "client.properties: sasl.oauthbearer.token.endpoint.url: is missing",
        ),
        (
            f"{OVER_OAUTH}sasl.oauthbearer.token.endpoint.url=https://idp/\n",
            "client.properties: sasl_mechanism OAUTHBEARER needs oauth_client_id, oauth_client_secret",
        ),
        (
            "security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=http://idp/\n",
            "client.properties:4: sasl.oauthbearer.token.endpoint.url: must start with https://",
        ),
        (
            "security.protocol=SSL\nssl.truststore.location=/t.jks\n",
            "client.properties:3: ssl.truststore.location: ssl.truststore.type is JKS and kmon reads PEM: run keytool",
        ),
        (
            "security.protocol=SASL_SSL\nsasl.mechanisms=PLAIN\n",
            "client.properties:3: sasl.mechanisms: is a property of librdkafka: write sasl.mechanism",
        ),
        (
            f"{OVER_SASL}sasl.username=u\nsasl.password={SECRET}\n",
            "client.properties:4: sasl.username: is a property of librdkafka: write sasl.jaas.config=",
        ),
        (
            "security.protocol=SSL\nssl.ca.location=/ca.pem\n",
            "client.properties:3: ssl.ca.location: is a property of librdkafka: write ssl.truststore.location",
        ),
        (
            f'{OVER_MSK}sasl.jaas.config={MSK} required awsRoleArn="arn:aws:iam::1:role/r";\n',
            "client.properties:4: sasl.jaas.config: awsRoleArn: is not supported by kmon, which would log in as anoth",
        ),
        (
            f"{OVER_MSK}sasl.jaas.config={MSK} required awsProfileName=ops;\n",
            "client.properties:4: sasl.jaas.config: awsProfileName: is not supported by kmon",
        ),
        (
            f"{OVER_SASL}sasl.jaas.config={PLAIN} required username=u password={SECRET} tokenauth=true;\n",
            "client.properties:4: sasl.jaas.config: tokenauth: is not supported by kmon",
        ),
        (
            "security.protocol=SSL\nssl.keystore.location=/k.p12\nssl.keystore.type=PKCS12\n",
            "client.properties:3: ssl.keystore.location: ssl.keystore.type is PKCS12 and kmon reads PEM: run op",
        ),
        (
            "security.protocol=SSL\nssl.endpoint.identification.algorithm=none\n",
            "client.properties:3: ssl.endpoint.identification.algorithm: must be https, or empty",
        ),
        (
            "security.protocol=SSL\nssl.key.password=${file:/x:y}\n",
            "client.properties:3: ssl.key.password: refers to a config pr",
        ),
        ("a=\\u12\n", "client.properties:2: has a \\u that four hexadecimal digits do not follow"),
    ],
)
def test_what_kmon_cannot_do_is_said_with_the_line(tmp_path: Path, text: str, problem: str) -> None:
    (line, *_) = problems(tmp_path, text)
    assert line.startswith(problem)
    assert SECRET not in line


@pytest.mark.parametrize("kind", ["", "ssl.truststore.type=JKS\n"])
def test_a_store_that_is_pem_only_lacks_its_type(tmp_path: Path, kind: str) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, f"security.protocol=SSL\n{kind}ssl.truststore.location={tmp_path}/ca.pem\n")
    assert "ssl.truststore.location: is PEM: set ssl.truststore.type=PEM" in str(caught.value)


def test_a_callback_of_somebody_else_is_a_note(tmp_path: Path) -> None:
    text = f'bootstrap.servers=a:1\n{OVER_SASL}sasl.jaas.config={PLAIN} required username=u password="{SECRET}";\n'
    cluster, notes = read(tmp_path, text + "sasl.client.callback.handler.class=com.example.Vault\n")
    assert cluster.security.username == "u"
    assert any("sasl.client.callback.handler.class: is not used by kmon" in note for note in notes)


def test_a_broken_login_is_one_line(tmp_path: Path) -> None:
    text = f'{OVER_SASL}sasl.jaas.config={PLAIN} required username="u password="p";\nrequest.timeout.ms=500ms\n'
    assert [line.split(": ")[1] for line in problems(tmp_path, text)] == ["request.timeout.ms", "sasl.jaas.config"]


def test_an_empty_identification_algorithm_turns_the_host_name_check_off(tmp_path: Path) -> None:
    text = "bootstrap.servers=a:1\nsecurity.protocol=SSL\nssl.endpoint.identification.algorithm={}\n"
    cluster, notes = read(tmp_path, text.format(""))
    assert cluster.security.check_hostname is False
    assert "host names are not verified" in "".join(notes)
    assert read(tmp_path, text.format("HTTPS"))[0].security.check_hostname is True


def test_a_literal_password_that_everybody_can_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "client.properties"
    path.write_text(f"bootstrap.servers=a:1\nsasl.jaas.config={PLAIN} required username=u password={SECRET};\n")
    path.chmod(0o644)
    assert any(f"chmod 600 {path}" in note for note in load(None, {}, command_config=path).notes)
