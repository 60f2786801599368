"""docs/settings.md against the models: every key, variable, type, default and meaning."""

import re
from pathlib import Path

from monitor.settings import load
from monitor.settings.load import OTHER_VARIABLES
from monitor.settings.schema import variable_of, walk

PAGE = (Path(__file__).parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")


def rows() -> list[str]:
    result = []
    for path, key in walk():
        if key.kind != "section":
            name = ".".join(path).replace(".[]", "[]")
            variable = variable_of(path)
            shown = f"`{variable}`" if variable else "in `KMON_ALERTS_RULES`"
            result.append(f"| `{name}` | {shown} | {key.takes} | {key.default} | {key.meaning} |")
    return result


def test_the_page_lists_exactly_the_keys_there_are() -> None:
    assert [line for line in PAGE.splitlines() if re.match(r"\| `[a-z]", line)] == rows()


def test_every_key_has_a_meaning() -> None:
    assert all(key.meaning for _, key in walk())


def test_the_page_names_every_other_variable() -> None:
    assert all(f"`{name}`" in PAGE for name in OTHER_VARIABLES)


def test_the_example_on_the_page_loads(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    path = tmp_path / "kmon.yaml"
    path.write_text(example[1])
    (tmp_path / "password").write_text("x")
    settings = load(
        path, {"KAFKA_USER": "kmon"}, {"security.ssl_cafile": ("-", "/etc/ssl/certs/ca-certificates.crt")}
    ).settings
    assert settings.cluster.name == "shop"
    assert settings.cluster.security.username == "kmon"
    assert settings.alerts.rules[0].for_seconds == 300
