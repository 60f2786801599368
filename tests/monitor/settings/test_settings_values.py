"""Values as people write them."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.model.units import format_duration, format_size, parse_duration, parse_size
from monitor.settings.values import check_regex, is_loopback, split_address


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("500ms", 0.5), ("1h30m", 5400), ("0s", 0), ("1.5s", 1.5), ("2d", 172800), ("1w", 604800)],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["10", "", "s", "10 s", "-1s", "1e3s", "10S", "١s", "1s ", "inf", "9" * 400 + "s"])
def test_what_is_no_duration_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@given(st.integers(0, 10**10))
@example(8_791_348_040)
def test_a_duration_of_whole_milliseconds_survives_writing_and_reading(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-12, abs=1e-9)


@given(st.integers(0, 2**40))
def test_a_size_survives_writing_and_reading(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("text", "size"), [("256MiB", 256 * 2**20), ("1000000", 1000000), ("2 kB", 2000), ("1GiB", 2**30)]
)
def test_a_size_is_read_in_bytes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "1.5MiB", "-1", "1mb", "1e9"])
def test_what_is_no_size_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("kafka:9092", ("kafka", 9092)),
        ("kafka-1.shop.svc.:9092", ("kafka-1.shop.svc.", 9092)),
        ("10.0.0.1:1", ("10.0.0.1", 1)),
        ("[::1]:9092", ("::1", 9092)),
        ("[2001:db8::7]:65535", ("2001:db8::7", 65535)),
        ("bücher.example:9092", ("bücher.example", 9092)),
    ],
)
def test_an_address_is_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert split_address(text) == address


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kafka", "has no port: write host:port, e.g. kafka:9092"),
        ("kafka:", "has no port"),
        (
            "9308:9308",
            "is a mapping of ports, which only a container's runtime takes: write host:port, e.g. 127.0.0.1:",
        ),
        ("9308", "has no host: write host:port, e.g. 127.0.0.1:9308"),
        ("[::1]", "has no port"),
        (":9092", "has no host"),
        ("::1:9092", "in brackets"),
        ("::1", "in brackets"),
        ("[kafka]:9092", "is not an IPv6 address"),
        ("kafka:http", "the port must be a number"),
        ("kafka:65536", "the port must be a number"),
        ("kafka:-1", "the port must be a number"),
        ("SSL://kafka:9093", "has a scheme"),
        ("ka fka:9092", "is not a host name"),
        ("kafka\n:9092", "is not a host name"),
        ("user@kafka:9092", "is not a host name"),
    ],
)
def test_a_wrong_address_says_what_is_missing(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        split_address(text)


@given(st.text())
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        host, port = split_address(text)
    except ValueError:
        return
    assert host
    assert 0 <= port <= 65535


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("kmon", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@given(st.text())
def test_any_text_is_a_regex_or_a_value_error(text: str) -> None:
    try:
        assert check_regex(text) == text
    except ValueError as error:
        assert str(error).startswith("is not a regular expression that RE2 accepts: ")  # noqa: PT017  # any other is a fault
