"""Every type of layer is declared in its own file: its keys, its limits, and what reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network
from cnnstep.engine.keys import Faults, Key, Nested, OneOf, Whole, Word
from cnnstep.engine.layers.entry import Entry
from cnnstep.engine.layers.kinds import LAYERS, keys_of, read_layers
from cnnstep.errors import InputError, Path
from cnnstep.registry import Real


def least(kind: str) -> dict[str, Any]:
    """An entry with nothing but what it needs."""
    return {"type": kind, **{key.name: smallest(key) for key in LAYERS[kind].keys if key.is_needed}}


def smallest(key: Key) -> Any:
    """The numbers of an array of one number, nested as the key asks for; 2 for other keys."""
    forms = key.form.forms if isinstance(key.form, OneOf) else (key.form,)
    deep = next((form.depth for form in forms if isinstance(form, Nested)), 0)
    return np.ones((1,) * deep).tolist() if deep else 2


def faults_of(entry: dict[str, Any]) -> list[Path]:
    faults = Faults()
    read_layers([entry], None, 0.0, faults)
    return [fault.path for fault in faults.found]


@pytest.mark.parametrize("kind", list(LAYERS))
def test_an_entry_with_what_it_needs_is_read_as_a_layer_of_its_type(kind: str) -> None:
    faults = Faults()
    layer = LAYERS[kind].read(Entry(kind, least(kind), (), None, 0.0, faults))
    assert faults.found == []
    assert layer is not None
    assert layer.kind == kind
    assert {"type", "name", *layer.settings()} <= {*keys_of(kind)}


@pytest.mark.parametrize("kind", list(LAYERS))
def test_a_key_that_is_needed_is_missed(kind: str) -> None:
    for key in LAYERS[kind].keys:
        entry = {name: value for name, value in least(kind).items() if name != key.name}
        assert faults_of(entry) == ([("layers", 0)] if key.is_needed else [])


def beyond(key: Key) -> list[Any]:
    """Values one step out of the key's limits, and a word that it does not know."""
    form = key.form.forms[0] if isinstance(key.form, OneOf) else key.form
    if isinstance(form, Word):
        return ["neither"]
    limits = form.limits if isinstance(form, Real | Whole) else {}
    return [bound + {"least": -1, "most": 1}[name] for name, bound in limits.items()]


@pytest.mark.parametrize("kind", list(LAYERS))
def test_what_is_out_of_a_keys_limits_is_refused_at_its_place(kind: str) -> None:
    for key in LAYERS[kind].keys:
        for value in beyond(key):
            assert ("layers", 0, key.name) in faults_of(least(kind) | {key.name: value})


@pytest.mark.parametrize(
    ("given", "key"),
    [({"init": "zeros", "filters": 1001}, "filters"), ({"init": "zeros", "filters": 1, "size": 1001}, "size")],
)
def test_the_limits_of_a_draw_hold_in_python_too(given: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as caught:
        network(layers=[{"type": "conv", "weights": given}], input=[[1]], target=[[1]], learning_rate=1)
    assert caught.value.faults[0].path == ("layers", 0, "weights", key)
    assert caught.value.faults[0].what == f"{key} is 1001; it must be at most 1000"
