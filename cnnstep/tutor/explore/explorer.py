"""Where one is on the board: the lesson, the iteration, the cell under the cursor, what was changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.links import Links
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.errors import InputError
from cnnstep.tutor.board import Board, BoardMatrix, Station, board_of
from cnnstep.tutor.explore.iterations import Iterations
from cnnstep.tutor.numbers import AS_USUAL, Numbers
from cnnstep.tutor.present import is_batch, one_sample
from cnnstep.tutor.session.state import Session, begin, no_other, opening
from cnnstep.tutor.what_if import changed

LEAST_AHEAD = 40
"""So many iterations the loss curve shows at least, where they cost next to nothing."""
MOST_AHEAD = 2_000
"""Numbers of a lesson that is run on before anybody asks for it."""


@dataclass(frozen=True)
class Explorer:
    """The session that lines are typed into, the matrix and the cell under the cursor, as a learner counts it.

    `past` are the scenarios before each change, `planes` the leading indices under which each matrix was last seen,
    `mistake` the one that is shown beside the right way.
    """

    session: Session
    board: Board
    iterations: Iterations = field(repr=False, compare=False)
    focus: str
    cell: Cell
    past: tuple[Scenario, ...] = field(default=(), repr=False, compare=False)
    planes: Mapping[str, Cell] = field(default_factory=dict)
    message: str = ""
    mistake: str = ""

    @property
    def lesson(self) -> Lesson:
        """The lesson as it is now."""
        return self.session.iteration.lesson

    @property
    def number(self) -> int:
        """The iteration's."""
        return self.session.iteration.number

    @property
    def view(self) -> Iteration:
        """The iteration as the sample that is looked at sees it."""
        return one_sample(self.session.iteration, self.session.sample)

    @property
    def matrix(self) -> BoardMatrix:
        """The one under the cursor."""
        return next(one for one in self.board.matrices if one.name == self.focus)

    @property
    def station(self) -> Station:
        """The stop of the board that the cursor is at."""
        return next(s for s in self.board.stations if any(m.name == self.focus for m in (*s.forward, *s.backward)))

    @property
    def links(self) -> Links:
        """What the numbers of the sample are made of, and what they go on to."""
        return self.iterations.links(self.session.sample)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What is being guessed, and what would give it away."""
        return self.session.to_come if self.session.guess is not None else ()

    def shown(self, name: str) -> Array:
        """A matrix as it is seen."""
        return self.view.matrix(name)

    def told(self, message: str) -> Explorer:
        """The same, with something to say."""
        return replace(self, message=message)

    def at(self, number: int) -> Explorer:
        """The same place in another iteration."""
        iteration = self.iterations.at(number)
        return replace(self, session=replace(self.session, iteration=iteration), message="")

    def on(self, name: str, cell: Cell | None = None) -> Explorer:
        """The cursor on another matrix; without a cell on the one where it last was, or the first."""
        shape = self.shown(name).shape
        leading = self.planes.get(name, ()) if cell is None else ()
        there = (*leading, *(0,) * (len(shape) - len(leading))) if cell is None else cell
        inside = tuple(min(max(index, 0), size - 1) for index, size in zip(there, shape, strict=True))
        return replace(self, focus=name, cell=inside, planes={**self.planes, name: inside[:-2]}, message="")

    def with_scenario(self, scenario: Scenario, past: tuple[Scenario, ...]) -> Explorer:
        """The same place in the lesson of another scenario."""
        session = replace(self.session, scenario=scenario, iteration=opening(scenario), guess=None)
        return replace(self._over(session), past=past).at(self.number)

    def after(self, session: Session) -> Explorer:
        """What a typed line has made of the session: another iteration, another scenario, a guess."""
        if session.scenario is not self.session.scenario:
            return replace(self._over(session), past=(*self.past, self.session.scenario)).at(session.iteration.number)
        return replace(self, session=session, message="")

    def _over(self, session: Session) -> Explorer:
        """Another lesson, with the cursor where it was if that is there still."""
        board = board_of(session.iteration.lesson)
        there = replace(self, session=session, board=board, iterations=Iterations(session.iteration.lesson), mistake="")
        names = [one.name for one in board.matrices]
        if self.focus not in names or len(self.cell) != there.shown(self.focus).ndim:
            return replace(there, planes={}).on(self.focus if self.focus in names else names[0])
        return there.on(self.focus, self.cell)

    def edited(self, value: str) -> Explorer:
        """Another number in the cell under the cursor; what is worked out follows."""
        if why_not := self.fixed:
            return self.told(why_not)
        at = " ".join(map(str, self.cell))
        try:
            scenario, change = changed(self.session.scenario, f"{self.focus} {at} {value}")
        except InputError as error:
            return self.told(error.faults[0].what)
        return self.with_scenario(scenario, (*self.past, self.session.scenario)).told(f"What if {change}?")

    @property
    def fixed(self) -> str:
        """Why the number under the cursor can't be edited; "" where it can."""
        label = self.matrix.quantity.label(self.matrix.quantity.layout.full_cell(self.cell[-len(self.axes) :]))
        kind = self.matrix.quantity.kind
        if self.matrix.step is not None:
            return f"{label} is worked out. Change what it is made of: input, weights or target."
        if kind == "memory":
            return f"{label} is what the optimizer remembers: it begins with 0."
        if kind == "parameter" and self.number:
            return f"The update of iteration {self.number - 1} made {label}. Home goes to where the weights begin."
        return "The numbers of a batch are changed in its file." if kind == "given" and self.is_batch else ""

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of the cell's indices."""
        return tuple(self.view.lesson.quantity(self.focus).layout.visible)

    @property
    def is_batch(self) -> bool:
        """Whether there are several samples."""
        return is_batch(self.session.iteration)

    @property
    def horizon(self) -> int:
        """The last iteration that End goes to, and that the loss curve shows."""
        return max(self.session.scenario.iterations, LEAST_AHEAD)

    def losses(self) -> list[float]:
        """The losses that are known; of a small lesson all of them up to the horizon."""
        size = sum(array.size for array in self.session.iteration.values.values())
        if size <= MOST_AHEAD and len(self.iterations.losses) <= self.horizon:
            self.iterations.at(self.horizon)
        return self.iterations.losses[: max(self.horizon, self.number) + 1]


def explore(
    name: str, scenario: Scenario, style: Numbers = AS_USUAL, load: Callable[[str], Scenario] = no_other
) -> Explorer:
    """The board of a scenario before anything was touched: the cursor is on the first number that is worked out."""
    session, _ = begin(name, scenario, style, load)
    session = replace(session, sample=0 if is_batch(session.iteration) else session.sample)
    board = board_of(session.iteration.lesson)
    first = next(one for one in board.matrices if one.step is not None)
    there = Explorer(session, board, Iterations(session.iteration.lesson), first.name, ())
    return there.on(first.name).at(0)
