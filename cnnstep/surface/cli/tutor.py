"""`step --interactive`: a lesson as a conversation."""

from __future__ import annotations

from dataclasses import replace

from cnnstep.errors import InputError
from cnnstep.surface.cli.context import say, screen, show
from cnnstep.surface.cli.conversation import converse, take_any_bytes
from cnnstep.surface.loading import STANDARD_INPUT, Loaded, scenario
from cnnstep.tutor.document import Block
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.session.state import Saving, Session, begin, prompt


def teach(loaded: Loaded, style: Numbers) -> None:
    """Runs the tutor until it is left or the input ends."""
    take_any_bytes()
    name = "scenario" if loaded.name == STANDARD_INPUT else loaded.name
    session, reply = begin(name, loaded.scenario, style, scenario)
    show(reply.blocks, style)
    from cnnstep.tutor.session.commands import advance  # 20 ms, while the first screen is read

    def answer(session: Session, line: str) -> tuple[Session, tuple[Block, ...]]:
        session, reply = advance(session, line)
        if reply.save:
            _save(reply.save)
        return session, reply.blocks

    converse(session, prompt, answer, style, "the lesson")


def _save(saving: Saving) -> None:
    from cnnstep.surface.cli.faults import faults_text
    from cnnstep.surface.scenario_file.writer import write_scenario
    from cnnstep.surface.writing import user_path

    try:
        write_scenario(user_path(saving.path), saving.scenario)
    except InputError as error:
        here = [replace(f, hint="choose another name") if f.code == "exists" else f for f in error.faults]
        say(faults_text(InputError(here), screen().width))
    else:
        say(f"Saved as {saving.path}. {saving.words}".rstrip())
