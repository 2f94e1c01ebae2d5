"""Progress files as a teacher collects them: only ever read, each under its learner's name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.source import cannot_read, quoted
from cnnstep.surface.practice.database import Fitness, UnfitError, UnreachableError, check_kind, read_only
from cnnstep.surface.practice.store import FILE
from cnnstep.tutor.practice.history import Event

UNFIT: dict[Fitness, tuple[str, str]] = {
    "damaged": ("is damaged, or is no progress file", "a progress file is called progress.db"),
    "newer": ("was made by a newer cnnstep", "bring this cnnstep up to date"),
    "foreign": ("is another program's database", "a progress file is called progress.db"),
}


def read_history(path: Path | str) -> list[Event]:
    """All events of a file, which stays as it is; `InputError` where it can't be read or is no progress file."""
    shown = str(path)
    try:
        check_kind(Path(path))
        with Path(path).open("rb"):
            pass  # why the system gives it to nobody, it says better than SQLite
        return read_only(Path(path), thorough=True)
    except (OSError, ValueError) as error:
        raise InputError(cannot_read(shown, error)) from error
    except UnfitError as unfit:
        what, hint = UNFIT[unfit.why]
        raise InputError(Fault("no-progress-file", f"{quoted(shown, 200)} {what}", hint, file=shown)) from unfit
    except UnreachableError as error:
        hint = "run cnnstep progress where it comes from, and copy it again"
        raise InputError(
            Fault("cannot-read", f"{quoted(shown, 200)} can't be read: {error}", hint, file=shown)
        ) from error


def learners(files: Sequence[str]) -> list[str]:
    """A name for each file: its own, or its folder's where files are called alike or as the program calls them."""
    paths = [Path(file).absolute() for file in files]
    for names in ([path.stem for path in paths], [path.parent.name for path in paths]):
        if len({*names}) == len(names) and Path(FILE).stem not in names:
            return names
    return list(files)
