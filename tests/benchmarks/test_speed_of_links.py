"""What the links of a lesson cost, next to asking every working; and all that a page of 500 iterations is made from."""

from __future__ import annotations

import json

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.links import links
from cnnstep.engine.trace import trace
from cnnstep.surface.loading import scenario
from cnnstep.tutor.record import Recording
from cnnstep.tutor.run import run_pieces
from tests.benchmarks.against import in_turns, told

ITERATIONS = 500
MOST_SECONDS = 0.5


def of_28() -> Lesson:
    random = np.random.default_rng(1)
    image, filter_, target = (random.normal(size=(size, size)) for size in (28, 5, 24))
    return lesson_of(one_filter(input=image, filter=filter_, target=target, activation="relu", learning_rate=1e-4))


def whole_inverse(lesson: Lesson) -> None:
    """What every quantity goes on to, from nothing."""
    found = links(lesson)
    for quantity in (*lesson.leaves, *(step.quantity for step in lesson.steps)):
        found.goes_on_to(quantity.name, *(0 for _ in quantity.layout.visible))


def every_working(lesson: Lesson) -> None:
    values = lesson.carry_out(lesson.start)
    for step in lesson.steps:
        for cell in np.ndindex(values[step.name].shape):
            step.working(values, cell)


def test_the_inverse_of_a_lesson_is_ten_times_as_fast_as_asking_every_working(benchmark: BenchmarkFixture) -> None:
    lesson = of_28()
    ways = {"links": lambda: whole_inverse(lesson), "workings": lambda: every_working(lesson)}
    seconds = in_turns(benchmark, ways, 5)
    print("\n" + ", ".join(f"{way} {1000 * taken:.1f} ms" for way, taken in seconds.items()))
    told(benchmark, "the inverse of a 28×28 lesson", seconds["workings"] / seconds["links"], 10)


def page_data() -> str:
    """A run of the first lesson as data, every iteration of it, with its links."""
    lesson, recording = lesson_of(scenario("first-filter")), Recording()
    taking = recording.taking(trace(lesson, ITERATIONS), lambda _: False, lambda _: None, lambda: False)
    pieces = run_pieces(taking, recording, 1, lesson.scenario.data(), (), ITERATIONS)
    run = {key: list(piece) if key == "iterations" else piece for key, piece in pieces}
    return json.dumps(run | {"links": links(lesson).to_dict()})


def test_the_data_of_a_page_of_500_iterations_takes_half_a_second_of_processor_time(
    benchmark: BenchmarkFixture,
) -> None:
    seconds = in_turns(benchmark, {"page data": page_data}, 9)["page data"]
    print(f"\npage data of {ITERATIONS} iterations: {1000 * seconds:.0f} ms")
    assert seconds <= MOST_SECONDS
