"""Who carries out a sweep: this process, worker processes, or the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from cnnstep.errors import Fault, InputError
from cnnstep.surface.sweeping.processes import Processes

PATIENCE = 10
"""Seconds to wait for a scheduler, and then for its first worker."""


@contextmanager
def workers(number: int) -> Iterator[Executor | None]:
    """An executor of so many processes; None for 1, which is this process itself.

    Where the work is broken off, they are ended in the middle of theirs.
    """
    if number == 1:
        yield None
        return
    executor = Processes(number)
    try:
        yield executor
        executor.close()
    except BaseException:
        executor.kill()
        raise


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of the Dask scheduler at this address, `tcp://host:8786`; cnnstep must be installed there too."""
    distributed = extra("distributed", "dask", "--scheduler")
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        what = f"there is no Dask scheduler at {address}"
        hint = "start one with: dask scheduler; give its address as tcp://host:8786"
        raise InputError(Fault("scheduler", what, hint)) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            what, hint = f"the scheduler at {address} has no workers", f"start one with: dask worker {address}"
            raise InputError(Fault("scheduler", what, hint)) from error
        yield client.get_executor(pure=False)


def extra(module: str, name: str, wanted_for: str) -> Any:
    """A library that an optional extra brings; where it is missing, how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        what = f"{wanted_for} needs {module}, which is not installed"
        raise InputError(Fault("missing-extra", what, f"pip install 'cnnstep[{name}]'")) from error
