"""The keys of a scenario file, declared once: `layers` for a network, or `filter` and what goes with it for two layers.

From here come the engine's limits and defaults, what a file is refused for, and the JSON Schema. The keys of a layer
are declared in its own file.
"""

from __future__ import annotations

from collections.abc import Collection

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.keys import NUMBERS_FILE, Key, Layers, Named, Nested, OneOf, Pairs, Part, Text, Whole, Word
from cnnstep.engine.losses import FILTER_LOSSES, LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.patches import DILATION, GEOMETRY_KEYS, LEFTOVER_KEY, STRIDE, padding_key
from cnnstep.engine.scenario import ERROR_SIGNS, OUTPUT_MINUS_TARGET
from cnnstep.registry import Real

_MATRICES, _SUCH_MATRICES = "a list of rows", "[[…], […]]"
_IMAGE = OneOf((NUMBERS_FILE, Nested(2), Nested(3)), _MATRICES, _SUCH_MATRICES)
_CLASS = Part(
    "ClassTarget",
    "A class: 1 at this unit of the output, 0 at the others.",
    (Key("class", Whole(0), about="Which class, counted from 0."),),
)
_GOAL = OneOf(
    (NUMBERS_FILE, Nested(1), Nested(2), Nested(3), _CLASS),
    "a list of numbers, maps, or a class",
    "[1, 0], or {class: 0}",
)

TITLE = Key("title", Text(), "", "One line on what the scenario is about.")
INPUT = Key(
    "input",
    _IMAGE,
    None,
    "X: rows of numbers [H][W], or one matrix a channel [C][H][W], or {file: …}.",
    ([[1, -1, 0], [0, 1, 0], [0, -1, 1]], {"file": "data/digit.csv"}),
    _SUCH_MATRICES,
)
MAP_TARGET = Key(
    "target",
    _IMAGE,
    None,
    "t: what the output should become, as large as the output; [F] of them for several filters.",
    ([[1, 0], [0, 1]],),
    _SUCH_MATRICES,
)
TARGET = Key(
    "target",
    _GOAL,
    None,
    "t: what the network's output should become: a list of numbers, maps, or {class: 3}.",
    ([0, 0, 0, 1], {"class": 3}),
    _SUCH_MATRICES,
)
_BATCH = Part(
    "Batch",
    "Many samples in two files, in the same order.",
    (
        Key("input", NUMBERS_FILE, about="All inputs in one file: [N][H][W], or [N][C][H][W]."),
        Key("target", NUMBERS_FILE, about="All targets in one file: an array for each sample, or N class numbers."),
    ),
)
SAMPLE_KEYS = ("input", "target")
_SUCH_SAMPLES = "[{input: …, target: …}, …]"


def _pairs(name: str, target: Key) -> Pairs:
    """Samples one by one, or all in two files."""
    one = tuple(Key(key.name, key.form, about=key.about, examples=key.examples) for key in (INPUT, target))
    return Pairs(Part(name, "One input and the target that belongs to it.", one), _BATCH)


def _samples(pairs: Pairs) -> Key:
    about = "A batch, one by one or in two files: replaces input and target."
    return Key("samples", pairs, None, about, such_as=_SUCH_SAMPLES)


_NETWORK_PAIRS = _pairs("NetworkSample", TARGET)
MAP_SAMPLES, SAMPLES = _samples(_pairs("Sample", MAP_TARGET)), _samples(_NETWORK_PAIRS)
TEST = Key(
    "test",
    _NETWORK_PAIRS,
    None,
    "Samples that nothing is trained with: they measure what was learned.",
    such_as=_SUCH_SAMPLES,
)
LAYERS_KEY = Key(
    "layers",
    Layers(),
    about="The network, from input to output: replaces filter, activation and what goes with them.",
    examples=([{"type": "flatten"}, {"type": "dense", "weights": [[1] * 9, [0] * 9]}, {"type": "softmax"}],),
    such_as="[{type: conv, …}, …]",
)
FILTER = Key(
    "filter",
    OneOf((NUMBERS_FILE, Nested(2), Nested(3), Nested(4)), _MATRICES, _SUCH_MATRICES),
    about="W before the first step: [kh][kw], [C][kh][kw] with channels, [F][C][kh][kw] for several.",
    examples=([[1, -1], [1, 1]],),
    such_as=_SUCH_MATRICES,
)
FILTER_BIAS = Key(
    "bias",
    OneOf((Real(), Nested(1)), "one number, or a list of them", "0.5"),
    None,
    "b, added to every output and trained; a list of them for several filters.",
    (0.5,),
)
ACTIVATION = Key(
    "activation",
    Named(ACTIVATIONS),
    about="φ: a name, or a name with its numbers.",
    examples=("relu", {"name": "leaky_relu", "slope": 0.1}),
    such_as="relu",
)
LEARNING_RATE = Key("learning_rate", Real(above=0), about="η, how far one update goes.", examples=(0.5,), such_as="0.5")
MAP_LOSS = Key("loss", Word(FILTER_LOSSES), "half_squared_error", "L, what the training makes small.")
LOSS = Key(
    "loss",
    Word(LOSSES),
    "half_squared_error",
    "L, what the training makes small. cross_entropy is the sum over samples, not the mean.",
)
ERROR = Key("error", Word(ERROR_SIGNS), OUTPUT_MINUS_TARGET, "The sign of e. Both are right, if carried through.")
SLOPE_AT_ZERO = Key("relu_slope_at_zero", Real(least=0, most=1), 0.0, "ReLU's slope at exactly 0, a convention.")
OPTIMIZER = Key(
    "optimizer",
    Named(OPTIMIZERS),
    "sgd",
    "How a gradient moves a weight: a name, or a name with its numbers.",
    ("sgd", {"name": "momentum", "momentum": 0.9}),
)
ITERATIONS = Key("iterations", Whole(1), 1, "How many steps `run` takes.")

FILTER_PADDING = padding_key(
    "How many zeros go round X: a number, [rows, columns], or same, for an output as large as X."
)
_TRAINING = (ERROR, SLOPE_AT_ZERO, OPTIMIZER, ITERATIONS)
ONE_FILTER = Part(
    "ScenarioFile",
    "One step of backpropagation through a convolution: input, filter, activation, target and learning rate.",
    (
        *(TITLE, INPUT, MAP_SAMPLES, FILTER, MAP_TARGET, FILTER_BIAS, ACTIVATION, LEARNING_RATE),
        *(STRIDE, FILTER_PADDING, DILATION, LEFTOVER_KEY, MAP_LOSS, *_TRAINING),
    ),
)
"""A convolution and its activation: the shorter spelling of a network of these two."""
NETWORK = Part(
    "NetworkFile",
    "One step of backpropagation through a whole network: input, layers, target and learning rate.",
    (TITLE, INPUT, TARGET, SAMPLES, TEST, LAYERS_KEY, LEARNING_RATE, LOSS, *_TRAINING),
)


def form_of(keys: Collection[str]) -> Part:
    """The form that these keys are of: where there are `layers`, they stand for the keys of one filter."""
    return NETWORK if "layers" in keys else ONE_FILTER


KEYS = (*ONE_FILTER.names, LAYERS_KEY.name, TEST.name)
"""The names of all keys."""
REPLACED_BY_LAYERS = (FILTER.name, FILTER_BIAS.name, *GEOMETRY_KEYS, ACTIVATION.name)
"""What `layers` says in another way."""
DEFAULTS = {key.name: key.default for key in ONE_FILTER.keys if not key.is_needed}
"""The value of every key that may be left out."""
SUCH_AS = {key.name: key.such_as for part in (ONE_FILTER, NETWORK) for key in part.keys}
"""What a hint for a missing key writes after it."""
