"""`cnnstep practice`: exercises made for what a learner can't do yet, or those of a course."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cnnstep.surface.cli.context import Exit, Fractions, Precision, between, not_both, say, show, style_of

if TYPE_CHECKING:
    from cnnstep.tutor.document import Block
    from cnnstep.tutor.numbers import Numbers
    from cnnstep.tutor.practice.course import Course
    from cnnstep.tutor.practice.plan import PracticeOptions
    from cnnstep.tutor.practice.session import Practice

HIGHEST = 3
MOST_EXERCISES = 1000
HIGHEST_SEED = 10**9
"""Progress keeps a seed in 64 bits, with room for the exercises that follow it."""


def _skill_names(incomplete: str) -> list[str]:
    from cnnstep.tutor.practice.skills import SKILLS

    return [name for name in SKILLS if name.startswith(incomplete)]


def practice(
    course: Annotated[
        str,
        typer.Argument(metavar="[COURSE]", help="A course's file or name; without one, exercises are made for you."),
    ] = "",
    skill: Annotated[
        str, typer.Option("--skill", metavar="SKILL", help="Only this skill.", autocompletion=_skill_names)
    ] = "",
    level: Annotated[int | None, typer.Option("--level", help="1 to 3; without it, by how well you do.")] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Begin with this exercise; the next one is one more.")
    ] = None,
    student: Annotated[
        str, typer.Option("--student", metavar="NAME", help="Exercises of your own: each name gets other ones.")
    ] = "",
    fast: Annotated[bool, typer.Option("--fast", help="Begin at the highest level, if you know it already.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the skills and the courses.")] = False,
    checked: Annotated[bool, typer.Option("--check", help="Check a course's exercises; ask nothing.")] = False,
    gift: Annotated[str, typer.Option("--gift", metavar="FILE", help="Write the exercises for Moodle (GIFT).")] = "",
    count: Annotated[int, typer.Option("--count", help="How many made exercises --gift writes for each skill.")] = 10,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    precision: Precision = 4,
    fractions: Fractions = False,
) -> None:
    """Practise: exercises with hints, and for a wrong answer the mistake behind it. What you can do is kept.

    \b
    Examples:
      cnnstep practice
      cnnstep practice --skill delta
      cnnstep practice first-steps
      cnnstep practice course.yaml --check
      cnnstep practice --skill gradient --gift gradient.gift
    """
    style = style_of(precision, fractions)
    options = _options(skill, level, seed, fast, student)
    between(count, 1, MOST_EXERCISES, "--count")
    if listed:
        _list(style)
        return
    loaded = _course(course, skill, level, seed, fast, student)
    if checked:
        _check(loaded, style)
    elif gift:
        _write_gift(gift, loaded, options, count, force)
    else:
        _practise(options, loaded, style)


def _options(skill: str, level: int | None, seed: int | None, fast: bool, student: str) -> PracticeOptions:
    from cnnstep.tutor.practice.plan import PracticeOptions
    from cnnstep.tutor.practice.skills import SKILLS

    if level is not None:
        between(level, 1, HIGHEST, "--level")
        not_both("--level", {"--fast": fast})
    if seed is not None:
        between(seed, 0, HIGHEST_SEED, "--seed")
        not_both("--seed", {"--student": student})
    name = SKILLS.find(skill).name if skill else ""
    return PracticeOptions(name, level, seed, fast, student.strip().lower())


def _course(course: str, skill: str, level: int | None, seed: int | None, fast: bool, student: str) -> Course | None:
    if not course:
        return None
    drawn = {"--level": level is not None, "--seed": seed is not None, "--student": student}
    not_both("a course", {"--skill": skill, **drawn, "--fast": fast})
    from cnnstep.surface.practice.course_file import load_course

    return load_course(course)


def _list(style: Numbers) -> None:
    """The skills with what they are about, and the courses that come with the program."""
    from cnnstep.surface.practice.course_file import shipped_courses
    from cnnstep.tutor.document import Command, Heading, Table
    from cnnstep.tutor.practice.skills import SKILLS

    skills = tuple((one.name, one.title + (" (for who asks: --skill)" if one.extra else "")) for one in SKILLS.values())
    courses = tuple((one.name, one.title) for one in shipped_courses())
    blocks = (
        Heading("Practice", 1),
        Table(("skill", "what it is"), skills),
        Table(("course", "what it is about"), courses),
        Command("cnnstep practice", "begin, or go on where you stopped"),
    )
    show(blocks, style)


def _check(course: Course | None, style: Numbers) -> None:
    """Whether each exercise of a course is fit to be set; exit 1 where one is not."""
    from cnnstep.errors import Fault, InputError
    from cnnstep.tutor.practice.course import checked

    if course is None:
        raise InputError(Fault("usage", "--check checks a course", "type: cnnstep practice course.yaml --check"))
    blocks, fit = checked(course)
    show(blocks, style)
    if not fit:
        raise typer.Exit(Exit.WRONG)


def _write_gift(path: str, course: Course | None, options: PracticeOptions, count: int, force: bool) -> None:
    from cnnstep.surface.practice.gift import gift
    from cnnstep.surface.writing import check_free, write_file
    from cnnstep.tutor.practice.generate import made

    check_free(path, force)
    exercises = course.exercises if course else made(options, count)
    write_file(path, gift(exercises), force)
    say(f"Written: {path}, {len(exercises)} questions. In Moodle: question bank, import, GIFT.")


def _practise(options: PracticeOptions, course: Course | None, style: Numbers) -> None:
    """Exercises until practice is left or the input ends; an answer is kept before it is shown what it was worth."""
    from cnnstep.surface.cli.conversation import converse, take_any_bytes
    from cnnstep.surface.loading import scenario
    from cnnstep.surface.practice.course_file import load_course
    from cnnstep.surface.practice.store import Store
    from cnnstep.tutor.practice.commands import advance
    from cnnstep.tutor.practice.session import Around, begin, prompt

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
