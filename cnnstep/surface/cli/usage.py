"""What was wrong with a command line, in our voice; and help as plain text, whole at any width and in any locale."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperGroup

from cnnstep.errors import Fault
from cnnstep.registry import did_you_mean

SAID = (
    (re.compile(r"No such command '(.*?)'\."), 'there is no command "{}"'),
    (re.compile(r"unexpected extra arguments? *(?:\(s\) )?\((.*)\)"), 'there is more than is needed: "{}"'),
    (re.compile(r"Missing \w+ '(.*?)'"), "{} is missing"),
    (re.compile(r"Invalid value for '(.*?)'.*: .*valid integer"), "{} takes a whole number"),
    (re.compile(r"Invalid value for '(.*?)'.*: .*valid (?:number|float)"), "{} takes a number"),
    (re.compile(r"Option '?(\S+?)'? requires an argument"), "{} needs a value"),
    (re.compile(r"Option '?(\S+?)'? does not take a value"), "{} takes no value"),
)
"""Typer's messages, by the name in them, and how they are said here."""


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
    help_hint = f"{path} --help shows what there is"
    what, hint = _said(error, context)
    return Fault("usage", what, hint or help_hint)


def _said(error: typer.TyperException, context: Any) -> tuple[str, str]:
    """What is wrong, and what to do where that is more than to look at the help."""
    if hasattr(error, "possibilities"):
        options = [name for one in context.command.get_params(context) for name in one.opts if name.startswith("--")]
        option = str(getattr(error, "option_name", ""))
        return f"there is no option {option}", _near(option, options)
    message = getattr(error, "format_message", lambda: str(error))()
    for pattern, words in SAID:
        if found := pattern.search(message):
            commands = list(getattr(context.command, "commands", ())) if "no command" in words else []
            return words.format(found[1]), _near(found[1], commands)
    return message.rstrip("."), ""


def _near(name: str, known: list[str]) -> str:
    """`did you mean "run"?`, or nothing where nothing is near."""
    hint = did_you_mean(name, known)
    return hint if hint.startswith("did") else ""
