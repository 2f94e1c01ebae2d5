"""The state file of a sweep, `--resume FILE`: the finished part, and which sweep it belongs to."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.number_files import UNREADABLE, stored_in
from cnnstep.surface.files.source import quoted
from cnnstep.surface.writing import write_file
from cnnstep.tutor.sweep.plan import Plan, block_length
from cnnstep.tutor.sweep.runs import NOT_DONE, STATUSES, Sweep

FORMAT = 1
PARTS = ("statuses", "iterations", "losses", "weights", "done")
OFTEN = 5.0
"""Seconds between two savings, or longer where saving takes long."""
MOST_OF_A_KEY = 20_000_000
MOST_OF_A_HEADER = 10_000
"""Bytes of a part of the file beside its numbers."""
SHARE = 20
"""Saving takes at most one part in so many of the time."""


def key_of(sweep: Sweep) -> dict[str, Any]:
    """What two sweeps must have in common for one to go on with the other's part."""
    about = {name: value for name, value in sweep.scenario.data().items() if name not in ("title", "iterations")}
    return {"format": FORMAT, "block": block_length(sweep.scenario), "scenario": about, "plan": sweep.plan.data()}


def save(path: str, sweep: Sweep) -> None:
    """The sweep as it stands, over the file's last state."""
    buffer = BytesIO()
    np.savez(buffer, key=np.array(json.dumps(key_of(sweep))), **{name: getattr(sweep, name) for name in PARTS})
    write_file(path, (buffer.getvalue(),), force=True)


def resumed(path: str, scenario: Scenario, plan: Plan) -> Sweep:
    """The sweep that a state file holds, or a new one where there is no such file yet, or no path."""
    sweep = Sweep.planned(scenario, plan)
    if not path or not _exists(path):
        return sweep
    parts = _read(path, sweep)
    for name in PARTS:
        planned, kept = getattr(sweep, name), parts[name]
        if kept.shape != planned.shape or kept.dtype != planned.dtype:
            raise _no_state(path)
    if not _is_possible(sweep, parts):
        raise _no_state(path)
    return Sweep(scenario, plan, *(parts[name] for name in PARTS))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # links in a circle, a zero byte: `save` says what is wrong with the name
        return False


def _is_possible(sweep: Sweep, parts: dict[str, Any]) -> bool:
    """Whether a sweep can have come to this: a run that is done has a status, and a loss unless that diverged."""
    statuses, iterations = parts["statuses"], parts["iterations"]
    there = np.repeat(parts["done"], block_length(sweep.scenario))[: sweep.plan.runs]
    ended = (statuses >= 0) & (statuses < len(STATUSES))
    counted = (iterations >= 0) & (iterations <= sweep.plan.iterations)
    losses = (parts["losses"] >= 0) | (statuses == STATUSES.index("diverged"))
    return bool(((ended & counted & losses) | ~there).all() and (there | (statuses == NOT_DONE)).all())


def _read(path: str, planned: Sweep) -> dict[str, Any]:
    """The parts of a file, as large as those of the planned sweep, once its key says that it is the same sweep."""
    try:
        with Path(path).open("rb") as stream, zipfile.ZipFile(stream) as archive:
            key = _part(archive, "key", MOST_OF_A_KEY)
            _check_key(path, key, key_of(planned))
            return {name: _part(archive, name, getattr(planned, name).nbytes + MOST_OF_A_HEADER) for name in PARTS}
    except PermissionError as error:
        hint = "ask for permission, or give another name"
        raise InputError(Fault("no-permission", f"{quoted(path, 200)} can't be read", hint, file=path)) from error
    except UNREADABLE as error:
        raise _no_state(path) from error


def _part(archive: zipfile.ZipFile, name: str, most: int) -> Any:
    """One array; ValueError where it unpacks to more than `most` bytes."""
    if archive.getinfo(f"{name}.npy").file_size > most:
        raise ValueError("larger than it can be")
    return stored_in(archive.read(f"{name}.npy"))


def _no_state(path: str) -> InputError:
    what = f"{quoted(path, 200)} is not the state of a sweep"
    return InputError(Fault("state", what, "give the name of a new file, or of one that --resume has made", file=path))


def _check_key(path: str, kept: Any, wanted: dict[str, Any]) -> None:
    """A fault that says in what the file's sweep is another one."""
    found = json.loads(str(kept))
    plan, about = dict(found["plan"]), found["scenario"]
    if found == wanted:
        return
    other = [
        f"{name} {_said(plan.get(name))}, not {_said(value)}"
        for name, value in wanted["plan"].items()
        if plan.get(name) != value
    ]
    if about != wanted["scenario"]:
        other.append("another scenario")
    what = f"{quoted(path, 200)} belongs to another sweep: {'; '.join(other) or 'another version of cnnstep'}"
    raise InputError(Fault("another-sweep", what, "type the command that began it, or name another file", file=path))


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(str(part) for part in value) or "none"
    return "none" if value is None else str(value)


@contextmanager
def keeping(path: str, sweep: Sweep, done: Callable[[int], None]) -> Iterator[Callable[[int], None]]:
    """`done`, which also keeps the state file up to date every few seconds, and at the end however that comes.

    Without a path it is `done` itself.
    """
    if not path:
        yield done
        return
    save(path, sweep)  # what can't be written is said before the work begins
    last, pause = time.monotonic(), OFTEN

    def heard(number: int) -> None:
        nonlocal last, pause
        done(number)
        began = time.monotonic()
        if began - last >= pause:
            save(path, sweep)
            last = time.monotonic()
            pause = max(OFTEN, SHARE * (last - began))

    try:
        yield heard
    finally:
        save(path, sweep)
