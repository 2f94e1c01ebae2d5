"""The keys of a scenario file with `layers`: one declaration for what is accepted and for the editors' JSON Schema."""

from __future__ import annotations

import inspect
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag, WithJsonSchema, create_model

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.layers.pool import TIES
from cnnstep.engine.losses import NETWORK_LOSSES
from cnnstep.engine.scenario import OUTPUT_MINUS_TARGET
from cnnstep.engine.shared_keys import LEFTOVER
from cnnstep.surface.spec import (
    ALTERNATIVE,
    FILE_KEYS,
    INPUT,
    SAMPLES,
    Dilation,
    ErrorSign,
    Filters,
    FromFile,
    Image,
    Iterations,
    LearningRate,
    Leftover,
    Listed,
    Number,
    OneMatrix,
    OptimizerKey,
    Padding,
    Pair,
    Part,
    Row,
    Rows,
    SeveralMatrices,
    SlopeAtZero,
    Steps,
    Stride,
    Title,
    WholeBatch,
    depth,
    kind,
    listed,
)

MOST_UNITS = 100_000


def mapped(value: Any) -> str:
    """Which alternative is meant where there is more than one mapping: `file`, or the other one."""
    if not isinstance(value, dict):
        return ALTERNATIVE + str(depth(value))
    return ALTERNATIVE + ("mapping" if value.keys() & set(FILE_KEYS) else "other")


def layer_kind(value: Any) -> str:
    """The model of a layer, by its type."""
    return ALTERNATIVE + str(value.get("type") if isinstance(value, dict) else "")


class ClassTarget(Part):
    """A class: 1 at this unit of the output, 0 at the others."""

    number: Annotated[int, Field(alias="class", strict=True, ge=0, description="Which class, counted from 0.")]


_VECTOR = Annotated[Row, Tag(ALTERNATIVE + "1")]
_CLASS = Annotated[ClassTarget, Tag(ALTERNATIVE + "other")]
Target = Annotated[FromFile | _VECTOR | OneMatrix | SeveralMatrices | _CLASS, Discriminator(mapped)]
_TARGET = Field(
    description="t: what the network's output should become: a list of numbers, maps, or {class: 3}.",
    examples=[[0, 0, 0, 1], {"class": 3}],
)


class NetworkSample(Part):
    """One input and the target that belongs to it."""

    input: Annotated[Image, INPUT]
    target: Annotated[Target, _TARGET]


_PAIRS = Annotated[list[NetworkSample], Field(json_schema_extra={"minItems": 1}), Listed]
Samples = Annotated[_PAIRS | WholeBatch, Discriminator(listed)]

Initialiser = Annotated[
    str,
    WithJsonSchema({"enum": list(INITIALISERS)}),
    Field(description="How the weights are drawn.", examples=["he_normal"]),
]
Seed = Annotated[int, Field(strict=True, ge=0, description="The same seed draws the same weights.")]


class DrawnFilters(Part):
    """Filters drawn at random."""

    init: Initialiser
    seed: Seed = 0
    filters: Annotated[Steps, Field(description="How many filters.", examples=[8])]
    size: Annotated[Pair, Field(description="Their rows and columns: one number, or [rows, columns].")] = 3


class DrawnRows(Part):
    """The weights of a dense layer, drawn at random."""

    init: Initialiser
    seed: Seed = 0
    outputs: Annotated[int, Field(strict=True, ge=1, le=MOST_UNITS, description="How many outputs.", examples=[10])]


_FILTERS = Annotated[Filters, Tag(ALTERNATIVE + "4")]
_ROWS = Annotated[Rows, Tag(ALTERNATIVE + "2")]
ConvWeights = Annotated[
    FromFile | Annotated[DrawnFilters, Tag(ALTERNATIVE + "other")] | _FILTERS, Discriminator(mapped)
]
DenseWeights = Annotated[FromFile | Annotated[DrawnRows, Tag(ALTERNATIVE + "other")] | _ROWS, Discriminator(mapped)]
Biases = Annotated[FromFile | Annotated[Number, Tag(ALTERNATIVE + "0")] | _VECTOR, Discriminator(kind)]
_BIAS = Field(description="b, one number for each output, or one for all; without it there is none.", examples=[0])


class _Layer(Part):
    name: Annotated[str, Field(description="What its steps begin with; without one its type and a count.")] = ""


class ConvLayer(_Layer):
    """Filters that move over maps."""

    type: Literal["conv"]
    weights: Annotated[ConvWeights, Field(description="W: [F][C][kh][kw], from a file, or drawn.")]
    bias: Annotated[Biases | None, _BIAS] = None
    stride: Stride = 1
    padding: Annotated[
        Padding,
        Field(
            description="How many zeros go round each map: a number, [rows, columns], or same, for as large an output."
        ),
    ] = 0
    dilation: Dilation = 1
    leftover: Leftover = LEFTOVER[0]


class DenseLayer(_Layer):
    """Every output from every input."""

    type: Literal["dense"]
    weights: Annotated[DenseWeights, Field(description="W: [out][in], from a file, or drawn.")]
    bias: Annotated[Biases | None, _BIAS] = None


class _PoolLayer(_Layer):
    size: Annotated[Pair, Field(description="The window: one number, or [rows, columns].", examples=[2])]
    stride: Annotated[Pair | None, Field(description="How far the window moves; its own size, unless told.")] = None
    padding: Annotated[
        Padding,
        Field(
            description="How wide a rim goes round each map, half a window at most: a number, [rows, columns], or same."
        ),
    ] = 0
    leftover: Leftover = LEFTOVER[0]


class MaxPoolLayer(_PoolLayer):
    """The largest number of each window."""

    type: Literal["max_pool"]
    ties: Annotated[
        str,
        WithJsonSchema({"enum": list(TIES)}),
        Field(description="Of equal maxima the first gets the gradient, as in PyTorch; or they share it."),
    ] = TIES[0]


class AveragePoolLayer(_PoolLayer):
    """The mean of each window."""

    type: Literal["average_pool"]


class FlattenLayer(_Layer):
    """Maps as one row of numbers."""

    type: Literal["flatten"]


class SoftmaxLayer(_Layer):
    """Shares that add up to 1."""

    type: Literal["softmax"]


def _activation(name: str) -> type[BaseModel]:
    """The layer of an activation, with the numbers that it takes."""
    numbers = {} if name == "relu" else inspect.signature(ACTIVATIONS[name]).parameters  # relu's has a key of its own
    fields: dict[str, Any] = {key: (Number, given.default) for key, given in numbers.items()}
    fields["type"] = (Literal[name], ...)
    return create_model(name, __base__=_Layer, __doc__=f"φ: {name}.", **fields)


_LAYERS: dict[str, type[BaseModel]] = {
    "conv": ConvLayer,
    "max_pool": MaxPoolLayer,
    "average_pool": AveragePoolLayer,
    "flatten": FlattenLayer,
    "dense": DenseLayer,
    "softmax": SoftmaxLayer,
    **{name: _activation(name) for name in ACTIVATIONS},
}
if TYPE_CHECKING:
    AnyLayer = BaseModel
else:
    _TAGGED = (Annotated[model, Tag(ALTERNATIVE + name)] for name, model in _LAYERS.items())
    AnyLayer = Annotated[reduce(or_, _TAGGED), Discriminator(layer_kind)]


class NetworkFile(Part):
    """One step of backpropagation through a whole network: input, layers, target and learning rate."""

    title: Title = ""
    input: Annotated[Image | None, INPUT] = None
    target: Annotated[Target | None, _TARGET] = None
    samples: Annotated[Samples | None, SAMPLES] = None
    test: Annotated[
        Samples | None, Field(description="Samples that nothing is trained with: they measure what was learned.")
    ] = None
    layers: Annotated[
        list[AnyLayer],
        Field(
            description="The network, from input to output: replaces filter, activation and what goes with them.",
            json_schema_extra={"minItems": 1},
            examples=[[{"type": "flatten"}, {"type": "dense", "weights": [[1] * 9, [0] * 9]}, {"type": "softmax"}]],
        ),
    ]
    learning_rate: LearningRate
    loss: Annotated[
        str,
        WithJsonSchema({"enum": list(NETWORK_LOSSES)}),
        Field(description="L, what the training makes small. cross_entropy is the sum over samples, not the mean."),
    ] = "half_squared_error"
    error: ErrorSign = OUTPUT_MINUS_TARGET
    relu_slope_at_zero: SlopeAtZero = 0.0
    optimizer: OptimizerKey = "sgd"
    iterations: Iterations = 1
