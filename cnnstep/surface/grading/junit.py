"""What was found out as JUnit XML, which course pipelines read: a test for each result of each function."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from cnnstep.tutor.grade.data import message
from cnnstep.tutor.grade.verdict import Graded, ResultMark

NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold, not even written out."""


def junit(graded: Graded) -> str:
    """The document; a result without numbers is an error, one with wrong numbers a failure."""
    wrong = [mark for mark in graded.marks if mark.verdict in ("mistake", "unexplained")]
    faulted = [mark for mark in graded.marks if mark.verdict == "faulted"]
    counts = f'tests="{len(graded.marks)}" failures="{len(wrong)}" errors="{len(faulted)}"'
    tests = "".join(_test(graded, mark) for mark in graded.marks)
    printed = f"  <system-out>{escape(_legal(graded.printed))}</system-out>\n" if graded.printed else ""
    name = quoteattr(_legal(f"cnnstep grade {graded.name}"))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<testsuite name={name} {counts}>\n{tests}{printed}</testsuite>\n'


def _test(graded: Graded, mark: ResultMark) -> str:
    names = f"classname={quoteattr(_legal(graded.name_of(mark.function)))} name={quoteattr(mark.result.name)}"
    if mark.verdict == "right":
        return f"  <testcase {names}/>\n"
    kind = "error" if mark.verdict == "faulted" else "failure"
    codes = " or ".join(map(str, mark.explanations)) or mark.verdict
    words = _legal(message(graded, mark))
    case = f"In the case {mark.smallest.case.title}." if mark.smallest else ""
    inside = f"<{kind} type={quoteattr(codes)} message={quoteattr(words)}>{escape(_legal(case))}</{kind}>"
    return f"  <testcase {names}>\n    {inside}\n  </testcase>\n"


def _legal(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)
