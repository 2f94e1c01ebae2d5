"""Arrays that NumPy wrote: one in a .npy, several under their names in an .npz. Never Python objects."""

from __future__ import annotations

import math
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
UNREADABLE = (
    *(ValueError, TypeError, KeyError, OSError, EOFError, SyntaxError, OverflowError, RecursionError),
    *(NotImplementedError, RuntimeError, MemoryError, tokenize.TokenError, zlib.error, zipfile.BadZipFile),
)
"""What NumPy and zipfile raise of bytes that anyone may have written: lies, encryption, unknown compression."""


@contextmanager
def _readable(name: str, hint: str) -> Iterator[None]:
    """What NumPy objects to, as a fault of the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header from Python 2 is read all the same
            yield
    except UNREADABLE as error:
        raise InputError(Fault("not-a-matrix", f"{name} can't be read as a NumPy array", hint)) from error


def from_npy(path: Path, shown: str) -> Array:
    """An array that `numpy.save` wrote; never one with Python objects in it."""
    content, name = read_file(path, FILE_LIMIT, shown), quoted(shown, 200)
    with _readable(name, "save it with numpy.save, as an array of numbers"):
        stored = stored_in(content)
    return _checked(stored, name)


def from_npz(path: Path, shown: str, key: str) -> Array:
    """The array of this name among those that `numpy.savez` wrote."""
    content, name = read_file(path, FILE_LIMIT, shown), quoted(shown, 200)
    with _readable(name, _SAVEZ), zipfile.ZipFile(BytesIO(content)) as archive:
        names = _names(archive)
        if key in names:
            return _member(archive, key, name, FILE_LIMIT)
    what = f"{name} holds several arrays" if not key else f"{name} has no array called {quoted(key)}"
    raise InputError(Fault("unknown-array", what, did_you_mean(key, names) if key else _say_which(names)))


def all_from_npz(path: Path, shown: str) -> dict[str, Array]:
    """Every array of an .npz file by its name; together they unpack to no more than a file may hold."""
    content, name = read_file(path, FILE_LIMIT, shown), quoted(shown, 200)
    arrays: dict[str, Array] = {}
    with _readable(name, _SAVEZ), zipfile.ZipFile(BytesIO(content)) as archive:
        left = FILE_LIMIT
        for key in _names(archive):
            arrays[key] = _member(archive, key, name, left)
            left -= archive.getinfo(f"{key}.npy").file_size
    return arrays


def stored_in(content: bytes) -> NDArray[Any]:
    """The array in the bytes of an .npy file, whose header must say what follows it; ValueError where it does not.

    NumPy would make room for what the header claims before it looks whether there is as much.
    """
    stream = BytesIO(content)
    major = np.lib.format.read_magic(stream)[0]
    read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, _, kind = read_header(stream)
    if not all(type(size) is int and size >= 0 for size in shape) or kind.hasobject:
        raise ValueError("no array of numbers")
    if math.prod(shape) * kind.itemsize != len(content) - stream.tell():
        raise ValueError("not as much as the header says")
    stream.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _names(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def _say_which(names: list[str]) -> str:
    return f"say which: {{file: …, key: {names[0]}}}; available: {', '.join(names)}" if names else "it is empty"


def _member(archive: zipfile.ZipFile, key: str, name: str, limit: int) -> Array:
    """One array, once it is known that it does not unpack to more than the limit."""
    member, inside = f"{key}.npy", f"{quoted(key)} in {name}"
    if archive.getinfo(member).file_size > limit:
        of = inside if limit == FILE_LIMIT else f"what {name} holds"
        what = f"{of} is larger than {FILE_LIMIT / 1e6:g} MB, the most that is read"
        raise InputError(Fault("too-large", what, "is it the file you meant?"))
    with archive.open(member) as stream:
        content = stream.read(limit)
    return _checked(stored_in(content), inside)


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
