"""`--output FILE`: the runs as .csv or .npz, a row a run; or the figure as .svg or .png."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.source import quoted
from cnnstep.surface.sweeping.executors import extra
from cnnstep.surface.writing import check_free, write_file
from cnnstep.tutor.sweep.report import figure
from cnnstep.tutor.sweep.runs import Sweep
from cnnstep.tutor.sweep.summary import block_columns, columns


def check_output(path: str, force: bool) -> None:
    """Everything that would keep the file from being written in the end, said before the work begins."""
    kind = Path(path).suffix.lower()
    if kind not in WRITERS:
        what = f"{quoted(path, 200)} has no ending that says what to write"
        near = did_you_mean(kind, WRITERS) if kind else ""
        hint = near if near.startswith("did") else f"end it in {', '.join(WRITERS)}"
        raise InputError(Fault("output", what, hint, file=path))
    if kind == ".png":
        extra("matplotlib", "plot", "a .png picture")
    check_free(path, force)


def write_output(path: str, sweep: Sweep, force: bool) -> None:
    """The finished runs in the format that the name ends in."""
    write_file(path, WRITERS[Path(path).suffix.lower()](sweep), force)


def _csv(sweep: Sweep) -> Iterator[bytes]:
    """Block by block, so that many runs need little memory; numbers in full, as Python reads them back."""
    for place, number in enumerate(np.flatnonzero(sweep.done)):
        table = block_columns(sweep, int(number))
        if place == 0:
            yield (",".join(f'"{name}"' if "," in name else name for name in table) + "\n").encode()
        texts = [map(str, column.tolist()) for column in table.values()]
        yield "".join(",".join(row) + "\n" for row in zip(*texts, strict=True)).encode()


def _npz(sweep: Sweep) -> Iterator[bytes]:
    buffer = BytesIO()
    np.savez(buffer, **columns(sweep))  # type: ignore[arg-type]  # names of columns, none of them allow_pickle
    yield buffer.getvalue()


def _svg(sweep: Sweep) -> Iterator[bytes]:
    from cnnstep.surface.pictures import svg

    yield svg(figure(sweep)).encode()


def _png(sweep: Sweep) -> Iterator[bytes]:
    from cnnstep.surface.pictures import png

    yield png(figure(sweep))


WRITERS: dict[str, Callable[[Sweep], Iterable[bytes]]] = {".csv": _csv, ".npz": _npz, ".svg": _svg, ".png": _png}
