"""Tests of rules as users write them: the notation, what they find, and every error with its place."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rule_tests import read_tests
from alerts.scripted import NotationError, values_of
from kmon import cli
from monitor.settings.errors import SettingsError
from monitor.subjects import SUBJECTS

PAGE = (Path(__file__).parents[2] / "docs/rules.md").read_text()
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
(RULES,) = (each for each in FENCE.findall(PAGE) if each.startswith("groups:"))
(TESTS,) = (each for each in FENCE.findall(PAGE) if each.startswith("rule_files:"))

LAG, STATUS = SUBJECTS["lag"].schema["lag_seconds"], SUBJECTS["lag"].schema["status"]
INTERNAL = SUBJECTS["topic"].schema["internal"]


def written(tmp_path: Path, tests: str, rules: str = RULES) -> str:
    (tmp_path / "rules.yaml").write_text(rules)
    path = tmp_path / "rules_test.yaml"
    path.write_text(tests)
    return str(path)


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], tests: str) -> tuple[int, str]:
    """The exit code, and what was printed without the name of the file."""
    path = written(tmp_path, tests)
    code = cli.main(["rules", "test", path])
    told = capsys.readouterr()
    return code, (told.out + told.err).replace(f"{path}:", "")


def test_the_example_of_the_documentation_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, capsys, TESTS) == (0, "OK: 2 tests\n")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("partition: 0, severity: page", "partition: 1, severity: page", "does not fire; firing: "),
        (
            "16.6 min behind",
            "18 min behind",
            "annotation summary is 'orders-eu is 16.6 min behind on orders', ",
        ),
        ("eval_time: 8m", "eval_time: 10m", "fires but is not expected"),
        ("gonex5", "gonex1", "KafkaBrokerGone after 4m: "),
        ("_x1 880", "700 820 880", "fires but is not expected"),  # what is unknown does not count
    ],
)
def test_what_is_not_as_expected_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    assert old in TESTS
    code, out = run(tmp_path, capsys, TESTS.replace(old, new))
    assert code == 1
    assert re.match(r"\d+:\d+: ", out)
    assert told in out


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("rules.yaml]", "rulez.yaml]", "1:14: no file is named by "),
        ("lag_seconds: 0x1", "lag_secs: 0x1", "7:29: unknown column lag_secs: did you mean lag_s"),
        ("700+60x2", "700+60y2", "7:36: '700+60y2' is not a value"),
        ("700+60x2", "ok", "7:36: lag_seconds is a number, not a text"),
        ("gonex5", "gonnex5", "19:30: 'gonne' is not a value of status, write one of "),
        ("row: lag{", "row: lga{", "6:14: 'lga' is not a subject of rules: did you mean lag?"),
        ('topic="orders"', 'topc="orders"', "6:37: topc does not name a lag: did you mean topic?"),
        ('partition="0"', "partition=0", '6:52: write labels as name="text"'),
        ('topic="orders", ', "", "6:14: lacks topic, which names a lag"),
        (
            "alertname: KafkaBrokerGone\n",
            "alertname: KafkaBrokerGon\n",
            "22:20: no rule is named KafkaBrokerGon: did",
        ),
        ("eval_time: 9m", "eval_time: 9", "10:20: "),
        (
            "input_rows:\n      - row: broker",
            "input_series:\n      - row: broker",
            "17:5: unknown key input_series: ",
        ),
    ],
)
def test_errors_have_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    assert old in TESTS
    code, out = run(tmp_path, capsys, TESTS.replace(old, new, 1))
    assert code == 1
    assert told in out


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("eval_time: 13m", "eval_time: 360d", "15:21: comes after more than 100,000 evaluations"),
        ("status: ok", "broker: 4, status: ok", "19:27: broker is part of the name of the row: write it in row"),
        ('broker{broker="3"}', 'broker{broker="3", broker="4"}', "18:33: broker is there twice"),
        ('broker{broker="3"}', 'broker{broker="three"}', "18:29: broker is a number, not 'three'"),
        (
            "      - row: broker",
            '      - row: broker{broker="3"}\n      - row: broker',
            "19:9: this row is there twice",
        ),
        ("status: ok gone", 'status: ok "gone', "'\"gonex5 ok' is not a value, such as"),
        ("lag_seconds: 0x1 ", "lag_seconds: 0x" + "1" * 5000, "is not a value, such as"),
        ("    alert_rule_test", "    up: 1 stale\n    alert_rule_test", "up is 1 or 0 at every evaluation"),
        ("    alert_rule_test", "    up: 1 5\n    alert_rule_test", "up is true or false, not 5"),
    ],
)
def test_what_would_not_be_tested_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    assert old in TESTS
    code, printed = run(tmp_path, capsys, TESTS.replace(old, new))
    assert (code, told in printed) == (1, True), printed
    assert all(re.match(r"\d+:\d+: ", line) for line in printed.splitlines())


def test_what_is_wrong_in_the_rules_is_told_as_well(tmp_path: Path) -> None:
    path = written(tmp_path, TESTS, RULES.replace("on: lag", "on: lga"))
    with pytest.raises(SettingsError) as refused:
        read_tests(Path(path))
    assert any("rules.yaml:5:13: " in each for each in refused.value.problems)


def test_the_catalogue_can_be_tested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests = """\
rule_files: [catalogue]
evaluation_interval: 30s
tests:
  - cluster: prod
    up: 1x8 0x10 1
    input_rows:
      - {row: cluster, columns: {quorum_leaders: 1 0x30, quorum_margin: _}}
    alert_rule_test:
      - {eval_time: 1m, alertname: KafkaNoController}
      - eval_time: 8m
        alertname: KafkaNoController
        exp_alerts: [{exp_labels: {severity: page}}]
"""
    assert run(tmp_path, capsys, tests) == (0, "OK: 1 test\n")


def test_the_notation() -> None:
    assert values_of("1 2x2 5+1.5x2 5-5x1 -3 infx1", LAG) == (
        1,
        2,
        2,
        2,
        5,
        6.5,
        8,
        5,
        0,
        -3,
        float("inf"),
        float("inf"),
    )
    assert values_of("_ _x2 stalex1 0", LAG) == (None, None, None, None, "stale", "stale", 0)
    assert values_of('ok okx1 "stuck"x1 lost', STATUS) == ("ok", "ok", "ok", "stuck", "stuck", "lost")
    assert values_of("true falsex1", INTERNAL) == (1.0, 0.0, 0.0)
    assert values_of("", LAG) == ()


@given(st.text(alphabet='0123456789+-x._ "astle\n', max_size=30))
def test_any_text_is_values_or_an_error_in_it(text: str) -> None:
    try:
        found, position = values_of(text, LAG), 0
    except NotationError as error:
        found, position = (), error.position
    assert all(value is None or value == "stale" or isinstance(value, float) for value in found)
    assert 0 <= position < max(1, len(text))
