"""What the tutor shows of a scenario beside each step's own words: of one filter, every number of every step.

`cards.view_of` gives the one for a scenario; a network's is in `network/view.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.findings import Cells, Finding, dead_units, findings, gradient_lengths
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Layout, Quantity, bracketed, numbers
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Command, Paragraph
from cnnstep.tutor.numbers import Numbers, listed
from cnnstep.tutor.present import Part, given, loss_line, marks_of, note, one_sample, planes
from cnnstep.tutor.sentences import title_of

if TYPE_CHECKING:
    from cnnstep.tutor.record import Record
    from cnnstep.tutor.topics.topic import Pages, Topic

LENGTHS = {
    "vanishing-gradient": "next to nothing comes back to the first layers",
    "exploding-gradient": "far more comes back to the first layers than to the last",
}
"""What is said when a gradient begins to shrink or to grow on its way back."""
MOST_NAMED = 6
"""At most this many units are named in one line."""


class CellWatch:
    """Looks at one iteration of one filter after another: which cells have a slope of 0. Only the last mask is kept."""

    def __init__(self, lesson: Lesson) -> None:
        self._flat = [(step, step.part.phi) for step in lesson.called("delta") if _is_flat(step.part)]
        self._before: list[NDArray[np.bool_]] = []
        self._told = False

    def changes(self, iteration: Iteration) -> list[str]:
        """Which cells have become inactive, and which active again, since the iteration before."""
        now = [phi.slope(iteration.values[step.inputs[-1].name]) == 0 for step, phi in self._flat]
        words: list[str] = []
        for (step, _), was, is_now in zip(self._flat, self._before, now, strict=False):
            if was.tobytes() != is_now.tobytes():
                layout = step.inputs[-1].layout
                words += [*_cells("now inactive", layout, is_now & ~was), *_cells("now active", layout, was & ~is_now)]
        self._before = now
        return words

    def stuck(self, iteration: Iteration) -> list[str]:
        """A sentence, once, where every cell is inactive and an error is left."""
        values, flat = iteration.values, zip(self._flat, self._before, strict=True)
        blocked = any(mask.all() and values[step.inputs[0].name].any() for (step, _), mask in flat)
        if self._told or not blocked:
            return []
        found = [one.message.rstrip(".") for one in findings(iteration) if one.code == "all-dead" and one.blocked]
        self._told = bool(found)
        return found


def _is_flat(part: object) -> TypeGuard[ActivationLayer]:
    return isinstance(part, ActivationLayer) and part.phi.flat


def _cells(word: str, layout: Layout, where: NDArray[np.bool_]) -> list[str]:
    cells = Cells(layout, where)
    if not cells:
        return []
    more = f" and {len(cells) - MOST_NAMED} more" if len(cells) > MOST_NAMED else ""
    return [f"{word}: {listed([bracketed(cell) for cell in cells[:MOST_NAMED]])}{more}"]


@dataclass
class NetworkWatch:
    """Looks at one iteration after another; only the last one's dead units are kept."""

    _dead: dict[str, set[int]] = field(default_factory=dict)
    _began: bool = False
    _vanished: str = ""

    def changes(self, iteration: Iteration) -> list[str]:
        """What is different from the iteration before."""
        now = _dead_units(iteration)
        words = [line for name, units in now.items() for line in self._of_layer(name, *units)] if self._began else []
        self._dead, self._began = {name: units for name, (units, _, _) in now.items()}, True
        found = next((finding.code for finding in gradient_lengths(iteration)), "")
        if found and found != self._vanished:
            words.append(f"{found}: {LENGTHS[found]}")
        self._vanished = found
        return words

    def stuck(self, iteration: Iteration) -> list[str]:
        """Nothing: `changes` says where a network's layers become inactive."""
        return []

    def _of_layer(self, name: str, units: set[int], count: int, kind: str) -> list[str]:
        before, words = self._dead.get(name, set()), []
        for changed, state in ((units - before, "inactive"), (before - units, "active")):
            if len(units) == count and state == "inactive" and changed:
                words.append(f"now inactive: all of {name}; the layers before it learn nothing")
            elif changed:
                named = listed([str(unit) for unit in sorted(changed)[:MOST_NAMED]])
                more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
                words.append(f"now {state}: {kind}{'s' if len(changed) > 1 else ''} {named}{more} of {name}")
        return words


def _dead_units(iteration: Iteration) -> dict[str, tuple[set[int], int, str]]:
    """For each flat activation: the maps or units dead everywhere, how many there are, what they are called."""
    found = {}
    for step in iteration.lesson.called("delta"):
        if isinstance(step.part, ActivationLayer) and step.part.phi.flat:
            z = iteration.values[step.inputs[-1].name]
            where = dead_units(step.part.phi.slope(z) == 0, least=1)
            units = set() if where is None else set(np.flatnonzero(where).tolist())
            found[step.layer] = units, z.shape[1], "map" if z.ndim == 4 else "unit"
    return found


class Watch(Protocol):
    """Looks at one iteration after another for what happens in them."""

    def changes(self, iteration: Iteration) -> list[str]:
        """What is different from the iteration before."""

    def stuck(self, iteration: Iteration) -> list[str]:
        """What says that nothing is learned any more."""


class View:
    """What is shown of one filter, which can be read as a whole.

    `learned` says in a saved scenario's words what its weights are. `every_sample`: all samples of a batch can be shown
    side by side. `sources`: a number that is worked out on a page is shown in the matrix that it was read from.
    `most_samples`, `most_side` and `long_run` are how many samples, rows and iterations a page takes at most; None is
    all of them. `instead` is said where a page can't be worked on the learner's scenario. `layered`: a board is read
    layer by layer.
    """

    learned = "filter is the one"
    layered = False
    every_sample = True
    sources = True
    most_samples: int | None = None
    most_side: int | None = None
    long_run = 60
    instead = "This page is about networks, and your scenario is one filter."

    def trained(self, kinds: list[str]) -> str:
        """What is trained, by the kinds of its layers."""
        return f"One filter and {kinds[-1]}"

    def question(self, iteration: Iteration, sample: int | None) -> tuple[Block, ...]:
        """What the iteration starts from: input, filter, bias and target, next to each other."""
        view = one_sample(iteration, sample)
        return (Beside(tuple(block for leaf in given(view) for block in self._leaf(view, leaf))),)

    @staticmethod
    def _leaf(iteration: Iteration, leaf: Quantity) -> tuple[Block, ...]:
        return planes(leaf, iteration.matrix(leaf.name), title=f"{leaf.name.capitalize()} {leaf.symbol}")

    def card(
        self, iteration: Iteration, step: Step, style: Numbers, found: list[Finding], part: Part, *, whole: bool
    ) -> tuple[Block, ...]:
        """What stands below a step's title and sentence: its matrices, `whole` or the first of them; what was found."""
        shown = iteration.matrix(step.name)
        matrix = planes(step.quantity, shown, marks_of(step, found), all_of_them=whole, part=part[0], window=part[1])
        blocks: list[Block] = [*((Beside(matrix),) if len(matrix) > 1 else matrix)]
        if step.role == "error":
            blocks.append(Paragraph(loss_line(iteration, style)))
        return (*blocks, *(note(finding) for finding in found))

    def overview(self, iteration: Iteration) -> tuple[Block, ...]:
        """A table of the layers; of one filter nothing."""
        return ()

    def summary(self, iteration: Iteration, sample: int | None) -> tuple[Block, ...]:
        """What stands for an iteration that is too large to be shown in full; nothing where it is not."""
        return ()

    def to_open(self, scenario: Scenario) -> str:
        """The layer to open where the iteration was not shown in full."""
        return ""

    def sends_back(self, scenario: Scenario) -> bool:
        """Whether ∂L/∂X is shown though no layer needs it."""
        return False

    def first_sample(self, iteration: Iteration) -> int | None:
        """The sample of a batch that is looked at first; None: all of them."""
        return None

    def lists_all(self, scenario: Scenario, iterations: int, most: int) -> bool:
        """Whether a run's JSON holds every iteration; `most` numbers are enough for an array."""
        return True

    def watch(self, lesson: Lesson) -> Watch:
        """What looks at a run as it goes."""
        return CellWatch(lesson)

    def curves(self, record: Record) -> tuple[Block, ...]:
        """What is drawn of a run besides its loss."""
        return ()

    def changes(self, record: Record) -> tuple[Block, ...]:
        """What a run has made of the weights."""
        leaves = (one.leaf for one in record.lesson.trained)
        return tuple(block for leaf in leaves for block in planes(leaf, record.outcome.matrix(leaf.name)))

    def outcome(self, record: Record) -> dict[str, Any]:
        """A run's outcome as plain data, besides its status and loss."""
        leaves = [one.leaf.name for one in record.lesson.trained]
        return {leaf: numbers(record.outcome.matrix(leaf)) for leaf in leaves}

    def steps_in_words(self, lesson: Lesson) -> str:
        """An iteration's steps, by their titles."""
        return ", ".join(title_of(step).lower() for step in lesson.steps)

    def also(self, lesson: Lesson) -> str:
        """What can be typed in a session before any step was shown: where a number comes from."""
        first = lesson.steps[0].quantity
        return f"why {first.label((0,) * len(first.layout.axes))}"

    def pages(self, topic: Topic) -> tuple[Pages | None, int | None]:
        """How a topic is worked on such a scenario, None where it is not; and on how many samples, None for all."""
        return topic.numbers, None

    def needed(self, topic: Topic) -> tuple[str, ...]:
        """The types of layers of which a topic's page needs one."""
        return ()

    def following(self, topic: Topic) -> Command:
        """What to type after a topic's page on the learner's own scenario."""
        return topic.next_own or topic.next
