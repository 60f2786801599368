"""DescribeConfigs: what is remembered changes nothing of what is read, and what is no answer is refused."""

import struct
from collections.abc import Sequence
from typing import Any

import pytest
from answers import body_of
from hostile import any_text
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.admin import DescribeConfigsRequest, DescribeConfigsResponse
from plain import plain_configs
from wire_bytes import array, compact, damaged, error_code, tags

from monitor.kafka.decode.configs import KEPT, Config, ConfigReader, Described, encode_describe_configs
from monitor.kafka.decode.cursor import MalformedAnswerError

VERSIONS = range(1, 5)
SECRET = "kept-from-everyone"

Configs = list[Described[list[Config]]]

versions = st.sampled_from(VERSIONS)
few_names = st.sampled_from(["retention.ms", "cleanup.policy", "segment.bytes"]) | any_text
few_values = st.sampled_from([None, "", "1", "2"]) | any_text
synonyms = st.lists(st.fixed_dictionaries({"name": any_text, "value": few_values, "source": st.just(5)}), max_size=2)
entries = st.fixed_dictionaries(
    {
        "name": few_names,
        "value": few_values,
        "read_only": st.booleans(),
        "config_source": st.integers(-1, 6),
        "is_sensitive": st.booleans(),
        "synonyms": synonyms,
    }
)
resources = st.fixed_dictionaries(
    {
        "error_code": error_code,
        "error_message": st.none() | any_text,
        "resource_type": st.sampled_from([2, 4]),
        "resource_name": any_text,
        "configs": st.lists(entries, max_size=4),
    }
)


def body(version: int, results: Sequence[dict[str, Any]]) -> bytes:
    more = {"config_type": 5, "documentation": None} if version >= 3 else {}
    return body_of(
        DescribeConfigsResponse,
        version,
        results=[{**each, "configs": [{**config, **more} for config in each["configs"]]} for each in results],
    )


def reader() -> ConfigReader[list[Config]]:
    return ConfigReader(lambda _kind, configs: list(configs))


@given(st.lists(st.tuples(versions, st.lists(resources, max_size=4)), max_size=5))
def test_answers_after_one_another_are_read_as_kafka_python_reads_them(
    answers: list[tuple[int, list[dict[str, Any]]]],
) -> None:
    one = reader()
    for version, results in [*answers, *answers]:
        written = body(version, results)
        assert one.read(written, version) == plain_configs(written, version)


@st.composite
def with_tags(draw: st.DrawFn) -> bytes:
    """An answer of version 4 with tagged fields at each level."""

    def text() -> bytes:
        return compact(draw(any_text).encode())

    def synonym() -> bytes:
        return text() + text() + b"\5" + draw(tags)

    def config() -> bytes:
        value = draw(st.just(b"\0") | any_text.map(lambda value: compact(value.encode())))
        flags = bytes([draw(st.integers(0, 1)), 5, draw(st.integers(0, 2))])
        return text() + value + flags + array([synonym() for _ in range(draw(counts))]) + b"\5\0" + draw(tags)

    def resource() -> bytes:
        head = struct.pack(">h", draw(error_code)) + text() + bytes([draw(st.sampled_from([2, 4]))]) + text()
        return head + array([config() for _ in range(draw(counts))]) + draw(tags)

    counts = st.integers(0, 3)
    return struct.pack(">i", 0) + array([resource() for _ in range(draw(counts))]) + draw(tags)


@given(st.lists(with_tags(), min_size=1, max_size=3))
def test_both_paths_agree_on_tagged_fields(answers: list[bytes]) -> None:
    one = reader()
    for written in [*answers, *answers]:
        assert one.read(written, 4) == plain_configs(written, 4)


def plain_or_none(written: bytes, version: int) -> Configs | None:
    try:
        return plain_configs(written, version)
    except MalformedAnswerError:
        return None


@given(st.data(), versions)
def test_damage_is_refused_or_read_as_kafka_python_reads_it(data: st.DataObject, version: int) -> None:
    whole = data.draw(
        with_tags()
        if version == 4 and data.draw(st.booleans())
        else st.lists(resources, max_size=3).map(lambda results: body(version, results))
    )
    written = data.draw(damaged(st.just(whole)))
    plain = plain_or_none(written, version)
    one = reader()
    one.read(whole, version)
    for each in (reader(), one):
        try:
            fast = each.read(written, version)
        except MalformedAnswerError:
            continue
        assert fast == plain
    assert one.read(whole, version) == plain_configs(whole, version), "damage is not remembered"


@given(versions, st.lists(resources, max_size=3), st.data())
def test_what_is_cut_off_is_never_read_as_whole(
    version: int, results: list[dict[str, Any]], data: st.DataObject
) -> None:
    written, one = body(version, results), reader()
    one.read(written, version)
    with pytest.raises(MalformedAnswerError):
        one.read(written[: data.draw(st.integers(0, len(written) - 1))], version)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_left_over_is_refused(version: int) -> None:
    with pytest.raises(MalformedAnswerError, match="1 bytes are left over"):
        reader().read(body(version, []) + b"\0", version)


@pytest.mark.parametrize("version", [0, 5])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(MalformedAnswerError, match=f"version {version}"):
        reader().read(b"", version)


# -------------------------------------------------------------------- what is remembered


def topic(name: str, *configs: tuple[str, str | None, bool]) -> dict[str, Any]:
    base = {"read_only": False, "config_source": 5, "synonyms": []}
    rows = [{**base, "name": key, "value": value, "is_sensitive": secret} for key, value, secret in configs]
    return {"error_code": 0, "error_message": "", "resource_type": 2, "resource_name": name, "configs": rows}


def test_the_same_configs_are_made_something_of_once() -> None:
    made: list[list[Config]] = []

    def make(_kind: int, configs: Sequence[Config]) -> list[Config]:
        made.append(list(configs))
        return made[-1]

    one = ConfigReader(make)
    same = ("retention.ms", "1", False)
    read = one.read(body(4, [topic("a", same), topic("b", same), topic("c", ("retention.ms", "2", False))]), 4)
    assert read[0].configs is read[1].configs
    assert len(made) == 2
    assert one.read(body(4, [topic("z", same)]), 4)[0].configs is read[0].configs
    one.read(body(4, [topic(str(each), ("retention.ms", str(each + 10), False)) for each in range(KEPT)]), 4)
    assert one.read(body(4, [topic("z", same)]), 4)[0].configs == read[0].configs
    assert len(made) == 2 + KEPT + 1, "only the latest are remembered"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sensitive_value_is_kept_nowhere(version: int) -> None:
    one = reader()
    written = body(version, [topic("a", ("ssl.key.password", SECRET, True), ("retention.ms", "1", False))] * 2)
    for _ in range(2):
        for each in one.read(written, version):
            assert each.configs == [Config("ssl.key.password", None, True), Config("retention.ms", "1", False)]
    assert SECRET not in repr(vars(one))


# -------------------------------------------------------------------- requests


@given(versions, st.lists(st.tuples(st.sampled_from([2, 4]), any_text), max_size=300))
def test_requests_are_written_as_kafka_python_writes_them(version: int, resources: list[tuple[int, str]]) -> None:
    theirs = [{"resource_type": kind, "resource_name": name, "configuration_keys": None} for kind, name in resources]
    documentation = {"include_documentation": False} if version >= 3 else {}
    expected = body_of(DescribeConfigsRequest, version, resources=theirs, include_synonyms=False, **documentation)
    assert encode_describe_configs(resources, version) == expected
