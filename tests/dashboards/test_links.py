"""Addresses: every name survives the way into a URL and back, whatever it is."""

from urllib.parse import urlsplit

import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from views import FixtureSource

from dashboards.links import (
    DEFAULT_RANGE,
    PATHS,
    RANGES,
    TOPICS,
    about,
    chosen,
    group_of,
    group_path,
    is_page,
    link,
    name_in,
    query_of,
    range_seconds,
    source_of,
    topic_path,
)

NAMES = [
    "a/b",
    "100%",
    "%2F",
    "with space",
    "ü 🐘",
    "<script>alert(1)</script>",
    ".",
    "..",
    "=..",
    "=",
    "a?b#c&d",
    "\ud800",
]


@given(st.text())
def test_any_name_survives_its_path(name: str) -> None:
    assert group_of(group_path(name)) == name


@pytest.mark.parametrize("name", [*NAMES, *HOSTILE])
def test_a_hostile_name_is_one_segment_of_plain_ascii(name: str) -> None:
    path = group_path(name)
    assert path.isascii()
    assert path.isprintable()
    assert urlsplit(f"http://x{path}").path == path
    assert path.count("/") == 2
    assert path.rsplit("/", 1)[1] not in ("", ".", "..")
    assert group_of(path) == name


def test_bytes_that_are_no_text_name_no_crash() -> None:
    assert group_of("/groups/%FF") == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("path", [None, "", "/", "/groups", "/groups/", "/other/x"])
def test_other_paths_name_no_group(path: str | None) -> None:
    assert group_of(path) is None


def test_the_query_chooses_the_cluster_and_links_keep_it() -> None:
    one, two = FixtureSource(cluster="one"), FixtureSource(cluster="two & a half")
    search = "?cluster=two+%26+a+half&q=x"
    assert source_of([one, two], search) is two
    assert source_of([one, two], "?cluster=gone") is one
    assert source_of([one, two], None) is one
    assert query_of(link("/groups", search).partition("?")[2]) == {"cluster": "two & a half"}
    assert link("/groups", "?q=x") == "/groups"


def test_links_name_the_cluster_only_where_there_are_several() -> None:
    one, two = FixtureSource(cluster="one"), FixtureSource(cluster="two & a half")
    assert chosen([one], "?cluster=one&q=x") == (one, "")
    source, kept = chosen([one, two], "?cluster=two+%26+a+half&q=x")
    assert source is two
    assert link("/groups", kept) == "/groups?cluster=two+%26+a+half"
    assert link("/groups", chosen([one, two], "")[1]) == "/groups?cluster=one"


@pytest.mark.parametrize("name", [*NAMES, *HOSTILE])
def test_topics_and_groups_of_a_name_have_pages_of_their_own(name: str) -> None:
    assert name_in(TOPICS, topic_path(name)) == name
    assert name_in(TOPICS, group_path(name)) is None
    assert is_page(topic_path(name))


def test_what_is_told_leads_to_the_page_of_the_thing_that_it_is_about() -> None:
    assert about("g/1", "t", 2) == group_path("g/1")
    assert about(None, "t", 2) == topic_path("t")
    assert (about(None, None, 0), about(None, None, -1)) == ("/brokers", "/cluster")


def test_only_pages_are_pages() -> None:
    assert all(is_page(path) for path in PATHS)
    assert not any(is_page(path) for path in ("/metrics", "/groupsx", "/cluster/x", "/brokers/1", ""))


def test_a_range_that_is_none_is_the_default() -> None:
    assert range_seconds("6h") == RANGES["6h"]
    assert range_seconds("forever") == range_seconds(None) == RANGES[DEFAULT_RANGE]
