"""The command line: its commands, and what happens when one of them can't go on."""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TextIO

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.cli import (
    analyze,
    check,
    explore,
    grade,
    page,
    practice,
    progress,
    reference,
    run,
    sweep,
    worksheet,
)
from cnnstep.surface.cli.context import Exit, screen, show_json
from cnnstep.surface.cli.interruption import came
from cnnstep.surface.cli.usage import PlainCommand, PlainHelp, usage_fault
from cnnstep.surface.screen import USUAL_WIDTH

HELP = """A tutor for one step of backpropagation through a convolution, number by number.

\b
Try first:
  cnnstep run first-filter      the first lesson
  cnnstep step --interactive    one step at a time
  cnnstep explain relu          one concept
  cnnstep practice              exercises made for you
"""

UNWRITABLE = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Why the system may refuse to take output: the reader has left, or there is no room."""

app = typer.Typer(
    name="cnnstep",
    cls=PlainHelp,
    help=HELP,
    rich_markup_mode=None,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from cnnstep import __version__

        sys.stdout.write(f"cnnstep {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")


app.command(cls=PlainCommand)(run.run)
app.command(cls=PlainCommand)(run.step)
app.command(cls=PlainCommand)(check.check)
app.command(cls=PlainCommand)(grade.grade)
app.command(cls=PlainCommand)(analyze.analyze)
app.command(cls=PlainCommand)(sweep.sweep)
app.command(cls=PlainCommand)(explore.explore)
app.command(cls=PlainCommand)(page.page)
app.command(cls=PlainCommand)(practice.practice)
app.command(cls=PlainCommand)(worksheet.worksheet)
app.command(cls=PlainCommand)(progress.progress)
app.command(cls=PlainCommand, context_settings=reference.MANY_WORDS)(reference.explain)
app.command(cls=PlainCommand)(reference.scenarios)
app.command(cls=PlainCommand)(reference.schema)
app.command(cls=PlainCommand)(progress.paths)


def run_app(arguments: Sequence[str]) -> int:
    """Carries out a command line; every way it can end is an exit code, and none is a traceback."""
    _open_missing_streams()
    code: int = Exit.DONE
    try:
        with warnings.catch_warnings():
            # a sum that overflows is told by what becomes of the numbers, in words
            warnings.simplefilter("ignore", RuntimeWarning)
            code = _carry_out(arguments)
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `| head -1`: no fault
        _close_quietly(sys.stdout)
    except OSError as error:
        _close_quietly(sys.stdout)
        _tell(f"The output can't be written: {(error.strerror or str(error)).lower()}.\n")
        return Exit.UNUSABLE
    return code


def _carry_out(arguments: Sequence[str]) -> int:
    try:
        width = min(screen().width, USUAL_WIDTH)
        code = app(list(arguments), prog_name="cnnstep", standalone_mode=False, terminal_width=width)
        if code == Exit.INTERRUPTED:  # Typer's word for Ctrl-C
            _tell("\nStopped.\n")
        return code if isinstance(code, int) else Exit.DONE
    except InputError as error:
        return _unusable(error, arguments)
    except typer.TyperException as error:
        return _unusable(InputError(usage_fault(error)), arguments)
    except KeyboardInterrupt:
        _tell("\nStopped.\n")
        return Exit.INTERRUPTED
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer has caught it
            raise end.__context__ from None
        return end.code if isinstance(end.code, int) else Exit.DONE
    except MemoryError as error:
        return _unusable(InputError(_no_room(error)), arguments)
    except Exception as error:  # the last resort: a bug is told in words, not as a traceback
        if came():
            _tell("\nStopped.\n")
            return Exit.INTERRUPTED
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            raise
        if isinstance(error, FileNotFoundError) and _is_nowhere():
            hint = "go to another with cd, and type the command again"
            return _unusable(InputError(Fault("not-found", "the folder that you are in is gone", hint)), arguments)
        return _bug(error, arguments)


def _no_room(error: MemoryError) -> Fault:
    """What NumPy says of an array that does not fit: `Unable to allocate 148. MiB for an array with shape …`."""
    found = re.search(r"allocate ([0-9.]+?)\.? ([KMGT]iB)", str(error))
    what = f"the next array takes {found[1]} {found[2]}, and there is no memory left" if found else "no memory is left"
    return Fault("memory", what, "use a smaller input, or a machine with more memory")


def _is_nowhere() -> bool:
    """Whether the current folder has been removed."""
    try:
        os.getcwd()  # noqa: PTH109  # Path.cwd() is the same call
    except FileNotFoundError:
        return True
    return False


def _unusable(error: InputError, arguments: Sequence[str]) -> int:
    from cnnstep.surface.cli.faults import fault_data, faults_text
    from cnnstep.surface.screen import harmless, to_ascii

    if _wants_json(arguments):
        show_json(fault_data(error))
    text = harmless(faults_text(error, screen().width))
    _tell((to_ascii(text) if screen().stderr_ascii else text) + "\n")
    return Exit.UNUSABLE


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether a program reads the answer, which then hears of faults too."""
    return bool({"--json", "--format=json"} & {*arguments}) or ("--format", "json") in pairwise(arguments)


def _tell(words: str) -> None:
    """Words on standard error; where that takes none, the exit code has to say it alone."""
    try:
        sys.stderr.write(words)
        sys.stderr.flush()
    except OSError:
        with suppress(OSError):  # a stream of a test's own has no descriptor
            _close_quietly(sys.stderr)


def _bug(error: Exception, arguments: Sequence[str]) -> int:
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    hint = "CNNSTEP_DEBUG=1 shows where it happened"
    if _wants_json(arguments):
        show_json({"schema": 1, "error": {"code": "fault", "message": what, "hint": hint}})
    if os.environ.get("CNNSTEP_DEBUG") == "1":
        import traceback

        _tell("".join(traceback.format_exception(error)))
    else:
        _tell(f"This is a bug in cnnstep, not your mistake: {what}\n{hint}.\n")
    return Exit.FAULT


def _open_missing_streams() -> None:
    """A stream that the shell has closed (`>&-`) is None: what is written goes nowhere, and there is no input."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  # open to the end


def _close_quietly(stream: TextIO) -> None:
    """What is still buffered goes nowhere, so that Python has nothing to complain of at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
