"""Worksheets in every format: boxes of the right size, solutions that are right, text that stays text."""

from __future__ import annotations

import html
import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from importlib import import_module
from io import StringIO
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.errors import InputError
from cnnstep.surface import formats
from cnnstep.surface.checking import check
from cnnstep.surface.formats import Answer
from cnnstep.surface.loading import load, shipped
from cnnstep.surface.practice.gift import gift
from cnnstep.surface.practice.moodle import moodle
from cnnstep.surface.screen import Screen
from cnnstep.surface.typeset.maths import aloud, tex, typst
from cnnstep.tutor.document import Block, Formula, Heading, Matrix, Room
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.generate import Exercise, exercise
from cnnstep.tutor.practice.skills import SKILLS
from cnnstep.tutor.worksheet import Worksheet, exercise_sheet
from tests.conftest import Program
from tests.examples import share
from tests.extras import NODE_MODULES, needs
from tests.tutor.blocks import blocks_of

STRANGE = r"""$x$ \input{/etc/passwd} #eval("1") <b>&amp; *a* `c` {1:NUMERICAL:=1} ~%0% é 中 "q" ]]> [l](u) @w"""
SMALL = [one.name for one in shipped() if one.name not in ("digits-cnn", "digits-batch")]
LANGUAGES = ("md", "html", "tex", "typst")


def strange() -> Worksheet:
    scenario = one_filter(
        input=[[1, 2, 0], [0, 1, 1], [2, 0, 1]], filter=[[1, -1], [2, 1]], target=[[1, 2], [3, 4]], activation="relu",
        learning_rate=0.5, title=STRANGE,
    )  # fmt: skip
    return Worksheet(scenario, "strange")


def written(blocks: tuple[Block, ...], name: str) -> str:
    nowhere = Screen(StringIO(), StringIO())
    return "".join(formats.find(name).write(Answer(lambda: blocks), nowhere))


def sheet_of(name: str, solution: bool = False) -> tuple[Block, ...]:
    return Worksheet(load(name).scenario, name).blocks(solution, AS_USUAL)


@pytest.mark.parametrize("name", [name for (name,) in share(SMALL)])
def test_every_step_has_boxes_of_its_size_and_a_solution_with_every_number(name: str) -> None:
    questions = Worksheet(load(name).scenario, name).questions()
    boxes = [block for block in blocks_of(sheet_of(name)) if isinstance(block, Matrix) and block.ask]
    assert sum(block.size for block in boxes) == sum(question.right.size for question in questions)
    assert all(value is None for block in boxes for row in block.rows for value in row)
    solved = sheet_of(name, solution=True)
    assert not any(isinstance(block, Room) for block in solved)
    assert written(solved, "md").count("**Every number worked out**") == len(questions)
    for language in LANGUAGES:
        text = written(sheet_of(name), language)
        assert text == written(sheet_of(name), language)
        assert "None" not in text


def test_an_empty_sheet_is_wrong_its_solution_right_and_every_mistake_told_from_it() -> None:
    for question in Worksheet(load("first-filter").scenario, "first-filter").questions():
        assert question.mark(question.answer, AS_USUAL).right
        assert check("first-filter", {question.step.name: question.right}).verdict == "correct"
        zeros = np.zeros_like(question.right)
        assert check("first-filter", {question.step.name: zeros}).verdict != "correct"
        for wrong in question.wrongs():
            assert wrong.text != question.answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_teachers_text_is_no_markup(language: str) -> None:
    text = written(strange().blocks(False, AS_USUAL), language)
    title = next(line for line in text.splitlines() if "input" in line)
    if language == "md":
        assert not re.search(r"(?<!\\)[$*`{}<@~\[\]]", title.removeprefix("# "))
    if language == "typst":
        strings = re.sub(r'"(\\.|[^"\\])*"', "", title)
        assert "eval" not in strings
    if language == "tex":
        assert r"\input" not in text
        assert r"\textbackslash{}input\{" in text
    if language == "html":
        assert "<b>" not in text


def test_tex_is_balanced_and_compiles_where_there_is_a_compiler(tmp_path: Path) -> None:
    compiler = next((found for name in ("tectonic", "pdflatex") if (found := which(name))), "")
    for number, blocks in enumerate((strange().blocks(True, AS_USUAL), sheet_of("adam"), sheet_of("smallest-network"))):
        text = written(blocks, "tex")
        bare = re.sub(r"\\[\\{}]", "", text)
        assert bare.count("{") == bare.count("}")
        nested: list[str] = []
        for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
            nested.append(name) if kind == "begin" else None
            assert kind == "begin" or nested.pop() == name
        assert nested == []
        assert all(sign.isascii() or "\u00c0" <= sign <= "\u00ff" for sign in text)
        assert text.count("usepackage") == 3, "amsmath, and how letters are read"
        if compiler:
            (tmp_path / f"{number}.tex").write_text(text, encoding="utf-8")
            options = [] if "tectonic" in compiler else ["-interaction=nonstopmode", "-halt-on-error"]
            subprocess.run([compiler, *options, f"{number}.tex"], cwd=tmp_path, check=True, capture_output=True)


def formulas() -> list[str]:
    """Every formula of every step of what is shipped."""
    lessons = [lesson_of(load(name).scenario, input_gradient=True) for name in SMALL]
    pages = [
        block.text for name in ("sigmoid", "adam") for block in blocks_of(sheet_of(name)) if isinstance(block, Formula)
    ]
    return sorted({step.formula for lesson in lessons for step in lesson.steps} | {*pages, STRANGE, "L = ½ Σ e²"})


def test_formulas_in_tex_typst_and_aloud() -> None:
    assert tex("∂L/∂W1 = X ⋆ δ, its cells spread 2 apart") == (
        r"\partial L/\partial W_{1}=X\star \delta ,\text{ its cells spread }2\text{ apart }"
    )
    assert tex("p6 = e^z5 / Σ e^z5") == r"p_{6}=e^{z_{5}}/\textstyle\sum e^{z_{5}}"
    assert tex("0.9^(k+1)·√ŝ") == r"0.9^{(k+1)}\cdot \sqrt{\hat{s}}"
    assert aloud("∂L/∂W = X ⋆ δ") == "d L over d W equals X correlated with δ"
    assert typst("a = leaky_relu(z)").split() == ["a", "=", 'op("leaky_relu")', "\\(", "z", "\\)"]
    for formula in formulas():
        assert tex(formula).count("{") - tex(formula).count("}") == tex(formula).count(r"\{") - tex(formula).count(
            r"\}"
        )


@needs("node")
def test_katex_takes_every_formula_and_a_gift_parser_every_question(tmp_path: Path) -> None:
    quizzes = [gift(made()), gift(strange().exercises())]
    (tmp_path / "in.json").write_text(json.dumps({"tex": [*map(tex, formulas())], "gift": quizzes}), encoding="utf-8")
    script = """
        const { createRequire } = require("node:module");
        const load = createRequire(process.argv[2] + "/x.js");
        const { tex, gift } = JSON.parse(require("node:fs").readFileSync(process.argv[3], "utf-8"));
        const how = { displayMode: true, throwOnError: true, strict: "error" };
        for (const one of tex) load("katex").renderToString(one, how);
        console.log(gift.map((one) => load("gift-pegjs").parse(one).length).join(" "));
    """
    (tmp_path / "run.cjs").write_text(script, encoding="utf-8")
    command = ["node", str(tmp_path / "run.cjs"), str(NODE_MODULES.resolve()), str(tmp_path / "in.json")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert all(int(count) > 1 for count in ran.stdout.split())


@needs("pdf")
def test_every_scenario_is_a_pdf_for_screen_readers(tmp_path: Path) -> None:
    from cnnstep.surface.typeset.pdf import pdf
    from cnnstep.tutor.document import Document

    for (name,) in share(SMALL):
        blocks = sheet_of(name, solution=name == "first-filter")
        content = pdf(Document(blocks))
        assert b"pdfuaid" in content
        assert content == pdf(Document(blocks))
    (tmp_path / "sheet.typ").write_text(written(sheet_of("first-filter"), "typst"), encoding="utf-8")
    pages = import_module("typst").compile(str(tmp_path / "sheet.typ"), format="svg")
    assert len(pages) == 4
    assert 'viewBox="0 0 595.' in (pages[0] if isinstance(pages[0], str) else pages[0].decode()), (
        "A4 is 595 points wide"
    )
    pdf(Document((Heading(STRANGE.replace("中", ""), 1), *strange().blocks(True, AS_USUAL)[1:])))
    with pytest.raises(InputError, match="font"):
        pdf(Document((Heading("\U000f0000", 1),)))


def made() -> tuple[Exercise, ...]:
    return tuple(exercise(skill, 2, 0) for skill in ("error", "spotting", "softmax", "learning-rate"))


FIELD = re.compile(r"\{(\d+):(NUMERICAL|MULTICHOICE_V):((?:\\.|[^\\}])*)\}")


def fields(text: str) -> list[tuple[str, list[tuple[float, str, str]]]]:
    """Moodle's own rules: each field with its answers, what each is worth, and what is said to it."""
    found = []
    for _, kind, inside in FIELD.findall(text):
        answers = []
        for one in re.split(r"(?<!\\)~", inside):
            share_, rest = (1.0, one[1:]) if one.startswith("=") else (0.0, re.sub(r"^%0%", "", one))
            answer, _, feedback = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)#", "\0", rest, count=1)).partition("\0")
            answers.append((share_, answer, html.unescape(feedback)))
        found.append((kind, answers))
    return found


def graded(answers: list[tuple[float, str, str]], typed: float) -> tuple[float, str]:
    """What Moodle gives for a number: the first answer that fits."""
    for share_, answer, feedback in answers:
        value, _, allowed = answer.partition(":")
        if abs(typed - float(value)) <= float(allowed) + 1e-12:
            return share_, feedback
    return 0.0, ""


@pytest.mark.parametrize("skill", [skill for (skill,) in share(SKILLS)])
def test_a_reader_of_our_own_takes_every_moodle_file(skill: str) -> None:
    exercises = [exercise(skill, 2, seed) for seed in range(2)]
    quiz = ElementTree.fromstring(moodle(exercises))
    questions = quiz.findall("question[@type='cloze']")
    assert [one.findtext("name/text") for one in questions] == [
        f"{SKILLS[skill].title} {e.level}.{e.seed}" for e in exercises
    ]
    for one, asked in zip(questions, exercises, strict=True):
        found = fields(one.findtext("questiontext/text") or "")
        assert found
        numbers = asked.question.answer.replace(";", " ").split()
        if found[0][0] == "MULTICHOICE_V":
            ((_, answers),) = found
            assert sum(worth for worth, _, _ in answers) == 1
            continue
        assert len(found) == len(numbers)
        for (_, answers), right in zip(found, numbers, strict=True):
            assert graded(answers, float(right))[0] == 1
            assert graded(answers, float(right) + 1000)[0] == 0
            for worth, answer, feedback in answers[1:]:
                assert graded(answers, float(answer.partition(":")[0])) == (worth, feedback)
                assert (worth, bool(feedback)) == (0, True)


def test_in_moodle_a_teachers_text_is_no_field() -> None:
    asked = [replace(one, text=STRANGE) for one in strange().exercises()]
    (first, *_) = ElementTree.fromstring(moodle(asked)).findall("question[@type='cloze']")
    text = first.findtext("questiontext/text") or ""
    assert len(fields(text)) == text.count("{") == text.count("}") == 4


def test_the_command_writes_each_format(cnnstep: Program, tmp_path: Path) -> None:
    for name in ("md", "html", "tex", "typst", "text", "moodle", "gift"):
        file = tmp_path / f"sheet.{name}"
        ran = cnnstep("worksheet", "--skill", "error", "--count", "2", "--format", name, "-o", str(file))
        assert (ran.code, ran.out) == (0, ""), name
        assert (
            file.read_text(encoding="utf-8")
            == cnnstep("worksheet", "--skill", "error", "--count", "2", "--format", name).out
        )
    assert cnnstep("worksheet", "first-filter", "-o", str(tmp_path / "sheet.md")).code == 2, "it is there already"
    assert cnnstep("worksheet").code == cnnstep("worksheet", "first-filter", "--format", "pfd").code == 2
    ran = cnnstep("worksheet", "first-filter", "--hide", "delta", "--format", "md")
    assert ran.out.count("Work out all") == 1
    assert cnnstep("worksheet", "first-steps", "--solution").code == 0


@pytest.mark.parametrize("command", [["run", "first-filter"], ["explain", "gradient"], ["analyze", "first-filter"]])
@pytest.mark.parametrize("language", LANGUAGES)
def test_other_pages_are_had_in_these_formats_too(cnnstep: Program, command: list[str], language: str) -> None:
    ran = cnnstep(*command, "--format", language)
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out) > 500


def test_made_exercises_are_sheets_with_boxes_and_with_answers() -> None:
    for solution in (False, True):
        blocks = exercise_sheet(made(), "Mixed", solution, AS_USUAL)
        assert any(isinstance(block, Matrix) and block.ask for block in blocks) is not solution


def test_each_student_has_a_sheet_of_their_own_that_check_knows(cnnstep: Program, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("Name;group\nAnna;1\n../x <b>;2\n=cmd;2\n", encoding="utf-8")
    asked = (
        "worksheet",
        "--skill",
        "error",
        "--count",
        "1",
        "--format",
        "html",
        "--students",
        str(tmp_path / "roster.csv"),
    )
    ran = cnnstep(*asked, "-o", str(tmp_path / "sheets"))
    assert ran.code == 0, ran.err
    sheets = tmp_path / "sheets"
    names = ["Anna-1.yaml", "Anna.html", "cmd-1.yaml", "cmd.html", "students.csv", "x-b-1.yaml", "x-b.html"]
    assert sorted(path.name for path in sheets.iterdir()) == sorted(names)
    kept = (sheets / "students.csv").read_text(encoding="utf-8")
    assert "Anna,error,2," in kept
    assert "\n'=cmd," in kept
    assert "&lt;b&gt;" in (sheets / "x-b.html").read_text(encoding="utf-8")
    seed = int(kept.splitlines()[1].split(",")[3])
    question = exercise("error", 2, seed).question
    work = sheets / "Anna-1.yaml"
    assert cnnstep("check", str(work)).code == 2, "nothing is filled in yet"
    text = work.read_text(encoding="utf-8")
    work.write_text(re.sub(r"# your numbers.*", json.dumps(question.answer), text), encoding="utf-8")
    assert cnnstep("check", str(work)).code == 0
    assert cnnstep(*asked, "-o", str(sheets)).code == 2, "they are there already"
    assert cnnstep(*asked).code == 2, "no folder"
