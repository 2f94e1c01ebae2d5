"""The exercises on the steps: what is drawn, what is asked, and which mistakes the numbers have to tell apart."""

from __future__ import annotations

from cnnstep.engine.build_network import network
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.practice.exercises.drawing import Draw
from cnnstep.tutor.practice.exercises.variant import variant
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion

MASKS = ("slope-forgotten", "mask-not-strict", "mask-inverted", "mask-on-error", "mask-alone")


def _from(level: int, draw: Draw, *names: str) -> tuple[str, ...]:
    """The steps that are hidden from this level on."""
    return names if draw.level >= level else ()


@variant("forward")
def _one_output(draw: Draw) -> Question:
    scenario = draw.lesson()
    rows, columns = scenario.targets.shape[-2:]
    cell = (int(draw.random.integers(rows)), int(draw.random.integers(columns)))
    return StepQuestion(scenario, "forward", cell, tells=("flipped-filter",))


@variant("forward")
def _outputs_with_bias(draw: Draw) -> Question:
    tells = ("flipped-filter", "bias-forgotten", "bias-per-product")
    return StepQuestion(draw.lesson(bias=True), "forward", tells=tells)


@variant("forward")
def _outputs(draw: Draw) -> Question:
    sizes = draw.pick(((3, 4), (2, 2)), ((4, 3), (2, 2)))  # a square filter: any other shows at once that it is turned
    tells = ("flipped-filter", "transposed-filter", "matrix-product")
    return StepQuestion(draw.lesson(sizes=sizes), "forward", tells=tells)


@variant("activation")
def _through_relu(draw: Draw) -> Question:
    tells = ("activation-skipped", "absolute-activation")
    return StepQuestion(draw.lesson(), "activation", hidden=_from(3, draw, "forward"), tells=tells)


@variant("activation")
def _through_leaky_relu(draw: Draw) -> Question:
    leaky = draw.lesson(activation={"name": "leaky_relu", "slope": draw.pick(0.5, 0.1)})
    return StepQuestion(leaky, "activation", tells=("activation-skipped", "absolute-activation", "relu-for-another"))


@variant("error")
def _errors(draw: Draw) -> Question:
    tells = ("error-from-pre-activation", "squared-error", "absolute-error")
    return StepQuestion(draw.lesson(), "error", hidden=_from(3, draw, "activation"), tells=tells)


@variant("delta")
def _delta_of_relu(draw: Draw) -> Question:
    lesson = draw.lesson(sizes=((3, 4), (2, 2))) if draw.level == 1 else draw.lesson()  # five masks need six cells
    return StepQuestion(lesson, "delta", hidden=_from(3, draw, "error"), tells=MASKS)


@variant("delta")
def _delta_of_leaky_relu(draw: Draw) -> Question:
    leaky = draw.lesson(activation={"name": "leaky_relu", "slope": draw.pick(0.5, 0.1)})
    tells = ("slope-forgotten", "slope-twice", "relu-for-another", "slope-without-error")
    return StepQuestion(leaky, "delta", tells=tells)


@variant("delta")
def _delta_of_sigmoid(draw: Draw) -> Question:
    rows, columns = draw.pick((1, 2), (2, 1))
    lesson = draw.lesson(
        sizes=((rows + 1, columns + 1), (2, 2)),
        activation="sigmoid",
        target=draw.integers(rows, columns, low=0, high=1),
    )
    return StepQuestion(lesson, "delta", tells=("slope-forgotten", "slope-at-output", "slope-twice", "slope-of-z"))


@variant("gradient")
def _gradient_and_turns(draw: Draw) -> Question:
    tells = ("delta-flipped", "gradient-rotated", "gradient-transposed", "one-number-for-all", "filter-scaled")
    sizes = draw.pick(((3, 4), (2, 2)), ((4, 3), (2, 2)))
    return StepQuestion(draw.lesson(sizes=sizes), "gradient", hidden=_from(3, draw, "delta"), tells=tells)


@variant("gradient")
def _gradient_and_sums(draw: Draw) -> Question:
    tells = ("one-number-for-all", "filter-scaled", "first-patch-only", "last-patch-only", "loss-scalar-for-all")
    return StepQuestion(draw.lesson(), "gradient", hidden=_from(3, draw, "delta"), tells=tells)


@variant("gradient")
def _gradient_of_a_small_image(draw: Draw) -> Question:
    tells = (
        *("delta-as-gradient", "output-for-input", "delta-transposed", "first-patch-only", "error-as-delta-used"),
        *("weights-as-delta", "filter-as-gradient"),
    )
    lesson = draw.lesson(sizes=((3, 3), (2, 2)))  # the one size at which δ can be taken for the gradient
    return StepQuestion(lesson, "gradient", tells=tells)


@variant("bias-gradient")
def _bias_gradient(draw: Draw) -> Question:
    tells = ("bias-gradient-averaged", "bias-gradient-not-summed", "bias-value-as-gradient")
    return StepQuestion(draw.lesson(bias=True), "bias_gradient", hidden=_from(3, draw, "delta"), tells=tells)


@variant("update")
def _update(draw: Draw) -> Question:
    tells = ("uphill-update", "rate-forgotten", "rate-twice", "old-filter-forgotten", "not-updated")
    return StepQuestion(draw.lesson(), "update", hidden=_from(3, draw, "gradient"), tells=tells)


@variant("update")
def _update_with_decimals(draw: Draw) -> Question:
    tells = ("uphill-update", "rounded-to-integers", "rounded-down")
    return StepQuestion(draw.lesson(learning_rate=0.1), "update", tells=tells)


@variant("input-gradient")
def _input_gradient(draw: Draw) -> Question:
    tells = ("filter-not-rotated", "valid-not-full", "overwritten-not-added")
    sizes = draw.pick(((3, 4), (2, 2)), ((4, 3), (2, 2)), ((4, 5), (2, 3))) if draw.level < 3 else None
    return StepQuestion(draw.lesson(sizes=sizes), "input_gradient", hidden=_from(3, draw, "delta"), tells=tells)


@variant("input-gradient")
def _input_gradient_without_its_border(draw: Draw) -> Question:
    sizes = draw.pick(((2, 3), (2, 2)), ((3, 2), (2, 2)))
    tells = ("padding-kept", "filter-not-rotated")
    return StepQuestion(draw.lesson(sizes=sizes, padding=1), "input_gradient", tells=tells)


@variant("stride-padding")
def _strided(draw: Draw) -> Question:
    sizes = draw.pick(((4, 5), (2, 3)), ((5, 4), (3, 2)), ((4, 6), (2, 2)))
    return StepQuestion(draw.lesson(sizes=sizes, stride=2), "forward", tells=("stride-ignored",))


@variant("stride-padding")
def _padded(draw: Draw) -> Question:
    sizes = draw.pick(((2, 3), (2, 2)), ((3, 2), (2, 2)))
    return StepQuestion(draw.lesson(sizes=sizes, padding=1), "forward", tells=("padding-ignored",))


@variant("stride-padding")
def _gradient_by_stride(draw: Draw) -> Question:
    sizes = draw.pick(((4, 5), (2, 3)), ((5, 4), (3, 2)))
    return StepQuestion(draw.lesson(sizes=sizes, stride=2), "gradient", tells=("stride-ignored",))


@variant("channels")
def _channels_forward(draw: Draw) -> Question:
    sizes = draw.pick(((2, 3), (2, 2)), ((3, 2), (2, 2)), ((3, 4), (2, 3)))
    lesson = draw.lesson(sizes=sizes, channels=max(2, draw.level))
    tells = ("channels-summed-first", "first-channel-only", "channels-exchanged")
    return StepQuestion(lesson, "forward", tells=tells)


@variant("channels")
def _channels_back(draw: Draw) -> Question:
    sizes = draw.pick(((2, 3), (2, 2)), ((3, 2), (2, 2)), ((3, 4), (2, 3)))
    lesson = draw.lesson(sizes=sizes, channels=2)
    tells = ("channels-summed-first", "first-channel-only", "same-for-every-channel", "channels-exchanged")
    return StepQuestion(lesson, "gradient", tells=tells)


@variant("pooling")
def _back_through_max_pool(draw: Draw) -> Question:
    tells = ("pool-tie-copied", "pool-tie-shared", "pool-spread", "pool-upstream-forgotten")
    return StepQuestion(_pooling(draw, "max_pool"), "max_pool1.input_gradient", tells=tells)


@variant("pooling")
def _back_through_overlapping_windows(draw: Draw) -> Question:
    tells = ("overwritten-not-added", "pool-average-not-divided")
    return StepQuestion(_pooling(draw, "average_pool", 1), "average_pool1.input_gradient", tells=tells)


@variant("pooling")
def _back_through_average_pool(draw: Draw) -> Question:
    name = "average_pool1.input_gradient"
    return StepQuestion(_pooling(draw, "average_pool"), name, tells=("pool-average-not-divided",))


def _pooling(draw: Draw, kind: str, stride: int = 2) -> Scenario:
    """conv → relu → pool over windows of 2×2: side by side, or overlapping with a stride of 1."""
    windows = draw.pick((1, 2), (2, 1), (1, 3)) if draw.level < 3 else draw.pick((3, 2), (2, 3))
    image = tuple(stride * (n - 1) + 2 for n in windows)
    return network(
        layers=[
            {"type": "conv", "weights": [[[[1]]]]},
            {"type": "relu"},
            {"type": kind, "size": 2, "stride": stride},
        ],
        input=4 * draw.integers(*image)
        if kind == "average_pool"
        else draw.integers(*image),  # so are means of four whole
        target=draw.integers(*windows, low=0, high=3),
        learning_rate=draw.rate(),
    )
