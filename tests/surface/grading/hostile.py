"""Files that would hang, fill or fool whoever runs them, each with the words by which its end is told."""

from __future__ import annotations

from tests.surface.grading.code import LOOPS

BODY = "    s, p = conv_param["
"""Where a function of the right code begins to work, first forward, then backward."""


def forward(line: str, first: str = "") -> str:
    """The right code, with this at the beginning of the forward pass."""
    return first + LOOPS.replace(BODY, f"    {line}\n{BODY}", 1)


def backward(line: str, first: str = "") -> str:
    """The right code, with this at the beginning of the way back."""
    before, _, after = LOOPS.rpartition(BODY)
    return f"{first}{before}    {line}\n{BODY}{after}"


CALLS = {
    "an endless loop": (backward("while True: pass"), "it was not done after"),
    "a long sleep": (backward("__import__('time').sleep(1000)"), "it was not done after"),
    "a loop in C": (backward("sum(iter(int, 1))"), "it was not done after"),
    "waiting for input": (backward("input()"), "EOFError"),
    "an exit at once": (backward("import os; os._exit(0)"), "it ended the process"),
    "an exit with a code": (backward("import os; os._exit(9)"), "it ended the process with exit code 9"),
    "a crash": (backward("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"), "it crashed Python (SIGSEGV)"),
    "recursion without end": (
        backward("import sys; sys.setrecursionlimit(10**9); conv_backward(dout, cache)"),
        "it",
    ),
    "10 GB": (backward("np.ones((10, 2**27))"), "MemoryError"),
    "10 GB by and by": (backward("all = []\n    while True: all.append(np.empty(2**22))"), "MemoryError"),
    "a flood of output": (backward("while True: print('x' * 10**5)"), "it was not done after"),
    "a closed channel": (backward("import os; os.closerange(0, 200)"), "it closed the channel"),
    "a seized channel": (
        backward(
            "import os\n    for f in range(3, 20):\n        try: os.write(f, b'{}' * 100)\n        except OSError: pass"
        ),
        "it wrote into the channel",
    ),
    "processes without end": (
        backward("import os, time\n    for _ in range(60):\n        if os.fork() == 0: break\n    time.sleep(1000)"),
        "it started one process after another|BlockingIOError",
    ),
    "a fork that comes back": (backward("import os; os.fork()"), ""),
    "a large file": (backward("open('large', 'wb').write(bytes(2**25))"), "OSError"),
}
"""What goes wrong on the way back, while the forward pass is right. Words with | between them: any of these."""

HARMLESS = {
    "an exit": (backward("raise SystemExit(3)"), "it called exit: 3"),
    "recursion": (backward("conv_backward(dout, cache)"), "RecursionError"),
    "a huge result": (backward("return np.ones((2**10, 2**12)), w, b", "w = b = 0"), "an array of 1024 × 4096 numbers"),
    "an exception without words": (
        backward("class Odd(Exception):\n        def __str__(self): raise SystemExit\n    raise Odd"),
        "it raised Odd",
    ),
    "an answer that is none": (backward("return object(), 'dw', [[1], [2, 3]]"), "no array of numbers, but an object"),
}
"""The same, where nobody has to be kept from anything."""

IMPORTS = {
    "an endless loop at once": ("while True: pass", "it was not done after"),
    "an error at once": ("import numpy\n1 / 0", "ZeroDivisionError"),
    "a syntax error": ("def conv_forward(:\n    pass", "SyntaxError"),
    "an exit in the import": ("import os; os._exit(0)", "ended the process"),
    "no functions": ("x = 3", "no function in it has a name that we know"),
    "nothing": ("", "no function in it has a name that we know"),
    "a null byte": ("x = '\0'", "SyntaxError"),
    "no text": ("\udcff\udcfe", "SyntaxError"),
}
"""What can't be imported, or holds nothing to grade."""

DETACHED = (
    """
import os, subprocess, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
"""
    + LOOPS
)
"""Processes that leave the session and their parents."""

THREADS = "import threading, time\n" + forward(
    "threading.active_count() > 1 or threading.Thread(target=time.sleep, args=(1000,)).start()"
)
"""Threads that would keep Python from ending."""
