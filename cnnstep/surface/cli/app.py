"""The command line: its commands, and what happens when one of them can't go on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.cli import reference, run
from cnnstep.surface.exits import Exit

HELP = """A tutor for one convolution's backpropagation, number by number."""

FIRST_STEPS = """
Try first:

  cnnstep run first-filter           the first lesson, every number
  cnnstep step --interactive         the same, one step at a time
  cnnstep explain relu               one concept, with worked numbers
"""

app = typer.Typer(
    name="cnnstep",
    help=HELP,
    epilog="Try first:  cnnstep run first-filter  ·  cnnstep step --interactive  ·  cnnstep explain relu".replace(
        "·", "|"
    ),
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
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="The version, and nothing else."
    ),
) -> None:
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n" + FIRST_STEPS)


app.command()(run.run)
app.command()(run.step)
app.command()(reference.explain)
app.command()(reference.scenarios)
app.command()(reference.schema)


def run_app(arguments: Sequence[str]) -> int:
    """Carries out a command line; every way it can end is an exit code, and none is a traceback."""
    if os.environ.get("FORCE_COLOR") == "0":
        del os.environ["FORCE_COLOR"]  # Rich takes any value for a yes
    try:
        code = app(list(arguments), prog_name="cnnstep", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else Exit.DONE
    except InputError as error:
        return _unusable(error, arguments)
    except typer.TyperException as error:
        return _unusable(InputError(_usage(error)), arguments)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\nStopped.\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _close_quietly()
        return Exit.DONE
    except Exception as error:  # noqa: BLE001  # the last resort: a bug is told in words, not as a traceback
        return _bug(error)


def _usage(error: typer.TyperException) -> Fault:
    """What was wrong with the command line, in our voice."""
    message = getattr(error, "format_message", lambda: str(error))()
    message = message.replace("Invalid value for ", "This does not fit ").rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "cnnstep"
    return Fault("usage", message, f"{path} --help shows what there is")


def _unusable(error: InputError, arguments: Sequence[str]) -> int:
    from cnnstep.surface.cli.context import screen, show_json
    from cnnstep.surface.cli.faults import fault_data, faults_text
    from cnnstep.surface.symbols import to_ascii

    if "--json" in arguments:
        show_json(fault_data(error))
        sys.stdout.flush()
    text = faults_text(error)
    sys.stderr.write((to_ascii(text) if screen().ascii else text) + "\n")
    return Exit.UNUSABLE


def _bug(error: Exception) -> int:
    if os.environ.get("CNNSTEP_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    else:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        sys.stderr.write(f"This is a fault of cnnstep, not yours: {what}\nCNNSTEP_DEBUG=1 shows where it happened.\n")
    return Exit.FAULT


def _close_quietly() -> None:
    """The reader has left: what is still buffered goes nowhere, and Python must not complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
