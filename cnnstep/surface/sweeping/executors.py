"""Who carries out a sweep: this process, worker processes that can be ended at any moment, or a Dask cluster's."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from cnnstep.errors import Fault, InputError

P = ParamSpec("P")
T = TypeVar("T")

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What tells the libraries under NumPy how many threads to use; they read it when they are loaded."""


def one_thread() -> None:
    """One BLAS thread for whatever is loaded from now on: blocks are small, and no sum depends on the machine then."""
    os.environ.update(dict.fromkeys(THREADS, "1"))


class Processes(ThreadPoolExecutor):
    """So many processes, each with a pipe of its own, and as many threads that wait at these pipes.

    The processes are started anew (spawn), so they bring nothing along; each has one BLAS thread, and leaves Ctrl-C
    to us. `ProcessPoolExecutor` has one pipe for all results, which it holds open at both ends: where a process is
    ended while it writes, the reader waits for the rest for ever. Here a pipe ends with the one process that writes
    to it, whatever that was doing, and a process ends when nobody is left to ask it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        context = get_context("spawn")
        self._pipes = []
        self._processes = []
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        with for_children():
            for _ in range(number):
                ours, theirs = context.Pipe()
                process = context.Process(target=serve, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                self._processes.append(process)
                self._pipes.append(ours)
                self._idle.put(ours)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """`fn` is carried out by the next idle process; its future breaks with `BrokenExecutor` if that one ends."""
        return super().submit(self._ask, fn, args, kwargs)

    def _ask(self, *call: Any) -> Any:
        pipe = self._idle.get()
        try:
            pipe.send(call)
            result, error = pipe.recv()
        except (EOFError, OSError) as end:
            raise BrokenExecutor("a worker process has ended") from end
        finally:
            self._idle.put(pipe)
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Waits for what is under way, then for the processes, which go when their pipes are closed."""
        self.shutdown(wait=True)
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.close()
            process.join()

    def kill(self) -> None:
        """Ends every process in the middle of what it is doing; what was under way breaks, what waited is cancelled."""
        self.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.kill()
        self.close()


def serve(pipe: Connection) -> None:
    """Carries out one call after another, until the other end of the pipe is closed: the whole life of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        while True:
            function, args, kwargs = pipe.recv()
            pipe.send(_answer(function, args, kwargs))


def _answer(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Exception | None]:
    try:
        return function(*args, **kwargs), None
    except Exception as error:  # noqa: BLE001  # whatever it is, it is for the one who asked
        error.add_note("".join(traceback.format_exception(error)))  # a traceback itself can't be sent
        return None, error


@contextmanager
def for_children() -> Iterator[None]:
    """What a process that is started now inherits: one BLAS thread, and Ctrl-C unheard from its first moment.

    Who is told to stop meanwhile hears of it afterwards.
    """
    before = {name: os.environ.get(name) for name in THREADS}
    one_thread()
    try:
        with _deaf():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C waits until the end; where there is no way to have it wait, it is ignored."""
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # would end the wait, once it has started a process of its own
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None
    try:
        yield
    finally:
        if in_main:
            signal.signal(signal.SIGINT, handler)


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
