"""The keys of a scenario file: one declaration for what is accepted, its defaults, and the editors' JSON Schema."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.scenario import ERROR_SIGNS, OUTPUT_MINUS_TARGET
from cnnstep.engine.shared_keys import FARTHEST, GEOMETRY_KEYS, LEFTOVER, SAME

ALTERNATIVE = "\0"
"""Begins the name of an alternative in pydantic's path to a value; no key of a file can begin so."""

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Steps = Annotated[int, Field(strict=True, ge=1, le=FARTHEST)]
Row = Annotated[list[Number], Field(json_schema_extra={"minItems": 1})]
Rows = Annotated[list[Row], Field(json_schema_extra={"minItems": 1})]
Matrices = Annotated[list[Rows], Field(json_schema_extra={"minItems": 1})]
Filters = Annotated[list[Matrices], Field(json_schema_extra={"minItems": 1})]


class Part(BaseModel):
    """A mapping of the file that takes the keys it declares and no others."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class NumbersFile(Part):
    """Numbers that stand in a file of their own."""

    file: Annotated[
        str,
        Field(
            description="A .csv, .npy, .npz or .pgm file; its name starts from the scenario's folder.",
            examples=["data/digit.csv"],
        ),
    ]
    key: Annotated[str, Field(description="Which array of an .npz file.", examples=["conv1.weights"])] = ""
    divide_by: Annotated[
        Number, Field(gt=0, description="Each number is divided by this: 16 turns 0 to 16 into 0 to 1.", examples=[16])
    ] = 1.0


FILE_KEYS = tuple(NumbersFile.model_fields)


class Choice(BaseModel):
    """A name with its numbers."""

    model_config = ConfigDict(extra="allow", defer_build=True)
    __pydantic_extra__: dict[str, Number] = Field(init=False)
    name: str


def depth(value: Any) -> int:
    """How deep lists are nested; 0 for what is no list."""
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def kind(value: Any) -> str:
    """Which alternative of a type a value is meant as."""
    return ALTERNATIVE + ("mapping" if isinstance(value, dict) else str(depth(value)))


FromFile = Annotated[NumbersFile, Tag(ALTERNATIVE + "mapping")]
OneMatrix = Annotated[Rows, Tag(ALTERNATIVE + "2")]
SeveralMatrices = Annotated[Matrices, Tag(ALTERNATIVE + "3")]
Image = Annotated[FromFile | OneMatrix | SeveralMatrices, Discriminator(kind)]
Weights = Annotated[
    FromFile | OneMatrix | SeveralMatrices | Annotated[Filters, Tag(ALTERNATIVE + "4")], Discriminator(kind)
]
Bias = Annotated[
    Annotated[Number, Tag(ALTERNATIVE + "0")] | Annotated[Row, Tag(ALTERNATIVE + "1")], Discriminator(kind)
]


def _named(registry: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """The JSON Schema of an entry's name, or of a mapping with its name and the numbers that it takes."""
    choices = []
    for name, make in registry.items():
        numbers = {} if name == "relu" else inspect.signature(make).parameters  # relu's has a key of its own
        settings = {key: {"type": "number", "default": given.default} for key, given in numbers.items()}
        properties = {"name": {"const": name}, **settings}
        choices.append(
            {"type": "object", "properties": properties, "required": ["name"], "additionalProperties": False}
        )
    return {"oneOf": [{"enum": list(registry)}, *choices]}


_CHOICE = Annotated[str, Tag(ALTERNATIVE + "0")] | Annotated[Choice, Tag(ALTERNATIVE + "mapping")]
Phi = Annotated[_CHOICE, Discriminator(kind), WithJsonSchema(_named(ACTIVATIONS))]
Rule = Annotated[_CHOICE, Discriminator(kind), WithJsonSchema(_named(OPTIMIZERS))]
_STEPS = Annotated[list[Steps], Field(min_length=2, max_length=2), Tag(ALTERNATIVE + "1")]
Pair = Annotated[Annotated[Steps, Tag(ALTERNATIVE + "0")] | _STEPS, Discriminator(kind)]
"""A number for rows and columns, or one for each."""

Zeros = Annotated[int, Field(strict=True, ge=0, le=FARTHEST)]


def padded(value: Any) -> str:
    """Which alternative of a padding is meant: numbers, or a word."""
    return ALTERNATIVE + "word" if isinstance(value, str) else kind(value)


_ZEROS = Annotated[list[Zeros], Field(min_length=2, max_length=2), Tag(ALTERNATIVE + "1")]
_SAME = Annotated[str, WithJsonSchema({"const": SAME}), Tag(ALTERNATIVE + "word")]
Padding = Annotated[Annotated[Zeros, Tag(ALTERNATIVE + "0")] | _ZEROS | _SAME, Discriminator(padded)]
Stride = Annotated[
    Pair, Field(description="How far the filter moves from one output to the next: a number, or [down, across].")
]
Dilation = Annotated[Pair, Field(description="How far apart the filter's taps are: a number, or [down, across].")]
Leftover = Annotated[
    str,
    WithJsonSchema({"enum": list(LEFTOVER)}),
    Field(description="Cells at the end that no window reaches are refused; or dropped, as PyTorch does it."),
]

LossName = Annotated[str, WithJsonSchema({"enum": list(LOSSES)})]
ErrorName = Annotated[str, WithJsonSchema({"enum": list(ERROR_SIGNS)})]

INPUT = Field(
    description="X: rows of numbers [H][W], or one matrix a channel [C][H][W], or {file: …}.",
    examples=[[[1, -1, 0], [0, 1, 0], [0, -1, 1]], {"file": "data/digit.csv"}],
)
_TARGET = Field(
    description="t: what the output should become, as large as the output; [F] of them for several filters.",
    examples=[[[1, 0], [0, 1]]],
)


class Sample(Part):
    """One input and the target that belongs to it."""

    input: Annotated[Image, INPUT]
    target: Annotated[Image, _TARGET]


class Batch(Part):
    """Many samples in two files, in the same order."""

    input: Annotated[NumbersFile, Field(description="All inputs in one file: [N][H][W], or [N][C][H][W].")]
    target: Annotated[
        NumbersFile, Field(description="All targets in one file: an array for each sample, or N class numbers.")
    ]


def listed(value: Any) -> str:
    """Which alternative samples are meant as: one by one, or all in two files."""
    return ALTERNATIVE + ("list" if isinstance(value, list) else "batch" if isinstance(value, dict) else "neither")


Listed = Tag(ALTERNATIVE + "list")
_SAMPLES = Annotated[list[Sample], Field(json_schema_extra={"minItems": 1}), Listed]
WholeBatch = Annotated[Batch, Tag(ALTERNATIVE + "batch")]
SAMPLES = Field(description="A batch, one by one or in two files: replaces input and target.")

Title = Annotated[str, Field(description="One line on what the scenario is about.")]
LearningRate = Annotated[Number, Field(gt=0, description="η, how far one update goes.", examples=[0.5])]
LossKey = Annotated[LossName, Field(description="L, what the training makes small.")]
ErrorSign = Annotated[ErrorName, Field(description="The sign of e. Both are right, if carried through.")]
SlopeAtZero = Annotated[Number, Field(ge=0, le=1, description="ReLU's slope at exactly 0, a convention.")]
OptimizerKey = Annotated[
    Rule,
    Field(
        description="How a gradient moves a weight: a name, or a name with its numbers.",
        examples=["sgd", {"name": "momentum", "momentum": 0.9}],
    ),
]
Iterations = Annotated[int, Field(strict=True, ge=1, description="How many steps `run` takes.")]


class ScenarioFile(Part):
    """One step of backpropagation through a convolution: input, filter, activation, target and learning rate."""

    title: Title = ""
    input: Annotated[Image | None, INPUT] = None
    samples: Annotated[Annotated[_SAMPLES | WholeBatch, Discriminator(listed)] | None, SAMPLES] = None
    filter: Annotated[
        Weights,
        Field(
            description="W before the first step: [kh][kw], [C][kh][kw] with channels, [F][C][kh][kw] for several.",
            examples=[[[1, -1], [1, 1]]],
        ),
    ]
    target: Annotated[Image | None, _TARGET] = None
    bias: Annotated[
        Bias | None,
        Field(description="b, added to every output and trained; a list of them for several filters.", examples=[0.5]),
    ] = None
    activation: Annotated[
        Phi,
        Field(
            description="φ: a name, or a name with its numbers.",
            examples=["relu", {"name": "leaky_relu", "slope": 0.1}],
        ),
    ]
    learning_rate: LearningRate
    stride: Stride = 1
    padding: Annotated[
        Padding,
        Field(
            description="How many zeros go round X: a number, [rows, columns], or same, for an output as large as X.",
        ),
    ] = 0
    dilation: Dilation = 1
    leftover: Leftover = LEFTOVER[0]
    loss: LossKey = "half_squared_error"
    error: ErrorSign = OUTPUT_MINUS_TARGET
    relu_slope_at_zero: SlopeAtZero = 0.0
    optimizer: OptimizerKey = "sgd"
    iterations: Iterations = 1


KEYS = (*ScenarioFile.model_fields, "layers", "test")
"""Of all scenarios; those of a network are declared in `spec_network`."""
REPLACED_BY_LAYERS = ("filter", "bias", *GEOMETRY_KEYS, "activation")
REQUIRED = ("input", "filter", "target", "activation", "learning_rate")
MATRICES = ("input", "target", "filter")


def defaults() -> dict[str, Any]:
    """The value of every key that may be left out."""
    return {key: field.default for key, field in ScenarioFile.model_fields.items() if not field.is_required()}
