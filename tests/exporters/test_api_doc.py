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
    routes = [route for route in api_router().routes if isinstance(route, Route)]
    assert len(EXAMPLES) == len(re.findall(r"^### ", API_MD.read_text(), re.MULTILINE))
    paths = [path.removeprefix(PREFIX) for path in EXAMPLES]
    shown = [next(route.path for route in routes if route.path_regex.fullmatch(path)) for path in paths]
    assert sorted(shown) == sorted(route.path for route in routes)


def test_no_answer_has_a_number_that_json_does_not_know() -> None:
    def refuse(constant: str) -> NoReturn:
        pytest.fail(f"{constant} is no JSON")

    for path in EXAMPLES:
        json.loads(api_client().get(path).content, parse_constant=refuse)
