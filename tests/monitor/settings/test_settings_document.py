"""The form of a settings file: YAML with the line of everything that is wrong, and never a value repeated."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.settings.document import parse, read_document
from monitor.settings.errors import SettingsError
from monitor.settings.raw_values import find, plain

SECRET = "correct-horse-battery"


def problems_if_any(read: Callable[[], object]) -> tuple[str, ...]:
    try:
        read()
    except SettingsError as error:
        return error.problems
    return ()


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(text, "kmon.yaml", lines=True)
    return list(caught.value.problems)


def test_scalars_stay_texts_so_no_name_turns_into_a_number_or_a_flag() -> None:
    assert plain(parse("a: no\nb: 1.10\nc: 0x1f\nd: 2026-01-01\ne: 'null'\nf:\n", "f", lines=True)) == {
        "a": "no",
        "b": "1.10",
        "c": "0x1f",
        "d": "2026-01-01",
        "e": "null",
        "f": None,
    }


def test_every_value_knows_its_line_and_path() -> None:
    root = parse("contexts:\n  - name: a\n    security:\n      username: u\n", "kmon.yaml", lines=True)
    user, _ = find(root, ("contexts", 0, "security", "username"))
    assert user.label == "kmon.yaml:4: contexts[0].security.username"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2\n", "kmon.yaml:2: a: is set twice, first in line 1"),
        ("a:\n\tb: 1\n", "kmon.yaml:2: is indented with a tab: use spaces"),
        ("a: 1\n---\nb: 2\n", "kmon.yaml:2: second document (---): a file has only one"),
        ("a: @x\n", "kmon.yaml:1: a value cannot start with this character: quote it"),
        ("a: 1\nb: !tag x\n", "kmon.yaml:2: b: has a YAML tag: quote a value that starts with !"),
        ("a: !!python/name:os.system\n", "kmon.yaml:1: a: has a YAML tag: quote a value that starts with !"),
        ("? [a]\n: 1\n", "kmon.yaml:1: has a key that is not a string"),
        ("a: \x01\n", "kmon.yaml:1: contains a control character"),
        ("a:\n  <<: {b: 1}\n", "kmon.yaml:2: a: merge keys (<<) are not supported"),
        ("a: [1\nb: 2\n", "kmon.yaml:2: is not valid YAML"),
        ("&a [*a]", "kmon.yaml:1: is nested too deeply or is too long"),
        ("[" * 10_000, "kmon.yaml: is nested too deeply"),
        ('a: "\\UFFFFFFFF"', "kmon.yaml: is not valid YAML"),
    ],
)
def test_wrong_yaml_names_the_line(text: str, problem: str) -> None:
    assert problems(text)[0].startswith(problem)


def test_all_duplicates_are_told_at_once() -> None:
    assert len(problems("a: 1\na: 2\nb: {c: 1, c: 2}\n")) == 2


def test_a_small_text_cannot_stand_for_a_huge_tree() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    assert "too long" in problems(bomb)[0]


@pytest.mark.parametrize("prefix", ["*", "!", "!x!", "@", "%", "`", "|x ", '"', "'", "&", "[", "{", "? ", "a: "])
def test_no_error_of_syntax_repeats_a_value(prefix: str) -> None:
    text = f"contexts:\n  - security:\n      password: {prefix}{SECRET}\n   x: 1\n"
    assert SECRET not in "\n".join(problems(text))


@given(
    st.text(alphabet=st.sampled_from("abc:- \n\t[]{}*&!%@#'\"|>?,~\\<0$\x00\x85\u2028"), max_size=60)
    | st.text(max_size=40)
)
def test_any_text_is_a_tree_or_a_settings_error(text: str) -> None:
    told = problems_if_any(lambda: parse(text, "kmon.yaml", lines=True))
    assert all(problem.startswith("kmon.yaml") and "\n" not in problem for problem in told)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_tree_or_a_settings_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("settings") / "kmon.yaml"
    path.write_bytes(data)
    told = problems_if_any(lambda: read_document(path))
    assert all(problem.startswith(str(path)) for problem in told)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: 1\nb: \xff\n", ":2: is not UTF-8 (byte 0xff)"),
        ("a: 1".encode("utf-16"), ": is a binary file, not YAML"),
        (b"\x7fELF\x00\x00", ": is a binary file, not YAML"),
        (b"- a\n", ":1: must be a mapping of keys"),
        (b"just a text\n", ":1: must be a mapping of keys"),
        (b"a: b\n" * 300_000, ": is larger than 1 MiB"),
    ],
)
def test_a_file_that_holds_no_settings_says_so_in_one_line(tmp_path: Path, data: bytes, problem: str) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        read_document(path)
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(f"{path}{problem}")


def test_a_directory_and_a_missing_file_say_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is a directory"):
        read_document(tmp_path)
    with pytest.raises(SettingsError, match="file not found"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_document(Path("a\0b"))


@pytest.mark.parametrize("data", [b"", b"# nothing yet\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_empty_mapping(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_bytes(data)
    assert plain(read_document(path)) == {}
