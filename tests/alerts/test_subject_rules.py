"""Rules over any subject: where they are true, false, gone or unknown, and what their alerts say."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from details import detailed_view
from views import FixtureSource, Group, Topic, shop_view, snapshot_of

from alerts.evaluator import Evaluator
from alerts.mutes import Mutes
from alerts.rows import row_of
from alerts.rule_files import ON, read_rules
from alerts.rules import covers, samples
from alerts.samples import Labels
from alerts.saved import Saved, from_json, to_json
from alerts.state import Alert
from alerts.subject_rules import SubjectRule, rows_of
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.subjects import SUBJECTS

MakeRule = Callable[..., SubjectRule]


@pytest.fixture
def rule(tmp_path: Path) -> MakeRule:
    def make(on: str, where: str, more: str = "") -> SubjectRule:
        path = tmp_path / "rules.yaml"
        path.write_text(
            f"groups:\n  - name: g\n    rules:\n      - alert: A\n        on: {on}\n        where: '{where}'\n{more}"
        )
        return read_rules([path])[0]

    return make


def lags(ends: dict[int, float | None], commits: dict[int, float], **more: object) -> View:
    """Group g with these commits of topic t, whose partitions have these ends."""
    return make_view(
        snapshot_of(
            [Topic("t", [(0, end) if end is not None else (None, None) for end in ends.values()])],
            [Group("g", {("t", number): commit for number, commit in commits.items()})],
            **more,  # type: ignore[arg-type]
        )
    )


def labels(partition: int, group: str = "g", topic: str = "t") -> Labels:
    return (("cluster", "demo"), ("group", group), ("topic", topic), ("partition", str(partition)))


def test_true_false_gone_and_unknown(rule: MakeRule) -> None:
    view = lags({0: 100, 1: 100, 2: None}, {0: 10, 1: 95, 2: 5})
    watched = [labels(0), labels(1), labels(2), labels(3), labels(0, "other")]
    found = samples(rule("lag", "lag > 50"), view, watched)
    assert [(each.labels, each.value) for each in found.true] == [(labels(0), 90.0)]
    assert found.false == {labels(1)}
    assert found.gone == {labels(3), labels(0, "other")}
    assert set(found.unknown) == {labels(2)}
    assert found.unknown[labels(2)].startswith("lag is unknown: ")


def test_what_could_not_be_listed_is_not_gone(rule: MakeRule) -> None:
    view = lags({0: 100}, {0: 10}, failed={"groups": "broker 2: timed out"})
    found = samples(rule("group", "lag > 50"), view, [(("cluster", "demo"), ("group", "hidden"))])
    assert not found.gone
    assert list(found.unknown.values()) == ["broker 2: timed out"]


def test_an_unreachable_cluster_says_nothing_but_of_itself(rule: MakeRule) -> None:
    up = shop_view()
    down = shop_view(1, error="no broker is reachable", last_good=up)
    nothing = samples(rule("group", "lag > 0"), down, [])
    assert (nothing.true, nothing.reason) == ((), down.snapshot.error)
    (found,) = samples(rule("kmon", 'status == "unreachable"'), down, []).true
    assert found.labels == (("cluster", "demo"),)
    assert found.why == down.snapshot.error
    assert samples(rule("cluster", 'level == "critical"'), down, []).true


@pytest.mark.parametrize("on", ON)
def test_every_subject_can_be_asked_how_its_rows_are(rule: MakeRule, on: str) -> None:
    view = detailed_view()
    subject = SUBJECTS[on]
    every = rule(on, 'level != "critical"')
    worst = rule(on, 'level == "critical"')
    rows = subject.count(view)
    assert rows
    true = samples(every, view).true + samples(worst, view).true
    assert len(true) == rows
    assert len({each.labels for each in true}) == rows, "the key names each row"
    watched = [each.labels for each in true]
    assert sorted(rows_of(subject.read(view), every.keys, watched)) == list(range(rows))
    assert all(covers(every, each) for each in watched)
    found = samples(worst, view, watched)
    assert not found.gone
    assert len(found.true) + len(found.false) + len(found.unknown) == rows


def test_annotations_have_columns_as_people_read_them(rule: MakeRule) -> None:
    more = "        annotations:\n          summary: '{{ group }}: {{lag}} of {{ topic }}, {{ lag_seconds }}'\n"
    (found,) = samples(rule("lag", "lag > 5000", more), lags({0: 20_000}, {0: 1}), []).true
    assert dict(found.texts)["summary"] == "g: 19,999 of t, unknown"


def test_alerts_fire_are_sent_and_resolve(rule: MakeRule) -> None:
    more = "        severity: page\n        labels: {team: money}\n"
    evaluator = Evaluator([rule("lag", "lag > 50", more)])
    (row,) = evaluator.observe(lags({0: 100}, {0: 10}))
    assert (row.state, row.severity, row.value, row.observed) == ("firing", "page", 90.0, False)
    assert dict(row.labels)["team"] == "money"
    assert row.summary.startswith("group g on cluster demo, topic t, partition 0: ")
    assert "since" in row.summary
    assert evaluator.observe(lags({0: 100}, {0: 100})) == ()


def test_a_rule_on_probation_is_shown_and_not_sent(rule: MakeRule) -> None:
    class Sent(list[Any]):
        name = "r"

        def offer(self, notices: Sequence[Any], valid_seconds: float) -> None:
            assert valid_seconds > 0
            self.extend(notices)

    sent = Sent()
    observed = rule("lag", "lag > 50", "        mode: observe\n")
    for each, count in ((observed, 0), (replace(observed, observe=False), 1)):
        evaluator = Evaluator([each], [sent])  # type: ignore[list-item]
        (row,) = evaluator.observe(lags({0: 100}, {0: 10}))
        assert (row.observed, len(sent)) == (not count, count)


def test_what_is_kept_over_a_restart(rule: MakeRule) -> None:
    more = "        annotations: {summary: '{{ group }} is late'}\n"
    made = rule("lag", "lag > 50", more)
    (sample,) = samples(made, lags({0: 100}, {0: 10}), []).true
    alert = Alert((*sample.labels, ("alertname", "A"), ("severity", "ticket")), sample, active_at=1.0)
    saved = from_json(to_json(Saved(1.0, "demo", "id", {"A": (alert,)})))
    assert saved.alerts["A"][0].sample == sample
    assert row_of(made, saved.alerts["A"][0], Mutes()).summary.startswith("g is late; ")


def test_kmon_and_the_cluster_know_since_when(rule: MakeRule) -> None:
    source = FixtureSource(shop_view())
    first = source.latest()
    assert first is not None
    down = shop_view(1, error="no broker is reachable", last_good=first)
    still = shop_view(2, error="no broker is reachable", last_good=down)
    for view in (down, still):
        (row,) = SUBJECTS["kmon"].plain(view)
        assert (row["status"], row["level"], row["since"]) == ("unreachable", "critical", down.time)
    (row,) = SUBJECTS["kmon"].plain(still)
    assert row["data_age_seconds"] == still.time - first.time
    assert row["why"] == still.snapshot.error
    failed = shop_view(3, failed={"commits": "broker 2: timed out"})
    (row,) = SUBJECTS["kmon"].plain(failed)
    assert (row["status"], row["failing_collectors"]) == ("incomplete", 1)
    assert "broker 2: timed out" in row["why"]
