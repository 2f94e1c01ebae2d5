"""What can be wrong with what a diagnosis says: each is the fault in a few words, or "" where there is none."""

from __future__ import annotations

from collections.abc import Callable

from cnnstep.tutor.check.diagnose import Diagnosis
from tests.oracle.judge import is_no_way_right
from tests.oracle.mistaken import comes_of
from tests.oracle.sheet import Page


def not_correct(found: Diagnosis) -> str:
    """The fault of a diagnosis that has something against a right sheet."""
    return "" if found.verdict == "correct" else f"{found.verdict} {list(found.mistakes)}"


def called_right(page: Page) -> Callable[[Diagnosis], str]:
    """The fault of a diagnosis that calls wrong numbers right: all of them, or those of a step."""

    def fault(found: Diagnosis) -> str:
        if found.verdict == "correct":
            return f"called right {conventions(found)}"
        said = [mark.step.name for mark in found.marks if mark.verdict in ("correct", "follows")]
        wrong = [name for name in said if is_no_way_right(page, name)]
        return f"called right in {', '.join(wrong)}" if wrong else ""

    return fault


def named(*but: str) -> Callable[[Diagnosis], str]:
    """The fault of a diagnosis that names something, unless it is one of these or they are among its equals."""

    def fault(found: Diagnosis) -> str:
        others = set(found.mistakes) - set(but)
        return f"named {sorted(others)}" if others and not said(found) & set(but) else ""

    return fault


def said(found: Diagnosis) -> set[str]:
    """Every code that a diagnosis names, as its answer or as an equal."""
    return set(found.mistakes) | {code for mark in found.marks for codes in mark.alternatives for code in codes}


def explained(found: Diagnosis) -> bool:
    """Whether a diagnosis has an explanation for every step that is wrong."""
    return found.verdict == "mistaken" and all(mark.verdict != "unexplained" for mark in found.marks)


def empty(found: Diagnosis) -> bool:
    """Whether a matrix holds nothing that could speak for a mistake, and is told as that: zeros, or the old weights."""
    nothing = [mark for mark in found.marks if mark.mine is not None and not mark.mine.values.any()]
    return any(mark.same_as == "zeros" for mark in nothing) or "not-updated" in found.mistakes


def missed(page: Page, codes: tuple[str, ...]) -> Callable[[Diagnosis], str]:
    """The fault of a diagnosis that does not name all of these, though no fewer causes give the very same numbers."""

    def fault(found: Diagnosis) -> str:
        slips = sum(len(mark.slips) for mark in found.marks)
        fewer = explained(found) and len(found.mistakes) + slips < len(codes)
        if set(codes) <= said(found) or empty(found) or (fewer and (slips or comes_of(page, found.mistakes))):
            return ""
        return f"not {' + '.join(sorted(set(codes) - said(found)))}, but {found.verdict} {sorted(said(found))}"

    return fault


def conventions(found: Diagnosis) -> str:
    """The conventions that a diagnosis found, in short."""
    return ", ".join(f"{one.key}={one.value}{' turned' * one.negate}" for one in found.conventions)
