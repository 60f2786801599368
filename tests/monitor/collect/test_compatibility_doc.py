"""docs/compatibility.md says what the code does, and its tables agree with one another."""

import re
from pathlib import Path

import pytest
from releases import RELEASES

from monitor.collect.collectors import COLLECTORS
from monitor.kafka.client import apis

PAGE = (Path(__file__).parents[3] / "docs" / "compatibility.md").read_text()


def table(heading: str) -> list[dict[str, str]]:
    """The rows of the table below a heading, by its column names."""
    lines = [
        line for line in PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines() if line[:1] == "|"
    ]
    names, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(names, row, strict=True)) for row in rows]


def versions(cell: str) -> tuple[int, int] | None:
    numbers = re.findall(r"\d+", cell)
    return (int(numbers[0]), int(numbers[-1])) if numbers else None


SERVED = {row["API"]: row for row in table("Versions that each release serves")}
SHOWN = table("What kmon shows, and since which Kafka")
ALL_RELEASES = [name for name in SHOWN[0] if re.fullmatch(r"\d+\.\d+", name)]


def newest(api: str, release: str) -> int:
    """The newest version that a release serves, -1 for none."""
    found = versions(SERVED[api][release])
    return -1 if found is None else found[1]


def first_release(api: str, version: int) -> str:
    return next(release for release in ALL_RELEASES if newest(api, release) >= version)


def test_all_apis_are_there_with_the_versions_that_kmon_speaks() -> None:
    spoken: dict[str, tuple[int, int]] = {}
    for each in vars(apis).values():
        if isinstance(each, apis.Api):
            low, high = spoken.get(each.name, (each.oldest, each.newest))
            spoken[each.name] = min(low, each.oldest), max(high, each.newest)
            assert SERVED[each.name]["key"] == str(each.key)
    assert {name: versions(row["kmon"]) for name, row in SERVED.items()} == spoken


def test_what_is_not_of_a_newer_kafka_works_on_the_oldest() -> None:
    oldest = ALL_RELEASES[0]
    assert oldest == "3.3"
    for each in {request for collector in COLLECTORS for request in collector.sends}:
        assert first_release(each.api.name, each.api.oldest) == (each.kafka or oldest), each


def test_everything_that_takes_a_newer_kafka_has_its_row() -> None:
    newer = {each for collector in COLLECTORS for each in collector.sends if each.kafka}
    assert {f"{each.api.name} v{each.api.oldest}" for each in newer} <= {row["needs"] for row in SHOWN}


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row["what kmon shows"])
def test_each_thing_is_shown_where_what_it_needs_is_served(row: dict[str, str]) -> None:
    api, version = row["needs"].split(" v")
    assert {release: row[release] for release in ALL_RELEASES} == {
        release: "yes" if newest(api, release) >= int(version) else "–" for release in ALL_RELEASES
    }


@pytest.mark.parametrize("release", RELEASES)
def test_the_releases_of_the_tests_serve_what_the_page_says(release: str) -> None:
    served = RELEASES[release].served
    for api, row in SERVED.items():
        assert served.get(int(row["key"])) == versions(row[release]), api
