"""`save`: the scenario as it is now, with what has been learned so far, as something to be written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.weights import weights_of, with_weights
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.session.state import Answer, Reply, Saving, Session
from cnnstep.tutor.views import view_of


def save(session: Session, rest: str) -> Answer:
    """The scenario with the weights of this moment: those after the last update that was shown whole."""
    if not rest:
        raise InputError(Fault("save", "say which file", "type: save my-scenario.yaml"))
    iteration, scenario = session.iteration, session.scenario
    over = session.position + 1 == len(iteration.lesson.steps)
    updates, values = (iteration.number + 1, iteration.following) if over else (iteration.number, iteration.values)
    weights = {name: values[name] for name in weights_of(scenario)}
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise InputError(Fault("save", "the weights are no longer finite numbers", "go back with: goto 0, then save"))
    if not updates:
        return session, Reply((), Saving(rest, scenario, ""))
    after = f"after {counted(updates, 'update')}"
    scenario = replace(with_weights(scenario, weights), title=f"{scenario.title or session.name}, {after}")
    words = f"Its {view_of(scenario).learned} {after}."
    if scenario.optimizer.memory:
        words += f" The memory of {scenario.optimizer.name} is not in it: that begins with 0 again."
    return session, Reply((), Saving(rest, scenario, words))
