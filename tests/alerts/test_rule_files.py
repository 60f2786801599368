"""Rule files: what they may say, and every error with its place."""

import json
from pathlib import Path

import pytest

from alerts.effective import rules_of
from alerts.rule_files import ON, read_rules, rules_in
from alerts.subject_rules import SubjectRule
from kmon import cli
from monitor.settings.alerts import AlertSettings
from monitor.settings.errors import SettingsError
from monitor.subjects import SUBJECTS

ORDERS = """\
groups:
  - name: orders
    labels: {shop: eu}
    rules:
      - alert: OrdersLate
        on: lag
        where: group ~ "orders.*" and lag_seconds > 10m
        for: 5m
        keep_firing_for: 1m
        labels: {severity: page, tier: gold}
        annotations: {summary: "{{ group }} is {{ lag_seconds }} behind on {{ topic }}"}
      - alert: BrokerGone
        on: broker
        where: 'status == "gone"'
        severity: ticket
        mode: observe
        inhibited_by: [OrdersLate, KafkaBrokerDown]
"""

ONE = "groups:\n  - name: a\n    rules:\n      - "


def written(tmp_path: Path, text: str, name: str = "rules.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def problems(tmp_path: Path, text: str) -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        read_rules([path])
    return [each.removeprefix(f"{path}:") for each in refused.value.problems]


def test_the_form_of_a_rule(tmp_path: Path) -> None:
    late, gone = read_rules([written(tmp_path, ORDERS)])
    assert (late.name, late.subject.name, late.for_seconds, late.keep_firing_for_seconds) == (
        "OrdersLate",
        "lag",
        300,
        60,
    )
    assert (late.severity, late.labels, late.observe) == ("page", {"shop": "eu", "tier": "gold"}, False)
    assert late.annotations["summary"].columns == ("group", "lag_seconds", "topic")
    assert late.place == f"{tmp_path / 'rules.yaml'}:5:9"
    assert (gone.severity, gone.observe, gone.group, gone.labels) == ("ticket", True, "orders", {"shop": "eu"})
    assert (late.inhibited_by, gone.inhibited_by) == ((), ("OrdersLate", "KafkaBrokerDown"))


def test_every_subject_that_rules_can_be_over_says_how_its_rows_are() -> None:
    for name in ON:
        assert {"status", "level", "since", "why"} <= SUBJECTS[name].schema.keys(), name


def test_all_errors_of_a_file_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    text = """\
groups:
  - name: a
    rules:
      - alert: One
        on: lga
        where: lag > 1
      - alert: Two
        on: lag
        where: lagg > 1
      - alert: Three
        on: group
        where: "lag > 5s"
        for: 5
      - alert: Four
        on: lag
        wehre: lag > 1
      - alert: Five
        on: lag
        where: lag > 1
        annotations:
          summary: "{{ grup }} is late"
        severity: critical
      - alert: Six
        on: lag
        expr: lag > 1
        where: lag > 1
        labels: {topic: x, 1a: y}
"""
    assert [each.split(":")[:2] for each in problems(tmp_path, text)] == [
        ["5", "13"],
        ["9", "16"],
        ["12", "23"],
        ["13", "14"],
        ["14", "9"],
        ["16", "9"],
        ["21", "24"],
        ["22", "19"],
        ["25", "9"],
        ["27", "17"],
        ["27", "32"],
    ]
    told = "\n".join(problems(tmp_path, text))
    for part in ("did you mean lag?", "did you mean group?", "did you mean where?", "PromQL", "lacks where"):
        assert part in told


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("groups: [", "1:10: is not valid YAML"),
        ("- a\n", "1:1: must be a mapping"),
        ("groups: {}\n", "1:9: must be a list"),
        ("groups:\n  - name: a\n    rules: []\n  - name: a\n    rules: []\n", "4:11: group a is there twice"),
        ("groups:\n  - rules: []\n", "2:5: lacks name"),
        ("rules: []\n", "1:1: unknown key rules: valid names are groups"),
        (
            f"{ONE}alert: A\n        alert: B\n        on: lag\n        where: lag > 1\n",
            "5:9: alert is set twice",
        ),
        (
            f"{ONE}{{alert: A, on: lag, where: lag > 1, annotations: {{summary: '{{{{ lag'}}}}\n",
            "4:69: {{ is not closed",
        ),
        (
            f"{ONE}{{alert: A, on: lag, where: lag > 1, for: 500d}}\n",
            "4:50: is longer than a year",
        ),
    ],
)
def test_what_is_no_rule_file(tmp_path: Path, text: str, problem: str) -> None:
    (told,) = problems(tmp_path, text)
    assert told.startswith(problem)


def test_the_same_name_in_two_files(tmp_path: Path) -> None:
    one, two = (
        written(tmp_path, ORDERS, "one.yaml"),
        written(tmp_path, ORDERS.replace("BrokerGone", "Gone"), "two.yaml"),
    )
    with pytest.raises(SettingsError) as refused:
        read_rules([one, two])
    assert refused.value.problems == (f"{two}:5:9: alert OrdersLate is also at {one}:5:9: names must be unique",)


def test_files_are_named_by_patterns(tmp_path: Path) -> None:
    for name in ("b", "a"):
        written(tmp_path, f"{ONE}{{alert: {name}, on: lag, where: lag > 1}}\n", f"{name}.yaml")
    written(tmp_path, "no rules", "c.yml")
    assert [each.name for each in rules_in([f"{tmp_path}/*.yaml", f"{tmp_path}/a.yaml"])] == ["a", "b"]


def test_a_pattern_without_files_hides_no_error_of_the_files_of_others(tmp_path: Path) -> None:
    path = written(tmp_path, "rules: []\n")
    with pytest.raises(SettingsError) as refused:
        rules_in([f"{tmp_path}/*.json", str(path)])
    assert refused.value.problems == (
        f"alerts.rule_files: no file is named by {tmp_path}/*.json",
        f"{path}:1:1: unknown key rules: valid names are groups",
    )


def test_labels_of_a_group_of_rules_have_the_severity_of_its_rules(tmp_path: Path) -> None:
    rules = "{alert: A, on: lag, where: lag > 1}, {alert: B, on: lag, where: lag > 1, labels: {severity: info}}"
    path = written(tmp_path, f"groups: [{{name: g, labels: {{severity: page, team: x}}, rules: [{rules}]}}]\n")
    assert [(each.severity, each.labels) for each in read_rules([path])] == [
        ("page", {"team": "x"}),
        ("info", {"team": "x"}),
    ]


@pytest.mark.parametrize("label", ["alertname: x", "cluster: x", "topic: x", "severity: x"])
def test_labels_of_a_group_of_rules_are_no_others_than_those_of_a_rule(tmp_path: Path, label: str) -> None:
    rule = "{alert: A, on: lag, where: lag > 1}"
    assert problems(tmp_path, f"groups:\n  - {{name: g, labels: {{{label}}}, rules: [{rule}]}}\n") == [
        "2:23: severity 'x' is not one of page, ticket, info: valid names are info, page, ticket"
        if "severity" in label
        else f"2:23: {label.removesuffix(': x')!r} is a label that kmon sets"
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"groups:\n  - 1\n  - 2\n", ("2:5: must be a mapping", "3:5: must be a mapping")),
        (b"groups:\n - \xe9\n", ("2:4: is not UTF-8 (byte 0xe9)",)),
        ("# \u65e5\ngroups: \7".encode(), ("2:9: contains a control character",)),
        (b"{a: " * 3000, ("1:1: is nested too deeply",)),
        (b"? [a]\n: b\n? {c: d}\n: e\n", ("1:3: is a key that is not a text", "3:3: is a key that is not a text")),
        (b"a: &a [*a]\n", ("1:4: has more than 200,000 values up to here, with those that aliases stand for",)),
        (
            f'{ONE}{{alert: "\\ud800", on: lag, where: lag > 1}}\n'.encode(),
            ("4:18: has half a character (\\ud800 to \\udfff), which cannot be sent",),
        ),
        (
            f'{ONE}{{alert: A, on: lag, where: lag > 1, annotations: {{{"x" * 5}: a, "\\udc00": b}}}}\n'.encode(),
            ("4:70: has half a character (\\ud800 to \\udfff), which cannot be sent",),
        ),
        (f"{ONE}{{alert: {'x' * 256}, on: lag, where: lag > 1}}\n".encode(), ("4:17: is longer than 255 characters",)),
        (f"{ONE}{{alert: A, on: lag, where: null}}\n".encode(), ("4:36: must be a text",)),
    ],
)
def test_no_file_is_so_odd_that_its_errors_have_no_place(tmp_path: Path, data: bytes, problem: tuple[str, ...]) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(data)
    with pytest.raises(SettingsError) as refused:
        read_rules([path])
    assert tuple(each.removeprefix(f"{path}:") for each in refused.value.problems) == problem


def test_a_rule_file_can_be_json(tmp_path: Path) -> None:
    rule = {"alert": "Late \U0001f99c", "on": "group", "where": 'group == "\U0001f99c"'}
    path = written(tmp_path, json.dumps({"groups": [{"name": "g", "rules": [rule]}]}))
    (found,) = read_rules([path])
    assert (found.name, found.text) == (rule["alert"], rule["where"])


def test_aliases_cannot_make_a_small_file_endless(tmp_path: Path) -> None:
    rules = ", ".join(["*r"] * 2000)
    text = (
        f"groups:\n  - &g {{name: g, rules: [&r {{alert: A, on: lag, where: lag > 1}}, {rules}]}}\n" + "  - *g\n" * 2000
    )
    (told,) = problems(tmp_path, text)
    assert "has more than 200,000 values" in told


def test_the_command_checks_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, ORDERS)
    settings = written(
        tmp_path, f"alerts:\n  rule_files: ['{path}']\n  rules: [{{name: Old, lag_above: 5}}]\n", "kmon.yaml"
    )
    assert cli.main(["rules", "check", str(path)]) == 0
    assert capsys.readouterr().out == "OK: 2 rules\n"
    assert cli.main(["rules", "check", "--config", str(settings)]) == 0
    assert cli.main(["rules", "list", "--config", str(settings)]) == 0
    shown = capsys.readouterr().out
    for part in (
        "OrdersLate",
        'group ~ "orders.*" and lag_seconds > 10m',
        "observe",
        "Old",
        "KmonClusterUnreachable",
        f"{path}:5",
    ):
        assert part in shown
    path.write_text(ORDERS.replace("on: lag", "on: lgg"))
    assert cli.main(["rules", "check", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"{path}:6:13: ")
    settings.write_text(settings.read_text().replace("Old", "OrdersLate"))
    path.write_text(ORDERS)
    assert cli.main(["rules", "check", "--config", str(settings)]) == 1
    assert "name of another rule" in capsys.readouterr().err


def test_a_rule_is_a_value(tmp_path: Path) -> None:
    assert isinstance(read_rules([written(tmp_path, ORDERS)])[0], SubjectRule)


def test_a_rule_that_is_inhibited_by_none_that_there_is_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ORDERS)
    assert len(rules_of(AlertSettings(rule_files=(str(path),), catalogue=False))) > len(read_rules([path]))
    path.write_text(ORDERS.replace("KafkaBrokerDown", "BrokerDown"))
    with pytest.raises(SettingsError) as refused:
        rules_of(AlertSettings(rule_files=(str(path),)))
    assert refused.value.problems == (f"{path}:12:9: inhibited_by: no rule over a subject is called BrokerDown",)
    with pytest.raises(SettingsError, match="must be a list"):
        read_rules([written(tmp_path, ORDERS.replace("[OrdersLate, KafkaBrokerDown]", "OrdersLate"))])
