"""Tokens for OAUTHBEARER: where they come from, how long they are used, and what is said when there is none."""

import base64
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from certificates import Authority
from secure_cluster import unsigned_token
from token_endpoint import Reply, TokenEndpoint, said

from monitor.kafka.client import tokens
from monitor.kafka.client.faults import fault_of
from monitor.kafka.client.tokens import FromEndpoint, FromFile, Token, TokenError, TokenProvider
from monitor.settings.client_options import security_options
from monitor.settings.errors import SettingsError
from monitor.settings.security import SecuritySettings
from monitor.settings.tls import authorities

SECRET = "s3cr&t +/=%"


def endpoint_of(server: TokenEndpoint, secret: str = SECRET, scope: str | None = None) -> FromEndpoint:
    return FromEndpoint(server.url, "kmon", secret, scope, None)


def serving(reply: Callable[[], Reply] | Reply) -> TokenEndpoint:
    return TokenEndpoint(reply if callable(reply) else lambda: reply, client=("kmon", SECRET))


def refusal(fetch: tokens.Fetch) -> str:
    """Why there is no token, as a person reads it."""
    with pytest.raises(TokenError) as caught:
        TokenProvider(fetch).renew()
    line = fault_of(caught.value, "Metadata", 1, 0.0).what
    assert "\n" not in line
    assert SECRET not in line
    return line.removeprefix("authentication failed: ")


def test_a_secret_for_this_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with serving(said(200, access_token="abc")) as server:
        assert endpoint_of(server)().text == "abc"


def test_a_token_is_fetched_for_client_credentials() -> None:
    with serving(said(200, access_token="a.b.c", expires_in=300)) as server:
        assert endpoint_of(server, scope="kafka read")() == Token("a.b.c", 300.0)
        assert endpoint_of(server)() == Token("a.b.c", 300.0)
    assert server.forms == [
        {"grant_type": "client_credentials", "scope": "kafka read"},
        {"grant_type": "client_credentials"},
    ]


@pytest.mark.parametrize(
    ("expires", "seconds"), [(None, 0.0), ("60", 60.0), ("soon", 0.0), (-5, 0.0), (1e12, 86400.0), ([], 0.0)]
)
def test_how_long_a_token_is_good_may_be_missing_or_nonsense(expires: object, seconds: float) -> None:
    with serving(said(200, access_token="abc", expires_in=expires)) as server:
        assert endpoint_of(server)().seconds == seconds


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (said(200, token="x"), "the access_token of token endpoint {}: is missing"),
        (said(200, access_token="a\x01auth=b"), "the access_token of token endpoint {}: holds no bearer token"),
        (said(200, access_token=""), "the access_token of token endpoint {}: is empty"),
        ((200, {}, b"<html>"), "token endpoint {}: the response is not a JSON object"),
        ((200, {}, b"[]"), "token endpoint {}: the response is not a JSON object"),
        (
            (200, {}, b'{"access_token": "' + b"x" * 70_000 + b'"}'),
            "token endpoint {}: the response is not a JSON object",
        ),
        ((503, {}, b"<html>"), "token endpoint {}: HTTP 503"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "token endpoint {}: HTTP 302"),
        (said(400, error="invalid_scope", error_description=7), "token endpoint {}: HTTP 400 invalid_scope"),
        (said(400, error=f"bad {SECRET}"), "token endpoint {}: HTTP 400"),
    ],
    ids=["missing", "no token", "empty", "html", "list", "long", "503", "redirect", "scope", "secret"],
)
def test_an_answer_without_a_token_is_told_in_one_line(reply: Reply, words: str) -> None:
    with serving(reply) as server:
        assert refusal(endpoint_of(server)) == words.format(server.url)


def test_a_client_that_is_not_known_is_told_with_the_endpoints_words() -> None:
    with serving(said(200)) as server:
        words = f"token endpoint {server.url}: HTTP 401 invalid_client: The client is not known here"
        assert refusal(endpoint_of(server, secret="other")) == words


def test_an_endpoint_that_cannot_be_reached_is_named() -> None:
    with serving(said(200)) as server:
        pass
    assert refusal(endpoint_of(server)) == f"token endpoint {server.url}: Connection refused"


def test_an_endpoint_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "SECONDS", 0.2)
    release = threading.Event()

    def hang() -> Reply:
        release.wait(20)
        return said(200)

    with serving(hang) as server:
        assert refusal(endpoint_of(server)) == f"token endpoint {server.url}: no response within 0 s"
        release.set()


def test_the_endpoints_certificate_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    authority = Authority("kmon test IdP")
    ca, other = tmp_path / "ca.crt", tmp_path / "other.crt"
    ca.write_text(authority.pem)
    other.write_text(Authority("another").pem)
    certificate = authority.issue("idp", ["127.0.0.1"]).write(tmp_path, "idp")
    with TokenEndpoint(lambda: said(200, access_token="abc"), certificate=certificate) as server:
        fetch = FromEndpoint(server.url, "kmon", "client-secret", None, authorities(str(ca)))
        assert fetch().text == "abc"
        fetch = FromEndpoint(server.url, "kmon", "client-secret", None, authorities(str(other)))
        assert "certificate verify failed" in refusal(fetch)


def test_a_token_file_is_read_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one\n")
    provider = TokenProvider(FromFile(path))
    for text in ("one", "two"):
        path.write_text(f"{text}\n")
        provider.renew()
        assert provider.token() == text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        (b" \n", "is empty"),
        (b"two words", "holds no bearer token"),
        (b"\xff\xfe", "holds no bearer token"),
        (b"x\x01auth=y", "holds no bearer token"),
    ],
)
def test_a_file_without_a_token_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    assert refusal(FromFile(path)) == f"{path}: {words}"


def test_a_token_is_used_while_most_of_its_life_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    fetched: list[float] = []

    def fetch() -> Token:
        fetched.append(now[0])
        return Token(f"t{len(fetched)}", 100.0)

    provider = TokenProvider(fetch, {"logicalCluster": "lkc-1"})
    for at, token in ((1000.0, "t1"), (1079.0, "t1"), (1080.0, "t2"), (1085.0, "t2"), (1160.0, "t3")):
        now[0] = at
        provider.renew()
        assert provider.token() == token
    assert provider.extensions() == {"logicalCluster": "lkc-1"}


def test_many_logins_at_once_fetch_one_token() -> None:
    fetched: list[Token] = []
    ready = threading.Barrier(8)

    def fetch() -> Token:
        time.sleep(0.05)
        fetched.append(Token("t", 100.0))
        return fetched[-1]

    provider = TokenProvider(fetch)

    def log_in() -> None:
        ready.wait()
        provider.renew()

    threads = [threading.Thread(target=log_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1


def test_a_failed_fetch_is_tried_again_at_the_next_login() -> None:
    failures = [TokenError("no")]

    def fetch() -> Token:
        if failures:
            raise failures.pop()
        return Token("t", 100.0)

    provider = TokenProvider(fetch)
    with suppress(TokenError):
        provider.renew()
    assert provider.token() == ""
    provider.renew()
    assert provider.token() == "t"


@pytest.mark.parametrize(
    ("token", "said_by_broker", "words"),
    [
        (unsigned_token("u", seconds=-9), '{"status":"invalid_token"}', "invalid_token: it expired at 20"),
        (unsigned_token("u"), '{"status":"invalid_token"}', "invalid_token"),
        (unsigned_token("u", exp="soon"), "no such issuer", "no such issuer"),
        (unsigned_token("u", exp=1e300), "x", "x"),
        (unsigned_token("u", exp=-1e300), "x", "x"),
        ("opaque", '{"status":"insufficient_scope","scope":"x"}', "insufficient_scope"),
    ],
    ids=["expired", "valid", "expiry-text", "expiry-far", "expiry-past", "opaque"],
)
def test_a_refused_token_is_told_with_what_it_shows(token: str, said_by_broker: str, words: str) -> None:
    provider = TokenProvider(lambda: Token(token))
    provider.renew()
    line = fault_of(provider.refused(Exception(said_by_broker)), "Metadata", 1, 0.0).what
    assert line.startswith(f"authentication failed: the broker rejected the token: {words}")
    assert token not in line


# -------------------------------------------------------------------- Amazon MSK


def msk(servers: tuple[str, ...] = ("b-1.shop.abc123.c2.kafka.eu-west-1.amazonaws.com:9098",), **more: str) -> object:
    security = SecuritySettings(protocol="SASL_SSL", sasl_mechanism="AWS_MSK_IAM", **more)  # type: ignore[arg-type]
    return security_options(security, servers)["sasl_oauth_token_provider"]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials that are none, and no way to find others."""
    pytest.importorskip("aws_msk_iam_sasl_signer")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIATESTTESTTEST",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("servers", "more", "region"),
    [
        (("b-1.shop.abc123.c2.kafka.eu-west-1.amazonaws.com:9098",), {}, "eu-west-1"),
        (("boot-x.c2.kafka-serverless.us-east-2.amazonaws.com:9098",), {}, "us-east-2"),
        (("proxy:9098", "b-1.shop.abc123.c2.kafka.cn-north-1.amazonaws.com.cn:9098"), {}, "cn-north-1"),
        (("proxy:9098",), {"aws_region": "ap-south-1"}, "ap-south-1"),
    ],
)
def test_a_token_for_msk_is_a_signed_request_to_connect(
    servers: tuple[str, ...], more: dict[str, str], region: str
) -> None:
    provider = msk(servers, **more)
    assert isinstance(provider, TokenProvider)
    provider.renew()
    text = provider.token()
    assert SECRET not in text
    url = urlparse(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    assert (url.scheme, url.hostname) == ("https", f"kafka.{region}.amazonaws.com")
    query = {key: values[0] for key, values in parse_qs(url.query).items()}
    assert query["Action"] == "kafka-cluster:Connect"
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Credential"].startswith("AKIATESTTESTTEST/")
    assert query["X-Amz-Credential"].endswith(f"/{region}/kafka-cluster/aws4_request")
    assert query["X-Amz-Expires"] == "900"
    assert len(query["X-Amz-Signature"]) == 64


@pytest.mark.usefixtures("aws")
def test_a_token_for_msk_is_renewed_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = msk()
    assert isinstance(provider, TokenProvider)
    provider.renew()
    first = provider.token()
    began = time.monotonic()
    for later, same in ((700.0, True), (730.0, False)):
        monkeypatch.setattr(time, "monotonic", lambda later=later: began + later)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHEROTHEROT")
        provider.renew()
        assert (provider.token() == first) is same


@pytest.mark.usefixtures("aws")
def test_without_aws_credentials_that_is_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    provider = msk()
    assert isinstance(provider, TokenProvider)
    assert refusal(provider._fetch) == "AWS credentials: found none"


@pytest.mark.usefixtures("aws")
def test_a_region_that_is_not_known_must_be_given() -> None:
    with pytest.raises(SettingsError, match="aws_region is missing"):
        msk(("kafka:9098",))


def test_without_the_package_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aws_msk_iam_sasl_signer", "aws_msk_iam_sasl_signer.MSKAuthTokenProvider"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SettingsError, match=r"pip install 'kmon-kafka\[msk\]'"):
        msk()
