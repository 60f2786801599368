"""Values as people read them: each unknown one has its reason, alike for one row and for all."""

import numpy as np
import pytest
from details import detailed_view
from views import shop_view

from monitor.model.view import View
from monitor.subjects import SUBJECTS
from monitor.subjects.column import ABSENT
from monitor.subjects.shown import UNREPORTED, shown

VIEWS = {
    "complete": detailed_view(),
    "one broker timed out": shop_view(),
    "groups failed": shop_view(failed={"groups": "broker 2 is gone", "commits": "broker 2 is gone"}),
}


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_why_a_value_is_unknown_is_the_same_for_one_row_and_for_all(view: View, name: str) -> None:
    reading = SUBJECTS[name].read(view)
    for column in SUBJECTS[name].columns:
        values = shown(reading, column.name)
        texts, places = values.whys()
        assert [texts[place] for place in places] == [values.why(row) for row in range(len(values))]
        assert [bool(place) for place in places] == [not values.is_known(row) for row in range(len(values))]
        assert values.unknown.tolist() == [not values.is_known(row) for row in range(len(values))]


def test_every_reason_and_error_that_a_column_names_is_a_column_of_its_subject() -> None:
    for subject in SUBJECTS.values():
        for column in subject.columns:
            named = {each for each in (column.reason, column.error, column.at_least) if each}
            assert named <= set(subject.schema), (subject.name, column.name)


def test_the_reason_of_the_row_comes_before_that_of_the_column() -> None:
    topics = SUBJECTS["topic"].read(detailed_view())
    configs = shown(topics, "min_insync_replicas")
    assert configs.why(1) == "DescribeConfigs on the topic is denied (TOPIC_AUTHORIZATION_FAILED)"
    sizes = shown(SUBJECTS["broker"].read(detailed_view()), "size_bytes")
    assert sizes.why(2) == "KAFKA_STORAGE_ERROR"
    assert sizes.why(3) not in ("", ABSENT, UNREPORTED)


def test_a_number_that_ought_to_be_0_has_a_level_where_it_is_not() -> None:
    offline = shown(SUBJECTS["topic"].read(detailed_view()), "offline_partitions")
    levels = [offline.level(row) for row in range(len(offline))]
    assert levels == ["critical" if each > 0 else "" for each in np.asarray(offline.values)]
    assert "critical" in levels
