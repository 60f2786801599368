"""docs/receivers.md says what the code does: every example loads, and its tables are held to the declarations."""

import re
from pathlib import Path

import pytest

from alerts.notifiers import NOTIFIERS, notifier_of
from alerts.notifiers.webhook import FIELDS
from monitor.settings import load
from monitor.settings.alerts import AlertSettings
from monitor.settings.receivers import GROUPS, LOGIN, TLS, USES, ReceiverSettings
from monitor.settings.schema import keys_of

PAGE = (Path(__file__).parents[2] / "docs/receivers.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
GROUPED_BY_PAGE = {"login": LOGIN, "TLS": TLS, "grouping": GROUPS}


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the first table under a heading, by the name in backticks in their first cell."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in rows}


def loaded(text: str, folder: Path) -> AlertSettings:
    path = folder / "kmon.yaml"
    path.write_text(text)
    path.chmod(0o600)
    (folder / "pagerduty.key").write_text("k3y\n")
    env = {name: f"https://example.com/{name}" for name in re.findall(r"\$\{(\w+)\}", text)}
    return load(path, env, need_cluster=False).settings.alerts


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_loads(text: str, tmp_path: Path) -> None:
    alerts = loaded(text, tmp_path)
    assert alerts.receivers or alerts.heartbeat.url is not None
    for each in alerts.receivers:
        if each.type != "apprise":  # an extra
            notifier_of(each)


def test_every_type_has_an_example_in_its_section(tmp_path: Path) -> None:
    for kind in USES:
        section = PAGE.split(f"\n## {kind}\n")[1].split("\n## ")[0]
        example = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
        assert example is not None
        assert {each.type for each in loaded(example[1], tmp_path).receivers} == {kind}


def test_every_type_is_documented_with_the_keys_that_it_uses() -> None:
    documented = table("Types")
    assert list(documented) == [each.name for each in NOTIFIERS]
    for kind, uses in USES.items():
        cell = documented[kind][-1]
        named = {*re.findall(r"`(\w+)`", cell)}
        for word, group in GROUPED_BY_PAGE.items():
            together = set(group) <= {*uses.needs, *uses.takes}
            assert (re.search(rf"\b{word}\b", cell) is not None) is together
            if together:
                named |= {key(attribute) for attribute in group}
        assert named == {key(attribute) for attribute in (*uses.needs, *uses.takes)}


def test_the_keys_of_grouping_are_documented_with_their_defaults() -> None:
    keys = keys_of(ReceiverSettings)
    documented = table("Groups, repeats and quiet hours")
    assert {name: cells[-1] for name, cells in documented.items()} == {name: keys[name].default for name in documented}
    assert {*documented, "quiet"} == {key(attribute) for attribute in GROUPS}


def test_every_field_of_a_body_is_documented() -> None:
    assert list(table("webhook")) == list(FIELDS)


def key(attribute: str) -> str:
    return str(ReceiverSettings.model_fields[attribute].validation_alias)
