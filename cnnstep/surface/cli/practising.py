"""`practice` as a conversation, in which what happened is kept before it is shown what it was worth."""

from __future__ import annotations

from dataclasses import replace

from cnnstep.surface.cli.context import say, show
from cnnstep.surface.cli.conversation import converse, take_any_bytes
from cnnstep.surface.loading import scenario
from cnnstep.surface.practice.course_file import load_course
from cnnstep.surface.practice.store import Store
from cnnstep.tutor.document import Block
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.practice.commands import advance
from cnnstep.tutor.practice.course import Course
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.session import Around, Practice, begin, prompt


def practise(options: PracticeOptions, course: Course | None, style: Numbers) -> None:
    """Exercises until practice is left or the input ends."""
    take_any_bytes()
    with Store.open() as store:
        for note in store.notes:
            say(note)
        practice, reply = begin(tuple(store.history()), options, course, style, Around(scenario, load_course))
        show(reply.blocks, style)

        def answer(practice: Practice, line: str) -> tuple[Practice, tuple[Block, ...]]:
            if practice.finished:  # other sessions may have gone on meanwhile
                practice = replace(practice, history=tuple(store.history()))
            practice, reply = advance(practice, line)
            if reply.event and (told := store.add(reply.event)):
                say(told)
            return practice, reply.blocks

        converse(practice, prompt, answer, style, "practice")
