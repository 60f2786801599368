"""What the client takes of kafka-python beyond its public interface is there, in the version that is installed."""

import ast
import inspect
import textwrap
from importlib.metadata import requires, version
from types import ModuleType

import pytest
from kafka.net.connection import KafkaConnection

from monitor.kafka.client import connections, frames, sockets, tokens

MODULES = (connections, frames, sockets, tokens)
OF_CONNECTION = ("connection_made", "_sasl_authenticate", "close", "broker_version_data", "parser")
"""Members of a connection that Connections replaces or reads."""


def subclasses() -> list[tuple[type, type]]:
    """Our classes over a class of kafka-python, each with that class."""
    found = []
    for module in MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                found += [(value, base) for base in value.__bases__ if base.__module__.startswith("kafka.")]
    return found


def source(of: type | ModuleType) -> ast.Module:
    return ast.parse(textwrap.dedent(inspect.getsource(of)))


def assigned(of: type) -> set[str]:
    """Names of what a class and its bases within kafka-python have, also what their methods set on self."""
    names: set[str] = set()
    for each in inspect.getmro(of):
        names |= set(vars(each))
        if each.__module__.startswith("kafka."):
            names |= {
                node.attr
                for node in ast.walk(source(each))
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            }
    return names


@pytest.mark.parametrize(("ours", "theirs"), subclasses(), ids=lambda each: each.__name__)
def test_members_of_a_base_class_that_we_use_are_there(ours: type, theirs: type) -> None:
    body = source(ours)
    here = {node.name for node in ast.walk(body) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    uses = [node for node in ast.walk(body) if isinstance(node, ast.Attribute)]
    of_self = [node for node in uses if isinstance(node.value, ast.Name) and node.value.id == "self"]
    set_here = {node.attr for node in of_self if isinstance(node.ctx, ast.Store)} | set(vars(ours))
    there = assigned(theirs)
    assert {node.attr for node in of_self} - set_here - here - there == set()


@pytest.mark.parametrize(("ours", "theirs"), subclasses(), ids=lambda each: each.__name__)
def test_methods_that_we_override_are_called_by_the_library(ours: type, theirs: type) -> None:
    """A private method that no longer exists there would never be called."""
    private = {name for name in vars(ours) if name.startswith("_") and not name.startswith("__")}
    methods = {name for name in private if inspect.isfunction(vars(ours)[name])}
    own = {node.attr for node in ast.walk(source(ours)) if isinstance(node, ast.Attribute)}
    assert {name for name in methods if not hasattr(theirs, name)} <= own, "helpers of ours are called by us"


def test_a_connection_has_what_is_replaced_on_it() -> None:
    assert set(OF_CONNECTION) - assigned(KafkaConnection) == set()


def test_only_versions_of_one_minor_release_are_accepted() -> None:
    """Private members may change with any other."""
    (wanted,) = [each for each in requires("kmon-kafka") or () if each.startswith("kafka-python")]
    major, minor, *_ = version("kafka-python").split(".")
    assert f"<{major}.{int(minor) + 1}" in wanted
