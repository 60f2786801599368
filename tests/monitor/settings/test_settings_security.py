"""What a login by SASL needs, what it would ignore, and files that are read again when they change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.settings import load
from monitor.settings.client_options import client_options, security_options
from monitor.settings.errors import SettingsError
from monitor.settings.security import FileSecret, SecuritySettings, stamp_of, text_of

ENDPOINT = {"oauth_token_endpoint": "https://idp/", "oauth_client_id": "kmon", "oauth_client_secret": "x"}
PASSWORD = {"username": "u", "password": "p"}


def complaint(**settings: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        SecuritySettings(**{"protocol": "SASL_SSL", **settings})
    (error,) = caught.value.errors()
    return str(error["msg"]).removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "protocol SASL_SSL needs sasl_mechanism, username, password"),
        ({"sasl_mechanism": "PLAIN", "username": "u"}, "sasl_mechanism PLAIN needs password"),
        (
            {"sasl_mechanism": "SCRAM-SHA-512", **PASSWORD, "aws_region": "eu-west-1"},
            "sasl_mechanism SCRAM-SHA-512 does not use aws_region",
        ),
        (
            {"sasl_mechanism": "OAUTHBEARER"},
            "OAUTHBEARER needs oauth_token_file, or oauth_token_endpoint, oauth_client_id, oauth_client_secret",
        ),
        (
            {"sasl_mechanism": "OAUTHBEARER", "oauth_client_id": "kmon"},
            "sasl_mechanism OAUTHBEARER needs oauth_token_endpoint, oauth_client_secret",
        ),
        (
            {"sasl_mechanism": "OAUTHBEARER", **ENDPOINT, "oauth_token_file": "/t"},
            "set oauth_token_file or oauth_token_endpoint, not both",
        ),
        (
            {"sasl_mechanism": "OAUTHBEARER", **ENDPOINT, "username": "u"},
            "sasl_mechanism OAUTHBEARER does not use username",
        ),
        (
            {"protocol": "SASL_PLAINTEXT", "sasl_mechanism": "AWS_MSK_IAM"},
            "AWS_MSK_IAM needs protocol SASL_SSL",
        ),
        (
            {"sasl_mechanism": "AWS_MSK_IAM", "password": "p"},
            "sasl_mechanism AWS_MSK_IAM does not use password",
        ),
        (
            {"protocol": "SSL", "oauth_token_file": "/t"},
            "protocol SSL does not use oauth_token_file: set protocol to SASL_SSL",
        ),
        (
            {"protocol": "PLAINTEXT", "password": "p"},
            "protocol PLAINTEXT does not use password: set protocol to SASL_SSL",
        ),
        (
            {"protocol": "PLAINTEXT", "ssl_cafile": "/ca"},
            "protocol PLAINTEXT does not use ssl_cafile: set protocol to SSL",
        ),
    ],
)
def test_a_login_names_what_it_lacks_and_what_it_would_ignore(settings: dict[str, Any], words: str) -> None:
    assert complaint(**settings) == words


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://idp.example.com/oauth2/token", True),
        ("https://idp:8443/token?tenant=a", True),
        ("http://127.0.0.1:8080/token", True),
        ("http://[::1]/token", True),
        ("http://idp.example.com/token", False),
        ("https://user:hunter2@idp/token", False),
        ("https://idp/token#part", False),
        ("https://idp/a b", False),
        ("file:///etc/passwd", False),
        ("idp/token", False),
    ],
)
def test_a_secret_goes_over_tls_or_stays_on_this_machine(url: str, good: bool) -> None:
    settings: dict[str, Any] = {"protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER", **ENDPOINT}
    settings |= {"oauth_token_endpoint": url}
    if good:
        assert SecuritySettings(**settings).oauth_token_endpoint == url
    else:
        with pytest.raises(ValidationError, match=r"must (be|start)") as caught:
            SecuritySettings(**settings)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("extensions", [{"auth": "x"}, {"a b": "x"}, {"a": "x\x01auth=y"}, {"a": ""}, {"": "x"}])
def test_an_extension_cannot_change_the_login(extensions: dict[str, str]) -> None:
    settings: dict[str, Any] = {"protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER", "oauth_token_file": "/t"}
    with pytest.raises(ValidationError):
        SecuritySettings(**settings, oauth_extensions=extensions)


def test_a_scram_user_name_is_sent_as_rfc_5802_has_it() -> None:
    settings: dict[str, Any] = {"protocol": "SASL_PLAINTEXT", "username": "CN=kmon,O=x", "password": "p"}
    scram = security_options(SecuritySettings(**settings, sasl_mechanism="SCRAM-SHA-256"))
    assert scram["sasl_plain_username"] == "CN=3Dkmon=2CO=3Dx"
    plain = security_options(SecuritySettings(**settings, sasl_mechanism="PLAIN"))
    assert plain["sasl_plain_username"] == "CN=kmon,O=x"


def test_a_secret_of_a_file_is_the_one_that_the_file_holds_now(tmp_path: Path) -> None:
    config, password = tmp_path / "kmon.yaml", tmp_path / "password"
    password.write_text("first\n")
    config.write_text(
        "contexts:\n  - bootstrap_servers: a:1\n    security: {protocol: SASL_PLAINTEXT, sasl_mechanism: PLAIN, "
        "username: u, password_file: password}\n"
    )
    cluster = load(config, {}).settings.cluster
    before = cluster.security.stamp()
    assert cluster.security.stamp() == before
    assert client_options(cluster)["sasl_plain_password"] == "first"
    password.write_text("other\n")
    assert cluster.security.stamp() != before
    assert client_options(cluster)["sasl_plain_password"] == "other"
    password.unlink()
    with pytest.raises(SettingsError, match="file not found"):
        client_options(cluster)
    assert "other" not in repr(cluster) + str(cluster.security.password)


def test_a_literal_secret_has_no_file() -> None:
    security = SecuritySettings(protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN", **PASSWORD)  # type: ignore[arg-type]
    assert security.stamp() == ()
    assert security.password is not None
    assert text_of(security.password) == "p"


def _replace(path: Path) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(path.read_bytes())
    new.replace(path)


def _swap_folders(path: Path) -> None:
    """As Kubernetes renews a volume: the file is a link through a folder that is swapped."""
    other = path.parent / "data-2"
    other.mkdir()
    (other / "file").write_text("same")
    (path.parent / "link").symlink_to(other)
    (path.parent / "link").replace(path.parent / "data")


@pytest.mark.parametrize(
    "change",
    [lambda path: path.write_text("longer"), lambda path: path.unlink(), _replace, _swap_folders],
    ids=["written", "removed", "replaced", "swapped"],
)
def test_a_stamp_changes_with_its_file(tmp_path: Path, change: Callable[[Path], object]) -> None:
    first = tmp_path / "data-1"
    first.mkdir()
    (first / "file").write_text("same")
    (tmp_path / "data").symlink_to(first)
    path = tmp_path / "entry"
    path.symlink_to(tmp_path / "data" / "file")
    before = stamp_of([path])
    assert stamp_of([path]) == before
    change(path)
    assert stamp_of([path]) != before


def test_a_file_secret_is_unreadable_in_words(tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        FileSecret(path)
