"""The child process: it imports the learner's file and carries out calls, each request and answer one frame.

It is run by its path, so it imports nothing of the package. Its standard input and output become the channel, and the
learner's code gets others: no input, and an output that is captured. Whatever that code does is told in a frame, or by
the channel's end.
"""

from __future__ import annotations

import inspect
import json
import os
import struct
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import IO, Any

HEAD = struct.Struct(">QQ")
"""How many bytes of JSON follow, and how many of arrays."""
LARGEST = 2**24
"""Bytes of one part of a frame, and of one array: more than any case has."""
CHANNEL_LOST = 77
"""The exit code where the answers can't be written any more."""
OTHER_WAY = 78
"""The exit code of a copy of this process that came back from a fork."""

Frame = tuple[dict[str, Any], list[Any]]
"""JSON, and the arrays that it speaks of by their numbers."""


def write_frame(stream: IO[bytes], data: dict[str, Any], arrays: Sequence[Any]) -> None:
    """One frame: lengths, JSON, the arrays' bytes one after another."""
    raw = [array.tobytes() for array in arrays]
    shapes = [[array.dtype.str, list(array.shape)] for array in arrays]
    text = json.dumps({**data, "arrays": shapes}).encode()
    stream.write(HEAD.pack(len(text), sum(map(len, raw))) + text + b"".join(raw))
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame; None at the end, ValueError where it is none."""
    import numpy as np

    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    sizes = HEAD.unpack(head)
    if max(sizes) > LARGEST:
        raise ValueError
    text, raw = (stream.read(size) for size in sizes)
    if len(text) < sizes[0] or len(raw) < sizes[1]:
        return None
    data = json.loads(text)
    arrays, start = [], 0
    for kind, shape in data["arrays"]:
        dtype = np.dtype(kind)
        if dtype.kind not in "biufc":
            raise ValueError
        size = dtype.itemsize * int(np.prod(shape))
        arrays.append(np.frombuffer(raw[start : start + size], dtype).reshape(shape))
        start += size
    return data, arrays


# --- calls --------------------------------------------------------------------------------------------------------


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
            back = self.functions[call["name"]](*positional, **keywords)
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
        return {"odd": "nothing (None)"}
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (ValueError, TypeError, RuntimeError):
        return {"odd": f"no array of numbers, but {_kind(value)}"}
    if array.dtype.kind not in "biufc":
        return {"odd": f"no numbers, but {_kind(value)}"}
    if array.nbytes > LARGEST // 4:
        return {"odd": f"an array of {' × '.join(map(str, array.shape))} numbers"}
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
    if isinstance(error, WrongCountError):
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


# --- the process --------------------------------------------------------------------------------------------------


def parameters(function: Any) -> list[list[Any]] | None:
    """The names that a function is called with, each with whether it can be left out."""
    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [[one.name, one.default is not inspect.Parameter.empty] for one in found if one.kind in plain]


def offered(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What can be called of a module, by name."""
    return {
        name: {"parameters": parameters(value), "class": isinstance(value, type)}
        for name, value in list(namespace.items())
        if callable(value) and not name.startswith("_")
    }


def limit(seconds: float, memory: int, processes: int) -> None:
    """Sets the system's limits, where there are any; memory counts from what is in use now."""
    try:
        import resource
        import signal
    except ImportError:
        return
    from math import ceil

    def lower(which: int, most: int) -> None:
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))

    for name, most in (
        ("RLIMIT_CPU", ceil(seconds) + 1),
        ("RLIMIT_FSIZE", LARGEST),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_AS", memory + _in_use()),
        ("RLIMIT_NPROC", processes),
    ):
        if hasattr(resource, name):
            try:
                lower(getattr(resource, name), most)
            except (ValueError, OSError):  # a system that knows the limit and does not have it
                continue
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 2)  # should nobody be left to end this process


def _in_use() -> int:
    """Bytes of addresses that this process has."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 2**30


def load(file: str) -> Mapping[str, Any]:
    """The names of the learner's file, which finds its neighbours as if it were run."""
    path = Path(file)
    sys.path.insert(0, str(path.parent))
    name = path.stem if path.stem not in sys.modules else f"learner_{path.stem}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return vars(module)


def _private(descriptor: int, mode: str) -> Any:
    return os.fdopen(os.dup(descriptor), mode)


def serve() -> None:
    """Answers requests until there are none."""
    requests, answers = _private(0, "rb"), _private(1, "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    sys.dont_write_bytecode = True
    own = os.getpid()

    def answer(nonce: str, data: dict[str, Any], arrays: Sequence[Any] = ()) -> None:
        if os.getpid() != own:
            os._exit(OTHER_WAY)
        _flush()
        try:
            write_frame(answers, {"nonce": nonce, **data}, arrays)
        except (OSError, ValueError):
            os._exit(CHANNEL_LOST)

    begin = json.loads(requests.readline())
    sys.path[:] = begin["path"]
    for library in begin["libraries"]:  # before the limits, which are the learner's alone
        import_module(library)
    limit(begin["seconds"], begin["memory"], begin["processes"])
    file, functions = begin["file"], {}
    try:
        functions = dict(load(file))
        answer(begin["nonce"], {"offered": offered(functions)})
    except BaseException as error:  # noqa: BLE001  # told, whatever it is
        answer(begin["nonce"], {"raised": raised(error, file)})
        os._exit(0)
    while (frame := read_frame(requests)) is not None:
        request, arrays = frame
        data, sent = perform(request, arrays, functions, file)
        answer(request["nonce"], {**data, "threads": threading.active_count() - 1}, sent)
    os._exit(0)  # threads that are left behind would keep it


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue


if __name__ == "__main__":
    serve()
