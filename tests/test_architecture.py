"""The house rules that a machine can check: imports point down, the engine is NumPy alone, rooms stay small."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from tests import house
from tests.conftest import environment

PACKAGE = Path(__file__).parents[1] / "cnnstep"
MODULES = sorted(PACKAGE.rglob("*.py"))

LEVELS = {"__version__": 0, "errors": 0, "registry": 0, "engine": 1, "tutor": 2, "surface": 3}
TOP = 4
"""The package itself and `__main__`, which may use everything."""

OUTSIDE = {"engine": {"numpy"}, "tutor": {"numpy"}, "errors": set(), "registry": set()}
"""What each room may import besides the standard library; the surface may import what the project depends on."""
OPTIONAL = {
    "cnnstep.engine.training.compiled": ({"numba"}, {"exec"}),
    "cnnstep.surface.explore.app": ({"textual"}, set()),
}
"""Rooms for an optional extra: what they may import where it is used, and the calls that are theirs."""
DEPENDENCIES = {"numpy", "platformdirs", "yaml", "rich", "typer"}
READS_AND_WRITES = {"os", "sys", "io", "pathlib", "shutil", "tempfile", "subprocess", "socket", "urllib", "http"}
"""Modules of the standard library through which a room would see files, streams or the network."""

LONGEST_FILE, LONGEST_FUNCTION = 400, 40


def room_of(module: str) -> str:
    """`engine` for `cnnstep.engine.layers.conv`; the empty string for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LEVELS else ""


def level_of(module: str) -> int:
    return LEVELS.get(room_of(module), TOP)


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, those inside functions too; not those for the type checker alone."""
    tree = tree_of(path)
    for_types = {id(node) for test in ast.walk(tree) if _is_for_types(test) for node in ast.walk(test)}
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            assert node.module
            yield from (f"cnnstep.{name.name}" for name in node.names) if node.module == "cnnstep" else (node.module,)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def breaks_of(rule: Callable[[Path], Iterable[str]], of: Iterable[Path] = MODULES) -> dict[str, list[str]]:
    """What each module does that the rule forbids; a module that keeps it is left out."""
    found = {str(path.relative_to(PACKAGE.parent)): list(rule(path)) for path in of}
    return {name: what for name, what in found.items() if what}


def upward(path: Path) -> Iterator[str]:
    own = level_of(module_of(path))
    yield from (name for name in imports_of(path) if name.split(".")[0] == "cnnstep" and level_of(name) > own)


def test_the_session_is_read_downwards_as_its_first_words_say() -> None:
    package = "cnnstep.tutor.session"
    order = re.findall(r"`(\w+)`", importlib.import_module(package).__doc__ or "")
    assert {f"{package}.{name}" for name in order} == {
        module_of(path) for path in MODULES if module_of(path).startswith(f"{package}.")
    }
    for position, name in enumerate(order):
        later = {f"{package}.{other}" for other in order[position:]}
        assert later & {*imports_of(PACKAGE / "tutor" / "session" / f"{name}.py")} == set()


def test_imports_point_down() -> None:
    assert breaks_of(upward) == {}


def test_it_is_asked_four_times_at_most_which_world_a_scenario_is_of() -> None:
    assert house.worlds() <= 4


def test_no_modules_import_each_other_in_a_circle_not_even_inside_functions() -> None:
    assert house.circles(house.imports(house.modules())) == []


def test_the_name_of_a_class_means_one_thing_in_the_whole_tree() -> None:
    counted = Counter(node.name.lstrip("_") for path in MODULES for node in classes_of(path))
    assert {name for name, count in counted.items() if count > 1} == set()


def classes_of(path: Path) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]


def test_a_circle_is_noticed_wherever_it_is_closed() -> None:
    assert house.circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def foreign(path: Path) -> Iterable[str]:
    extra, _ = OPTIONAL.get(module_of(path), (set(), set()))
    allowed = OUTSIDE.get(room_of(module_of(path)), DEPENDENCIES) | extra
    return {name.split(".")[0] for name in imports_of(path)} - allowed - sys.stdlib_module_names - {"cnnstep"}


def test_only_the_surface_knows_more_than_numpy() -> None:
    assert breaks_of(foreign) == {}


def reading_or_writing(path: Path) -> Iterable[str]:
    nodes = ast.walk(tree_of(path))
    calls = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    _, theirs = OPTIONAL.get(module_of(path), (set(), set()))
    modules = {name.split(".")[0] for name in imports_of(path)}
    return modules & READS_AND_WRITES | (calls & {"open", "print", "input", "exec", "eval"}) - theirs


def test_engine_and_tutor_see_no_files_and_no_streams() -> None:
    assert breaks_of(reading_or_writing, [p for p in MODULES if room_of(module_of(p)) in ("engine", "tutor")]) == {}


def too_long(path: Path) -> Iterator[str]:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > LONGEST_FILE:
        yield f"the file: {lines}"
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef)]
    yield from (f"{f.name}: {_lines(f)}" for f in functions if _lines(f) > LONGEST_FUNCTION)


def test_no_room_and_no_function_asks_to_be_two() -> None:
    assert breaks_of(too_long) == {}


def _lines(function: ast.FunctionDef) -> int:
    """The lines of what a function does, its signature and its docstring apart."""
    assert function.end_lineno
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return function.end_lineno - body[0].lineno + 1 if body else 0


def test_the_engine_loads_numpy_and_the_standard_library_and_nothing_else() -> None:
    engine = [module_of(path) for path in MODULES if room_of(module_of(path)) == "engine"]
    program = (
        "import sys, importlib; before = set(sys.modules)\n"
        f"for name in {engine!r}: importlib.import_module(name)\n"
        "print(*(set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(ran.stdout.split())
    assert "cnnstep.engine.trace" in loaded
    assert {name.split(".")[0] for name in loaded} - sys.stdlib_module_names - {"numpy", "cnnstep"} == set()
    assert {room_of(name) for name in loaded if name.startswith("cnnstep.")} == {"engine", "errors", "registry"}


def test_the_rules_notice_what_breaks_them(tmp_path: Path) -> None:
    breaks = tmp_path / "breaks.py"
    breaks.write_text(
        "def f():\n    import rich.table\n    from cnnstep import surface\n    from cnnstep.tutor.run import course\n"
    )
    assert list(imports_of(breaks)) == ["rich.table", "cnnstep.surface", "cnnstep.tutor.run"]
    assert [level_of(name) for name in imports_of(breaks)][1:] == [3, 2]


def test_nothing_else_stands_at_the_top() -> None:
    """A file of that name has come in twice, from a command typed wrongly."""
    made = {"build", "dist", "cnnstep.egg-info"}
    found = {path.name for path in Path(__file__).parents[1].iterdir() if not path.name.startswith(".")}
    assert found - made == {"pyproject.toml", "README.md", "LICENSE", "cnnstep", "tests", "scenarios"}
