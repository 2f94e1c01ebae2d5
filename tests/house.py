"""The measures of the house: `python -m tests.house` prints files, lines, circles, and which files a command enters.

A circle is a set of modules that import each other, inside functions too, but not for the type checker alone. A
command enters a file where it calls a function that stands there.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cnnstep"
COMMANDS = {
    "run": ("run", "first-filter"),
    "check": ("check", "-"),
    "practice": ("practice", "--skill", "gradient", "--seed", "0"),
}
TYPED = {
    "check": "scenario: first-filter\nwork: {update: [[2, -2], [1, 2]]}\n",
    "practice": "1 2; 3 4\nquit\n",
}


def modules() -> dict[str, Path]:
    """Every module of the package by its full name."""
    return {_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def lines() -> int:
    """All lines of the package's Python."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in modules().values())


def imports(known: Mapping[str, Path]) -> dict[str, set[str]]:
    """The modules of the package that each one imports while it runs."""
    return {name: {*_imported(path, known)} - {name} for name, path in known.items()}


def _imported(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {id(node) for test in ast.walk(tree) if _is_for_types(test) for node in ast.walk(test)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in for_types:
            full = (f"{node.module}.{name.name}" for name in node.names)
            yield from (one if one in known else node.module for one in full if one in known or node.module in known)
        elif isinstance(node, ast.Import) and id(node) not in for_types:
            yield from (name.name for name in node.names if name.name in known)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The sets of two modules or more that reach each other."""
    reached = {name: _reach(name, graph) for name in graph}
    found = {tuple(sorted(m for m in reached[name] if name in reached[m])) for name in graph if name in reached[name]}
    return sorted(list(circle) for circle in found)


def _reach(name: str, graph: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [*graph[name]]
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting.extend(graph[here])
    return seen


def worlds() -> int:
    """How often the program asks whether it has one filter or a network before it, in whatever words."""
    asked = re.compile(
        r"\bis_network\b|\bif (?:not )?(?:self|scenario)\.names\b|\bvocabulary is\b"
        r"|\"(?:filter|layers)\" (?:not )?in (?!hidden)"
    )
    return sum(len(asked.findall(path.read_text(encoding="utf-8"))) for path in modules().values())


def entered(command: str) -> set[str]:
    """The files of the package in which a command calls a function, apart from those that only import."""
    program = (
        "import sys\nfrom inspect import CO_OPTIMIZED\nfiles = set()\n"
        "def seen(frame, event, argument):\n"
        "    code = frame.f_code\n"
        "    is_function = code.co_flags & CO_OPTIMIZED\n"  # the body of a module or of a class is none
        "    if event == 'call' and is_function and code.co_name not in ('<genexpr>', '<lambda>'):\n"
        "        files.add(code.co_filename)\n"
        "from cnnstep.surface.cli.app import run_app\n"
        "sys.setprofile(seen)\n"
        f"run_app({COMMANDS[command]!r})\n"
        "sys.setprofile(None)\n"
        "print(*sorted(files), sep='\\n', file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        input=TYPED.get(command, ""),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return {line for line in ran.stderr.splitlines() if line.startswith(str(PACKAGE))}


if __name__ == "__main__":
    known = modules()
    print(f"files    {len(known)}\nlines    {lines()}\nworlds   {worlds()}")
    print(f"circles  {circles(imports(known))}")
    print("entered ", {command: len(entered(command)) for command in COMMANDS})
