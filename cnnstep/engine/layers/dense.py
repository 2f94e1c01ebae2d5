"""The dense layer: z = x·Wᵀ + b, every output from every input. x [N, I], W [O, I], b [O], z [N, O].

Products are written (W·xᵀ)ᵀ, so that a batch's samples lie side by side in memory, as the other layers leave them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from cnnstep.engine.keys import Key, Part, Whole
from cnnstep.engine.layers.entry import BIAS, INIT, SEED, Entry, layer_kind, weights_key
from cnnstep.engine.layers.layer import LayerContext, Size, Told, Upstream, WithWeights
from cnnstep.engine.quantity import DENSE_BIAS, DENSE_WEIGHTS, VECTOR, Array, Cell, Values
from cnnstep.engine.step import Step, Term, Working, read
from cnnstep.engine.sums import Products, Read, letters
from cnnstep.errors import Fault, InputError


@dataclass(frozen=True)
class Dense(WithWeights):
    """Weights W [O, I] with an optional bias b [O]."""

    kind = "dense"
    words = MappingProxyType(
        {
            "forward": "dense",
            "gradient": "dense_gradient",
            "bias_gradient": "dense_bias_gradient",
            "input_gradient": "dense_input_gradient",
        }
    )
    told = MappingProxyType(
        {
            "forward": Told(
                "Forward pass",
                "every input × its weight, summed",
                meaning="an output is the sum of input × weight along its row of weights",
                idea="Each output has a row of weights of its own. Multiply every input by its weight in that row, and "
                "add the products up.",
            ),
            "gradient": Told(
                "Weight gradient",
                "this weight met this input on the way to this output, once for each sample",
                times="the input it met",
                meaning="for each weight what comes back to its output × its input",
                idea="Each weight joins one input to one output. Its gradient is that input times what comes back to "
                "that output; the answer has a row for each output.",
            ),
            "bias_gradient": Told(
                "Bias gradient",
                "the bias is added to this output, once a sample",
                "A bias is added to one output, so its gradient is ∂L/∂ of that output.",
            ),
            "input_gradient": Told(
                "Input gradient",
                "this input went into these outputs, each with another weight",
                times="the weight between",
                meaning="for each input the sum of what comes back × its weights",
                idea="Each input went into every output. Multiply what comes back to each output by the weight between "
                "the two, and add the products up.",
            ),
        }
    )
    axes, bias_axes = DENSE_WEIGHTS, DENSE_BIAS

    def output_size(self, size: Size) -> Size:
        """(O,); `InputError` where the input is not one row of I numbers."""
        outputs, inputs = self.weights.shape
        if len(size) != 1:
            shape = "×".join(str(n) for n in size)
            what = f"a dense layer takes one row of numbers, but its input is maps of {shape}"
            raise InputError(Fault("shape", what, "put {type: flatten} before it"))
        if size[0] != inputs:
            what = f"each row of weights has {inputs} numbers, but the layer's input has {size[0]}"
            raise InputError(Fault("shape", what, f"give {outputs} rows of {size[0]} weights", ("weights",)))
        return (outputs,)

    def forward(self, context: LayerContext) -> Step:
        """z = x·Wᵀ + b."""
        x, w = context.source, context.quantity("weights", DENSE_WEIGHTS)
        b = None if self.bias is None else context.quantity("bias", DENSE_BIAS)
        z = context.quantity("forward", VECTOR)

        def compute(values: Values) -> Array:
            product: Array = (values[w.name] @ values[x.name].T).T
            return product if b is None else product + values[b.name]

        def working(values: Values, cell: Cell) -> Working:
            n, o = cell
            inputs = range(values[w.name].shape[1])
            terms = [Term((read(x, values, (n, i)), read(w, values, (o, i)))) for i in inputs]
            if b is not None:
                terms.append(Term((read(b, values, (o,)),)))
            return Working(tuple(terms))

        formula = f"{z.symbol} = {x.symbol}·{w.symbol}ᵀ" + ("" if b is None else f" + {b.symbol}")
        inputs = (x, w) if b is None else (x, w, b)
        n, o, i = letters(3)
        products = Products((Read(x.name, (n, i)), Read(w.name, (o, i))), self.weights.shape[1:])
        sums = (products,) if b is None else (products, Products((Read(b.name, (o,)),)))
        return self.step(context, z, "forward", formula, inputs, compute, working, sums=sums)

    def _gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        x, gradient = context.source, context.quantity("gradient", DENSE_WEIGHTS)

        def compute(values: Values) -> Array:
            product: Array = upstream.read(values).T @ values[x.name]
            return product

        def working(values: Values, cell: Cell) -> Working:
            o, i = cell
            samples = range(values[x.name].shape[0])
            return Working(tuple(Term((*upstream.factors(values, (n, o)), read(x, values, (n, i)))) for n in samples))

        formula = f"{gradient.symbol} = {upstream.formula}ᵀ·{x.symbol}"
        inputs = (x, *upstream.inputs)
        o, i, n = letters(3)
        sums = (Products((*upstream.parts((n, o)), Read(x.name, (n, i))), (context.samples,)),)
        return self.step(context, gradient, "gradient", formula, inputs, compute, working, sums=sums)

    def _bias_gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        gradient = context.quantity("bias_gradient", DENSE_BIAS)

        def compute(values: Values) -> Array:
            total: Array = upstream.read(values).sum(axis=0)
            return total

        def working(values: Values, cell: Cell) -> Working:
            samples = range(upstream.read(values).shape[0])
            return Working(tuple(Term(upstream.factors(values, (n, *cell))) for n in samples))

        formula = f"{gradient.symbol} = {upstream.formula}, added up over the samples"
        o, n = letters(2)
        sums = (Products(upstream.parts((n, o)), (context.samples,)),)
        return self.step(context, gradient, "bias_gradient", formula, upstream.inputs, compute, working, sums=sums)

    def _input_gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        w, gradient = context.quantity("weights", DENSE_WEIGHTS), context.like_source("input_gradient")

        def compute(values: Values) -> Array:
            product: Array = (values[w.name].T @ upstream.read(values).T).T
            return product

        def working(values: Values, cell: Cell) -> Working:
            n, i = cell
            outputs = range(values[w.name].shape[0])
            return Working(tuple(Term((*upstream.factors(values, (n, o)), read(w, values, (o, i)))) for o in outputs))

        formula = f"{gradient.symbol} = {upstream.formula}·{w.symbol}"
        inputs = (*upstream.inputs, w)
        n, i, o = letters(3)
        sums = (Products((*upstream.parts((n, o)), Read(w.name, (o, i))), self.weights.shape[:1]),)
        return self.step(context, gradient, "input_gradient", formula, inputs, compute, working, sums=sums)


MOST_UNITS = 100_000
OUTPUTS = Key("outputs", Whole(1, MOST_UNITS), about="How many outputs.", examples=(10,))
NESTING = "[out][in]"
WEIGHTS_KEY = weights_key(
    Part("DrawnRows", "The weights of a dense layer, drawn at random.", (INIT, SEED, OUTPUTS)),
    2,
    "a list of rows, one for each output",
    NESTING,
    "outputs: 10",
)


@layer_kind("dense", "Every output from every input.", 40, (WEIGHTS_KEY, BIAS))
def _read(entry: Entry) -> Dense | None:
    weights = entry.weights(WEIGHTS_KEY, NESTING, lambda draw: (draw.count(OUTPUTS), draw.units or 1))
    return None if weights is None else Dense(weights, entry.bias(len(weights)))
