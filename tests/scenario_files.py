"""The shipped scenarios' folder, and their names."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "scenarios"


NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


SOBEL = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
