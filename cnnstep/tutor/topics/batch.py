"""A batch: several samples, one filter, and a gradient that is the sum of what each of them says."""

from __future__ import annotations

from cnnstep.engine.layers.conv import filter_gradient
from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import beside, grid_of, grids
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of, with_two_samples

MOST_SAMPLES = 3


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, blocks = example.scenario, list[Block]()
    if scenario.inputs.shape[0] == 1:
        scenario = with_two_samples(scenario)
        blocks.append(Paragraph("This scenario has one sample. Here it gets a second one: its mirror image."))
    iteration, conv = first_of(scenario), scenario.conv
    gradient, delta = iteration.lesson.quantity("gradient"), iteration.values["delta"]
    samples = scenario.inputs.shape[0]
    parts = [
        grid_of(
            f"from sample {n}",
            gradient,
            filter_gradient(scenario.inputs[[n]], delta[[n]], conv.window, conv.geometry),
        )[:1]
        for n in range(min(samples, MOST_SAMPLES))
    ]
    rest = f" (and of {counted(samples - MOST_SAMPLES, 'more sample')})" if samples > MOST_SAMPLES else ""
    total = grid_of(f"{gradient.symbol}, the sum", gradient, iteration.values["gradient"])[:1]
    cells = iteration.values["error"].size
    return (
        *blocks,
        *grids(iteration, "input", "target", "delta", most=2),
        Paragraph(f"What each sample says of the filter{rest}, and the sum of it, which is the batch's gradient:"),
        beside(*parts, total),
        Paragraph(
            f"The batch has {counted(samples, 'sample')} and {counted(cells, 'target cell')}: that is the n by which "
            f"a mean divides. This loss is {scenario.loss.name}, L = {scenario.loss.formula} "
            f"= {example.text(iteration.loss)}."
        ),
    )


PAGES = (
    Topic(
        name="batch",
        title="Batch",
        summary="several samples at once: their gradients add up",
        group="ideas",
        paragraphs=(
            "A batch is several samples, each an input with its target, that go through the same filter. "
            "The loss adds up the errors of all of them.",
            "So the gradient is the sum of what each sample says. The filter takes one step for the whole batch: "
            "a compromise.",
        ),
        formula="∂L/∂W = Σ (X of sample n) ⋆ (δ of sample n)",
        formula_words="summed over the samples",
        numbers=_numbers,
        goes_wrong=(
            "The filter is updated after each sample although the batch was meant, or the last gradient replaces "
            "the others. And with a sum as the loss the gradient grows with the number of samples, "
            "so the learning rate that suited one is too large for many."
        ),
        next=Command("cnnstep explain loss-scale", "sums and means side by side"),
        see_also=("loss-scale", "mean_squared_error", "gradient", "channels"),
    ),
)
