"""`cnnstep.grade`: a file's functions, or functions at hand, judged from Python in the words of the command."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from os import PathLike, fspath
from typing import Any

from cnnstep.surface.grading.grading import Wish, grade_file, grade_in_place
from cnnstep.surface.grading.in_place import named
from cnnstep.surface.grading.process import Limits
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Document
from cnnstep.tutor.grade.data import grade_data
from cnnstep.tutor.grade.report import report
from cnnstep.tutor.grade.verdict import Graded
from cnnstep.tutor.numbers import AS_USUAL


@dataclass(frozen=True)
class Report(Graded):
    """What `grade` found: `verdict` ("right", "wrong"), `mistakes` (codes), `marks` result by result.

    `print` shows the report of the terminal; `to_dict` gives the JSON of `cnnstep grade --json`.
    """

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the verdict, the mistakes, and each result with its smallest failing case."""
        return grade_data(self)

    def assert_right(self) -> None:
        """Raises AssertionError with the whole report unless everything is right."""
        if self.verdict != "right":
            raise AssertionError(f"\n{self}")

    def __str__(self) -> str:
        from cnnstep.surface.formats.text import render

        nowhere = StringIO()
        return render(Document(report(self, AS_USUAL), AS_USUAL), Screen(nowhere, nowhere)).rstrip("\n")


def grade(what: Any, signature: str = "", *, only: str = "", seconds: float = 5.0, memory: int = 2**30) -> Report:
    """Runs functions over small cases and names the mistake that gives their numbers.

    `what` is the path of a Python file, which runs in a process of its own within so many `seconds` and bytes of
    `memory`; or a function, several, a module or a mapping of names, which run where they are and without limits.
    Functions are known by their names, as `cnnstep grade --list` shows them.

    `InputError` where the file can't be used, or nothing in it is known.

    >>> cnnstep.grade([conv_forward, conv_backward]).mistakes
    ('filter-not-rotated',)
    """
    wish = Wish(signature, only)
    if isinstance(what, str | PathLike):
        found = grade_file(fspath(what), wish, Limits(seconds, memory))
    else:
        found = grade_in_place(named(what), wish)
    return Report(**vars(found))
