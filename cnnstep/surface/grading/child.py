"""The child process: it imports the learner's file and carries out calls, each request and answer one frame.

Its standard input and output become the channel, and the learner's code gets others: no input, and an output that is
captured. Whatever that code does is told in a frame, or by the channel's end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from cnnstep.surface.grading.calls import perform, raised
from cnnstep.surface.grading.frames import LARGEST, read_frame, write_frame
from cnnstep.surface.grading.torch_calls import parameters, torch_kind, torch_parameters

CHANNEL_LOST = 77
"""The exit code where the answers can't be written any more."""
OTHER_WAY = 78
"""The exit code of a copy of this process that came back from a fork."""


def offered(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What can be called of a module, by name: the names of its parameters, and what of PyTorch it is, if anything."""
    found = {}
    for name, value in list(namespace.items()):
        if callable(value) and not name.startswith("_"):
            kind = torch_kind(value)
            found[name] = {"parameters": torch_parameters(value, kind) if kind else parameters(value), "kind": kind}
    return found


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
    for library in begin["libraries"]:  # before the limits and the clock, which are the learner's alone
        import_module(library)
    answer(begin["nonce"], {"ready": True})
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
