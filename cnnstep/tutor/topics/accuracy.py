"""Accuracy on samples that were held back: the same network with few samples to learn from, and with many."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

FEW, MANY = 10, 150
"""So many samples are learned from, once and once more."""
MOST_TESTS = 200
AT = (0, 10, 30, 60)
"""The iterations that are looked at."""
RATE = 0.01
DIGITS = "digits-cnn"


@dataclass(frozen=True)
class _Standing:
    """Mean loss a sample and the share of right answers, on what was learned from and on what was held back."""

    iteration: int
    loss: float
    test_loss: float
    right: float
    test_right: float


def right_share(output: Array, target: Array) -> float:
    """How many samples have their largest output where their largest target is."""
    return float((output.argmax(axis=1) == target.argmax(axis=1)).mean())


def _course(scenario: Scenario, samples: int) -> list[_Standing]:
    """The network trained with adam on its first samples."""
    adam = OPTIMIZERS["adam"]()
    inputs, targets = scenario.inputs[:samples], scenario.targets[:samples]
    lesson = lesson_of(replace(scenario, inputs=inputs, targets=targets, optimizer=adam, learning_rate=RATE))
    begin, standings = dict(lesson.start), list[_Standing]()
    for number in range(max(AT) + 1):
        if number in AT:
            standings.append(_standing(lesson, begin, number))
        begin = lesson.next_begin(lesson.carry_out(begin))
    return standings


def _standing(lesson: Lesson, begin: dict[str, Array], number: int) -> _Standing:
    scenario = lesson.scenario
    assert scenario.test_inputs is not None
    assert scenario.test_targets is not None
    held, answers = scenario.test_inputs[:MOST_TESTS], scenario.test_targets[:MOST_TESTS]
    seen, unseen = lesson.output_of(begin), lesson.output_of({**begin, "input": held})
    loss, test_loss = (scenario.loss.value(p, y) / len(y) for p, y in ((seen, scenario.targets), (unseen, answers)))
    return _Standing(number, loss, test_loss, right_share(seen, scenario.targets), right_share(unseen, answers))


def _numbers(example: Example) -> tuple[Block, ...]:
    if example.scenario.test_inputs is None:
        instead = Example(example.load, DIGITS, False, example.style)
        return (Paragraph(f"Your network holds no samples back. Here is {DIGITS} in its place."), *_numbers(instead))
    scenario = example.scenario
    sizes = sorted({min(FEW, len(scenario.inputs)), min(MANY, len(scenario.inputs))})
    courses = {size: _course(scenario, size) for size in sizes}
    tests = min(MOST_TESTS, len(example.scenario.test_inputs))
    blocks: list[Block] = [
        Paragraph(
            f"The network learns from some of its samples, with adam and a learning rate of {example.text(RATE)}. "
            f"It is tested on {tests} others that it never learns from."
        )
    ]
    for size, course in courses.items():
        rows = tuple(
            (str(s.iteration), s.loss, s.test_loss, _percent(s.right, example), _percent(s.test_right, example))
            for s in course
        )
        columns = ("iteration", "loss, learned", "loss, held back", "right, learned", "right, held back")
        blocks.append(Table(columns, rows, f"With {size} samples to learn from; losses are means over the samples"))
    return (*blocks, *_verdict(courses, example))


def _percent(share: float, example: Example) -> str:
    return f"{example.text(round(100 * share, 1))} %"


def _verdict(courses: dict[int, list[_Standing]], example: Example) -> tuple[Block, ...]:
    few, many = (min(courses), max(courses))
    last = courses[few][-1]
    words = (
        f"After {last.iteration} iterations {_percent(last.right, example)} of the {few} samples are answered right, "
        f"and {_percent(last.test_right, example)} of those held back"
    )
    words += ": the gap is overfitting." if last.right > last.test_right else "."
    if many > few:
        words += f" With {many} samples to learn from it is {_percent(courses[many][-1].test_right, example)}."
    return (Paragraph(words),)


PAGES = (
    Topic(
        name="accuracy",
        scenario=DIGITS,
        title="Accuracy and overfitting",
        summary="the share of right answers, on samples held back",
        group="networks",
        paragraphs=(
            "Accuracy is the share of samples whose largest output is the right class. The loss is what is trained, "
            "because it has a slope; accuracy is what is wanted.",
            "A network can memorise its samples. That is overfitting: it is right on them and often wrong on others. "
            "So some samples are held back, and only those show how well it generalises.",
        ),
        formula="accuracy = right answers / all answers",
        formula_words="on samples under test: in the scenario, which nothing is trained with",
        numbers=None,
        network=_numbers,
        layers=("softmax",),
        samples=MANY,
        goes_wrong=(
            "The accuracy on the samples learned from is reported. Or the samples held back are used to choose the "
            "learning rate or the moment to stop: then they are no longer held back. More samples, fewer weights or "
            "stopping earlier help against overfitting."
        ),
        next=Command("cnnstep run {scenario}", "train it on all samples"),
        see_also=("cross_entropy", "loss", "network", "batch"),
    ),
)
