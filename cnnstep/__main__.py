"""`python -m cnnstep` and the `cnnstep` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command line and gives its exit code; the version alone needs nothing imported."""
    if sys.argv[1:] == ["--version"]:
        from cnnstep import __version__

        print(f"cnnstep {__version__}")
        return 0
    from cnnstep.surface.cli.app import run_app

    return run_app(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
