"""A lesson's page from Python: it shows itself in a notebook, and can be saved as a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from os import PathLike, fspath
from pathlib import Path

from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import trace
from cnnstep.surface.formats.html import fragment
from cnnstep.surface.loading import scenario as scenario_called
from cnnstep.surface.page.html import page_html
from cnnstep.surface.writing import user_path, write_file
from cnnstep.tutor.document import Document
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.page.data import page_data
from cnnstep.tutor.page.run import PageRequest, requested
from cnnstep.tutor.run import sample_shown, step_document

HEIGHT = 860
"""Pixels of the frame: the first lesson's chain and its working fit into it."""


@dataclass(frozen=True, repr=False)
class LessonPage:
    """A page that `page` made: a notebook shows it, `html` is the file's text, and `save` writes it."""

    request: PageRequest

    def __repr__(self) -> str:
        return f"<page of {self.request.title}, iterations 0 to {self.request.last}; .save(path) writes it>"

    @cached_property
    def html(self) -> str:
        """The whole file."""
        return page_html(page_data(self.request))

    def save(self, path: str | PathLike[str], force: bool = False) -> None:
        """Writes the file; `InputError` where there is one of this name already, unless with `force`."""
        write_file(user_path(Path(path)), self.html, force)

    def _repr_html_(self) -> str:
        """The iteration as tables, for places that strip frames; and the page, in a frame that can do nothing else."""
        asked = self.request
        *_, shown = trace(asked.lesson, asked.shown + 1)
        blocks = step_document(shown, asked.name, AS_USUAL, (), sample_shown(shown, None))
        tables = f"<details><summary>The same as tables</summary>{fragment(Document(blocks))}</details>"
        title = escape(f"{asked.lesson.scenario.title or asked.name}: a page to touch", quote=True)
        frame = (
            f'<iframe title="{title}" sandbox="allow-scripts" width="100%" height="{HEIGHT}" style="border:0" '
            f'srcdoc="{escape(self.html, quote=True)}"></iframe>'
        )
        return frame if asked.quiz else tables + frame


def page(
    scenario: Scenario | str | PathLike[str],
    iterations: int | None = None,
    *,
    iteration: int = 0,
    mistake: str = "",
    quiz: tuple[str, ...] | str = (),
) -> LessonPage:
    """A lesson in which every number can be touched: shown in a notebook, or saved as one HTML file.

    The scenario may be a shipped name, a path, or one of your own. So many `iterations` can be looked at, without it
    the scenario's own, 40 at least; it opens with `iteration`. `mistake` is a code, and shows that mistake beside the
    right way; `quiz` are steps that are left blank. `InputError` where a name is not known, or a mistake can't be made
    in this scenario.

    >>> cnnstep.page("first-filter", quiz=("delta", "gradient")).save("quiz.html")
    """
    found = scenario if isinstance(scenario, Scenario) else scenario_called(scenario)
    name = found.title or "lesson" if isinstance(scenario, Scenario) else fspath(scenario)
    blank = (quiz,) if isinstance(quiz, str) else tuple(quiz)
    return LessonPage(requested(found, name, iterations, iteration, mistake, tuple(filter(None, blank))))
