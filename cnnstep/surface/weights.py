"""Trained weights in an .npz file, one array for each name such as `conv1.weights`; NumPy opens it too."""

from __future__ import annotations

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


def save_weights(outcome: Outcome, path: Path | str, force: bool = False) -> None:
    """Writes the weights that a run ended with; over an existing file only with `force`."""
    from cnnstep.engine.weights import trained

    write_arrays(path, trained(outcome), force)


def load_weights(scenario: Scenario, path: Path | str) -> Scenario:
    """The scenario, starting from the weights of a file; every fault says which file."""
    from cnnstep.engine.weights import with_weights
    from cnnstep.surface.files.array_files import all_from_npz

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

    from cnnstep.surface.writing import write_file

    check_suffix(path)
    named: dict[str, Any] = dict(arrays)
    stream = BytesIO()
    np.savez(stream, **named)
    write_file(path, (stream.getvalue(),), force)
