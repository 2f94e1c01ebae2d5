"""`python -m cnnstep` and the `cnnstep` command."""

from __future__ import annotations

import sys

COLLECT_AFTER = 200_000
"""Objects between two rounds of the garbage collector: imports make many and drop none, and 109 rounds cost 20 ms."""
INTERRUPTED = 130


def entry() -> None:
    """Runs the command line and ends the process with its exit code.

    Where Ctrl-C meets the code that `dataclasses` writes and runs, CPython remembers it and ends by the signal,
    whatever is returned later; so then the process ends at once.
    """
    code = main()
    if code == INTERRUPTED:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    import os

    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os._exit(code)  # nobody is there to read it
    os._exit(code)


def main() -> int:
    """Runs the command line and gives its exit code; the version alone needs nothing imported."""
    try:
        return _version() if sys.argv[1:] == ["--version"] else _run()
    except KeyboardInterrupt:  # while modules were still being imported
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED


def _version() -> int:
    from cnnstep import __version__

    try:
        print(f"cnnstep {__version__}", flush=True)
    except OSError:
        return _run()  # which says what is wrong with the output
    return 0


def _run() -> int:
    import gc
    import os
    import signal

    from cnnstep.surface.cli.interruption import came, listen

    listen()  # who is told to end so ends as by Ctrl-C, and leaves nothing half written
    gc.set_threshold(COLLECT_AFTER)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # 6 ms to look for them among everything installed
    try:
        from cnnstep.surface.cli.app import run_app
    except Exception:
        if came():  # and Python has made something else of it
            raise KeyboardInterrupt from None
        raise
    code = run_app(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said: nothing is left to be stopped
    gc.freeze()  # spares the search for cycles in every module at the very end: 27 ms
    return code


if __name__ == "__main__":
    entry()
