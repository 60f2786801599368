"""Which modules of the product import which, and where they do so in a circle: type-only and late imports count."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imports_of(rooms: Iterable[str], root: Path = ROOT) -> dict[str, set[str]]:
    """For each module of these packages the modules of them that it imports, by dotted name."""
    files = {_name(path.relative_to(root)): path for room in rooms for path in sorted((root / room).rglob("*.py"))}
    return {name: set(_imported(path, files)) - {name} for name, path in files.items()}


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{each.name}" for each in node.names]
            names = [each if each in modules else node.module for each in whole]
        else:
            continue
        yield from (each for each in names if each in modules)


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The largest sets of modules of which each imports every other one, directly or by way of others (Tarjan)."""
    place: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        place[module] = low[module] = len(place)
        open_.append(module)
        for each in sorted(graph[module]):
            if each not in place:
                visit(each)
            if each in open_:
                low[module] = min(low[module], low[each])
        if low[module] == place[module]:
            at = open_.index(module)
            if len(open_) - at > 1:
                found.append(sorted(open_[at:]))
            del open_[at:]

    for module in sorted(graph):
        if module not in place:
            visit(module)
    return found
