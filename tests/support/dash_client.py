"""A browser without a browser: asks a dashboard's callbacks over HTTP, as Dash's script does."""

import json
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient


class DashClient:
    """Talks to the dashboard on an application. `call` runs the callback that fills an output."""

    def __init__(self, server: FastAPI) -> None:
        self.http = TestClient(server, base_url="http://localhost")
        self.callbacks: list[dict[str, Any]] = self.http.get("/_dash-dependencies").json()

    def call(self, output: str, **values: Any) -> dict[str, Any] | None:
        """The answer of the callback with this output, such as "view.data"; None when it changes nothing.

        `values` are its inputs and states by "<id>_<property>" with dashes as underscores; others are None.
        """
        callback = next(each for each in self.callbacks if output in outputs_of(each))

        def filled(wanted: list[dict[str, str]]) -> list[dict[str, Any]]:
            return [
                {**each, "value": values.get(f"{each['id']}_{each['property']}".replace("-", "_"))} for each in wanted
            ]

        targets = [dict(zip(("id", "property"), each.rsplit(".", 1), strict=True)) for each in outputs_of(callback)]
        answer = self.http.post(
            "/_dash-update-component",
            json={
                "output": callback["output"],
                "outputs": targets if callback["output"].startswith("..") else targets[0],
                "inputs": filled(callback["inputs"]),
                "state": filled(callback["state"]),
                "changedPropIds": [f"{each['id']}.{each['property']}" for each in callback["inputs"]],
            },
        )
        if answer.status_code == 204:
            return None
        assert answer.status_code == 200, answer.text
        response: dict[str, Any] = answer.json()["response"]
        for props in response.values():
            feed = props.get("data")
            if isinstance(feed, dict) and "rows" in feed:  # the rows of a grid travel as a text
                feed["rows"] = json.loads(feed["rows"])
        return response


def outputs_of(callback: dict[str, Any]) -> list[str]:
    """The outputs of a callback as "<id>.<property>"."""
    return str(callback["output"]).strip(".").split("...")


def texts(tree: Any) -> Iterator[str]:
    """Every text that a component tree shows, in order."""
    if isinstance(tree, dict):
        yield from texts(tree.get("props", {}).get("children"))
    elif isinstance(tree, (list, tuple)):
        for each in tree:
            yield from texts(each)
    elif hasattr(tree, "children"):
        yield from texts(tree.children)
    elif tree is not None:
        yield str(tree)


def components(tree: Any) -> Iterator[dict[str, Any]]:
    """Every component of a tree that came over HTTP."""
    if isinstance(tree, dict) and "type" in tree:
        yield tree
        yield from components(tree["props"].get("children"))
    elif isinstance(tree, list):
        for each in tree:
            yield from components(each)
