"""The Grafana dashboards as files: what the command writes, over metrics, words and pages that there are."""

import re
from typing import Any

import pytest
from face_views import VIEWS
from grafana_boards import BOARDS, FOLDER, asked, panels, targets

from dashboards import links
from dashboards.grafana import KMON_URL, exported, looks
from dashboards.grafana.board import STORY
from exporters.families import FAMILIES
from exporters.family import StateSet
from exporters.histogram import Histogram
from kmon.cli import LISTEN_HELP
from monitor.model.levels import LEVELS
from monitor.model.limits import DISK_CRITICAL, DISK_DEGRADED
from monitor.model.status import STATUSES

WIDTH = 24
"""Columns of Grafana's grid."""
LABELS_OF_TARGET = {"instance", "job"}
VALUES = {"cluster": "c", "group": "g", "topic": "t"}


def test_the_files_are_what_the_command_writes() -> None:
    written = exported()
    assert {path.name for path in FOLDER.iterdir()} == written.keys()
    for name, text in written.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"run: kmon dashboards export --grafana {FOLDER}"


def test_the_mixin_has_every_dashboard() -> None:
    mixin = (FOLDER.parent / "mixin.libsonnet").read_text(encoding="utf-8")
    named = re.findall(r"'([\w-]+\.json)': import 'grafana/([\w-]+\.json)'", mixin)
    assert sorted(named) == sorted((name, name) for name in exported())


def test_the_panels_query_families_that_there_are_by_labels_that_they_have() -> None:
    labels: dict[str, set[str]] = {}
    for family in FAMILIES:
        names = {"cluster", *family.label_names, *LABELS_OF_TARGET}
        labels[family.name] = names
        if isinstance(family, Histogram):
            labels[f"{family.name}_bucket"] = names | {"le"}
    process = {"process_cpu_seconds_total", "process_resident_memory_bytes"}
    found = set()
    for target in targets():
        for by, name, matchers in re.findall(
            r"(?:max|min) by \(([^)]*)\) \((?:rate\(|increase\()?(\w+)\{([^}]*)\}", target.expression
        ):
            used = {*filter(None, by.split(", ")), *re.findall(r'(\w+)(?:=|!=|=~|!~)"', matchers)}
            assert used <= labels.get(name, LABELS_OF_TARGET if name in process else set()), str(target)
            found.add(name)
        named = set(re.findall(r"\b(?:kmon|process)_\w+", target.expression))
        assert named <= labels.keys() | process, str(target)
    assert len(found) > 60


def test_the_panels_name_statuses_that_there_are() -> None:
    words = {
        family.name: {*(family.states or family.subject.schema[family.column].words)}
        for family in FAMILIES
        if isinstance(family, StateSet)
    }
    found = 0
    for target in targets():
        for name, matched in re.findall(r'(kmon_\w+)\{[^}]*(?:status|state)(?:=|!=|=~|!~)"([^"]+)"', target.expression):
            if name in words:
                assert set(matched.split("|")) <= words[name]
                found += 1
    assert found > 10


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_tells_one_story_in_full_lines(name: str) -> None:
    board = BOARDS[name]
    assert board["uid"] == name
    assert [panel["title"] for panel in board["panels"] if panel["type"] == "row"] == list(STORY)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    covered: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & covered, panel["title"]
        covered |= cells
    assert {x for x, _ in covered} == set(range(WIDTH))
    assert len(covered) == WIDTH * len({y for _, y in covered})


@pytest.mark.parametrize("name", BOARDS)
def test_each_panel_says_what_it_shows_and_what_no_data_means(name: str) -> None:
    titles = [panel["title"] for panel in panels(BOARDS[name])]
    assert len(set(titles)) >= len(titles) - 2
    for panel in panels(BOARDS[name]):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["noValue"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("name", BOARDS)
def test_a_table_has_each_column_that_it_describes(name: str) -> None:
    """A column is named by a transformation, and its look is found by that name."""
    for panel in panels(BOARDS[name]):
        if panel["type"] != "table":
            continue
        (_, organize) = panel["transformations"]
        named, hidden = organize["options"]["renameByName"], organize["options"]["excludeByName"].keys()
        assert "Time" in hidden
        assert not named.keys() & hidden
        assert list(organize["options"]["indexByName"]) == list(named)
        assert {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]} == set(named.values())
        refs = {target["refId"] for target in panel["targets"]}
        assert {key.removeprefix("Value #") for key in {*named, *hidden} if key.startswith("Value #")} == refs
        by = {label for target in panel["targets"] for label in _grouped(target["expr"])}
        assert {key for key in named if not key.startswith("Value")} <= by, panel["title"]
        for sort in panel["options"].get("sortBy", ()):
            assert sort["displayName"] in named.values()


def _grouped(expression: str) -> set[str]:
    """The labels that the parts of an expression are grouped by."""
    return {label for by in re.findall(r"by \(([^)]*)\)", expression) for label in by.split(", ")}


def test_every_expression_has_values_for_its_variables() -> None:
    for target in targets():
        offered = {each["name"] for each in BOARDS[target.board]["templating"]["list"] if each["type"] == "query"}
        assert asked(target.expression, {name: VALUES[name] for name in offered})


def test_an_expression_over_several_values_matches_them_by_a_pattern() -> None:
    """Grafana writes several values as a pattern, and escapes one for `=` and for `=~` each in its way."""
    for name, board in BOARDS.items():
        several = {each["name"] for each in board["templating"]["list"] if each.get("multi")}
        for target in targets():
            if target.board == name:
                for operator, variable in re.findall(r'(=~?)"\$(\w+)"', target.expression):
                    assert operator == ("=~" if variable in several else "="), str(target)


def _urls(value: Any) -> set[str]:
    """Every `url` within a value of JSON."""
    if isinstance(value, dict):
        own = {value["url"]} if value.get("url") else set()
        return own.union(*map(_urls, value.values()))
    return set().union(*map(_urls, value)) if isinstance(value, list) else set()


def test_links_lead_to_pages_of_kmon_and_to_dashboards_that_there_are() -> None:
    urls = set().union(*map(_urls, BOARDS.values()))
    of_kmon = {url.removeprefix("${kmon}").partition("?")[0] for url in urls if url.startswith("${kmon}")}
    others = {url for url in urls if not url.startswith("${kmon}")}
    assert {re.sub(r"\$\{[^}]*\}", "x", path) for path in of_kmon} >= {"/", "/brokers", "/groups/x", "/topics/x"}
    assert all(links.is_page(path) for path in of_kmon)
    assert {re.match(r"/d/([\w-]+)\?", url)[1] for url in others} <= BOARDS.keys()  # type: ignore[index]
    assert all("percentencode" in url for url in urls if "x" in re.sub(r"\$\{__data[^}]*\}", "x", url))


def test_the_default_url_is_that_of_kmon_serve() -> None:
    assert KMON_URL.removeprefix("http://") in LISTEN_HELP.rpartition("default: ")[2]
    assert f'"{KMON_URL}"' in exported()["kmon-overview.json"]
    assert '"https://kmon.example.com/x"' in exported("https://kmon.example.com/x")["kmon-overview.json"]


def test_every_level_has_a_color_of_its_own() -> None:
    assert looks.COLORS.keys() == set(LEVELS)
    assert len(set(looks.COLORS.values())) == len(LEVELS)


def test_words_have_the_levels_that_kmon_judges_them_to_have() -> None:
    assert looks.GROUP_LEVELS.keys() == set(STATUSES)
    compared = set()
    judged = {"topics": looks.TOPIC_LEVELS, "brokers": looks.BROKER_LEVELS, "log_dirs": looks.LOG_DIR_LEVELS}
    worst: dict[tuple[str, str], int] = {}
    for make in VIEWS.values():
        judgements = make().judged
        for subject, levels in judged.items():
            rows = getattr(judgements, subject)
            for word in levels:
                if (rows.status == rows.WORDS.index(word)).any():
                    level = LEVELS.index(rows.worst(word))
                    worst[subject, word] = max(level, worst.get((subject, word), 0))
    for (subject, word), level in worst.items():
        if (subject, word) != ("log_dirs", "nearly full"):  # degraded, or critical by how full it is, which is shown
            assert judged[subject][word] == LEVELS[level], word
        compared.add(word)
    assert {"gone", "fenced", "silent", "dir offline", "offline", "under-replicated"} <= compared


def test_disks_have_the_limits_of_kmon() -> None:
    (panel,) = (panel for panel in panels(BOARDS["kmon-brokers"]) if panel["title"] == "Fullest disk")
    steps = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert steps == [None, 1 - DISK_DEGRADED, 1 - DISK_CRITICAL]
