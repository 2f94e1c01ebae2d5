"""A page for every step of an iteration, and what a batch of samples makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from cnnstep.engine.layers.conv import filter_gradient
from cnnstep.engine.optimizers import COUNT
from cnnstep.engine.quantity import Values
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.cards import step_card
from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.numbers import counted, listed
from cnnstep.tutor.topics.blocks import (
    beside,
    first_of,
    grid_of,
    grids,
    peak,
    with_bias,
    with_mirror_image,
    with_two_samples,
    worked,
)
from cnnstep.tutor.topics.topic import TRAINED, Example, Topic

MOST_OTHERS = 4


@dataclass(frozen=True)
class StepWords:
    """What a step's page says."""

    title: str
    summary: str
    paragraphs: tuple[str, ...]
    formula: str
    formula_words: str
    goes_wrong: str
    see_also: tuple[str, ...]


WORDS: dict[str, StepWords] = {
    "forward": StepWords(
        "Forward pass",
        "the filter slides over the input: z = X ⋆ W",
        (
            "Lay the filter W on the top left corner of the input X. Multiply each weight by the number under it and "
            "add up the products: that is one number of z. Move the filter on and do it again.",
            "z is called the pre-activation: it is what the activation works on next.",
        ),
        "z[i,j] = Σ X[i+u, j+v] · W[u,v]",
        "summed over the filter's rows u and columns v",
        "The filter is not rotated here; a textbook convolution rotates it by 180° first and gives other numbers. "
        "Also common: a bias that is forgotten, or added to each product and not once to the sum.",
        ("cross-correlation", "patch", "activation"),
    ),
    "activation": StepWords(
        "Activation",
        "each z goes through φ: a = φ(z)",
        (
            "Every number of z goes through the same function φ, each by itself. What comes out is the output a.",
            "Without it, several filters in a row could do no more than one larger filter: sums of sums are sums.",
        ),
        "a[i,j] = φ(z[i,j])",
        "one number in, one number out",
        "Leaving it out shows as negative outputs where relu allows none. "
        "Some write |z| for relu: negative numbers must become 0, not positive.",
        ("relu", "sigmoid", "delta"),
    ),
    "error": StepWords(
        "Error",
        "how far each output is from its target: e = a − t",
        (
            "Subtract the target t from the output a, cell by cell. Where the error is above 0 the output is too high, "
            "where it is below 0 too low.",
            "The loss L turns all errors into one number. Learning means making L smaller.",
        ),
        "e[i,j] = a[i,j] − t[i,j]",
        "",
        "The error is a − t, not z − t: the two differ wherever the activation changed something. "
        "Squaring it here is a mistake: e² belongs to the loss, and what goes back is the loss's slope.",
        ("loss", "error-sign", "delta"),
    ),
    "delta": StepWords(
        "Delta",
        "the error, where the slope lets it back: δ = e ⊙ φ′(z)",
        (
            "The error belongs to a, but the filter makes z. To get from one to the other, multiply each error by the "
            "slope φ′(z): how fast a changes as z changes. The result δ is ∂L/∂z.",
            "⊙ means cell by cell. Where the slope is 0 nothing comes back, however large the error.",
        ),
        "δ[i,j] = e[i,j] · φ′(z[i,j])",
        "for a loss of ½Σe²; other losses put a factor before e",
        "The slope is forgotten (δ = e), or taken at a and not at z. With relu, some set negative errors to 0: "
        "but it is cells with a negative z that get 0, whatever their error.",
        ("chain-rule", "dead-relu", "gradient"),
    ),
    "gradient": StepWords(
        "Filter gradient",
        "how the loss changes with each weight: ∂L/∂W = X ⋆ δ",
        (
            "The gradient has one number for each weight: how fast the loss grows as that weight grows. "
            "A weight meets one input number at each output cell, so it gets one product from each: δ there times the "
            "input it met.",
            "Together, that is δ sliding over X as the filter did: another cross-correlation.",
        ),
        "∂L/∂W[u,v] = Σ δ[i,j] · X[i+u, j+v]",
        "summed over the output's rows i and columns j",
        "δ is not rotated here, and the sum runs over all output cells, not only the first or the last. "
        "The gradient has the filter's shape. Check one number by nudging its weight, as below the sum.",
        ("gradient-check", "patch", "update"),
    ),
    "bias_gradient": StepWords(
        "Bias gradient",
        "how the loss changes with the bias: the sum of all δ",
        (
            "The bias b is one number per filter, added to each of its outputs. Each output sends its δ back, "
            "and the bias gets the sum of them.",
        ),
        "∂L/∂b = Σ δ[i,j]",
        "over all cells and samples of that filter",
        "Taking the mean instead of the sum divides it by the number of cells. "
        "And δ kept as a matrix is not the gradient of a single number.",
        ("bias", "gradient", "delta"),
    ),
    "update": StepWords(
        "Update",
        "one step downhill: W ← W − η·∂L/∂W",
        (
            "The gradient points uphill, where the loss grows. So each weight moves the other way: by η, the learning "
            "rate, times its gradient.",
            "That ends one iteration. The next one starts with the new filter.",
        ),
        "W ← W − η · ∂L/∂W",
        "← means: is replaced by",
        "Walking uphill: adding where you have to subtract. Away from a kink, the loss then grows "
        "however small η is. "
        "Also common: η forgotten, or the old W, so that only the step is left.",
        ("learning-rate", "error-sign", "sgd"),
    ),
}
"""One entry a step; the input gradient has a page of its own."""


def _steps_numbers(name: str, example: Example) -> tuple[Block, ...]:
    iteration, blocks = example.first, list[Block]()
    if name == "bias_gradient" and example.scenario.conv.bias is None:
        iteration = first_of(with_bias(example.scenario, 0.0))
        blocks.append(Paragraph("This scenario has no bias. Here it gets one that starts at 0: z stays as it was."))
    step = iteration.lesson.step(name)
    reads = [quantity.name for quantity in step.inputs if quantity != COUNT]
    return (
        *blocks,
        *grids(iteration, *reads, most=2),
        *step_card(iteration, step, example.style, numbered=False),
        *worked(iteration, name, example.style, peak(iteration, "gradient") if name == "update" else None),
    )


def _on_network(name: str, example: Example) -> tuple[Block, ...]:
    """The first such step of the network: what it reads, its numbers, one of them worked out."""
    iteration = example.first
    trained = {step.layer for step in iteration.lesson.steps if step.is_gradient}
    others = (s for s in iteration.lesson.steps if s.role == name != s.word and s.layer in trained)
    found = [*iteration.lesson.called(name), *others]
    if not found:
        return (Paragraph(f"This network has no step of this kind: {name}.", "quiet"),)
    step = found[0] if name in ("forward", "activation", "error", "delta", "update") else found[-1]
    reads = [quantity.name for quantity in step.inputs if quantity != COUNT]
    more = [other.name for other in found if other is not step][:MOST_OTHERS]
    also = f" The same is done in {listed(more)}." if more else ""
    return (
        Paragraph(f"Here the step {step.name} is shown: {step.formula}.{also}"),
        *grids(iteration, *reads, most=2),
        *grids(iteration, step.name, most=2),
        *worked(iteration, step.name, example.style),
    )


def _topic(name: str) -> Topic:
    words = WORDS[name]
    why = "this step of the first iteration" if name != "bias_gradient" else "every step, one at a time"
    command = f"run {{scenario}} --only {name}" if name != "bias_gradient" else "step {scenario} --interactive"
    return Topic(
        name=name,
        title=words.title,
        summary=words.summary,
        group="steps",
        paragraphs=words.paragraphs,
        formula=words.formula,
        formula_words=words.formula_words,
        numbers=lambda example: _steps_numbers(name, example),
        network=lambda example: _on_network(name, example),
        goes_wrong=words.goes_wrong,
        next=Command(f"cnnstep {command}", why),
        see_also=words.see_also,
    )


STEP_PAGES = tuple(_topic(name) for name in WORDS)


MOST_SAMPLES = 3


def _batch_numbers(example: Example) -> tuple[Block, ...]:
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


BATCH = Topic(
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
    numbers=_batch_numbers,
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
)


PAGES = (*STEP_PAGES, BATCH)
