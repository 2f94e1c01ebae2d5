"""Calls of a learner's functions: made twice, with what came back, what was raised, and what was done to the arguments.

It runs beside the learner's code, so it imports nothing of the package but what it hands on.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnnstep.surface.grading.frames import LARGEST, Frame
from cnnstep.surface.grading.torch_calls import ODD, WrongPartsError, as_function


def perform(
    request: Mapping[str, Any],
    arrays: Sequence[Any],
    functions: Mapping[str, Any],
    file: str = "",
    through: tuple[type[BaseException], ...] = (),
) -> Frame:
    """The calls of a case made twice, with arguments of their own each time: what came back, and what was done to them.

    Where the second time gives something else, or changes what the first gave, that is told too. Exceptions are told
    as well, but for those that are to get `through`.
    """
    first, second = (_Chain(request["calls"], arrays, functions, file, through).made() for _ in range(2))
    sent: list[Any] = []
    told = []
    for one, again in zip(first, second, strict=True):
        entry: dict[str, Any] = {key: one[key] for key in ("raised", "changed", "shared") if one[key]}
        entry["values"] = [_sent(value, sent) for value in one["values"]]
        entry["rewritten"] = _rewritten(one, again)
        if again["raised"] != one["raised"]:
            entry["raised_again"] = again["raised"]
        elif not all(_same(a, b) for a, b in zip(one["values"], again["values"], strict=False)):
            entry["again"] = [_sent(value, sent) for value in again["values"]]
        told.append(entry)
    return {"calls": told}, sent


def _rewritten(one: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """Whether the second call wrote to what the first gave, or gave the same array once more."""
    import numpy as np

    if any(not _same(now, then) for now, then in filter(None, one["kept"])):
        return True
    pairs = (pair for pair in zip(one["values"], again["values"], strict=False) if not any(map(_is_odd, pair)))
    return any(np.may_share_memory(*pair) for pair in pairs)


def _is_odd(value: Any) -> bool:
    return isinstance(value, dict)


@dataclass
class _Chain:
    """Calls one after another, with the arrays that were handed out, each to be looked at again."""

    calls: Sequence[Mapping[str, Any]]
    arrays: Sequence[Any]
    functions: Mapping[str, Any]
    file: str
    through: tuple[type[BaseException], ...]
    caches: list[Any] = field(default_factory=list)
    given: list[tuple[int, str, Any]] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)

    def made(self) -> list[dict[str, Any]]:
        """What became of each call; one whose cache is missing is not made."""
        done: list[dict[str, Any]] = []
        for call in self.calls:
            needed = call.get("needs")
            if needed is not None and done[needed]["raised"]:
                done.append(_outcome({"skipped": self.calls[needed]["name"]}))
            else:
                done.append(self._made(call))
        return done

    def _made(self, call: Mapping[str, Any]) -> dict[str, Any]:
        begin, outcome = len(self.given), _outcome()
        self.caches.append(None)
        try:
            positional = [self._argument(name, said) for name, said in call["positional"]]
            keywords = {name: self._argument(name, said) for name, said in call["keywords"].items()}
            back = as_function(self.functions[call["name"]])(*positional, **keywords)
            values, self.caches[-1] = _parted(back, call)
            outcome["values"] = [_array(value) for value in values]
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the learner's own here
            if isinstance(error, self.through):
                raise
            outcome["raised"] = raised(error, self.file)
        outcome["changed"] = list(self._newly_changed())
        outcome["kept"] = [None if _is_odd(value) else (value, value.copy()) for value in outcome["values"]]
        outcome["shared"] = _shared(outcome["values"], call, self.given[begin:])
        return outcome

    def _argument(self, name: str, said: Mapping[str, Any]) -> Any:
        import numpy as np

        if "array" in said:
            fresh = np.array(self.arrays[said["array"]])
            self.given.append((said["array"], name, fresh))
            return fresh
        if "tuple" in said:
            return tuple(self._argument(name, part) for part in said["tuple"])
        return self.caches[said["cache"]] if "cache" in said else said["value"]

    def _newly_changed(self) -> Iterator[str]:
        """The arguments that were written to since the last look."""
        for index, (at, name, fresh) in enumerate(self.given):
            if index not in self.changed and not _same(fresh, self.arrays[at]):
                self.changed.add(index)
                yield name


def _outcome(told: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"values": [], "kept": [], "raised": told, "changed": [], "shared": []}


class WrongCountError(Exception):
    """Not as many results as a function has to give."""


def _parted(back: Any, call: Mapping[str, Any]) -> tuple[list[Any], Any]:
    """The results and the cache of what a function returned."""
    wanted = [*call["gives"], *(["cache"] if call["keeps"] else [])]
    if len(wanted) == 1:
        return [back], None
    if back is None:
        raise WrongCountError(f"it returned nothing; a return of {', '.join(wanted)} is missing")
    if not isinstance(back, tuple | list) or len(back) != len(wanted):
        found = f"{len(back)} things" if isinstance(back, tuple | list) else "one thing"
        raise WrongCountError(f"it returned {found} where {len(wanted)} belong: {', '.join(wanted)}")
    return (list(back[:-1]), back[-1]) if call["keeps"] else (list(back), None)


def _array(value: Any) -> Any:
    """Numbers as an array of their own type; anything else as the words for it."""
    import numpy as np

    if value is None:
        return {ODD: "nothing (None)"}
    if isinstance(value, dict) and {*value} == {ODD}:
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (ValueError, TypeError, RuntimeError):
        return {ODD: f"no array of numbers, but {_kind(value)}"}
    if array.dtype.kind not in "biufc":
        return {ODD: f"no numbers, but {_kind(value)}"}
    if array.nbytes > LARGEST // 4:
        return {ODD: f"an array of {' × '.join(map(str, array.shape))} numbers"}
    return array.astype(np.float64) if array.dtype == np.longdouble else array


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _sent(value: Any, sent: list[Any]) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    sent.append(value)
    return {"array": len(sent) - 1}


def _same(one: Any, other: Any) -> bool:
    """Whether both are the same to the last bit; what is no number anywhere counts as itself."""
    if isinstance(one, dict) or isinstance(other, dict):
        return bool(one == other)
    return bool(one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes())


def _shared(values: Sequence[Any], call: Mapping[str, Any], given: Sequence[tuple[int, str, Any]]) -> list[list[str]]:
    """Which results lie in the memory of which arguments."""
    import numpy as np

    named = [(name, value) for name, value in zip(call["gives"], values, strict=False) if not isinstance(value, dict)]
    return [[name, of] for name, value in named for _, of, fresh in given if np.may_share_memory(value, fresh)]


def raised(error: BaseException, file: str) -> dict[str, Any]:
    """What was raised, and where in the learner's file."""
    if isinstance(error, WrongCountError | WrongPartsError):
        return {"type": "", "message": str(error), "line": None}
    try:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        line = frames[-1].lineno if frames else None
        source = frames[-1].line if frames else ""
        if isinstance(error, SyntaxError) and error.filename == file:
            line, source = error.lineno, (error.text or "").strip()
            return {"type": "SyntaxError", "message": error.msg, "line": line, "source": source}
        message = str(error)[:300]
    except BaseException:  # noqa: BLE001  # an exception of the learner's that can't be printed
        line, source, message = None, "", ""
    return {"type": type(error).__name__, "message": message, "line": line, "source": source}
