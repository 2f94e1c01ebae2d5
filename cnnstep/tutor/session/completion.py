"""What the word that is being typed may become: a command, and behind it what that command takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cnnstep.errors import InputError
from cnnstep.tutor.session.commands import COMMANDS, OTHER_WORDS
from cnnstep.tutor.session.state import Session
from cnnstep.tutor.typed import full_word
from cnnstep.tutor.what_if import settable


def completions(session: Session, line: str) -> tuple[str, ...]:
    """The words that the last word of a line can become; of an empty one, all that may stand there."""
    *before, typed = line.split(" ") if line else [""]
    words = [word for word in before if word]
    return tuple(word for word in _expected(session, words) if word.startswith(typed))


def _expected(session: Session, words: list[str]) -> Iterable[str]:
    """What may stand behind these words."""
    if not words:
        return COMMANDS
    try:
        command = full_word(words[0].lower(), COMMANDS, OTHER_WORDS)
    except InputError:  # a beginning that several commands have
        return ()
    takes = _TAKES.get(command)
    return takes(session) if takes and len(words) <= _MOST.get(command, 1) else ()


def _steps(session: Session) -> Iterable[str]:
    return session.iteration.lesson.names


def _shown(session: Session) -> Iterable[str]:
    lesson = session.iteration.lesson
    leaves = (leaf.name for leaf in lesson.leaves if leaf.name != "iteration")
    return dict.fromkeys((*lesson.names, *leaves, *session.scenario.names, "all"))


def _numbers(session: Session) -> Iterable[str]:
    lesson = session.iteration.lesson
    return (*lesson.names, *(leaf.name for leaf in lesson.leaves if leaf.name != "iteration"))


def _topics(session: Session) -> Iterable[str]:
    from cnnstep.tutor.topics import TOPICS

    return TOPICS


_TAKES: Mapping[str, Callable[[Session], Iterable[str]]] = {
    "why": _numbers,
    "goto": _steps,
    "show": _shown,
    "set": lambda session: settable(session.scenario),
    "explain": _topics,
    "help": lambda session: COMMANDS,
}
"""What each command takes, of those that take a name."""
_MOST = {"goto": 2}
"""An iteration may stand before a step."""
