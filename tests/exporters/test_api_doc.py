"""docs/api.md has every path of the API, each with an example that is what the code answers."""

import json
import re
from typing import NoReturn

import pytest
from api_examples import API_MD, PREFIX, api_client, api_router, example, told
from starlette.routing import Route

EXAMPLES = dict(told())


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_example_is_the_answer(path: str) -> None:
    answer = api_client().get(path)
    assert answer.status_code == 200
    assert EXAMPLES[path] == example(answer.json()), "python tests/support/api_examples.py writes it anew"


def test_every_path_has_an_example() -> None:
    routes = [route for route in api_router().routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    assert len(EXAMPLES) == len(re.findall(r"^### ", API_MD.read_text(), re.MULTILINE))
    paths = [path.removeprefix(PREFIX) for path in EXAMPLES]
    shown = [next(route.path for route in routes if route.path_regex.fullmatch(path)) for path in paths]
    assert sorted(shown) == sorted(route.path for route in routes)


REQUEST = re.compile(
    r"^    \$ curl -s '?http://[^/]+(/api/[^\s']+)'?"
    r"(?: \| jq -c '\.(\w+)\[\] \| \[(.+)\]'(?: \| head -(\d+))?)?\n((?:    .+\n)*)",
    re.MULTILINE,
)
REQUESTS = [
    (page.name, *found) for page in sorted(API_MD.parent.glob("*.md")) for found in REQUEST.findall(page.read_text())
]


@pytest.mark.parametrize(("page", "path", "key", "fields", "head", "output"), REQUESTS)
def test_every_request_gives_what_is_shown(page: str, path: str, key: str, fields: str, head: str, output: str) -> None:
    answer = api_client().get(path)
    assert answer.status_code == 200, page
    if key:
        rows = [[row[name.strip(" .")] for name in fields.split(",")] for row in answer.json()[key]]
        lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
        assert [line.strip() for line in output.splitlines()] == lines[: int(head) if head else None], page


def test_the_pages_show_requests() -> None:
    assert {page for page, *_ in REQUESTS} >= {"health.md", "diagnosis.md", "events.md", "api.md"}


def test_no_answer_has_a_number_that_json_does_not_know() -> None:
    def refuse(constant: str) -> NoReturn:
        pytest.fail(f"{constant} is no JSON")

    for path in EXAMPLES:
        json.loads(api_client().get(path).content, parse_constant=refuse)
