"""The loop around practice: read a line, advance, keep what happened, show what it was worth."""

from __future__ import annotations

import sys
from dataclasses import replace
from io import TextIOWrapper

from cnnstep.surface.cli.context import say, show
from cnnstep.surface.cli.tutor import ask
from cnnstep.surface.loading import scenario
from cnnstep.surface.practice.store import Store
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.practice.advance import advance
from cnnstep.tutor.practice.course import Course
from cnnstep.tutor.practice.plan import Wishes
from cnnstep.tutor.practice.session import begin, prompt


def practise(wishes: Wishes, course: Course | None, style: Numbers) -> None:
    """Exercises until practice is left or the input ends."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    with Store.open() as store:
        for note in store.notes:
            say(note)
        practice, reply = begin(tuple(store.history()), wishes, course, style, scenario)
        show(reply.blocks, style)
        while not practice.done:
            line = ask(prompt(practice))
            if line is None:
                say("\nThe input has ended, so practice ends here.")
                return
            if practice.finished:  # other sessions may have gone on meanwhile
                practice = replace(practice, history=tuple(store.history()))
            practice, reply = advance(practice, line)
            told = store.add(reply.event) if reply.event else ""
            if told:
                say(told)
            if reply.blocks:
                sys.stdout.write("\n")
                show(reply.blocks, style)
                sys.stdout.write("\n")
