"""`python -m cnnstep` and the `cnnstep` command."""

from __future__ import annotations

import sys

COLLECT_AFTER = 200_000
"""Objects between two rounds of the garbage collector: imports make many and drop none, and 109 rounds cost 20 ms."""


def main() -> int:
    """Runs the command line and gives its exit code; the version alone needs nothing imported."""
    try:
        return _version() if sys.argv[1:] == ["--version"] else _run()
    except KeyboardInterrupt:  # while modules were still being imported
        return 130


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

    gc.set_threshold(COLLECT_AFTER)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # 6 ms to look for them among everything installed
    from cnnstep.surface.cli.app import run_app

    code = run_app(sys.argv[1:])
    gc.freeze()  # spares the search for cycles in every module at the very end: 27 ms
    return code


if __name__ == "__main__":
    sys.exit(main())
