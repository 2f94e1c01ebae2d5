"""How strong the tests are: one small thing in the engine becomes wrong, and some test must notice.

`python -m tests.mutants 250 --seed 1 --workers 2` draws so many places, changes each in a copy of the tree, runs the
tests that pass through its line, and lists what no test has noticed. Which tests those are is measured first, once.
A mutant that behaves as before (`x < n` for `x != n` where x never passes n) can't be noticed: look at those by hand.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

from coverage import CoverageData

ROOT = Path(__file__).parents[1]
ENGINE = Path("cnnstep/engine")
MOST_TESTS = 400
"""Of those that pass through a line that very many do; they are drawn from all over."""
PATIENCE = 600.0
"""Seconds; who takes longer hangs, which is noticed too."""

SWAPS: dict[type[ast.AST], Any] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.And: ast.Or, ast.Or: ast.And, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.USub: ast.UAdd, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: which file, the number of the node among those that can change, its line, and the change in words."""

    file: Path
    node: int
    line: int
    what: str

    @property
    def text(self) -> str:
        """The file with the change."""
        return _Changer(self.node).changed(self.file)


class _Changer(ast.NodeTransformer):
    """Counts the nodes that can change, and changes the one of this number."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted, self.found = wanted, list[tuple[int, str]]()

    def changed(self, file: Path) -> str:
        return ast.unparse(self.visit(ast.parse((ROOT / file).read_text(encoding="utf-8"))))

    def _meets(self, node: ast.AST, words: str) -> bool:
        self.found.append((getattr(node, "lineno", 0), words))
        return len(self.found) - 1 == self.wanted

    def _undecorated(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        kept, node.decorator_list = node.decorator_list, []
        self.generic_visit(node)
        node.decorator_list = kept
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._undecorated(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._undecorated(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        swap = SWAPS.get(type(node.ops[0]))
        if swap and self._meets(node, f"{type(node.ops[0]).__name__} becomes {swap.__name__}"):
            node.ops[0] = swap()
        return node

    def _operator(self, node: ast.BinOp | ast.BoolOp | ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        swap = SWAPS.get(type(node.op))
        if swap and self._meets(node, f"{type(node.op).__name__} becomes {swap.__name__}"):
            node.op = swap()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return self._operator(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        return self._operator(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return self._operator(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool):
            if self._meets(node, f"{node.value} becomes {not node.value}"):
                return ast.Constant(not node.value)
        elif isinstance(node.value, int | float) and self._meets(node, f"{node.value} becomes {node.value + 1}"):
            return ast.Constant(node.value + 1)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if self._meets(node, "the two branches of a conditional change places"):
            node.body, node.orelse = node.orelse, node.body
        return node


def mutants() -> list[Mutant]:
    """Every change that can be made to the engine."""
    return list(_all())


def _all() -> Iterator[Mutant]:
    for path in sorted((ROOT / ENGINE).rglob("*.py")):
        file, changer = path.relative_to(ROOT), _Changer()
        changer.changed(file)
        yield from (Mutant(file, number, line, what) for number, (line, what) in enumerate(changer.found))


def _tests_by_line(copy: Path) -> CoverageData:
    """Which tests pass through which line of the engine, from one run of the engine's tests in a copy of the tree."""
    data = copy / "passes"
    command = [sys.executable, "-m", "pytest", "-q", "tests/engine", "tests/worked", "--cov=cnnstep/engine"]
    more = ["--cov-context=test", "--cov-report=", "--cov-fail-under=0"]
    env = _environment(copy) | {"COVERAGE_FILE": str(data)}
    subprocess.run([*command, *more], cwd=copy, env=env, check=True, stdout=subprocess.DEVNULL)
    found = CoverageData(str(data))
    found.read()
    return found


def _environment(copy: Path) -> dict[str, str]:
    return os.environ | {
        "CI": "true",
        "EXAMPLES_SHARE": "5",
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _tests_of(mutant: Mutant, passes: CoverageData, copy: Path) -> list[str]:
    contexts = passes.contexts_by_lineno(str(copy / mutant.file)).get(mutant.line, [])
    tests = sorted({context.partition("|")[0] for context in contexts if context})
    if len(tests) > MOST_TESTS:
        tests = random.Random(mutant.line).sample(tests, MOST_TESTS)
    return tests


def _is_noticed(mutant: Mutant, tests: list[str], copy: Path) -> bool:
    """Whether a test fails in a copy of the tree with this change."""
    changed, before = copy / mutant.file, (copy / mutant.file).read_text(encoding="utf-8")
    changed.write_text(mutant.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *(tests or ["tests/engine"])]
    try:
        ran = subprocess.run(
            command, cwd=copy, env=_environment(copy), capture_output=True, timeout=PATIENCE, check=False
        )
        return ran.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        changed.write_text(before, encoding="utf-8")


def main() -> int:
    """Prints what no test has noticed, and the score."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--at", nargs="*", default=[], help="all mutants of these lines, as patches.py:59")
    asked = parser.parse_args()
    every = mutants()
    drawn = [one for one in every if f"{one.file.name}:{one.line}" in asked.at]
    drawn = drawn or random.Random(asked.seed).sample(every, asked.count)
    with TemporaryDirectory() as name:
        folder, copies = Path(name), SimpleQueue[Path]()
        first = folder / "0"
        for number in range(asked.workers):
            copies.put(folder / str(number))
            shutil.copytree(ROOT, folder / str(number), ignore=shutil.ignore_patterns(".*", "__pycache__"))

        passes = _tests_by_line(first)

        def noticed(mutant: Mutant) -> bool:
            copy = copies.get()
            try:
                return _is_noticed(mutant, _tests_of(mutant, passes, first), copy)
            finally:
                copies.put(copy)

        score = Counter[bool]()
        with ThreadPoolExecutor(asked.workers) as pool:
            for mutant, seen in zip(drawn, pool.map(noticed, drawn), strict=True):
                score[seen] += 1
                if not seen:
                    print(f"{mutant.file}:{mutant.line}: {mutant.what}", flush=True)
    print(f"{score[True]} of {len(drawn)} noticed, seed {asked.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
