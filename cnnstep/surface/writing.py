"""A text, or bytes, as a file: whole or not at all, and never over another one unasked; trained weights as an .npz."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.source import quoted

if TYPE_CHECKING:
    from cnnstep.engine.quantity import Values
    from cnnstep.engine.scenario import Scenario
    from cnnstep.engine.status import Outcome

_UNWRITABLE = (OSError, ValueError)
"""What a name can come to; a ValueError is a zero byte in it."""


def user_path(name: Path | str) -> Path:
    """The path of a name as a user types it, `~` at its beginning being their folder."""
    try:
        return Path(name).expanduser()
    except RuntimeError as error:  # there is no such user
        hint = "write the folder's whole name"
        raise InputError(Fault("not-found", f"{quoted(str(name), 200)} begins with no user's name", hint)) from error


def write_file(path: Path | str, content: str | Iterable[bytes], force: bool = False) -> None:
    """Writes a file that is there whole or not at all; over an existing one only with `force`.

    The content is a text, or pieces of bytes that are written one after another.
    """
    shown, target = str(path), Path(path)
    try:
        target = _pointed_to(target)
        mode = target.stat().st_mode if target.exists() else None
        _check_kind(mode, shown)
        pieces = (content.encode("utf-8"),) if isinstance(content, str) else content
        _write_beside(target, pieces, mode, force)
    except _UNWRITABLE as error:
        raise InputError(_cannot_write(shown, error)) from error


def check_free(path: Path | str, force: bool = False) -> None:
    """The fault that `write_file` would end with for this name, as far as it can be known before there is content."""
    shown, target = str(path), Path(path)
    try:
        target = _pointed_to(target)
        exists = target.exists()
        _check_kind(target.stat().st_mode if exists else None, shown)
        if exists and not force:
            raise FileExistsError
        if not target.parent.is_dir():
            raise FileNotFoundError
    except _UNWRITABLE as error:
        raise InputError(_cannot_write(shown, error)) from error


def _pointed_to(target: Path) -> Path:
    """What a name leads to: a link stays a link, and what it points to is replaced."""
    with suppress(FileNotFoundError):
        target.stat()  # of links in a circle `resolve` says something else in each Python
    return target.resolve()


def _check_kind(mode: int | None, shown: str) -> None:
    """Only a file is ever replaced."""
    if mode is not None and not stat.S_ISREG(mode):
        what = f"{quoted(shown, 200)} is a {'folder' if stat.S_ISDIR(mode) else 'device, not a file'}"
        raise InputError(Fault("cannot-write", what, "give the name of a file", file=shown))


def _write_beside(target: Path, pieces: Iterable[bytes], mode: int | None, force: bool) -> None:
    """Written in full under another name in the same folder, and then given its own in one move."""
    draft = target.with_name(f".cnnstep-{secrets.token_hex(6)}.tmp")
    try:
        with draft.open("xb") as stream:
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            draft.chmod(stat.S_IMODE(mode))
        if force:
            draft.replace(target)
        else:
            _name(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _name(draft: Path, target: Path) -> None:
    """Gives the draft its name, unless a file of that name has come up meanwhile."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the look and the move are two steps there
        if target.exists():
            raise FileExistsError from None
        draft.replace(target)


def _cannot_write(shown: str, error: OSError | ValueError) -> Fault:
    name = quoted(shown, 200)
    if isinstance(error, FileExistsError):
        what, hint = f"{name} exists already", "choose another name, or add --force to replace it"
        return Fault("exists", what, hint, file=shown)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Fault("not-found", f"there is no folder for {name}", "make the folder first", file=shown)
    if isinstance(error, PermissionError):
        return Fault("no-permission", f"you have no permission to write {name}", "write to another folder", file=shown)
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return Fault("cannot-write", f"{name} is a link that leads to itself", "choose another name", file=shown)
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return Fault("cannot-write", f"{name} can't be written: {reason.lower()}", "write to another folder", file=shown)


def save_weights(outcome: Outcome, path: Path | str, force: bool = False) -> None:
    """Writes the weights that a run ended with; over an existing file only with `force`, else `InputError`.

    >>> cnnstep.save_weights(cnnstep.outcome(first, first), "weights.npz")
    >>> sorted(np.load("weights.npz"))
    ['filter']
    """
    from cnnstep.engine.status import trained

    write_arrays(path, trained(outcome), force)


def load_weights(scenario: Scenario, path: Path | str) -> Scenario:
    """The scenario, starting from the weights of a file; every fault, an `InputError`, says which file.

    >>> cnnstep.save_weights(cnnstep.outcome(first, first), "learned.npz")
    >>> next(cnnstep.trace(cnnstep.load_weights(lesson, "learned.npz"))).loss == first.loss_after
    True
    """
    from cnnstep.engine.scenario import with_weights
    from cnnstep.surface.files.number_files import all_from_npz

    check_suffix(path)
    try:
        return with_weights(scenario, all_from_npz(Path(path), str(path)))
    except InputError as error:
        raise InputError(replace(fault, file=str(path)) for fault in error.faults) from error


def check_suffix(path: Path | str) -> None:
    """A fault where the name does not end in .npz."""
    if Path(path).suffix.lower() != ".npz":
        what = f"weights stand in an .npz file, and {quoted(str(path), 200)} ends otherwise"
        raise InputError(Fault("file-kind", what, f"name it {Path(path).stem or 'weights'}.npz"))


def write_arrays(path: Path | str, arrays: Values, force: bool = False) -> None:
    """An .npz file, the same bytes for the same arrays."""
    import numpy as np

    check_suffix(path)
    named: dict[str, Any] = dict(arrays)
    stream = BytesIO()
    np.savez(stream, **named)
    write_file(path, (stream.getvalue(),), force)
