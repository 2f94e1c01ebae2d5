"""A matrix from a file of its own: .csv, .npy, .npz or .pgm. Every fault says which file, and for text which line."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from cnnstep.errors import MOST_FAULTS, Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.array_files import FILE_LIMIT, Array, from_npy, from_npz
from cnnstep.surface.files.matrices import counted, others_have, usual_length
from cnnstep.surface.files.scalars import number_in, why_no_number
from cnnstep.surface.files.source import Source, decoded, quoted, read_file


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
    faults = _LineFaults(source)
    rows = [(start, _row(source, line, start, between, faults)) for start, line in lines]
    if not rows:
        raise InputError(Fault("empty", f"there are no numbers in {quoted(shown, 200)}", "write one row per line"))
    _note_uneven(rows, faults)
    if faults.found:
        faults.stop()
    return np.array([numbers for _, numbers in rows], dtype=np.float64)


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
