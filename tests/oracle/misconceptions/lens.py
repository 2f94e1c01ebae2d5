"""A network's convolution and the activation after it, seen as a lesson with one filter."""

from __future__ import annotations

from dataclasses import replace

from tests.oracle.network import Activation, Conv, Network, NetworkWork
from tests.oracle.one_filter import FilterWork, OneFilter


def in_layer(network: Network, conv: Conv, step: str) -> str:
    """What a step of the lesson is called in the network."""
    after = _activation(network, conv).name
    of_activation = {"activation": f"{after}.forward", "delta": f"{after}.input_gradient"}
    return of_activation.get(step, f"{conv.name}.{step}")


def one_filter_of(done: NetworkWork, conv: Conv) -> FilterWork:
    """The lesson's work so far: what the convolution reads is its input, what comes back to it from above its error."""
    network = done.question
    phi = _activation(network, conv)
    question = OneFilter(
        image=done.source(conv.name),
        filter=done[f"{conv.name}.weights"],
        bias=done[f"{conv.name}.bias"],
        target={},
        phi=phi.kind,
        geometry=conv.geometry,
        rate=network.rate,
        error=network.error,
        at_zero=network.at_zero,
        optimizer=network.optimizer,
    )
    steps = {"input": question.image, "filter": question.filter, "bias": done[f"{conv.name}.bias"]}
    above = network.layers[network.layers.index(phi) + 1 :]
    names = {step: in_layer(network, conv, step) for step in question.names(sent_back=True) if step != "error"}
    names["error"] = f"{above[0].name}.input_gradient" if above else "error"
    steps |= {step: done[name] for step, name in names.items() if name in done.steps}
    before = one_filter_of(done.before, conv) if isinstance(done.before, NetworkWork) else None
    return FilterWork(replace(done.manner, loss="half_squared_error"), steps, before, question)


def _activation(network: Network, conv: Conv) -> Activation:
    after = network.layers[network.layers.index(conv) + 1]
    assert isinstance(after, Activation)
    return after
