"""Functions asked where they are, without a process or limits of their own: for notebooks, and for tests of graders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from cnnstep.surface.grading.calls import perform
from cnnstep.surface.grading.child import offered
from cnnstep.surface.grading.frames import Frame


class InPlace:
    """What a `Process` is, for functions that are at hand already."""

    printed = ""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions
        self.loaded: Frame = ({"offered": offered(functions)}, [])

    def ask(self, request: dict[str, Any], arrays: Sequence[Any], seconds: float) -> Frame:
        """The answer, however long that takes; Ctrl-C is the caller's."""
        return perform(request, arrays, self._functions, "", (KeyboardInterrupt,))

    def end(self) -> None:
        """There is nothing to end."""


def named(what: Any) -> Mapping[str, Any]:
    """Functions by their names: of a mapping, a module, several functions, or one."""
    if isinstance(what, Mapping):
        return what
    if isinstance(what, ModuleType):
        return vars(what)
    if isinstance(what, Iterable) and not isinstance(what, type):
        return {getattr(one, "__name__", "function"): one for one in what}
    return {getattr(what, "__name__", "function"): what}
