"""`cnnstep grade` at the terminal: exit codes, the report, JSON and JUnit, the case that is kept, what is looked up."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from cnnstep.surface.grading.grading import Wish, grade_in_place
from cnnstep.surface.schemas import schema_of
from cnnstep.tutor.grade.signatures import SIGNATURES
from tests.conftest import Golden, Program
from tests.extras import marks
from tests.surface.grading.code import LOOPS, NOT_ROTATED, WRONG, executed
from tests.surface.grading.hostile import CALLS


@pytest.fixture
def my_conv(tmp_path: Path) -> Path:
    file = tmp_path / "my_conv.py"
    file.write_text(NOT_ROTATED, encoding="utf-8")
    return file


def test_right_is_0_wrong_1_and_what_can_not_be_used_2(cnnstep: Program, my_conv: Path) -> None:
    assert cnnstep("grade", "my_conv.py").code == 1
    my_conv.write_text(LOOPS, encoding="utf-8")
    right = cnnstep("grade", "my_conv.py")
    assert (right.code, right.err) == (0, "")
    assert right.out.startswith("All right, in 19 cases.")
    my_conv.write_text("1 +\n", encoding="utf-8")
    broken = cnnstep("grade", "my_conv.py")
    assert (broken.code, broken.out) == (2, "")
    assert broken.err.startswith("my_conv.py:1:1: it can't be imported: SyntaxError: invalid syntax.\n    1 +\n")


@pytest.mark.parametrize("width", [40, 80])
def test_the_report(cnnstep: Program, golden: Golden, my_conv: Path, width: int) -> None:
    golden(f"golden/grade-{width}.txt", cnnstep("grade", "my_conv.py", width=width).out)


def test_json_is_what_its_schema_says(cnnstep: Program, my_conv: Path) -> None:
    sources = [NOT_ROTATED, "1 +", CALLS["an exit with a code"][0], WRONG[30].text()]
    valid = Draft202012Validator(schema_of("grade"))
    for source in sources:
        my_conv.write_text(source, encoding="utf-8")
        data = json.loads(cnnstep("grade", "my_conv.py", "--json").out)
        assert [fault.message for fault in valid.iter_errors(data)] == []
        assert not valid.is_valid(data | {"unheard_of": 1})


def test_json_has_the_mistake_and_the_smallest_case(cnnstep: Program, my_conv: Path) -> None:
    data = json.loads(cnnstep("grade", "my_conv.py", "--json").out)
    assert (data["verdict"], data["mistakes"], data["cases"]) == ("wrong", ["filter-not-rotated"], 19)
    (wrong,) = (one for one in data["functions"] if one["verdict"] != "right")
    assert (wrong["name"], wrong["result"], wrong["right_in"]) == ("conv_backward", "dx", 1)
    # one δ of 2 at the last window, on the filter [[1, 2], [3, 4]]: right is 2·W there, the learner's is turned
    assert wrong["smallest"]["title"] == "input 3×3, filter 2×2, stride 1"
    assert wrong["smallest"]["right"] == [[[[0, 0, 0], [0, 2, 4], [0, 6, 8]]]]
    assert wrong["smallest"]["yours"] == [[[[0, 0, 0], [0, 8, 6], [0, 4, 2]]]]


def test_the_case_that_is_kept_is_a_scenario_with_dout_as_its_error(cnnstep: Program, my_conv: Path) -> None:
    kept = cnnstep("grade", "my_conv.py", "--save", "case.yaml")
    assert (kept.code, kept.err) == (1, "Written: case.yaml. Its error is your dout.\n")
    assert "cnnstep step case.yaml --only input_gradient" in kept.out
    assert "2 │ 0  6  8 │" in cnnstep("step", "case.yaml", "--only", "input_gradient").out
    run = json.loads(cnnstep("run", "case.yaml", "--json").out)
    steps = {step["name"]: step["value"] for step in run["iterations"][0]["steps"]}
    assert steps["error"] == steps["delta"] == [[0, 0], [0, 2]]
    assert cnnstep("grade", "my_conv.py", "--save", "case.yaml").code == 2
    assert cnnstep("grade", "my_conv.py", "--save", "case.yaml", "--force").code == 1


def test_what_is_typed_next_shows_the_mistake_where_a_page_can(cnnstep: Program, my_conv: Path) -> None:
    turned = next(one for one in WRONG if one.name == "true convolution forward")
    my_conv.write_text(turned.text(), encoding="utf-8")
    last = cnnstep("grade", "my_conv.py", "--save", "case.yaml").out.splitlines()[-2].strip()
    assert last == "cnnstep page case.yaml --mistake flipped-filter -o case.html"
    assert cnnstep(*last.split()[1:]).code == 0


def test_junit_has_a_test_for_each_result(cnnstep: Program, my_conv: Path) -> None:
    my_conv.write_text(f"print('\\x00 ]]> <&')\n{NOT_ROTATED}", encoding="utf-8")
    cnnstep("grade", "my_conv.py", "--junit", "junit.xml")
    suite = ElementTree.parse(my_conv.parent / "junit.xml").getroot()
    assert {name: suite.attrib[name] for name in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
    }
    tests = suite.findall("testcase")
    assert [one.attrib["name"] for one in tests] == ["out", "dx", "dw", "db"]
    failure = tests[1].find("failure")
    assert failure is not None
    assert failure.attrib["type"] == "filter-not-rotated"
    assert suite.findtext("system-out") == "\ufffd ]]> <&\n"


def test_one_result_or_one_function_alone(cnnstep: Program, my_conv: Path) -> None:
    def results(source: str = NOT_ROTATED, **wish: str) -> list[str]:
        return [mark.result.name for mark in grade_in_place(executed(source), Wish(**wish)).marks]

    assert results(only="dw") == ["dw"]
    assert results(only="input_gradient") == ["dx"]
    assert results(only="forward") == ["out"]
    assert results(only="backward") == ["dx", "dw", "db"]
    assert results(function="conv_backward") == ["dx", "dw", "db"]
    assert results(NOT_ROTATED.replace("conv_forward", "mine"), function="mine", only="forward") == ["out"]
    out = cnnstep("grade", "my_conv.py", "--json", "--only", "dw", "--function", "conv_backward").out
    assert [one["result"] for one in json.loads(out)["functions"]] == ["dw"]


SLIPS = [
    (["grade"], "FILE.py is missing."),
    (["grade", "nope.py"], "nope.py: there is no file nope.py."),
    (["grade", "."], ".: . is a folder."),
    (["grade", "my_conv.py", "--only", "dz"], 'Nothing here is called "dz".'),
    (["grade", "my_conv.py", "--function", "nope"], 'my_conv.py: it has no function "nope".'),
    (["grade", "my_conv.py", "--signature", "cs231"], 'There is no signature called "cs231".'),
    (["grade", "my_conv.py", "--memory", "lots"], '--memory is "lots".'),
    (["grade", "my_conv.py", "--seconds", "0"], "--seconds is 0."),
    (["grade", "--template", "cs231"], 'There is no signature called "cs231".'),
]


@pytest.mark.parametrize(
    ("arguments", "words"), SLIPS, ids=lambda part: " ".join(part) if isinstance(part, list) else ""
)
def test_slips(cnnstep: Program, my_conv: Path, arguments: list[str], words: str) -> None:
    ran = cnnstep(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(words)


def test_a_template_is_printed(cnnstep: Program) -> None:
    assert cnnstep("grade", "--template", "cs231n").out == SIGNATURES["cs231n"].template


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=marks("torch") if name == "torch" else ()) for name in SIGNATURES]
)
def test_a_template_is_found_by_its_names_and_is_empty(name: str) -> None:
    graded = grade_in_place(executed(SIGNATURES[name].template))
    assert graded.signature.name == name
    assert {mark.verdict for mark in graded.marks} == {"faulted"}


def test_the_list_has_every_function(cnnstep: Program) -> None:
    listed = cnnstep("grade", "--list").out
    for signature in SIGNATURES.values():
        for function in signature.functions:
            assert function.line in listed


def test_it_says_that_it_is_no_sandbox(cnnstep: Program, my_conv: Path) -> None:
    for words in (cnnstep("grade", "--help").out, cnnstep("grade", "my_conv.py").out):
        assert "no sandbox" in words


def test_what_a_function_does_is_shown_by_both_calls_or_by_words(cnnstep: Program, my_conv: Path) -> None:
    piles, changes = (
        next(one for one in WRONG if one.name == name) for name in ("results pile up", "an argument changed")
    )
    my_conv.write_text(piles.text(), encoding="utf-8")
    out = cnnstep("grade", "my_conv.py", "--only", "dw").out
    # a δ of 2 at the last window, on an input of 3 there: 6, and then 12
    assert "dw, first call   dw, second call\n  ╭───╮            ╭────╮\n  │ 6 │            │ 12 │\n" in out
    my_conv.write_text(changes.text(), encoding="utf-8")
    assert "The numbers of your dx are right all the same." in cnnstep("grade", "my_conv.py", "--only", "dx").out
