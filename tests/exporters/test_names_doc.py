"""docs/coming-from.md has every name of the other exporters as it is, what is not served, and what promtool reports."""

import re
import subprocess
from pathlib import Path

import pytest
from other_exporters import NOT_SERVED, PUBLISHED, SERVED, whole_view
from requirements import require_program
from views import FixtureSource

from exporters.names import EXPORTERS
from exporters.prometheus import MetricsPage
from monitor.settings.metrics import NAMES, MetricsSettings

PAGE = (Path(__file__).parents[2] / "docs" / "coming-from.md").read_text()
OTHERS = NAMES[1:]

LINT = {
    "kafka_consumergroup_current_offset_sum": '"_sum"',
    "kafka_consumergroup_lag_sum": '"_sum"',
    "kafka_consumergroup_poll_time_ms": "abbreviated units",
    "kafka_lag_exporter_compaction_detected_total": '"_total"',
    "kafka_lag_exporter_data_loss_partitions_total": '"_total"',
    "kminion_kafka_consumer_group_topic_offset_sum": '"_sum"',
    "kminion_kafka_received_bytes": '"_total"',
    "kminion_kafka_topic_high_water_mark_sum": '"_sum"',
    "kminion_kafka_topic_low_water_mark_sum": '"_sum"',
}
"""What promtool has against names that others chose."""


@pytest.mark.prometheus
def test_promtool_finds_nothing_but_names_that_are_theirs() -> None:
    require_program("promtool")
    body = MetricsPage([FixtureSource(whole_view())], settings=MetricsSettings(names=NAMES)).body()[0]
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    found = dict(line.split(" ", 1) for line in (done.stdout + done.stderr).decode().splitlines())
    assert found.keys() == LINT.keys()
    assert all(LINT[name] in told for name, told in found.items())


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the tables below a heading of the page, by the metric that they begin with."""
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in part.splitlines() if line[:2] == "| ")
    return {each[0].strip(" `"): each[1:] for each in cells if each[0].strip().startswith("`")}


HEADINGS = {"kafka_exporter": "kafka_exporter", "kminion": "KMinion", "kafka_lag_exporter": "kafka-lag-exporter"}


@pytest.mark.parametrize("project", OTHERS)
def test_the_page_has_every_metric_and_what_is_not_served(project: str) -> None:
    found = rows(HEADINGS[project])
    assert found.keys() == {*SERVED[project], *NOT_SERVED[project]}
    for family in EXPORTERS[project]:
        kind, labels = SERVED[project][family.name]
        told = found[family.name]
        assert (family.type, told[0]) == (kind, kind), family.name
        assert told[1] == (", ".join(f"`{each}`" for each in labels.split()) or "–"), family.name
        assert told[2] == family.meaning, family.name
    for name in NOT_SERVED[project]:
        (reason,) = found[name]
        assert len(reason.split()) > 3, f"{name}: why it is not served"


def test_the_page_names_what_promtool_has_against_them() -> None:
    part = PAGE.partition("promtool check metrics")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(k\w+)`", part)) == LINT.keys()


@pytest.mark.parametrize("published", PUBLISHED)
def test_published_queries_use_nothing_that_is_missing(published: str) -> None:
    project = published.partition(":")[0]
    for name, labels in PUBLISHED[published].items():
        assert set(labels.split()) <= set(SERVED[project][name][1].split()), name
