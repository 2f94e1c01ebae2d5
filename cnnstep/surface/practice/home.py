"""The folder that progress is kept in: `CNNSTEP_HOME`, or else the system's own place for a user's data."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "CNNSTEP_HOME"
FILE = "progress.db"


def home_folder() -> Path:
    """The folder, whether it is there or not."""
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    import platformdirs

    return platformdirs.user_data_path("cnnstep", appauthor=False).absolute()


def progress_file(home: Path | None = None) -> Path:
    """The progress file of a folder, or of the learner's own."""
    return (home_folder() if home is None else home.absolute()) / FILE
