"""No module of the product imports itself by way of others, for types only or late included."""

from pathlib import Path

import pytest
from imports import circles, imports_of

ROOMS = ("monitor", "exporters", "tui", "dashboards", "alerts", "kmon")


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_imported_in_a_circle(room: str) -> None:
    graph = imports_of([room])
    assert len(graph) > 10, "these are all modules of the room"
    assert circles(graph) == []


def test_type_only_and_late_imports_count(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "one.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room.two import Two\n")
    (room / "two.py").write_text("def late():\n    import room.three\n")
    (room / "three.py").write_text("from room import one, four\n")
    (room / "four.py").write_text("import os\n")
    assert circles(imports_of(["room"], tmp_path)) == [["room.one", "room.three", "room.two"]]
