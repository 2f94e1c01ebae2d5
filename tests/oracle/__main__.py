"""`python -m tests.oracle KIND COUNT [FIRST]`: tries so many sheets of a kind, prints those that are told wrongly."""

from __future__ import annotations

import sys
from collections import Counter

from tests.oracle.trials import KINDS, trial


def main(kind: str, count: int, first: int = 0) -> None:
    """Each failure with its number, what the sheet is, what was said of it, and a work file to try it with."""
    failures: Counter[str] = Counter()
    for number in range(first, first + count):
        one = trial(kind, number)
        if one.fault:
            failures[one.fault] += 1
            print(f"--- {kind} {number}: {one.what}\n--- {one.fault}\n{one.page.work_file()}")
    print(f"{kind}: {failures.total()} of {count} told wrongly")
    for fault, times in failures.most_common():
        print(f"{times:6} {fault}")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in KINDS:
        sys.exit(f"python -m tests.oracle KIND COUNT [FIRST], with a KIND of {', '.join(KINDS)}")
    main(sys.argv[1], *map(int, sys.argv[2:]))
