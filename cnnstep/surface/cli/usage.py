"""What was wrong with a command line, in our voice; and help as plain text, whole at any width and in any locale."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cnnstep.errors import Fault
from cnnstep.registry import nearest

OF_A_SESSION = ("why", "guess", "set", "goto", "back", "next", "findings", "reset")
"""Words that are commands once a lesson has begun."""


TYPE = re.compile(r" <(?P<type>[\w\[\]]+)>$")
"""What Typer writes after an argument or an option: the type in Python's words."""
VALUES = {"int": "NUMBER", "float": "NUMBER", "str": "TEXT"}


class PlainCommand(TyperCommand):
    """A command whose help says what to type in plain words: `--every NUMBER`, not `--every <int>`."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments by their names alone, the options with what they take."""
        rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for one in self.get_params(ctx):
            if record := one.get_help_record(ctx):
                usage, help = record
                named = one.param_type_name == "argument"
                rows[one.param_type_name].append((TYPE.sub("" if named else _value, usage), help))
        for kind, records in rows.items():
            if records:
                with formatter.section(f"{kind.capitalize()}s"):
                    formatter.write_dl(records)


def _value(found: re.Match[str]) -> str:
    return f" {VALUES.get(found['type'], 'VALUE')}"


class PlainHelp(TyperGroup):
    """Help without Rich's panels, which cut the names of options off in a narrow window."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Every command with the whole first sentence of its help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_sentence(command)) for name, command in self.commands.items()])


def _first_sentence(command: Any) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


def usage_fault(error: typer.TyperException) -> Fault:
    """The fault of a command line that can't be read, with the nearest thing that can be typed."""
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "cnnstep"
    help_hint = f"see {path} --help"
    what, hint = _said(error, context)
    return Fault("usage", what, hint or help_hint)


def _said(error: typer.TyperException, context: Any) -> tuple[str, str]:
    """What is wrong, and what to do where that is more than to look at the help."""
    if hasattr(error, "possibilities"):
        options = [name for one in context.command.get_params(context) for name in one.opts if name.startswith("--")]
        option = str(getattr(error, "option_name", ""))
        return f"there is no option {option}", _near(option, options)
    message = getattr(error, "format_message", lambda: str(error))()
    for pattern, words, hint in SAID:
        if found := pattern.search(message):
            return words.format(found[1]), hint(found[1], context)
    return message.rstrip("."), ""


def _near(name: str, known: list[str]) -> str:
    """`did you mean "run"?`, or nothing where nothing is near."""
    near = nearest(name, known)
    return f'did you mean "{near}"?' if near else ""


def _with_hyphens(extra: str, context: Any) -> str:
    """The scenario whose name was typed as several words: `run first filter`."""
    from cnnstep.surface.loading import shipped

    words = f"{context.params.get('scenario')}-{extra.replace(' ', '-')}"
    return f'did you mean "{words}"?' if words in (one.name for one in shipped()) else ""


def _instead(word: str, context: Any) -> str:
    """What was meant by a word that is no command: another command, or a name that one of them takes."""
    from cnnstep.surface.loading import shipped

    scenarios = [one.name for one in shipped()]
    if word in scenarios or Path(word).suffix == ".yaml":
        return f'did you mean "cnnstep run {word}"?'
    if word in OF_A_SESSION:
        return 'that is typed in a session: "cnnstep step --interactive"'
    if near := _near(word, list(context.command.commands)):
        return near
    from cnnstep.surface.practice.course_file import shipped_courses  # courses and topics bring NumPy
    from cnnstep.tutor.topics import known

    if word in (course.name for course in shipped_courses()):
        return f'did you mean "cnnstep practice {word}"?'
    if topic := known(word):
        return f'did you mean "cnnstep explain {topic}"?'
    scenario = nearest(word, scenarios)
    return f'did you mean "cnnstep run {scenario}"?' if scenario else ""


def _see_help(name: str, context: Any) -> str:
    return ""


SAID: tuple[tuple[re.Pattern[str], str, Callable[[str, Any], str]], ...] = (
    (re.compile(r"No such command '(.*?)'\."), 'there is no command "{}"', _instead),
    (re.compile(r"unexpected extra arguments? *(?:\(s\) )?\((.*)\)"), 'unexpected extra argument: "{}"', _with_hyphens),
    (re.compile(r"Missing \w+ '(.*?)'"), "{} is missing", _see_help),
    (re.compile(r"Invalid value for '(.*?)'.*: .*valid integer"), "{} takes a whole number", _see_help),
    (re.compile(r"Invalid value for '(.*?)'.*: .*valid (?:number|float)"), "{} takes a number", _see_help),
    (re.compile(r"Option '?(\S+?)'? requires an argument"), "{} needs a value", _see_help),
    (re.compile(r"Option '?(\S+?)'? does not take a value"), "{} takes no value", _see_help),
)
"""Typer's messages, by the name in them; how they are said here; what to do where that is more than to see --help."""
