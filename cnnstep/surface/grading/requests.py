"""A case as calls of the learner's functions, and what came back as answers to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cnnstep.errors import Fault, InputError
from cnnstep.surface.grading.frames import Frame
from cnnstep.surface.grading.process import Lost
from cnnstep.surface.grading.torch_calls import ODD
from cnnstep.tutor.grade.answer import EXACT, GivenResult, NoNumbers
from cnnstep.tutor.grade.case import Case
from cnnstep.tutor.grade.form import Form
from cnnstep.tutor.grade.roles import ROLES
from cnnstep.tutor.grade.signatures import LearnerFunction

Parameters = list[list[Any]] | None
"""The names of a function's parameters, each with whether it may be left out; None where nobody can tell."""


@dataclass(frozen=True)
class Bound:
    """A function of a signature with the learner's name for it, and the role of each of its parameters.

    `before` is the function that makes its cache.
    """

    function: LearnerFunction
    called: str
    positional: tuple[str, ...]
    keywords: Mapping[str, str] = field(default_factory=dict)
    before: Bound | None = None

    @property
    def knows(self) -> frozenset[str]:
        """The settings that it can be told of."""
        roles = {*self.positional, *self.keywords.values(), *(self.before.positional if self.before else ())}
        if self.function.cached and not self.before:  # its cache is made for it
            roles |= {*self.function.cached}
        return frozenset(setting for role in roles for setting in ROLES[role].settings)


def bound(function: LearnerFunction, called: str, parameters: Parameters, by_name: bool, before: Bound | None) -> Bound:
    """Which role each parameter has: by its place, or by its name and, where that says nothing, by its place."""
    if by_name and function.graph:
        return _of_graph(function, called, parameters or [])
    if not by_name or parameters is None:
        return Bound(function, called, function.roles, {}, before)
    left = [*function.roles]
    found: dict[str, str] = {}
    for name, _ in parameters:
        role = next((one for one in (*left, *function.optional) if name.lower() in ROLES[one].names), None)
        if role and role not in found.values():
            found[name] = role
            left = [one for one in left if one != role]
    for name, optional in parameters:
        if name not in found and not optional:
            if not left:
                what = f"{called} takes {name}, and there is nothing to give it"
                raise InputError(Fault("signature", what, f"it is called as {function.line}"))
            found[name] = left.pop(0)
    order = [name for name, _ in parameters if name in found]
    return Bound(function, called, (), {name: found[name] for name in order}, before)


def _of_graph(function: LearnerFunction, called: str, parameters: list[list[Any]]) -> Bound:
    """A class of PyTorch's: what goes in by name, then dout; out of it come out and a gradient of each array."""
    one = bound(replace(function, graph=False), called, parameters, True, None)
    kept = tuple(
        result
        for role, result in zip(("", *function.roles, "b"), function.results, strict=True)
        if not role or role in one.keywords.values()
    )
    minds = function.minds if "b" in one.keywords.values() else (*function.minds, "bias")
    return replace(
        one, function=replace(function, results=kept, minds=minds), keywords={**one.keywords, "dout": "dout"}
    )


def request(one: Bound, case: Case, form: Form) -> Frame:
    """The calls that this case takes: the function, and first the one that makes its cache."""
    arrays: list[Any] = []

    def said(role: str, cache: int | None) -> dict[str, Any]:
        if role == "cache":
            if cache is not None:
                return {"cache": cache}
            return {"tuple": [said(part, None) for part in one.function.cached]}
        value = ROLES[role].read(case, form)
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return {"array": len(arrays) - 1}
        return {"value": value}

    calls: list[dict[str, Any]] = []
    for part in (*((one.before,) if one.before else ()), one):
        cache = len(calls) - 1 if calls else None
        call = {
            "name": part.called,
            "positional": [[ROLES[role].names[0], said(role, cache)] for role in part.positional],
            "keywords": {name: said(role, cache) for name, role in part.keywords.items()},
            "gives": [result.name for result in part.function.results],
            "keeps": part.function.keeps,
        }
        calls.append(call if cache is None else {**call, "needs": cache})
    return {"calls": calls}, arrays


def answers(one: Bound, case: Case, form: Form, back: Frame | NoNumbers) -> Iterator[GivenResult]:
    """What came back for each result of the function."""
    for number, result in enumerate(one.function.results):
        blank = GivenResult(case, one.function, result, form)
        yield _without(blank, back) if isinstance(back, NoNumbers) else _answer(blank, back, number)


def _without(blank: GivenResult, fault: NoNumbers) -> GivenResult:
    return GivenResult(blank.case, blank.function, blank.result, blank.form, fault=fault)


def _answer(blank: GivenResult, back: Frame, number: int) -> GivenResult:
    entry, arrays = back[0]["calls"][-1], back[1]
    for key, when in (("raised", ""), ("raised_again", " when it was called a second time")):
        if entry.get(key):
            return _without(blank, raised_words(entry[key], when))
    values, bits, odd = _numbers(entry["values"][number], arrays)
    if values is None:
        return _without(blank, NoNumbers(f"its {blank.result.name} is {odd}"))
    again = _numbers(entry["again"][number], arrays)[0] if "again" in entry else None
    first = GivenResult(blank.case, blank.function, blank.result, blank.form, values, bits)
    unsteady = "again" in entry and (again is None or not first.agrees(again, first.scale * EXACT))
    return GivenResult(
        *(blank.case, blank.function, blank.result, blank.form, values, bits),
        again=again if unsteady else None,
        unsteady=unsteady,
        changed=tuple(entry.get("changed", ())),
        rewritten=bool(entry.get("rewritten")),
        shares=tuple(of for name, of in entry.get("shared", ()) if name == blank.result.name),
    )


def _numbers(sent: Mapping[str, Any], arrays: Sequence[Any]) -> tuple[Any, int, str]:
    """As float64, how many bits they had, and words where they are no real, finite numbers."""
    if ODD in sent:
        return None, 64, sent[ODD]
    array = arrays[sent["array"]]
    bits = {"f": 8 * array.dtype.itemsize, "c": 4 * array.dtype.itemsize}.get(array.dtype.kind, 64)
    if array.dtype.kind == "c":
        if np.abs(array.imag).max(initial=0.0) > 1e-6 * max(1.0, np.abs(array).max(initial=0.0)):
            return None, bits, "an array of complex numbers"
        array = array.real
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        cell = [int(index) for index in np.argwhere(~np.isfinite(values))[0]]
        return None, bits, f"not finite at {cell}: {values[tuple(cell)]}"
    return values, bits, ""


def raised_words(raised: Mapping[str, Any], when: str = "") -> NoNumbers:
    """What was raised, as a sentence."""
    if "skipped" in raised:
        return NoNumbers(f"{raised['skipped']}, which makes its cache, gave none", skipped=True)
    said = raised["message"].strip().splitlines()
    message = said[0] if said else ""
    if not raised["type"]:
        return NoNumbers(message)
    names = {"SystemExit": "it called exit", "KeyboardInterrupt": "it raised KeyboardInterrupt"}
    first = names.get(raised["type"], f"it raised {raised['type']}")
    return NoNumbers(f"{first}{when}{f': {message}' if message else ''}", raised["line"], raised.get("source") or "")


def lost_words(lost: Lost, seconds: float) -> NoNumbers:
    """Why there was no answer, as a sentence."""
    texts = {
        "time": f"it was not done after {counted_seconds(seconds)}",
        "processes": "it started one process after another, and was ended",
        "channel": "it closed the channel through which its answers come",
        "seized": "it wrote into the channel through which its answers come, so none of them can be relied on",
        "forked": "it forked, and ended the process that it came from",
    }
    return NoNumbers(texts.get(lost.why) or _ended(lost.code))


def counted_seconds(seconds: float) -> str:
    """`1 second`, `2.5 seconds`."""
    return f"{seconds:.2g} second{'' if seconds == 1 else 's'}"


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        from signal import Signals

        name = Signals(-code).name if -code in {*Signals} else f"signal {-code}"
        return f"it crashed Python ({name})"
    return "it ended the process" + ("" if not code else f" with exit code {code}")
