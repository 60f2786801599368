"""docs/settings.md against the models: every key, variable, type, default and meaning."""

import re
from pathlib import Path

from settings_page import PAGE as PATH
from settings_page import ROWS, rows

from monitor.settings import load
from monitor.settings.load import OTHER_VARIABLES
from monitor.settings.schema import walk

PAGE = PATH.read_text(encoding="utf-8")


def test_the_page_lists_exactly_the_keys_there_are() -> None:
    found = ROWS.search(PAGE)
    assert found is not None
    assert found[0] == rows(), "run: python tests/support/settings_page.py"


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
