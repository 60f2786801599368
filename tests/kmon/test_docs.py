"""What a user copies from README.md and docs/ works: commands, options, YAML, names of settings and metrics."""

import argparse
import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.rule_files import read_rules
from exporters.families import FAMILIES
from kmon.cli import make_parser
from monitor.settings import load
from monitor.settings.load import OTHER_VARIABLES
from monitor.settings.schema import variables, walk
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter
from monitor.subjects.lag import LAG

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
SHELL = {"|", "||", "&&", ">"}
"""Where a command ends and the shell goes on."""


def fenced(language: str) -> list[tuple[str, str]]:
    """Every block of this language with the page it is on."""
    return [(name, body) for name, page in PAGES.items() for kind, body in FENCE.findall(page) if kind == language]


def spans(page: str) -> list[str]:
    """The inline code of a page."""
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", page))


def commands() -> Iterator[tuple[str, str]]:
    """Every `kmon ...` and `make demo ARGS=...` that a page shows, with the page it is on."""
    for name, page in PAGES.items():
        blocks = [*(body for _, body in FENCE.findall(page)), *INDENTED.findall(FENCE.sub("", page))]
        lines = [re.sub(r"^\s*(?:\$ )?", "", line) for block in blocks for line in block.splitlines()]
        for line in [*lines, *spans(page)]:
            command = re.sub(r"^make demo ARGS='(.*)'$", r"kmon demo \1", line)
            if re.match(r"kmon [a-z-]+(?: |$)", command):
                yield name, command


def arguments(command: str) -> list[str]:
    """What the shell hands to kmon."""
    words = shlex.split(command, comments=True)[1:]
    return words[: next((place for place, word in enumerate(words) if word in SHELL), None)]


COMMANDS = sorted(set(commands()))
YAML = fenced("yaml")


def test_the_pages_have_examples() -> None:
    assert len(COMMANDS) > 20
    assert {name for name, _ in YAML} >= {"docs/settings.md", "docs/rules.md", "docs/metrics.md"}


def parsed(command: str) -> argparse.Namespace | None:
    """The arguments of a command that is shown, None where it only prints something (`--help`)."""
    try:
        return make_parser().parse_args(arguments(command))
    except SystemExit as end:
        if end.code:
            raise ValueError(f"kmon does not understand {command}") from end
        return None


def filter_error(text: str) -> str:
    try:
        Filter.of(text, LAG.schema)
    except FilterError as error:
        return error.problem
    return ""


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_every_command_is_understood(page: str, command: str) -> None:
    where = getattr(parsed(command), "where", None)
    if where not in (None, "EXPR"):
        assert filter_error(where) in PAGES[page], "only an example of an error that the page shows may have it"


def options(parser: argparse.ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in parser._actions:
        found.update(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                found |= options(each)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_is_named_exists(page: str) -> None:
    named = {span.split()[0].split("=")[0] for span in spans(PAGES[page]) if re.match(r"--[a-z]|-[a-z]\b(?!-)", span)}
    assert named <= options(make_parser())


@pytest.mark.parametrize(
    ("page", "text"), [each for each in YAML if not each[1].startswith(("groups:\n", "rule_files:"))]
)
def test_every_settings_example_loads(page: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(text)
    for name in ("password", "pagerduty.key"):
        (tmp_path / name).write_text("x")
    tls = {"security.ssl_cafile": ("-", "/etc/ssl/certs/ca-certificates.crt")} if "SSL" in text else {}
    variables = {name: f"https://example.com/{name}" for name in re.findall(r"\$\{([A-Z_]+)\}", text)}
    load(path, variables, tls, need_cluster="contexts:" in text)


@pytest.mark.parametrize(("page", "text"), [each for each in YAML if each[1].startswith("groups:\n")])
def test_every_rule_file_example_loads(page: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    assert read_rules([path])


KEYS = {".".join(path).replace(".[]", "[]") for path, _ in walk()}
SECTIONS = ("contexts", "security", "topics", "groups", "limits", "collect", "metrics", "alerts")


def is_key(name: str) -> bool:
    """Whether settings have this key, named from the top of the file or from its context."""
    return name in KEYS or f"contexts[].{name}" in KEYS


@pytest.mark.parametrize("page", PAGES)
def test_every_settings_key_that_is_named_exists(page: str) -> None:
    key = re.compile(rf"((?:{'|'.join(SECTIONS)})(?:\[\])?\.[a-z_.\[\]]+)(?:: .*)?")
    named = [found[1] for found in map(key.fullmatch, spans(PAGES[page])) if found]
    assert [name for name in named if not is_key(name)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_that_is_named_exists(page: str) -> None:
    named = set(re.findall(r"\bKMON_[A-Z_]*[A-Z]\b(?!_)", PAGES[page]))
    assert named <= {*variables(), *OTHER_VARIABLES}


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_that_is_set_loads(page: str) -> None:
    for name, value in re.findall(r"(KMON_\w+)='([^']*)'", PAGES[page]):
        load(None, {"KMON_BOOTSTRAP_SERVERS": "kafka:9092", name: value})


@pytest.mark.parametrize("page", sorted({*PAGES} - {"CHANGELOG.md"}))  # which names those that there were
def test_every_metric_that_is_named_exists(page: str) -> None:
    there = re.sub(r"^\+.*", "", PAGES[page], flags=re.MULTILINE)  # without what an example adds
    named = set(re.findall(r"\bkmon_[a-z_]*[a-z]\b(?!_)", there))
    assert named <= {family.name for family in FAMILIES}


def anchors(page: str) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in LINK.findall(PAGES[page]):
        file, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / file).resolve() if file else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES)
def test_every_source_file_that_is_named_exists(page: str) -> None:
    """Named from the top of the repository, or from the core."""
    named = [span for span in spans(PAGES[page]) if re.fullmatch(r"[a-z_]+/[\w/.]*", span)]
    assert [name for name in named if not ((ROOT / name).exists() or (ROOT / "monitor" / name).exists())] == []


@pytest.mark.parametrize(("page", "text"), fenced("python"))
def test_every_import_of_a_python_example_works(page: str, text: str) -> None:
    imports: list[ast.stmt] = [each for each in ast.parse(text).body if isinstance(each, ast.Import | ast.ImportFrom)]
    assert imports, page
    exec(compile(ast.Module(imports, []), page, "exec"), {})


def test_every_error_of_the_security_page_is_one_that_kmon_writes() -> None:
    """Those of OpenSSL, which kmon passes on, aside."""
    table = PAGES["docs/security.md"].partition("| line | cause |")[2]
    shown = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    own = [each.partition(" (")[0] for each in shown if not each.startswith("certificate verify failed")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "monitor").rglob("*.py")]
    texts = [each.value for tree in trees for each in ast.walk(tree) if isinstance(each, ast.Constant)]
    written = {text.strip(" :") for text in texts if isinstance(text, str)} - {""}
    assert len(own) > 8
    assert [
        each for each in own if not any(each in text or (len(text) > 12 and text in each) for text in written)
    ] == []
