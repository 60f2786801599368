"""Settings of brokers' own metrics: the URL and its placeholders, single brokers, more names, and errors in them."""

from pathlib import Path

import pytest

from monitor.model.broker_metrics import FIGURES, Endpoints, MetricName
from monitor.settings import load
from monitor.settings.errors import SettingsError

HEAD = "contexts:\n  - bootstrap_servers: [a:9092]\n    broker_metrics:\n"
NO_METRIC = "'a.b' is not the name of a metric, e.g. kafka_server_brokertopicmetrics_bytesin_total"
NO_URL = "is not a URL without user and password, e.g. http://{host}:9404/metrics"


def endpoints(text: str, tmp_path: Path) -> Endpoints:
    path = tmp_path / "kmon.yaml"
    path.write_text(HEAD + text)
    return load(path, {}).settings.contexts[0].choice.endpoints


def wrong(text: str, tmp_path: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        endpoints(text, tmp_path)
    return [each.replace(f"{tmp_path}/", "") for each in caught.value.problems]


def test_by_default_there_are_none(tmp_path: Path) -> None:
    assert not endpoints("      {}\n", tmp_path)


def test_all_of_it(tmp_path: Path) -> None:
    found = endpoints(
        """\
      url: http://{host}:9404/metrics?name[]=x
      timeout: 2s
      max_answer_bytes: 1MiB
      brokers:
        - {node: 3, url: "https://proxy/{rack}/{node}"}
      names:
        - {metric: my_wait, figure: total_p99_seconds, labels: {q: p99}, scale: 0.001}
""",
        tmp_path,
    )
    assert found == Endpoints(
        "http://{host}:9404/metrics?name[]=x",
        {3: "https://proxy/{rack}/{node}"},
        2.0,
        2**20,
        (MetricName("my_wait", "total_p99_seconds", (("q", "p99"),), 0.001),),
    )
    assert found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "      url: http://{hots}:9404/\n",
            (
                "kmon.yaml:4: contexts[0].broker_metrics.url: has {hots}, which is not a placeholder: "
                "write one of {host}, {node}, {rack}"
            ),
        ),
        ("      url: kafka:9404\n", f"kmon.yaml:4: contexts[0].broker_metrics.url: {NO_URL}"),
        ("      url: http://me:secret@{host}/\n", f"kmon.yaml:4: contexts[0].broker_metrics.url: {NO_URL}"),
        ("      url: http://{host/\n", f"kmon.yaml:4: contexts[0].broker_metrics.url: {NO_URL}"),
        ("      url: file:///etc/passwd\n", f"kmon.yaml:4: contexts[0].broker_metrics.url: {NO_URL}"),
        (
            "      brokers:\n        - {node: 1, url: http://a/}\n        - {node: 1, url: http://b/}\n",
            "kmon.yaml:3: contexts[0].broker_metrics: 2 brokers are named '1': names must be unique",
        ),
        (
            "      names:\n        - {metric: a, figure: bytes}\n",
            "kmon.yaml:5: contexts[0].broker_metrics.names[0].figure: 'bytes' is not a figure: write one of "
            + ", ".join(FIGURES),
        ),
        (
            "      names:\n        - {metric: a.b, figure: bytes_in}\n",
            f"kmon.yaml:5: contexts[0].broker_metrics.names[0].metric: {NO_METRIC}",
        ),
    ],
)
def test_an_error_has_its_line_and_key(text: str, problem: str, tmp_path: Path) -> None:
    assert wrong(text, tmp_path) == [problem]


def test_an_error_does_not_repeat_a_url(tmp_path: Path) -> None:
    assert "secret" not in str(wrong("      url: http://me:secret@{host}/\n", tmp_path))
