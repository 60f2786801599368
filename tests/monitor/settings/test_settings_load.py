"""Settings from all their sources: precedence, places of errors, variables, secrets."""

import errno
import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.settings import load
from monitor.settings.broker_metrics import EndpointSettings, MetricNameSettings
from monitor.settings.client_options import client_options
from monitor.settings.errors import SettingsError
from monitor.settings.load import SENTENCES
from monitor.settings.model import NO_CLUSTER, ClusterSettings, choose
from monitor.settings.schema import EACH, keys_of, variables, walk
from monitor.settings.security import Protocol, SecuritySettings

SECRET = "correct-horse-battery"
NO_DURATION = "is not a duration: write a number with its unit, e.g. 500ms, 10s, 5m or 1h30m"
MINIMAL = "contexts:\n  - bootstrap_servers: [kafka:9092]\n"


Writer = Callable[[str], Path]


@pytest.fixture
def file(tmp_path: Path) -> Writer:
    def write(text: str) -> Path:
        path = tmp_path / "kmon.yaml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write


def problems(
    path: Path | None,
    env: Mapping[str, str] | None = None,
    overrides: dict[str, tuple[str, Any]] | None = None,
    **more: Any,
) -> list[str]:
    """The problems, with the folder of the file left out."""
    with pytest.raises(SettingsError) as caught:
        load(path, env or {}, overrides, **more)
    return [each.replace(f"{path.parent}/", "") if path else each for each in caught.value.problems]


def test_a_bootstrap_flag_alone_is_enough() -> None:
    cluster = load(None, {}, {"bootstrap_servers": ("-b", "a:9092, [::1]:9093")}).settings.cluster
    assert cluster == ClusterSettings(bootstrap_servers=("a:9092", "[::1]:9093"))
    assert (cluster.name, cluster.title) == (None, "a:9092,[::1]:9093")
    assert (cluster.interval_seconds, cluster.request_timeout_seconds) == (10, 3)


def test_no_brokers_at_all_says_how_to_name_them() -> None:
    assert problems(None) == [NO_CLUSTER]
    assert "-b HOST:PORT" in NO_CLUSTER


def test_flag_wins_over_environment_over_properties_over_file_over_default(file: Writer, tmp_path: Path) -> None:
    path = file(MINIMAL + "    client_id: file\n    interval: 1s\n    request_timeout: 1s\n    name: file\n")
    properties = tmp_path / "client.properties"
    properties.write_text("client.id=properties\nrequest.timeout.ms=2000\n")
    env = {"KMON_CLIENT_ID": "env", "KMON_REQUEST_TIMEOUT": "4s"}
    loaded = load(path, env, {"client_id": ("--client-id", "flag")}, command_config=properties)
    cluster = loaded.settings.cluster
    assert cluster.client_id == "flag"
    assert cluster.request_timeout_seconds == 4
    assert cluster.interval_seconds == 1
    assert load(path, {}, command_config=properties).settings.cluster.client_id == "properties"
    here = ("contexts", 0)
    assert loaded.origin((*here, "client_id")) == "--client-id"
    assert loaded.origin((*here, "request_timeout")) == "KMON_REQUEST_TIMEOUT"
    assert loaded.origin((*here, "interval")) == f"{path}:4"
    assert loaded.origin((*here, "max_answer_bytes")) == "default"


def test_security_of_client_properties_replaces_that_of_the_context(file: Writer, tmp_path: Path) -> None:
    path = file(MINIMAL + "    security: {protocol: SSL, check_hostname: 'false'}\n")
    properties = tmp_path / "client.properties"
    properties.write_text("client.id=x\n")
    assert load(path, {}, command_config=properties).settings.cluster.security == SecuritySettings()


def test_everything_wrong_is_told_at_once_with_line_key_and_what_is_allowed(file: Writer) -> None:
    path = file(
        "current_context: prod\nlisten: 0.0.0.0\ncontexts:\n"
        "  - name: prod\n    bootstrap_servers: [a:9092, b]\n    intervall: 5s\n    request_timeout: 3\n"
        "    security:\n      protocol: TLS\n"
        "alerts:\n  rules:\n    - name: x\n      lag_above: many\n      for: -1s\n      group: '(['\n"
        "    - lag_above: 5\n"
        "  alertmanagers: [ftp://x]\n  print: perhaps\n"
    )
    told = [each.split(": ", 2) for each in problems(path)]
    texts = {key: text for _, key, text in told}
    assert sorted((int(place.removeprefix("kmon.yaml:")), key) for place, key, _ in told) == [
        (2, "listen"),
        (5, "contexts[0].bootstrap_servers"),
        (6, "contexts[0].intervall"),
        (7, "contexts[0].request_timeout"),
        (9, "contexts[0].security.protocol"),
        (13, "alerts.rules[0].lag_above"),
        (14, "alerts.rules[0].for"),
        (15, "alerts.rules[0].group"),
        (16, "alerts.rules[1].name"),
        (17, "alerts.alertmanagers"),
        (18, "alerts.print"),
    ]
    assert "did you mean interval?" in texts["contexts[0].intervall"]
    assert all(name in texts["contexts[0].security.protocol"] for name in get_args(Protocol))
    assert {texts["contexts[0].request_timeout"], texts["alerts.rules[0].for"]} == {NO_DURATION}
    kinds = {"alerts.rules[0].lag_above": "float_parsing", "alerts.rules[1].name": "missing"}
    assert {key: texts[key] for key in kinds} == {key: SENTENCES[kind] for key, kind in kinds.items()}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("contexts:\n  a: 1\n", "kmon.yaml:1: contexts: must be a list: begin each item with -"),
        ("contexts:\n  - kafka:9092\n", "kmon.yaml:2: contexts[0]: must be a mapping of keys: name, bootstrap_servers"),
        (MINIMAL + "    interval:\n", "kmon.yaml:3: contexts[0].interval: has no value"),
        (MINIMAL + "    interval: 1ms\n", "kmon.yaml:3: contexts[0].interval: must be at least 100ms"),
        (
            MINIMAL + "    max_answer_bytes: 9GiB\n",
            "kmon.yaml:3: contexts[0].max_answer_bytes: must be at most 2147483647B",
        ),
        (MINIMAL + "    client_id: [a]\n", "kmon.yaml:3: contexts[0].client_id: must be a string"),
        (MINIMAL + "    client_id: ''\n", "kmon.yaml:3: contexts[0].client_id: is empty"),
        (
            MINIMAL + "    interval_seconds: 5\n",
            "kmon.yaml:3: contexts[0].interval_seconds: is not a key of this section",
        ),
        (
            "contexts:\n  - {name: a, bootstrap_servers: 'a:1'}\n  - {name: a, bootstrap_servers: 'b:1'}\n",
            "kmon.yaml:1: contexts: 2 contexts are named",
        ),
        (
            MINIMAL + "  - {name: b, bootstrap_servers: 'b:1'}\n",
            "kmon.yaml:1: contexts: context 1 needs a name",
        ),
        (
            MINIMAL + "current_context: prd\n",
            "kmon.yaml:3: current_context: no context 'prd': contexts are 'kafka:9092'",
        ),
        (
            MINIMAL + "    security: {username: u}\n",
            "kmon.yaml:3: contexts[0].security: protocol PLAINTEXT does not use username",
        ),
        (
            MINIMAL + "    security: {protocol: SASL_SSL}\n",
            "kmon.yaml:3: contexts[0].security: protocol SASL_SSL needs sasl",
        ),
        (
            MINIMAL + "alerts: {rules: [{name: a, lag_above: inf}]}\n",
            "kmon.yaml:3: alerts.rules[0].lag_above: must be a finite",
        ),
        (
            MINIMAL + "alerts: {rules: [{name: a, lag_above: 1, labels: {a-b: c}}]}\n",
            "kmon.yaml:3: alerts.rules[0].labels: 'a-b'",
        ),
        (
            MINIMAL + "alerts: {rules: [{name: a, lag_above: 1, labels: {group: c}}]}\n",
            "kmon.yaml:3: alerts.rules[0].labels: 'gr",
        ),
        (
            MINIMAL + "alerts: {rules: [{name: a, lag_above: 1}, {name: a, lag_above: 1}]}\n",
            "kmon.yaml:3: alerts.rules: 2 rules",
        ),
        (
            MINIMAL + "alerts: {alertmanagers: ['http://a:1', 'http://u:p@a:1/']}\n",
            "kmon.yaml:3: alerts.alertmanagers: URL 2 is the same address as URL 1",
        ),
        (
            MINIMAL + "alerts: {rules: [{name: KmonWatchdog, lag_above: 1}]}\n",
            "kmon.yaml:3: alerts.rules: 'KmonWatchdog' is a built-in alert",
        ),
        ("\x1b[31m: 1\n", "kmon.yaml:1: contains a control character"),
        (
            MINIMAL + "alerts: {rules: [{alert: Lag, lag_above: 1, name: r}]}\n",
            "kmon.yaml:3: alerts.rules[0].alert: is not a key of this section: kmon calls it name",
        ),
        (
            MINIMAL + "alerts: {rules: [{name: Lag, expr: kmon_group_lag > 5, lag_above: 1}]}\n",
            "kmon.yaml:3: alerts.rules[0].expr: is not a key of this section: kmon does not evaluate PromQL",
        ),
        ("external_url: kmon.example\n" + MINIMAL, "kmon.yaml:1: external_url: is not a URL"),
        ("external_url: 'https://a:b@c'\n" + MINIMAL, "kmon.yaml:1: external_url: is not a URL"),
        ("allowed_hosts: ['*']\n" + MINIMAL, "kmon.yaml:1: allowed_hosts: '*' is not a host name"),
        ("allowed_hosts: kmon:80\n" + MINIMAL, "kmon.yaml:1: allowed_hosts: 'kmon:80' is not a host name"),
        (
            '"\\e[31m": 1\n' + MINIMAL,
            "kmon.yaml:1: …: is not a key of this section: valid names are alerts, allowed_hosts",
        ),
    ],
)
def test_one_wrong_thing_is_one_line(file: Writer, text: str, problem: str) -> None:
    (line,) = problems(file(text))
    assert line.startswith(problem)


def test_flags_and_variables_are_named_as_they_were_given() -> None:
    env = {"KMON_REQUEST_TIMEOUT": "soon", "KMON_ALERTS_RULES": "[{name: a}]", "KMON_BOOTSTRAP_SERVERS": "a:1"}
    assert problems(None, env, {"interval": ("--interval", "5")}) == [
        f"--interval: {NO_DURATION}",
        f"KMON_REQUEST_TIMEOUT: {NO_DURATION}",
        f"KMON_ALERTS_RULES: [0].lag_above: {SENTENCES['missing']}",
    ]


def test_contexts_are_chosen_like_kubectls(file: Writer) -> None:
    path = file("contexts:\n  - {name: a, bootstrap_servers: 'a:1'}\n  - {name: b, bootstrap_servers: 'b:1'}\n")
    chosen = load(path, {"KMON_CURRENT_CONTEXT": "a"}, {"current_context": ("--context", "b")})
    assert chosen.settings.cluster.bootstrap_servers == ("b:1",)
    renamed = load(path, {"KMON_CURRENT_CONTEXT": "a", "KMON_NAME": "shop"}).settings
    assert (renamed.cluster.name, renamed.cluster.bootstrap_servers) == ("shop", ("a:1",))
    assert (
        load(path, {"KMON_CURRENT_CONTEXT": "a"}, {"interval": ("--interval", "1s")})
        .settings.contexts[1]
        .interval_seconds
        == 10
    )


def test_variables_are_filled_in_and_missing_ones_are_named(file: Writer) -> None:
    path = file("contexts:\n  - name: $${x} ${A}-${B}$\n    bootstrap_servers: ['${HOST}:9092']\n")
    cluster = load(path, {"A": "1", "B": "${A}", "HOST": "kafka"}).settings.cluster
    assert (cluster.name, cluster.bootstrap_servers) == ("${x} 1-${A}$", ("kafka:9092",))
    assert problems(path, {"A": "1", "HOST": "k"}) == [
        "kmon.yaml:2: contexts[0].name: the environment variable B is not set"
    ]


@pytest.mark.parametrize("text", ["${", "${A", "${}", "${A B}", "${A:-b}", "${1}"])
def test_a_half_written_variable_is_an_error(file: Writer, text: str) -> None:
    (line,) = problems(file(MINIMAL + f"    client_id: '{text}'\n"), {"A": "x"})
    assert line.startswith("kmon.yaml:3: contexts[0].client_id: has a ${ that does not begin a ${NAME}")


def test_several_contexts_need_a_choice_only_where_one_is_meant(file: Writer) -> None:
    path = file(
        "contexts:\n  - {name: a, bootstrap_servers: 'a:1'}\n  - {name: b, bootstrap_servers: 'b:1', interval: 5s}\n"
    )
    settings = load(path, {}).settings
    assert [each.name for each in settings.contexts] == ["a", "b"]
    with pytest.raises(SettingsError, match=choose(["a", "b"])):
        _ = settings.cluster
    assert load(path, {"KMON_CURRENT_CONTEXT": "b", "KMON_INTERVAL": "7s"}).settings.cluster.interval_seconds == 7
    assert problems(path, {"KMON_INTERVAL": "7s"}) == [f"kmon.yaml:1: contexts: {choose(['a', 'b'])}"]


def test_a_context_not_in_use_may_lack_its_variables_and_files(file: Writer) -> None:
    path = file(
        "current_context: a\ncontexts:\n"
        "  - {name: z, bootstrap_servers: '${NONE}:1'}\n  - {name: a, bootstrap_servers: 'a:1'}\n"
        "  - {name: b, bootstrap_servers: 'b:1', security: {password_file: none}}\n"
    )
    loaded = load(path, {})
    assert [context.name for context in loaded.settings.contexts] == ["a"]
    assert len(loaded.notes) == 2
    assert all(note.endswith("this context is skipped") for note in loaded.notes)
    wrong = file(path.read_text() + "  - {name: c, bootstrap_servers: 'c', client_id: '${NONE}', interval: 1s}\n")
    assert len(load(wrong, {}).notes) == 3
    unknown = file(path.read_text() + "  - {name: d, bootstrap_servers: 'd:1', colour: red}\n")
    (line,) = problems(unknown)
    assert line.startswith("kmon.yaml:7: contexts[4].colour: ")
    assert line.endswith(", ".join(sorted(keys_of(ClusterSettings))))


@pytest.mark.parametrize("where", ["file", "env"])
def test_a_secret_is_read_from_its_file(file: Writer, tmp_path: Path, where: str) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    security = "protocol: SASL_PLAINTEXT, sasl_mechanism: PLAIN, username: u"
    twin = ", password_file: password" if where == "file" else ", password: other"
    env = {"KMON_SECURITY_PASSWORD_FILE": str(tmp_path / "password")} if where == "env" else {}
    loaded = load(file(MINIMAL + f"    security: {{{security}{twin}}}\n"), env)
    options = client_options(loaded.settings.cluster)
    assert options["sasl_plain_password"] == SECRET
    assert options["sasl_plain_username"] == "u"
    assert SECRET not in repr(loaded.settings)


def test_a_secret_file_that_cannot_be_read_and_a_secret_given_twice_are_errors(file: Writer, tmp_path: Path) -> None:
    (line,) = problems(file(MINIMAL + "    security: {password_file: none}\n"))
    assert line == "kmon.yaml:3: contexts[0].security.password_file: none: file not found"
    (line,) = problems(file(MINIMAL + "    security: {password_file: none, password: x}\n"))
    assert line == "kmon.yaml:3: contexts[0].security.password_file: set password or password_file, not both"
    (tmp_path / "bytes").write_bytes(b"\xff")
    (line,) = problems(file(MINIMAL + "    security: {password_file: bytes}\n"))
    assert line.endswith("bytes: is not UTF-8")


@pytest.mark.parametrize(
    "text",
    [
        f"    security: {{protocol: SSL, password: {SECRET}}}\n",
        f"    security: {{protocol: SASL_SSL, password: {SECRET}, sasl_mechanism: X}}\n",
        f"    security: {{password: [{SECRET}]}}\n",
        f"    security: {{password: {{a: {SECRET}}}}}\n",
        f"    security: {{password: {SECRET}, password: {SECRET}}}\n",
        f"    security: {SECRET}\n",
        f"    security: [{SECRET}]\n",
        f"    security: {{pasword: {SECRET}}}\n",
        f"    security: {{ssl_key_pem: {SECRET}, ssl_cert_pem: x, protocol: SSL}}\n",
        f"alerts: {{alertmanagers: ['http://u:{SECRET}@']}}\n",
        f"alerts: {{alertmanagers: ['http://u:{SECRET}@[x']}}\n",
    ],
)
def test_no_error_repeats_a_secret(file: Writer, text: str) -> None:
    assert SECRET not in "\n".join(problems(file(MINIMAL + text)))


def test_a_models_own_error_does_not_repeat_its_input() -> None:
    with pytest.raises(ValidationError) as caught:
        SecuritySettings(protocol="SSL", password=SECRET)  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)


def test_a_literal_secret_that_everybody_can_read_is_told(file: Writer) -> None:
    path = file(
        MINIMAL
        + f"    security: {{protocol: SASL_PLAINTEXT, sasl_mechanism: PLAIN, username: u, password: {SECRET}}}\n"
    )
    assert load(path, {}).notes == ()
    path.chmod(0o644)
    (note,) = load(path, {}).notes
    assert "every user of this machine can read this secret: chmod 600" in note
    assert SECRET not in note
    path.write_text(path.read_text().replace(SECRET, "'${PW}'"))
    path.chmod(0o644)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert load(path, {"PW": SECRET}).notes == ()


def test_paths_in_the_file_begin_at_its_folder(file: Writer, tmp_path: Path) -> None:
    path = file(MINIMAL + "    security: {protocol: SSL, ssl_cafile: none.pem}\n")
    (line,) = problems(path)
    assert line == f"kmon.yaml:3: contexts[0].security: none.pem: cannot be read: {os.strerror(errno.ENOENT)}"


def test_a_variable_that_is_nearly_ours_is_told_and_strangers_and_empty_ones_are_not() -> None:
    env = {
        "KMON_LISTN": "x",
        "KMON_PORT": "tcp://10.0.0.1:9308",
        "KMON_SERVICE_HOST": "10.0.0.1",
        "KMON_LISTEN": "",
        "KMON_DEBUG": "1",
    }
    loaded = load(None, env, need_cluster=False)
    assert len(loaded.notes) == 1
    assert loaded.notes[0].startswith("KMON_LISTN: ")
    assert loaded.notes[0].endswith("KMON_LISTEN?")
    assert loaded.settings.contexts == ()
    with pytest.raises(SettingsError, match=re.escape(NO_CLUSTER)):
        _ = loaded.settings.cluster


def example(path: tuple[str, ...]) -> tuple[str, Any]:
    """A text for the key and the value it must come out as."""
    special: dict[str, tuple[str, Any]] = {
        "current_context": ("shop", "shop"),
        "name": ("shop", "shop"),
        "contexts": ("[{bootstrap_servers: 'e:1'}]", None),
        "bootstrap_servers": ("a:1,b:2", ("a:1", "b:2")),
        "listen": ("[::]:1", "[::]:1"),
        "external_url": ("https://kmon.example/k/", "https://kmon.example/k"),
        "allowed_hosts": ("kmon.example, *.corp", ("kmon.example", "*.corp")),
        "rules": ("[{name: r, lag_above: 5, for: 1m}]", None),
        "receivers": ("[{name: r, type: webhook, url: 'http://r'}]", None),
        "alertmanagers": ("http://a:1, https://b:2", ("http://a:1", "https://b:2")),
        "protocol": ("SASL_SSL", "SASL_SSL"),
        "sasl_mechanism": ("PLAIN", "PLAIN"),
        "interval": ("90s", 90.0),
        "request_timeout": ("90s", 90.0),
        "max_answer_bytes": ("2MiB", 2 * 2**20),
        "max_inflight_bytes": ("3MiB", 3 * 2**20),
        "dashboard": ("false", False),
        "print": ("true", True),
        "check_hostname": ("false", False),
        "oauth_token_endpoint": ("https://idp:8443/token", "https://idp:8443/token"),
        "oauth_extensions": ("{logicalCluster: lkc-1}", {"logicalCluster": "lkc-1"}),
        "aws_region": ("eu-west-1", "eu-west-1"),
        "include": ("a.*,b", ("a.*", "b")),
        "exclude": ("a.*,b", ("a.*", "b")),
        "internal_topics": ("true", True),
        "partitions": ("5", 5),
        "groups": ("5", 5),
        "empty_groups_for": ("90s", 90.0),
        "producers": ("true", True),
        "disk_degraded": ("0.3", 0.3),
        "disk_critical": ("0.1", 0.1),
        "transaction_late": ("90s", 90.0),
        "enabled": ("true", True),
        "names": ("kmon,kminion", ("kmon", "kminion")),
        "keep_state": ("false", False),
        "owners": ("[{groups: a.*, team: b}]", None),
        "slos": ("[{groups: a.*, time_lag: 5m}]", None),
        "for": ("90s", 90.0),
        "labels": ("{team: kafka}", {"team": "kafka"}),
        "annotations": ("{runbook: here}", {"runbook": "here"}),
    }
    if path[-2:] in WHOLE:
        return WHOLE[path[-2:]]
    if path[-2:-1] == ("collect",) and path[-1] != "producers":
        return "90s", 90.0
    return special.get(path[-1], ("some text", "some text"))


WHOLE: dict[tuple[str, ...], tuple[str, Any]] = {
    ("metrics", "partitions"): ("lag > 5", "lag > 5"),
    ("metrics", "owners"): ("true", True),
    ("metrics", "max_series"): ("5000", 5_000),
    ("otlp", "endpoint"): ("http://a:4318/v1/metrics", "http://a:4318/v1/metrics"),
    ("otlp", "timeout"): ("90s", 90.0),
    ("api", "token"): ("0123456789abcdef", "0123456789abcdef"),
    ("heartbeat", "url"): ("https://hc-ping.com/1", "https://hc-ping.com/1"),
    ("heartbeat", "method"): ("GET", "GET"),
    ("heartbeat", "timeout"): ("90s", 90.0),
    ("alerts", "catalogue"): ("false", False),
    ("alerts", "enable"): ("A,B", ("A", "B")),
    ("alerts", "disable"): ("A,B", ("A", "B")),
    ("broker_metrics", "url"): ("http://{host}:9404/metrics", "http://{host}:9404/metrics"),
    ("broker_metrics", "timeout"): ("3s", 3.0),
    ("broker_metrics", "brokers"): (
        "[{node: 1, url: http://a:9404/metrics}]",
        (EndpointSettings(node=1, url="http://a:9404/metrics"),),
    ),
    ("broker_metrics", "names"): (
        "[{metric: in, figure: bytes_in}]",
        (MetricNameSettings(metric="in", figure="bytes_in"),),
    ),
    ("alerts", "rule_files"): ("a/*.yaml,b.yaml", ("a/*.yaml", "b.yaml")),
}
"""Examples of keys whose last part other keys have too."""


def login_for(key: str) -> dict[str, str]:
    """Variables of a login by SASL that uses this key."""
    login = {"sasl_mechanism": "PLAIN", "username": "some text", "password": "some text"}
    if key == "oauth_token_file":
        login = {"sasl_mechanism": "OAUTHBEARER"}
    elif key.startswith("oauth"):
        login = {"sasl_mechanism": "OAUTHBEARER", "oauth_token_endpoint": "http://localhost/"}
        login |= {"oauth_client_id": "some text", "oauth_client_secret": "some text"}
    elif key == "aws_region":
        pytest.importorskip("aws_msk_iam_sasl_signer")
        login = {"sasl_mechanism": "AWS_MSK_IAM"}
    return {f"KMON_SECURITY_{name.upper()}": text for name, text in login.items()}


@pytest.mark.parametrize(
    "name", [name for name, (_, key) in variables().items() if "SSL_" not in name and not key.twin]
)
def test_every_variable_reaches_its_key(name: str) -> None:
    path, key = variables()[name]
    text, value = example(path)
    env = {"KMON_BOOTSTRAP_SERVERS": "a:1", "KMON_NAME": "shop", name: text}
    if "SECURITY" in name:
        env = {**env, "KMON_SECURITY_PROTOCOL": "SASL_SSL", **login_for(path[-1]), name: text}
    if name in (both := ("KMON_BROKER_METRICS_USERNAME", "KMON_BROKER_METRICS_PASSWORD")):
        env = {**dict.fromkeys(both, "other"), **env}
    loaded = load(None, env)
    found: Any = loaded.settings
    for part in path[:-1]:
        found = found[0] if part == EACH else getattr(found, part)
    found = getattr(found, key.attribute)
    assert loaded.origin(tuple(0 if part == EACH else part for part in path)) == name
    if key.secret:
        assert found.get_secret_value() == value
    elif value is not None:
        assert found == value
    else:
        assert len(found) == 1


KEY_NAMES = st.sampled_from(sorted({key.name for _, key in walk()})) | st.text(max_size=8)
SCALARS = st.sampled_from(
    ["10s", "a:1", "${A}", "${", "$${", "true", "", "http://x", "([", "SASL_SSL", "-1", "1e999", "\x85"]
) | st.text(max_size=8)
TREES = st.recursive(
    SCALARS | st.none() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY_NAMES, inner, max_size=5),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    tree=TREES,
    top=st.dictionaries(KEY_NAMES, TREES, max_size=4),
    variable=st.sampled_from(sorted(variables())),
    text=SCALARS,
)
def test_any_settings_load_or_raise_settings_error(
    tmp_path: Path, tree: Any, top: dict[str, Any], variable: str, text: str
) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(yaml.safe_dump({"contexts": [tree], **top}), encoding="utf-8", errors="replace")
    env, flags = {"A": "a", variable: text}, {"interval": ("--interval", text)}
    try:
        told = load(path, env, flags).notes
    except SettingsError as error:
        told = error.problems
    assert not any("Traceback" in line for line in told)
