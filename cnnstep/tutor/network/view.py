"""What the tutor shows of a network: layer by layer, large arrays summed up, one sample of a batch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command
from cnnstep.tutor.network.cards import network_card, network_question
from cnnstep.tutor.network.overview import accuracy_curve, changes, is_small, learned, one_shown, outcome_data, overview
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.present import Part, is_batch, note
from cnnstep.tutor.view import NetworkWatch, View, Watch

if TYPE_CHECKING:
    from cnnstep.tutor.record import Record
    from cnnstep.tutor.topics.topic import Pages, Topic

STEP_BY_STEP = Command("cnnstep step {scenario} --interactive", "your network, one step at a time")


class NetworkView(View):
    """What is shown of a network."""

    learned = "weights are those"
    layered = True
    every_sample = False
    sources = False
    most_samples = 3
    most_side = 8
    long_run = 20
    instead = "This page is about one filter, and your scenario is a network."

    def trained(self, kinds: list[str]) -> str:
        """The kinds of layers, in their order."""
        return f"A network: {' → '.join(kinds)}"

    def question(self, iteration: Iteration, sample: int | None) -> tuple[Block, ...]:
        """The network as a table, and what it starts from."""
        return network_question(iteration, sample)

    def card(
        self, iteration: Iteration, step: Step, style: Numbers, found: list[Finding], part: Part, *, whole: bool
    ) -> tuple[Block, ...]:
        """A step's arrays, with what its kind of layer has to show; large ones are summed up unless a part is asked."""
        return network_card(iteration, step, style, found, part)

    def overview(self, iteration: Iteration) -> tuple[Block, ...]:
        """The layers, their weights, and how long what comes back is."""
        return overview(iteration)

    def summary(self, iteration: Iteration, sample: int | None) -> tuple[Block, ...]:
        """The table, one sample and the findings, where the network is large."""
        if is_small(iteration.lesson.scenario):
            return ()
        notes = (note(finding) for finding in findings(iteration))
        return (*overview(iteration), *one_shown(iteration, sample), *notes)

    def to_open(self, scenario: Scenario) -> str:
        """The first layer of a large network."""
        return "" if is_small(scenario) else scenario.names[0]

    def sends_back(self, scenario: Scenario) -> bool:
        """Whether ∂L/∂X is shown: wherever the network can be read as a whole."""
        return is_small(scenario)

    def first_sample(self, iteration: Iteration) -> int | None:
        """The first of a batch."""
        return 0 if is_batch(iteration) else None

    def lists_all(self, scenario: Scenario, iterations: int, most: int) -> bool:
        """Whether all iterations together have no more than `most` numbers; else the first and the last are listed."""
        return (scenario.inputs.size + scenario.targets.size) * iterations <= most

    def watch(self, lesson: Lesson) -> Watch:
        """Units and layers: the cells are too many to be followed one by one."""
        return NetworkWatch()

    def curves(self, record: Record) -> tuple[Block, ...]:
        """The accuracy, where there are classes."""
        return accuracy_curve(record)

    def changes(self, record: Record) -> tuple[Block, ...]:
        """What has become of the weights, and what they have learned."""
        return (*changes(record), *learned(record))

    def outcome(self, record: Record) -> dict[str, Any]:
        """Weights where they are few, accuracy where there are classes."""
        return outcome_data(record)

    def steps_in_words(self, lesson: Lesson) -> str:
        """How many steps lead where."""
        at, forward = lesson.names.index("error"), len(lesson.scenario.layers)
        updates = len(lesson.trained)
        memory = sum(step.role == "memory" for step in lesson.steps)
        back = len(lesson.steps) - at - 1 - updates - memory
        more = f"{memory} of the optimizer's memory; " if memory else ""
        way_back = f"{back} back, from the last layer to the first"
        return f"{forward} forward, one a layer; the error; {way_back}; {more}{updates} updates"

    def also(self, lesson: Lesson) -> str:
        """What can be typed in a session before any step was shown: a layer."""
        return f"show {lesson.scenario.names[0]}"

    def pages(self, topic: Topic) -> tuple[Pages | None, int | None]:
        """How it is worked on a network, and on how many samples."""
        return topic.network, topic.samples

    def needed(self, topic: Topic) -> tuple[str, ...]:
        """The topic's layers."""
        return topic.layers

    def following(self, topic: Topic) -> Command:
        """The network in a session."""
        return STEP_BY_STEP
