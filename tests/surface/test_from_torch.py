"""A model made in PyTorch becomes a scenario; read by the names of its layers, so that PyTorch need not be there."""

from __future__ import annotations

import importlib
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnnstep
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import InputError
from tests.examples import examples
from tests.extras import needs


def module(kind: str, **options: Any) -> Any:
    """Something that looks like a PyTorch layer of this class."""
    return type(kind, (SimpleNamespace,), {"__module__": "torch.nn.modules"})(**options)


def conv(**options: Any) -> Any:
    usual = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1, "padding_mode": "zeros"}
    usual |= {"kernel_size": (2, 2)}
    weights = {"weight": np.array([[[[1.0, -1.0], [1.0, 1.0]]]]), "bias": np.array([0.5])}
    return module("Conv2d", **usual | weights | options)


def pool(kind: str = "MaxPool2d", **options: Any) -> Any:
    return module(kind, **{"kernel_size": 2, "stride": None, "padding": 0, "ceil_mode": False} | options)


def scenario_of(*modules: Any, **keys: Any) -> Scenario:
    images = np.array([[[[1.0, -1, 0], [0, 1, 0], [0, -1, 1]]]])
    usual: dict[str, Any] = {"learning_rate": 0.5, "input": images, "target": np.array([[[[1.0, 0], [0, 1]]]])}
    return cnnstep.from_torch(modules, **usual | keys)


def test_the_first_filter_as_a_model_gives_the_first_filters_numbers() -> None:
    scenario = scenario_of(conv(bias=None), module("ReLU"))
    first = next(cnnstep.trace(scenario))
    assert first.matrix("conv1.forward")[0, 0].tolist() == [[3, 0], [-2, 1]]
    assert first.matrix("conv1.gradient")[0, 0].tolist() == [[2, -2], [0, 2]]


def test_class_numbers_become_targets_and_every_layer_finds_its_equal() -> None:
    dense = module("Linear", weight=np.array([[1.0], [2.0]]), bias=np.zeros(2))
    scenario = scenario_of(
        conv(),
        module("LeakyReLU", negative_slope=0.2),
        pool(),
        module("Identity"),
        module("Flatten", start_dim=1, end_dim=-1),
        dense,
        module("Softmax", dim=1),
        target=np.array([1]),
        loss="cross_entropy",
    )
    assert [layer.kind for layer in scenario.layers] == [
        "conv",
        "leaky_relu",
        "max_pool",
        "flatten",
        "dense",
        "softmax",
    ]
    assert scenario.targets.tolist() == [[0, 1]]
    assert scenario.data()["layers"][1]["slope"] == 0.2
    assert scenario.data()["layers"][0]["bias"] == [0.5]


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (module("BatchNorm2d"), "layer 0 of the model is BatchNorm2d"),
        (conv(groups=2), "groups=2"),
        (conv(padding_mode="reflect"), "padding_mode='reflect'"),
        (pool(ceil_mode=True), "ceil_mode=True"),
        (pool("AvgPool2d", count_include_pad=False), "count_include_pad=False"),
        (module("GELU", approximate="tanh"), "approximate='tanh'"),
        (module("Softplus", beta=2.0), "beta=2.0"),
        (module("Softplus", beta=1, threshold=5), "threshold=5"),
        (module("Softmax", dim=0), "softmax along axis 0"),
    ],
)
def test_what_has_no_equal_here_is_named(layer: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        scenario_of(layer)


def row(*after: Any, **keys: Any) -> Scenario:
    """A model that makes two numbers of each input, and what comes after them."""
    dense = module("Linear", weight=np.ones((2, 9)), bias=None)
    return scenario_of(module("Flatten", start_dim=1, end_dim=-1), dense, *after, **keys)


def test_everything_that_has_no_equal_is_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        scenario_of(module("BatchNorm2d"), conv(groups=2), module("Dropout"), target=np.zeros((3, 1)))
    said = [fault.what for fault in caught.value.faults]
    assert [words.split(" of the model")[0] for words in said[:3]] == ["layer 0", "layer 1", "layer 2"]
    assert said[3] == "there are 1 inputs, and 3 for them"


def test_a_model_that_is_no_sequence_is_told_what_to_become() -> None:
    with pytest.raises(InputError) as caught:
        cnnstep.from_torch(module("Bottleneck"), np.zeros((1, 1, 2, 2)), [[1]], learning_rate=1)
    assert "Bottleneck" in caught.value.faults[0].what
    assert "nn.Sequential" in caught.value.faults[0].hint


def test_cross_entropy_brings_its_softmax_along_as_pytorchs_does() -> None:
    without, with_it = (row(*last, target=np.array([1]), loss="cross_entropy") for last in ((), (softmax(),)))
    assert without.data() == with_it.data()
    assert row(target=np.array([[1.0, 2]])).names == ("flatten1", "dense1")


def softmax() -> Any:
    return module("Softmax", dim=1)


def test_whole_numbers_are_classes_and_other_numbers_are_what_a_single_unit_should_give() -> None:
    flat = module("Flatten", start_dim=1, end_dim=-1)
    dense = module("Linear", weight=np.ones((1, 9)), bias=None)
    images = np.ones((3, 1, 3, 3))
    single = cnnstep.from_torch([flat, dense], images, [0.5, -1.0, 2.0], learning_rate=1)
    assert single.targets.tolist() == [[0.5], [-1], [2]]
    assert row(input=images, target=[0, 1, 1], loss="cross_entropy").targets.tolist() == [[1, 0], [0, 1], [0, 1]]


@pytest.mark.parametrize("image", [np.ones((3, 3)), np.ones((1, 3, 3))])
def test_one_sample_may_come_alone(image: Any) -> None:
    alone, batch = (row(input=i, target=t, loss="cross_entropy") for i, t in ((image, 1), (np.ones((1, 1, 3, 3)), [1])))
    np.testing.assert_array_equal(alone.inputs, batch.inputs)
    np.testing.assert_array_equal(alone.targets, batch.targets)


def settings_of(*modules: Any, target: Any) -> dict[str, Any]:
    """How the first layer of the model moves, as the scenario writes it."""
    data: dict[str, Any] = scenario_of(*modules, target=target).data()["layers"][0]
    return {key: data[key] for key in ("stride", "padding", "dilation", "leftover") if key in data}


def test_a_stride_a_padding_and_a_dilation_are_taken_over_axis_by_axis() -> None:
    alike = settings_of(conv(padding=(1, 1), dilation=(2, 2)), target=np.zeros((1, 1, 3, 3)))
    assert alike == {"stride": 1, "padding": 1, "dilation": 2}
    apart = settings_of(conv(stride=(1, 2), padding=(0, 1), dilation=(2, 1)), target=np.zeros((1, 1, 1, 2)))
    assert apart == {"stride": [1, 2], "padding": [0, 1], "dilation": [2, 1], "leftover": "drop"}
    pooled = settings_of(pool(kernel_size=(2, 3), stride=(2, 1), padding=(1, 0)), target=np.zeros((1, 1, 2, 1)))
    assert pooled == {"stride": [2, 1], "padding": [1, 0], "leftover": "drop"}


def test_paddings_words_are_taken_over() -> None:
    same = settings_of(conv(padding="same"), target=np.zeros((1, 1, 3, 3)))
    assert same == {"stride": 1, "padding": "same", "dilation": 1}
    assert settings_of(conv(padding="valid"), target=np.zeros((1, 1, 2, 2)))["padding"] == 0


def test_what_a_stride_leaves_over_is_dropped_as_pytorch_drops_it() -> None:
    assert settings_of(conv(stride=(2, 2)), target=np.zeros((1, 1, 1, 1)))["leftover"] == "drop"
    assert "leftover" not in settings_of(conv(), target=np.zeros((1, 1, 2, 2)))


def test_a_class_of_ones_own_is_not_taken_for_pytorchs() -> None:
    own = type("ReLU", (SimpleNamespace,), {"__module__": "mine"})()
    with pytest.raises(InputError, match=r"layer 0 of the model is mine\.ReLU, not PyTorch's own torch\.nn\.ReLU"):
        scenario_of(own)


def pytorch() -> Any:
    return import_module("torch")


@needs("torch")
def test_layers_of_a_sequence_in_a_sequence_stand_in_its_place_under_their_names() -> None:
    nn = pytorch().nn
    first = nn.Sequential()
    first.add_module("edges", nn.Conv2d(1, 2, 2))
    first.add_module("1", nn.ReLU())
    model = nn.Sequential()
    model.add_module("seen", first)
    model.add_module("flat", nn.Flatten())
    scenario = cnnstep.from_torch(model, np.ones((1, 3, 3)), np.zeros(8), learning_rate=1)
    assert scenario.names == ("seen-edges", "relu1", "flat")
    first.append(nn.Dropout())
    with pytest.raises(InputError, match=r"layer seen\.2 of the model is Dropout"):
        cnnstep.from_torch(model, np.ones((1, 3, 3)), np.zeros(8), learning_rate=1)


def told(model: Any, target: Any = None) -> list[str]:
    """What is said of a model that can't be taken over."""
    with pytest.raises(InputError) as caught:
        cnnstep.from_torch(model, np.ones((1, 3, 3)), [0.0] if target is None else target, learning_rate=1)
    return [fault.what for fault in caught.value.faults]


@needs("torch")
def test_a_sequence_with_a_forward_of_its_own_is_not_read_as_one() -> None:
    nn = pytorch().nn

    class Residual(nn.Sequential):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            return x + super().forward(x)

    class Block(nn.Sequential):  # type: ignore[misc, name-defined]
        pass

    assert told(Residual(nn.ReLU())) == ["the model is a Residual, which does not say in which order its layers work"]
    assert told(nn.ModuleList([nn.ReLU()]))[0].startswith("the model is a ModuleList")
    assert "layer 1 of the model is Residual" in told(nn.Sequential(nn.ReLU(), Residual(nn.ReLU())))[0]
    inside = nn.Sequential(Block(nn.ReLU(), nn.Flatten()))
    assert cnnstep.from_torch(inside, np.ones((1, 3, 3)), np.zeros(9), learning_rate=1).names == ("relu1", "flatten1")


@needs("torch")
def test_a_layer_without_weights_that_is_used_twice_works_twice() -> None:
    nn = pytorch().nn
    act = nn.Tanh()
    model = nn.Sequential(act, nn.Conv2d(1, 1, 2), act)
    scenario = cnnstep.from_torch(model, np.ones((1, 3, 3)), np.zeros((1, 2, 2)), learning_rate=1)
    assert scenario.names == ("tanh1", "conv1", "tanh2")


@needs("torch")
def test_weights_that_two_layers_share_are_refused() -> None:
    nn = pytorch().nn
    once = nn.Conv2d(1, 1, 1)
    assert told(nn.Sequential(once, nn.ReLU(), once)) == ["layer 2 of the model shares its weights with layer 0"]
    other = nn.Conv2d(1, 1, 1)
    other.bias = once.bias
    assert told(nn.Sequential(nn.Sequential(once), other)) == ["layer 1 of the model shares its weights with layer 0.0"]


@needs("torch")
def test_weights_that_are_made_from_others_are_refused() -> None:
    nn = pytorch().nn
    layer = importlib.import_module("torch.nn.utils.prune").l1_unstructured(nn.Conv2d(1, 1, 2), "weight", amount=1)
    assert told(nn.Sequential(layer)) == ["layer 0 of the model makes its weights from weight_orig"]
    assert "Parametrized" in told(nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(1, 1, 2))))[0]


@needs("torch")
def test_that_a_frozen_layer_is_trained_here_is_said() -> None:
    nn = pytorch().nn
    model = nn.Sequential(nn.Conv2d(1, 1, 2), nn.ReLU(), nn.Conv2d(1, 1, 1))
    model[2].bias.requires_grad_(False)
    with pytest.warns(UserWarning, match="layer 2 of the model is frozen there; here it is trained") as said:
        scenario = cnnstep.from_torch(model, np.ones((1, 3, 3)), np.zeros((1, 2, 2)), learning_rate=1)
    assert [Path(one.filename) for one in said] == [Path(__file__)]
    assert "conv2.bias_update" in cnnstep.lesson_of(scenario).names


@needs("torch")
@pytest.mark.parametrize("kind", ["bfloat16", "float16", "float32", "float64"])
def test_weights_and_inputs_of_every_precision_are_taken_over_digit_by_digit(kind: str) -> None:
    torch = pytorch()
    dtype = getattr(torch, kind)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 2), torch.nn.Flatten()).to(dtype)
    image, target = torch.randn(2, 1, 3, 3).to(dtype), torch.randn(2, 4).to(dtype)
    scenario = cnnstep.from_torch(model, image, target, learning_rate=1)
    np.testing.assert_array_equal(scenario.inputs, image.double().numpy())
    np.testing.assert_array_equal(scenario.targets, target.double().numpy())
    np.testing.assert_array_equal(scenario.data()["layers"][0]["weights"], model[0].weight.detach().double().numpy())


@needs("torch")
def test_complex_weights_are_refused() -> None:
    torch = pytorch()
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 2, dtype=torch.complex64))
    assert told(model, np.zeros((1, 2, 2)))[0].startswith("complex numbers can't be used")


@needs("torch")
def test_the_model_itself_is_left_as_it_is() -> None:
    nn = pytorch().nn
    model = nn.Sequential(nn.Conv2d(1, 1, 2))
    before = model[0].weight.detach().clone()
    scenario = cnnstep.from_torch(model, np.ones((1, 3, 3)), np.zeros((1, 2, 2)), learning_rate=1)
    list(cnnstep.trace(scenario, 3))
    assert (model[0].weight == before).all()
    with pytorch().no_grad():
        model[0].weight += 1
    np.testing.assert_array_equal(scenario.data()["layers"][0]["weights"], before.numpy())


ACTIVATIONS = ("ReLU", "LeakyReLU", "ELU", "Softplus", "Sigmoid", "Tanh", "GELU", "SiLU", "Identity")


@needs("torch")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_model_and_its_scenario_give_the_same_outputs_and_gradients(activation: str) -> None:
    torch = pytorch()
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, (2, 3), stride=2, padding=1, dilation=2, bias=False),
        getattr(torch.nn, activation)(),
        torch.nn.MaxPool2d((2, 1), stride=1),
        torch.nn.AvgPool2d(2, stride=(1, 2)),
        torch.nn.Flatten(),
        torch.nn.Linear(18, 2),
    ).double()
    images, targets = torch.randn(4, 2, 9, 9, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)
    images.requires_grad_()
    outputs = model(images)
    (0.5 * ((outputs - targets) ** 2).sum()).backward()
    scenario = cnnstep.from_torch(model, images, targets, learning_rate=0.1)
    first = next(cnnstep.trace(cnnstep.lesson_of(scenario, input_gradient=True)))
    pairs = {
        "dense1.forward": outputs.detach(),
        "dense1.gradient": model[5].weight.grad,
        "dense1.bias_gradient": model[5].bias.grad,
        "conv1.gradient": model[0].weight.grad,
        "conv1.input_gradient": images.grad,
    }
    for name, expected in pairs.items():
        np.testing.assert_allclose(first.values[name], expected.numpy(), rtol=1e-10, atol=1e-13, err_msg=name)


@needs("torch")
def test_pytorchs_own_gradients_are_the_same() -> None:
    torch = pytorch()
    nn = torch.nn
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 3, 2),
        nn.Tanh(),
        nn.AvgPool2d(3, padding=1, stride=1),
        nn.Flatten(),
        nn.Linear(27, 4),
        nn.Softmax(1),
    ).double()
    images, classes = torch.randn(5, 1, 8, 8, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 1])
    loss = -torch.log(model(images)[torch.arange(5), classes]).sum()
    loss.backward()
    scenario = cnnstep.from_torch(model, images, classes, learning_rate=0.1, loss="cross_entropy")
    first = next(cnnstep.trace(scenario))
    assert first.loss == pytest.approx(loss.item(), rel=1e-12)
    for name, index in (("conv1", 0), ("conv2", 3), ("dense1", 7)):
        for ours, theirs in (("gradient", model[index].weight), ("bias_gradient", model[index].bias)):
            expected = theirs.grad.numpy()
            scale = np.abs(expected).max()
            np.testing.assert_allclose(first.values[f"{name}.{ours}"], expected, rtol=0, atol=1e-10 * scale)


@st.composite
def moving_models(draw: st.DrawFn) -> tuple[Any, Any]:
    """A convolution and a pooling layer that move in every way that PyTorch knows, and a batch that fits them."""
    torch = pytorch()
    nn = torch.nn

    def pair(least: int, most: int) -> st.SearchStrategy[tuple[int, int]]:
        return st.tuples(st.integers(least, most), st.integers(least, most))

    torch.manual_seed(draw(st.integers(0, 1000)))
    window, dilation = draw(pair(1, 3)), draw(pair(1, 2))
    same = draw(st.booleans())
    moves = {"padding": "same"} if same else {"padding": draw(pair(0, 2)), "stride": draw(pair(1, 3))}
    conv = nn.Conv2d(2, 2, window, dilation=dilation, **moves)
    size = draw(pair(1, 3))
    rim = tuple(draw(st.integers(0, taps // 2)) for taps in size)
    pooling = draw(st.sampled_from((nn.MaxPool2d, nn.AvgPool2d)))(size, draw(st.none() | pair(1, 3)), rim)
    model = nn.Sequential(conv, nn.Tanh(), pooling).double()
    return model, torch.randn(2, 2, draw(st.integers(13, 16)), draw(st.integers(13, 16)), dtype=torch.float64)


@needs("torch")
@given(moving_models())
@examples(100)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")  # which costs PyTorch a copy
def test_a_model_may_move_as_it_likes(drawn: tuple[Any, Any]) -> None:
    model, images = drawn
    images.requires_grad_()
    outputs = model(images)
    (0.5 * (outputs**2).sum()).backward()
    scenario = cnnstep.from_torch(model, images, np.zeros(outputs.shape), learning_rate=0.1)
    first = next(cnnstep.trace(cnnstep.lesson_of(scenario, input_gradient=True)))
    pairs = {"conv1.gradient": model[0].weight.grad, "conv1.input_gradient": images.grad}
    np.testing.assert_allclose(first.matrix(scenario.names[-1] + ".forward"), outputs.detach().numpy(), atol=1e-12)
    for name, expected in pairs.items():
        np.testing.assert_allclose(first.values[name], expected.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)
