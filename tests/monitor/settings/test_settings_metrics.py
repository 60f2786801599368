"""Settings of the metrics page, from a file, a variable and a flag, and the errors in them."""

from pathlib import Path

import pytest

from monitor.settings import load
from monitor.settings.errors import SettingsError
from monitor.settings.metrics import NAMES
from monitor.settings.model import Settings

CHOICE = "kmon, kafka_exporter, kminion, kafka_lag_exporter"


def wrong(text: str, tmp_path: Path) -> list[str]:
    """The problems of a settings file that ends in `metrics:` with this under it, without the folder."""
    path = tmp_path / "kmon.yaml"
    path.write_text(f"contexts:\n  - bootstrap_servers: [a:9092]\nmetrics:\n{text}")
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    return [each.replace(f"{tmp_path}/", "") for each in caught.value.problems]


def test_kmons_own_names_are_the_default() -> None:
    assert Settings().metrics.names == ("kmon",)


def test_names_from_a_file_a_variable_and_a_flag(tmp_path: Path) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text("contexts:\n  - bootstrap_servers: [a:9092]\nmetrics:\n  names: [kmon, kminion]\n")
    assert load(path, {}).settings.metrics.names == ("kmon", "kminion")
    env = {"KMON_METRICS_NAMES": ",".join(NAMES)}
    assert load(path, env).settings.metrics.names == NAMES
    loaded = load(path, env, {"metrics.names": ("--names", "kafka_exporter")})
    assert loaded.settings.metrics.names == ("kafka_exporter",)
    assert loaded.origin(("metrics", "names")) == "--names"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "  names:\n    - kmon\n    - kafka-exporter\n",
            f"kmon.yaml:6: metrics.names[1]: 'kafka-exporter' is not one of {CHOICE}: did you mean kafka_exporter?",
        ),
        ("  names: []\n", f"kmon.yaml:4: metrics.names: is empty: list at least one of {CHOICE}"),
        ("  names: [kmon, kmon]\n", "kmon.yaml:4: metrics.names: 'kmon' is listed 2 times: list it once"),
        ("  names: {a: b}\n", "kmon.yaml:4: metrics.names: must be a list, or a string with commas"),
        ("  name: kmon\n", "kmon.yaml:4: metrics.name: is not a key of this section: did you mean names?"),
    ],
)
def test_an_error_has_its_line_and_key(text: str, problem: str, tmp_path: Path) -> None:
    assert wrong(text, tmp_path) == [problem]


def test_an_error_of_a_flag_and_of_a_variable_names_these() -> None:
    for overrides, env, place in (
        ({"metrics.names": ("--names", "kmon,burrow")}, {}, "--names"),
        ({}, {"KMON_METRICS_NAMES": "kmon,burrow"}, "KMON_METRICS_NAMES"),
    ):
        with pytest.raises(SettingsError) as caught:
            load(None, {**env, "KMON_BOOTSTRAP_SERVERS": "a:9092"}, overrides)
        (problem,) = caught.value.problems
        assert problem.startswith(f"{place}: ")
        assert problem.endswith(f"'burrow' is not one of {CHOICE}")
