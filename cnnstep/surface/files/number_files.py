"""A matrix from a file of its own: .csv, .npy, .npz or .pgm. Every fault says which file, and for text which line.

NumPy's files are read without any Python objects in them; an .npz holds several arrays under their names.
"""

from __future__ import annotations

import math
import re
import sys
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from cnnstep.errors import MOST_FAULTS, Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.source import Source, decoded, number_in, quoted, read_file, why_no_number
from cnnstep.surface.files.yaml_reader import counted, others_have, usual_length

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


def read_numbers(path: Path, shown: str, key: str = "") -> Array:
    """The numbers of a file, of the kind that its name ends in; `shown` is what the user called it.

    `key` is the name of one array in an .npz file.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        what = f"{quoted(shown, 200)} is not a kind of file that can be read"
        raise InputError(Fault("file-kind", what, f"use one of {', '.join(KINDS)}"))
    if key and kind != ".npz":
        what = f"key goes with an .npz file, and {quoted(shown, 200)} holds one array"
        raise InputError(Fault("file-kind", what, "leave key out"))
    try:
        return from_npz(path, shown, key) if kind == ".npz" else _READERS[kind](path, shown)
    except InputError as error:
        if error.faults[0].code == "not-found":
            raise InputError(_not_found(path, shown)) from error
        raise


def _not_found(path: Path, shown: str) -> Fault:
    folder = path.parent
    if not folder.is_dir():
        return Fault("not-found", f"there is no folder {quoted(str(folder), 200)}", "check the name of the file")
    beside = [entry.name for entry in folder.iterdir() if entry.suffix.lower() in KINDS]
    guess = did_you_mean(path.name, beside)
    hint = guess if guess.startswith("did you mean") else f"it was looked for in {folder.resolve()}"
    return Fault("not-found", f"there is no file {quoted(shown, 200)}", hint)


def _from_csv(path: Path, shown: str) -> Array:
    """Rows of numbers, one a line, separated by commas, semicolons or blanks; `#` begins a comment line."""
    source = Source(decoded(read_file(path, FILE_LIMIT, shown), shown), shown)
    lines = [(start, line) for start, line in source.lines() if line.strip() and not line.lstrip().startswith("#")]
    between = re.compile(next((sign for sign in ";," if any(sign in line for _, line in lines)), r"\s+"))
    if lines and not _is_a_table([line for _, line in lines[:LOOKED_AT]], between):
        what = f"{quoted(shown, 200)} is no table of numbers"
        raise InputError(Fault("not-a-number", what, "write rows of numbers: 1, 0, 2; # begins a comment"))
    faults = _LineFaults(source)
    rows = [(start, _row(source, line, start, between, faults)) for start, line in lines]
    if not rows:
        raise InputError(Fault("empty", f"there are no numbers in {quoted(shown, 200)}", "write one row per line"))
    _note_uneven(rows, faults)
    if faults.found:
        faults.stop()
    return np.array([numbers for _, numbers in rows], dtype=np.float64)


LOOKED_AT = 20
"""So many lines of a file show whether it is one of numbers."""


def _is_a_table(lines: list[str], between: re.Pattern[str]) -> bool:
    """Whether half of the words are numbers: of another file, which a stranger may have named, nothing is told."""
    words = [word.strip() for line in lines for word in between.split(line.strip())]
    return 2 * sum(number_in(word) is not None for word in words) >= len(words)


class _LineFaults:
    """What is wrong with the lines of a file; reading ends where there is more of it than anyone reads."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.found: list[Fault] = []

    def note(self, code: str, what: str, hint: str, index: int) -> None:
        if len(self.found) == MOST_FAULTS:
            what, hint = "there is more like these further on", "mend these first"
            self.found.append(Fault("more-faults", what, hint, file=self._source.file))
            self.stop()
        self.found.append(self._source.fault(code, what, hint, index))

    def stop(self) -> NoReturn:
        raise InputError(sorted(self.found, key=lambda fault: (fault.line or sys.maxsize, fault.column or 0)))


def _row(source: Source, line: str, start: int, between: re.Pattern[str], faults: _LineFaults) -> list[float]:
    """The numbers of one line; a word that is none is a fault, and 0 stands in for it."""
    numbers, at = [], start + len(line) - len(line.lstrip())
    for word in between.split(line.strip()):
        number = number_in(word.strip())
        if number is None:
            what, hint = why_no_number(word.strip())
            faults.note("not-a-number", what, hint, at + len(word) - len(word.lstrip()))
        numbers.append(float(number or 0))
        gap = between.match(source.text, at + len(word))
        at += len(word) + (len(gap.group()) if gap else 0)
    return numbers


def _note_uneven(rows: list[tuple[int, list[float]]], faults: _LineFaults) -> None:
    lengths = [len(numbers) for _, numbers in rows]
    usual = usual_length(lengths)
    others, hint = others_have(lengths, usual), f"write {counted(usual, 0)} in each row"
    for start, numbers in rows:
        if len(numbers) != usual:
            faults.note("ragged", f"this row has {counted(len(numbers), 0)}, {others} {usual}", hint, start)


_PGM_HEADER = re.compile(rb"(P[25])" + rb"(?:\s|#[^\r\n]*[\r\n])+([0-9]{1,9})" * 3 + rb"\s")


def _from_pgm(path: Path, shown: str) -> Array:
    """A grey image, plain (P2) or binary (P5): 0 is black, and the largest number its header names is white."""
    content, name = read_file(path, FILE_LIMIT, shown), quoted(shown, 200)
    header = _PGM_HEADER.match(content)
    if header is None:
        what = f"{name} does not begin as a .pgm image does"
        raise InputError(Fault("not-a-matrix", what, "a .pgm begins with P2 or P5, width, height and largest value"))
    columns, rows, largest = (int(number) for number in header.groups()[1:])
    if not 1 <= largest <= 65535:
        what = f"{name} gives {largest} as its largest value"
        raise InputError(Fault("not-a-matrix", what, "a .pgm goes from 1 to 65535"))
    pixels = (_plain_pixels if header[1] == b"P2" else _binary_pixels)(content[header.end() :], largest, name)
    if pixels.size != rows * columns or pixels.size == 0:
        what = f"{name} has {pixels.size} pixels; its header says {columns} wide and {rows} high, {columns * rows}"
        raise InputError(Fault("shape", what, "is the file whole, and its header right?"))
    if pixels.max() > largest:
        what = f"{name} has a pixel of {pixels.max():g}, and its header says {largest} at most"
        raise InputError(Fault("not-a-number", what, "change the header or the pixel"))
    return pixels.reshape(rows, columns)


def _plain_pixels(body: bytes, largest: int, name: str) -> Array:
    words = re.sub(rb"#[^\r\n]*", b"", body).split()
    if bad := next((word for word in words if not word.isdigit() or len(word) > 9), None):
        what = f"{name} has {quoted(bad.decode('latin-1'))} where a pixel belongs"
        raise InputError(Fault("not-a-number", what, "a plain .pgm holds whole numbers"))
    return np.array([int(word) for word in words], dtype=np.float64)


def _binary_pixels(body: bytes, largest: int, name: str) -> Array:
    kind = np.dtype(">u2" if largest > 255 else "u1")
    return np.frombuffer(body[: len(body) - len(body) % kind.itemsize], kind).astype(np.float64)


_READERS: dict[str, Callable[[Path, str], Array]] = {".csv": _from_csv, ".npy": from_npy, ".pgm": _from_pgm}
KINDS = (".csv", ".npy", ".npz", ".pgm")
