"""Who carries out a sweep: this process, worker processes, or the workers of a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import active_children, get_context
from typing import Any

from cnnstep.errors import Fault, InputError

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What tells the libraries under NumPy how many threads to use; they read it when they are loaded."""
PATIENCE = 10
"""Seconds to wait for a scheduler, and then for its first worker."""


def one_thread() -> None:
    """One BLAS thread for whatever is loaded from now on: blocks are small, and no sum depends on the machine then."""
    os.environ.update(dict.fromkeys(THREADS, "1"))


@contextmanager
def workers(number: int) -> Iterator[Executor | None]:
    """An executor of so many processes; None for 1, which is this process itself.

    They are started anew (spawn), so they bring nothing along; each has one BLAS thread, and leaves Ctrl-C to us.
    Where the work is broken off, they are ended in the middle of theirs.
    """
    if number == 1:
        yield None
        return
    executor, others = (
        ProcessPoolExecutor(number, get_context("spawn"), initializer=_ignore_interrupts),
        active_children(),
    )
    broken_off = True
    try:
        with _for_children():
            for _ in range(number):  # each starts a process
                executor.submit(_started)
        yield executor
        broken_off = False
    finally:
        for child in active_children() if broken_off else ():
            if child not in others:
                child.terminate()
        executor.shutdown(wait=True, cancel_futures=True)


def _started() -> None:
    """Nothing to do: its process is there."""


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _for_children() -> Iterator[None]:
    """What a process that is started now inherits: one BLAS thread, and deaf ears for Ctrl-C from its first moment."""
    before = {name: os.environ.get(name) for name in THREADS}
    one_thread()
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None
    try:
        yield
    finally:
        if in_main:
            signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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
