"""Arrays that NumPy wrote: one in a .npy, several under their names in an .npz. Never Python objects."""

from __future__ import annotations

import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.source import quoted, read_file

Array = NDArray[np.float64]

FILE_LIMIT = 20_000_000
"""Bytes of a file, and of what is unpacked from it. A photograph of ten megapixels fits."""

_SAVEZ = "save it with numpy.savez, as arrays of numbers"
_UNREADABLE = (ValueError, OSError, EOFError, SyntaxError, OverflowError, tokenize.TokenError, zlib.error)


@contextmanager
def _readable(name: str, hint: str) -> Iterator[None]:
    """What NumPy objects to, as a fault of the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header from Python 2 is read all the same
            yield
    except (*_UNREADABLE, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(Fault("not-a-matrix", f"{name} can't be read as a NumPy array", hint)) from error


def from_npy(path: Path, shown: str) -> Array:
    """An array that `numpy.save` wrote; never one with Python objects in it."""
    read_file(path, FILE_LIMIT, shown)  # the faults of opening, and of size, before NumPy maps it
    name = quoted(shown, 200)
    with _readable(name, "save it with numpy.save, as an array of numbers"):
        stored: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
    return _checked(stored, name)


def from_npz(path: Path, shown: str, key: str) -> Array:
    """The array of this name among those that `numpy.savez` wrote."""
    content, name = read_file(path, FILE_LIMIT, shown), quoted(shown, 200)
    with _readable(name, _SAVEZ), zipfile.ZipFile(BytesIO(content)) as archive:
        names = _names(archive)
        if key in names:
            return _member(archive, key, name)
    what = f"{name} holds several arrays" if not key else f"{name} has no array called {quoted(key)}"
    raise InputError(Fault("unknown-array", what, did_you_mean(key, names) if key else _say_which(names)))


def all_from_npz(path: Path, shown: str) -> dict[str, Array]:
    """Every array of an .npz file by its name."""
    content, name = read_file(path, FILE_LIMIT, shown), quoted(shown, 200)
    with _readable(name, _SAVEZ), zipfile.ZipFile(BytesIO(content)) as archive:
        return {key: _member(archive, key, name) for key in _names(archive)}


def _names(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def _say_which(names: list[str]) -> str:
    return f"say which: {{file: …, key: {names[0]}}}; available: {', '.join(names)}" if names else "it is empty"


def _member(archive: zipfile.ZipFile, key: str, name: str) -> Array:
    """One array, once it is known that it does not unpack to more than a file may hold."""
    member, inside = f"{key}.npy", f"{quoted(key)} in {name}"
    if archive.getinfo(member).file_size > FILE_LIMIT:
        what = f"{inside} is larger than {FILE_LIMIT / 1e6:g} MB, the most that is read"
        raise InputError(Fault("too-large", what, "is it the file you meant?"))
    with archive.open(member) as stream:
        content = stream.read(FILE_LIMIT)
    stored: NDArray[Any] = np.lib.format.read_array(BytesIO(content), allow_pickle=False)
    return _checked(stored, inside)


def _checked(stored: NDArray[Any], name: str) -> Array:
    """Finite numbers as float64."""
    if stored.dtype.kind not in "iuf":
        what = f"{name} holds {stored.dtype} and not numbers"
        raise InputError(Fault("not-a-number", what, "save it with numpy.save(file, array.astype(float))"))
    array = np.array(stored, dtype=np.float64)
    if not np.isfinite(array).all():
        cell = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        what = f"{name} has {array[cell]} at {list(cell)}, which is not an ordinary number"
        raise InputError(Fault("not-a-number", what, "replace it by an ordinary number"))
    return array
