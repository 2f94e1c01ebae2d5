"""A file's functions asked case after case, from the smallest up: first each by itself, then what builds on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Any

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.grading.in_place import InPlace
from cnnstep.surface.grading.process import Clock, Limits, Lost, Process
from cnnstep.surface.grading.requests import Bound, answers, bound, lost_words, raised_words, request
from cnnstep.surface.grading.torch_calls import MODULE
from cnnstep.surface.grading.tree import is_limited
from cnnstep.tutor.grade.answer import GivenResult, NoNumbers
from cnnstep.tutor.grade.case import Case
from cnnstep.tutor.grade.form import Form
from cnnstep.tutor.grade.layer_cases import cases_of
from cnnstep.tutor.grade.signatures import SIGNATURES, LearnerFunction, Signature
from cnnstep.tutor.grade.verdict import Graded, grade

Asked = Process | InPlace
Offered = Mapping[str, Mapping[str, Any]]
"""What the learner's file has that can be called, by name."""
SMALLEST = 4
"""A case of so few numbers may have the right shape by chance."""
LEAST = 0.2
"""Seconds that must be left for it to make sense to start once more."""


@dataclass(frozen=True)
class Wish:
    """What is asked for: a signature, some of the results, a function by the learner's name for it."""

    signature: str = ""
    only: str = ""
    function: str = ""


def grade_file(path: str, wish: Wish | None = None, limits: Limits | None = None) -> Graded:
    """The functions of a Python file judged, in a process of their own."""
    wish, limits = wish or Wish(), limits or Limits()
    file = Path(path)
    if not file.is_file():
        what = f"{path} is a folder" if file.is_dir() else f"there is no file {path}"
        raise InputError(Fault("not-found", what, "name a Python file with your functions", file=path))
    clock, resolved, libraries = Clock(limits.seconds), str(file.resolve()), _libraries(file, wish)
    run = _Run(lambda: Process(resolved, limits, clock, libraries), path, limits, clock)
    return run.grade(wish)


def _libraries(file: Path, wish: Wish) -> list[str]:
    """What is imported before the learner's own time begins: PyTorch too, where the file speaks of it."""
    torch = wish.signature == "torch" or b"torch" in file.read_bytes()
    return ["numpy", *(["torch"] if torch and find_spec("torch") else [])]


def grade_in_place(functions: Mapping[str, Any], wish: Wish | None = None) -> Graded:
    """Functions judged where they are, without limits."""
    return _Run(lambda: InPlace(functions), "", Limits(), Clock(inf), bounded=False).grade(wish or Wish())


@dataclass
class _Run:
    """One grading: the process of the moment, and what has been printed so far."""

    start: Callable[[], Asked]
    shown: str
    limits: Limits
    clock: Clock
    printed: list[str] = field(default_factory=list)
    threads: int = 0
    bounded: bool = True

    def grade(self, wish: Wish) -> Graded:
        process: Asked | None = self.start()
        assert process is not None
        try:
            offered = self._offered(process)
            signature, functions = chosen(offered, wish, self.shown)
            found: list[Sequence[GivenResult]] = []
            for one in functions:
                if process is None and self.clock.left > LEAST:
                    process = self.start()
                asked, process = self._asked(process, signature, one)
                found += [answer for answer in asked if wanted(answer[0], wish.only)]
        finally:
            if process is not None:
                self._close(process)
        called = {one.function.name: one.called for one in functions}
        remarks = (*self._remarks(), *shared(found))
        return Graded(signature, grade(found), Path(self.shown).name, called, self._said(), remarks)

    def _close(self, process: Asked) -> None:
        process.end()
        if process.printed:
            self.printed.append(process.printed)

    def _said(self) -> str:
        return self.printed[0] if self.printed else ""

    def _remarks(self) -> Iterator[str]:
        if self.bounded and not is_limited():
            yield "This system has no limits of memory and processes, so only the time was limited."
        if self.threads > 0:
            yield "Your code left threads running. They were ended."

    def _offered(self, process: Asked) -> Offered:
        back = process.loaded
        if isinstance(back, Lost):
            what = lost_words(back, self.limits.seconds).what.removeprefix("it ")
            raise InputError(Fault("import", f"while it was imported, it {what}", file=self.shown))
        if "raised" in back[0]:
            fault = raised_words(back[0]["raised"])
            what = f"it can't be imported: {fault.what.removeprefix('it raised ')}"
            column = len(fault.source) - len(fault.source.lstrip()) + 1 if fault.source else None
            raise InputError(
                Fault("import", what, file=self.shown, line=fault.line, column=column, source=fault.source or None)
            )
        offered: Offered = back[0]["offered"]
        return offered

    def _asked(
        self, process: Asked | None, signature: Signature, one: Bound
    ) -> tuple[list[list[GivenResult]], Asked | None]:
        """The answers of one function, a list for each of its results; the process, where that is still alive."""
        found: list[list[GivenResult]] = [[] for _ in one.function.results]
        gone: NoNumbers | None = None if process else NoNumbers("there was no time left for it", skipped=True)
        every = list(cases_of(one.function.kind, one.function.minds, one.knows))
        form = self._form(process, signature, one, every)
        for case in filter(form.fits, every):
            back: Any = gone
            if process is not None and self.clock.left <= 0:
                gone = back = NoNumbers("there was no time left for it", skipped=True)
            elif process is not None:
                back = self._back(process, one, case, form)
                gone = NoNumbers("it was not asked any more", skipped=True)
            if process is not None and isinstance(back, NoNumbers):
                self._close(process)
                process = None
            for answer, kept in zip(answers(one, case, form, back), found, strict=True):
                kept.append(answer)
        return found, process

    def _form(self, process: Asked | None, signature: Signature, one: Bound, cases: Sequence[Case]) -> Form:
        """The form that this function can do with: the first whose answer has the right shape, else any numbers."""
        first, *others = signature.forms
        if process is None or not others:
            return first
        plain, numbers = signature.forms[-1], None
        case = next(case for case in cases if plain.fits(case) and case.scenario.inputs.size > SMALLEST)
        for form in signature.forms:
            back = self._back(process, one, case, form)
            if isinstance(back, NoNumbers):
                break
            found = next(answers(one, case, form, back))
            if found.values is not None and found.values.shape == found.right.shape:
                return form
            numbers = form if found.values is not None else numbers
        return numbers or plain

    def _back(self, process: Asked, one: Bound, case: Case, form: Form) -> Any:
        seconds = min(self.limits.case, max(0.01, self.clock.left))
        frame = process.ask(*request(one, case, form), seconds)
        if isinstance(frame, Lost):
            return lost_words(frame, seconds)
        self.threads = max(self.threads, frame[0].get("threads", 0))
        return frame


def chosen(offered: Offered, wish: Wish, shown: str) -> tuple[Signature, list[Bound]]:
    """The signature that most of the names belong to, or the one asked for, and its functions that are there."""
    signatures = [SIGNATURES.find(wish.signature)] if wish.signature else list(SIGNATURES.values())
    matched = [(one, _matched(one, offered, wish)) for one in signatures]
    signature, names = max(matched, key=lambda pair: (len(pair[1]), bool(pair[0].told_by)))
    if not names:
        usual = ", ".join(function.name for one in signatures for function in one.functions)
        what = f"no function in it has a name that we know: {usual}" if not wish.function else _unknown(offered, wish)
        raise InputError(Fault("signature", what, "cnnstep grade --list shows what is looked for", file=shown))
    functions: dict[str, Bound] = {}
    for function in signature.functions:
        if function.name in names:
            called = names[function.name]
            if offered[called]["kind"] == MODULE:  # whose kernel_size may be one number
                function = replace(function, minds=(*function.minds, "oblong"))
            before = functions.get(function.cache_of)
            functions[function.name] = bound(function, called, offered[called]["parameters"], signature.by_name, before)
    kept = [one for one in functions.values() if _is_wanted(one.function, wish, names)]
    if not kept:
        results = [result.name for one in functions.values() for result in one.function.results]
        raise InputError(
            Fault("only", f'nothing here is called "{wish.only}"', did_you_mean(wish.only, [*functions, *results]))
        )
    return signature, kept


def _unknown(offered: Offered, wish: Wish) -> str:
    if wish.function not in offered:
        return f'it has no function "{wish.function}"'
    return f'"{wish.function}" may be any function: --only says which, as in --only forward'


def _matched(signature: Signature, offered: Offered, wish: Wish) -> dict[str, str]:
    """The learner's name of each function that is there; the usual name before others, then the first in the file."""
    found: dict[str, str] = {}
    for function in signature.functions:
        names = [name for name in offered if function.known_by(name) and function.graph == bool(offered[name]["kind"])]
        is_told = bool(wish.only) and wish.function in offered and part_of(function, wish.only)
        is_told = is_told and wish.function not in found.values()
        if wish.function in names or is_told:
            names = [wish.function]
        if names:
            found[function.name] = function.name if function.name in names else names[0]
    if wish.function and wish.function not in found.values():
        return {}
    taken = {name.lower() for called in found.values() for name, _ in offered[called]["parameters"] or ()}
    by_wish = signature.name == wish.signature
    return found if by_wish or not signature.told_by or signature.told_by & taken else {}


def part_of(function: LearnerFunction, only: str) -> bool:
    """Whether `only` names this function, or one of its results: `backward`, `dx`, `input_gradient`."""
    names = {part for result in function.results for part in (result.name, result.word)}
    return only in names or only in (function.name, function.name.rpartition("_")[2])


def _is_wanted(function: LearnerFunction, wish: Wish, names: Mapping[str, str]) -> bool:
    if wish.function and names[function.name] != wish.function:
        return False
    return not wish.only or part_of(function, wish.only)


def shared(found: Sequence[Sequence[GivenResult]]) -> Iterator[str]:
    """What is to be known of results that are views of an argument: right, and yet tied to it."""
    for given in found:
        names = sorted({name for answer in given for name in answer.shares})
        if names and not any(answer.changed for answer in given):
            result, of = given[0].result.name, " and ".join(names)
            yield f"{result} of {given[0].function.name} is a view of {of}: whoever changes one changes the other."


def wanted(answer: GivenResult, only: str) -> bool:
    """Whether a result is among those asked for."""
    names = {part for result in answer.function.results for part in (result.name, result.word)}
    return only not in names or only in (answer.result.name, answer.result.word)
