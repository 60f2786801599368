"""Receivers in a settings file: every mistake is reported with its line and key, and no secret is repeated."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from receiver_fixtures import BEGINNING, receiver_settings, receivers_of

from kmon.cli import main
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import COMMON, USES, ReceiverSettings
from monitor.settings.security import text_of

SECRET = "hunter2s3cr3t"
PASSWORD = f"password: {SECRET}"
NONE = "encryption: none"
HOOK = "- {name: hook, type: webhook, url: 'https://x/y'"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {type: webhook, url: 'http://x'}", "4: alerts.receivers[0].name: is missing"),
        ("- {name: a, url: 'http://x'}", "4: alerts.receivers[0].type: is missing"),
        ("- {name: a, type: webhok, url: 'http://x'}", "4: alerts.receivers[0].type: must be one of alertmanager, web"),
        ("- name: a\n  type: webhook", "4: alerts.receivers[0].url: is missing: type webhook needs it"),
        ("- name: a\n  type: slack", "4: alerts.receivers[0].url: is missing: type slack needs url (an incoming"),
        ("- name: a\n  type: slack\n  token: x", "4: alerts.receivers[0].channel: is missing: token needs it"),
        (HOOK + "}\n" + HOOK + "}", "3: alerts.receivers: 2 receivers are named 'hook': names must be unique"),
        (
            "- {name: stdout, type: webhook, url: 'http://x'}",
            "3: alerts.receivers: 'stdout' is the name of the receiver",
        ),
        (
            "- {name: a, type: smtp, server: 'mail:25', to: b@x,\n  from: kmon}",
            "5: alerts.receivers[0].from: is not a mail address, e.g. kmon@example.com",
        ),
        (
            "- {name: a, type: smtp, server: 'mail:25', from: a@x,\n  to: [Team <b@x>, \"b@x\\nBcc: c@x\"]}",
            "5: alerts.receivers[0].to[1]: is not a mail address",
        ),
        (HOOK + ", routing_key: k}", "4: alerts.receivers[0].routing_key: is not used by type webhook"),
        (HOOK + ",\n  ulr: z}", "5: alerts.receivers[0].ulr: is not a key of this section: did you mean url?"),
        (HOOK + ",\n  username: me}", "4: alerts.receivers[0].password: is missing: username needs it"),
        (
            HOOK + ",\n  username: me, password: x,\n  bearer_token: y}",
            "6: alerts.receivers[0].bearer_token: set username and password or bearer_token, not both",
        ),
        (HOOK + ",\n  ssl_keyfile: /x}", "4: alerts.receivers[0].ssl_certfile: is missing: ssl_keyfile needs it"),
        (HOOK + ",\n  match: {a-b: x}}", "5: alerts.receivers[0].match: 'a-b' is not a label name"),
        (HOOK + ",\n  match: {a: '~('}}", "5: alerts.receivers[0].match: is not a regular expression that RE2 accepts"),
        (HOOK + ",\n  timeout: 0s}", "5: alerts.receivers[0].timeout: must be at least 100ms"),
        (HOOK + ",\n  group_wait: soon}", "5: alerts.receivers[0].group_wait: "),
        (
            HOOK + ",\n  quiet: [{from: '25:00', to: '7:00'}]}",
            "5: alerts.receivers[0].quiet[0].from: must be a time of day",
        ),
        (HOOK + ",\n  quiet: [{from: '22:00'}]}", "5: alerts.receivers[0].quiet[0].to: is missing"),
        (
            HOOK + ",\n  quiet: [{from: '24:00', to: '7:00'}]}",
            "5: alerts.receivers[0].quiet[0].from: is not a time at which it can begin",
        ),
        (
            HOOK + ",\n  quiet: [{from: '22:00', to: '7:00', days: [monday]}]}",
            "5: alerts.receivers[0].quiet[0].days: 'monday' is not a day: write mon, tue",
        ),
        (
            HOOK + ",\n  quiet: [{from: 7:00, to: '07:00'}]}",
            "5: alerts.receivers[0].quiet[0].to: is the same time as from",
        ),
        (
            HOOK + ",\n  quiet: [{from: 22:00, to: 7:00, zone: Mars/Base}]}",
            "5: alerts.receivers[0].quiet[0].zone: is not a time zone, e.g. Europe/Berlin",
        ),
        (
            HOOK + ",\n  password_file: /nonexistent}",
            "5: alerts.receivers[0].password_file: /nonexistent: file not found",
        ),
        (
            HOOK + ",\n  bearer_token: '${TOKEN}'}",
            "5: alerts.receivers[0].bearer_token: the environment variable TOKEN",
        ),
        (
            f"- name: a\n  type: webhook\n  url: 'ftp://x/{SECRET}'",
            "6: alerts.receivers[0].url: is not an http or https URL",
        ),
        (
            f"- name: a\n  type: webhook\n  url: 'http://u:{SECRET}@x'",
            "6: alerts.receivers[0].url: has a user name or password in it: set username and password",
        ),
        (
            f"- {{name: a, type: smtp, server: 'm:25', from: a@x, to: b@x,\n  username: u, {PASSWORD},\n  {NONE}}}",
            "6: alerts.receivers[0].encryption: none would send the password in clear text",
        ),
        (
            "- {name: a, type: smtp, from: a@x, to: b@x,\n  server: mail}",
            "5: alerts.receivers[0].server: 'mail' has no port: write host:port, e.g. mail:587",
        ),
        (
            "- {name: a, type: smtp, server: 'mail:25', from: a@x}",
            "4: alerts.receivers[0].to: is missing: type smtp needs it",
        ),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_key(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as failure:
        receivers_of(tmp_path, text)
    assert any(each.startswith(f"{tmp_path}/kmon.yaml:{problem}") for each in failure.value.problems), str(
        failure.value
    )
    assert SECRET not in str(failure.value)


def test_secrets_come_from_variables_and_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    hook, page = receivers_of(
        tmp_path,
        """
        - {name: hook, type: webhook, url: "https://x/${PART}", signing_secret: "${KEY}"}
        - {name: page, type: pagerduty, routing_key_file: key}
        """,
        {"PART": "p", "KEY": "k"},
    )
    assert isinstance(hook.url, SecretStr)
    assert (hook.url.get_secret_value(), hook.signing_secret) == ("https://x/p", SecretStr("k"))
    assert page.routing_key is not None
    assert text_of(page.routing_key) == "from-file"
    (tmp_path / "key").write_text("renewed")
    assert text_of(page.routing_key) == "renewed"


def test_a_receiver_gets_alerts_that_have_all_labels_of_match() -> None:
    receiver = receiver_settings(type="webhook", url="http://x", match={"severity": "page", "group": "~pay.*|bill"})
    assert receiver.wants({"severity": "page", "group": "payments"})
    assert receiver.wants({"severity": "page", "group": "bill"})
    assert not receiver.wants({"severity": "page", "group": "billing"})  # the whole value
    assert not receiver.wants({"severity": "pages", "group": "pay"})
    assert not receiver.wants({"group": "pay"})
    assert receiver_settings(type="webhook", url="http://x", match={"team": ""}).wants({"group": "x"})


def test_every_key_belongs_to_a_type() -> None:
    used = {*COMMON}.union(*((*each.needs, *each.takes) for each in USES.values()))
    assert used == set(ReceiverSettings.model_fields)


def check(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["config", "check", "--config", str(path)])
    return code, capsys.readouterr().err


def test_config_check_tries_files_packages_and_templates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(
        BEGINNING
        + "    - {name: good, type: webhook, url: 'https://x/y'}\n"
        + '    - name: hook\n      type: webhook\n      url: https://x/y\n      body: \'{"a": "{{ titel }}"}\'\n'
        + "    - name: am\n      type: alertmanager\n      url: https://x\n      ssl_cafile: missing.pem\n"
    )
    path.chmod(0o600)
    code, said = check(path, capsys)
    assert code != 0
    assert said.splitlines() == [
        f"{path}:8: alerts.receivers[1].body: unknown field titel: did you mean title?",
        f"{path}:9: alerts.receivers[2]: {tmp_path}/missing.pem: cannot be read: No such file or directory",
    ]
    path.write_text(BEGINNING + "    - {name: good, type: webhook, url: 'https://x/y'}\n")
    assert check(path, capsys) == (0, "")


def test_config_show_masks_secrets_and_what_it_shows_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(
        BEGINNING
        + f"    - {{name: hook, type: webhook, url: 'https://x/{SECRET}', signing_secret: {SECRET},\n"
        + "       quiet: [{from: '22:00', to: '7:00'}]}\n"
        + f"    - {{name: mail, type: smtp, server: 'mail:25', from: a@x, to: b@x, username: u, password: {SECRET}}}\n"
    )
    path.chmod(0o600)
    assert main(["config", "show", "--config", str(path)]) == 0
    shown = capsys.readouterr().out
    assert SECRET not in shown
    again = tmp_path / "again.yaml"
    again.write_text(shown.replace('url: "***"', "url: https://x/y"))
    again.chmod(0o600)
    assert check(again, capsys) == (0, "")
