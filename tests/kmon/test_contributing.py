"""docs/contributing.md: its example is followed on a copy of the product, and its registries hold everything."""

import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
ROOMS = ("monitor", "exporters", "tui", "dashboards", "alerts", "kmon")

FOLLOWED = """
import csv, io, json
from views import FixtureSource, shop_view
from fastapi import FastAPI
from fastapi.testclient import TestClient
from exporters.api import Api
from exporters.prometheus import MetricsPage
from kmon.commands.lag import render_csv, render_json, render_wide
from kmon.commands.lag_rows import lag_rows
from monitor.subjects.filter.filter import Filter
from monitor.subjects.frames import frame
from monitor.subjects.lag import LAG
from dashboards.pages.group import rows as web_rows
from tui.screens.group import PARTITION_COLUMNS

view = shop_view()
rows = lag_rows(view)
expected = [row["end_offset"] - row["start_offset"] for row in rows if row["end_offset"] is not None]
assert [row["retained"] for row in rows if row["end_offset"] is not None] == expected and expected
assert [row["retained"] for row in json.loads(render_json(rows))] == [row["retained"] for row in rows]
assert "retained" in next(csv.reader(io.StringIO(render_csv(rows))))
assert "RETAINED" in render_wide(rows)
most = max(expected)
picked = lag_rows(view, pick=Filter.of(f"retained >= {most}", LAG.schema).rows)
assert {row["retained"] for row in picked} == {most}
app = FastAPI()
app.include_router(Api([FixtureSource(view)]).router())
answer = TestClient(app).get("/lag", params={"where": f"retained >= {most}"}).json()
assert {row["retained"] for row in answer["lag"]} == {most}
assert frame(view, "lag").retained.max() == most
assert frame(view, "lag").attrs["units"]["retained"] == "records"
assert [column.name for column in PARTITION_COLUMNS].count("retained") == 1
page = MetricsPage([FixtureSource(view)]).body()[0].decode()
assert "# HELP kmon_group_partition_retained Records in the log of the partition: end - start\\n" in page
numbers = [float(line.split()[-1]) for line in page.splitlines() if line.startswith("kmon_group_partition_retained{")]
assert sorted(numbers) == sorted(expected)
cells = web_rows(view, 0)
assert "retained" in cells.all_columns().fields and "retained" in cells.hidden
"""


def changes() -> list[tuple[str, str, str]]:
    """Every change of the page: the file, the lines there now, and the lines after it."""
    found = []
    for block in re.findall(r"^```diff\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for name, body in re.findall(r"^--- (\S+)\n((?:[ +-](?!-- ).*\n)+)", block, re.MULTILINE):
            lines = body.splitlines()
            before = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
            found.append((name, before, "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")))
    return found


@pytest.mark.parametrize("files", [2, 3])
def test_a_column_that_is_added_by_the_recipe_is_in_every_output(tmp_path: Path, files: int) -> None:
    """Two files are enough for every face, and the third has it among the columns that one shows at first."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    changed = changes()
    names = list(dict.fromkeys(name for name, _, _ in changed))
    assert len(names) == 3
    for name, before, after in (each for each in changed if each[0] in names[:files]):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has no longer the lines that the page shows"
        (tmp_path / name).write_text(text.replace(before, after), encoding="utf-8")
    script = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT / 'tests' / 'support')!r}]\n{FOLLOWED}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_code_that_the_page_shows_is_there() -> None:
    blocks = re.findall(r"^```py\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert {name for name, _ in blocks} >= {"monitor/collect/requests.py"}
    for name, body in blocks:
        assert body in (ROOT / name).read_text(encoding="utf-8"), f"{name} has no longer the lines that the page shows"


@pytest.mark.parametrize(
    ("package", "registry", "base"),
    [
        (
            "monitor.collect.collectors",
            "monitor.collect.collectors.COLLECTORS",
            "monitor.collect.collectors.base.Collector",
        ),
        ("tui.screens", "tui.registry.SCREENS+BELOW", "tui.screens.base.MonitorScreen"),
        ("monitor.subjects", "monitor.subjects.SUBJECTS", "monitor.subjects.column.Subject"),
    ],
)
def test_a_registry_has_everything_of_its_kind(package: str, registry: str, base: str) -> None:
    def named(path: str) -> object:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)

    kind = named(base)
    assert isinstance(kind, type)
    module, _, names = registry.rpartition(".")
    held: set[object] = set()
    for name in names.split("+"):
        value = named(f"{module}.{name}")
        assert isinstance(value, dict | tuple)
        held |= {id(each) for each in (value.values() if isinstance(value, dict) else value)}
    folder = importlib.import_module(package)
    missing = []
    for each in pkgutil.iter_modules(folder.__path__):
        for name, value in vars(importlib.import_module(f"{package}.{each.name}")).items():
            own = isinstance(value, type) and value.__module__ == f"{package}.{each.name}" and issubclass(value, kind)
            whole = own and not value.__subclasses__() and value is not kind
            if (whole or isinstance(value, kind)) and id(value) not in held:
                missing.append(f"{each.name}.{name}")
    assert missing == []


def test_every_place_that_the_page_names_is_there() -> None:
    for name in re.findall(r"`((?:monitor|exporters|tui|dashboards|alerts|kmon|tests|docs)/[\w/.]+)`", PAGE):
        assert (ROOT / name).exists(), name
    for registry, path in re.findall(r"`([A-Z]+)`(?: or `[A-Z]+`)? of `([\w/.]+)`", PAGE):
        assert re.search(rf"^{registry}\b", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), registry
