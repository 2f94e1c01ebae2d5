"""A batch: several samples, one filter, and a gradient that is the sum of what each of them adds."""

from __future__ import annotations

from cnnstep.engine.layers.conv import filter_gradient
from cnnstep.engine.quantity import Values
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import beside, grid_of, grids
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import TRAINED, Topic
from cnnstep.tutor.topics.variants import first_of, with_mirror_image, with_two_samples

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
    rest = f" (and {counted(samples - MOST_SAMPLES, 'more sample')})" if samples > MOST_SAMPLES else ""
    total = grid_of(f"{gradient.symbol}, the sum", gradient, iteration.values["gradient"])[:1]
    cells = iteration.values["error"].size
    return (
        *blocks,
        *grids(iteration, "input", "target", "delta", most=2),
        Paragraph(f"The part of the gradient that each sample adds{rest}, and their sum, the batch's gradient:"),
        beside(*parts, total),
        Paragraph(
            f"The batch has {counted(samples, 'sample')} and {counted(cells, 'target cell')} in all, so a mean divides "
            f"by n = {cells}. This loss is {scenario.loss.name}, L = {scenario.loss.formula} "
            f"= {example.text(iteration.loss)}."
        ),
    )


def _in_network(example: Example) -> tuple[Block, ...]:
    """What each sample adds to the first trained layer's gradient, and the sum of it."""
    scenario, said = example.scenario, tuple[Block, ...]()
    if len(scenario.inputs) == 1:
        scenario = with_mirror_image(scenario)
        said = (Paragraph("This network has one sample. Here it gets its mirror image as a second one of its class."),)
    iteration = first_of(scenario)
    step = next(one for one in iteration.lesson.layers if one.gradients).gradients[0]
    parts = (
        grid_of(f"from sample {n}", step.quantity, step.compute(_of_sample(iteration, step, n)))[:1]
        for n in range(min(len(scenario.inputs), MOST_SAMPLES))
    )
    total = grid_of(f"{step.symbol}, the sum", step.quantity, iteration.values[step.name])[:1]
    loss, cells = scenario.loss, iteration.values["error"].size
    kind = (
        "a sum over all samples, so twice as many samples give a gradient twice as large"
        if loss.scale(1) == loss.scale(2)
        else f"a mean over all {counted(cells, 'target cell')}, so more samples don't make the gradient larger"
    )
    return (
        *said,
        *grids(iteration, "input", iteration.lesson.output.name, "target", most=2),
        Paragraph(f"The part of {step.name} that each sample adds, and their sum, the batch's gradient:"),
        beside(*parts, total),
        Paragraph(f"This loss, {loss.name}, is {kind}: L = {loss.formula} = {example.text(iteration.loss)}."),
    )


def _of_sample(iteration: Iteration, step: Step, sample: int) -> Values:
    """The values that the step reads, of one sample alone."""
    alone = {quantity.name: iteration.values[quantity.name][[sample]] for quantity in step.inputs}
    return {**iteration.values, **alone}


PAGES = (
    Topic(
        name="batch",
        title="Batch",
        summary="several samples at once: their gradients add up",
        group="ideas",
        paragraphs=(
            "A batch is several samples, each an input with its target, that go through the same filter. "
            "The loss is a sum over all of them, or a mean, as its name says.",
            "So each sample adds its part to the gradient. The filter takes one step for the whole batch: a compromise "
            "between the samples.",
            "Large sets of samples are cut into mini-batches, one step for each; once through all of them is an epoch. "
            "Here every step uses the whole batch.",
        ),
        formula="∂L/∂W = Σ (X of sample n) ⋆ (δ of sample n)",
        formula_words="summed over the samples",
        numbers=_numbers,
        network=_in_network,
        layers=TRAINED,
        samples=MOST_SAMPLES,
        goes_wrong=(
            "The filter is updated after each sample though one step for the batch was meant, or the last sample's "
            "gradient replaces the others. And where the loss is a sum, more samples usually make the gradient larger, "
            "so a learning rate that suits one sample can be too large for many."
        ),
        next=Command("cnnstep explain loss-scale", "sums and means side by side"),
        see_also=("loss-scale", "mean_squared_error", "gradient", "channels"),
    ),
)
