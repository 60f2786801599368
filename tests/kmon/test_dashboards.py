"""kmon dashboards export: files, another URL of kmon, and what goes wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from grafana_boards import FOLDER

from kmon.cli import BAD_USAGE, main

NAMES = sorted(path.name for path in FOLDER.iterdir())


def test_it_writes_the_dashboards_and_prints_their_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "grafana"
    assert main(["dashboards", "export", "--grafana", str(folder)]) == 0
    assert sorted(capsys.readouterr().out.split()) == [str(folder / name) for name in NAMES]
    for name in NAMES:
        assert (folder / name).read_bytes() == (FOLDER / name).read_bytes()


def test_links_lead_to_the_url_that_is_given(tmp_path: Path) -> None:
    url = "https://kmon.example.com/prod"
    assert main(["dashboards", "export", "--grafana", str(tmp_path), "--kmon-url", f"{url}/"]) == 0
    for name in NAMES:
        variables = json.loads((tmp_path / name).read_text())["templating"]["list"]
        assert [each["query"] for each in variables if each["name"] == "kmon"] == [url]


@pytest.mark.parametrize("url", ["kmon.example.com", "ftp://kmon", "http://[", ""])
def test_a_wrong_url_is_refused(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboards", "export", "--grafana", str(tmp_path), "--kmon-url", url]) == BAD_USAGE
    assert "not a URL such as https://kmon.example.com" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["dashboards", "export", "--grafana", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err == f"kmon: cannot write {tmp_path / 'file'}: File exists\n"


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['grafana_foundation_sdk'] = None\n"
        "from kmon.cli import main; sys.exit(main(['dashboards', 'export', '--grafana', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (BAD_USAGE, "")
    assert done.stderr.count("\n") == 1
    assert "pip install 'kmon-kafka[grafana]'" in done.stderr
    assert list(tmp_path.iterdir()) == []
