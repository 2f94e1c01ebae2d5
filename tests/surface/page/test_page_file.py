"""The file of a page: small, whole, the same each time; nothing is fetched, and no text in it can become markup."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from cnnstep import InputError, lesson_of, page, scenario, trace
from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.losses import LOSSES
from cnnstep.surface.loading import shipped
from cnnstep.surface.page import html
from cnnstep.surface.page.html import page_html
from cnnstep.tutor.board import board_of
from cnnstep.tutor.cards import lesson_for
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.page.data import page_data
from cnnstep.tutor.page.quiz import MOST_BLANKS
from cnnstep.tutor.page.run import PageRequest
from tests.conftest import Program
from tests.surface.page.pages import data_of, lesson_called, page_of, unpacked

NAMES = [one.name for one in shipped()]
SMALL = [name for name in NAMES if name != "digits-cnn"]
DECLARED = r"^(?:export )?(?:class|function|const|let) (\w+)"
"""A name that a script gives at its top, where all of them meet."""
OF_ANOTHER_SIZE = {
    "stride-ignored",
    "padding-ignored",
    "output-for-input",
    "bias-gradient-not-summed",
    "valid-not-full",
}
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028{data}&amp;"


def hashed(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def test_a_page_is_written_once_and_over_another_file_only_when_asked(cnnstep: Program, tmp_path: Path) -> None:
    target = tmp_path / "lesson.html"
    assert cnnstep("page", "first-filter", "-o", str(target)).err == f"Written: {target}\n"
    first = target.read_bytes()
    again = cnnstep("page", "first-filter", "-o", str(target))
    assert (again.code, "exists already" in again.err, target.read_bytes()) == (2, True, first)
    assert cnnstep("page", "first-filter", "-o", str(target), "--force").code == 0
    assert target.read_bytes() == first


def test_the_first_lesson_fits_into_few_bytes() -> None:
    assert len(page_of("first-filter", 40).encode()) <= 60_000
    assert len(page_of("first-filter-slow", 500).encode()) <= 500_000


def test_the_policy_allows_the_pages_own_style_and_scripts_and_nothing_else() -> None:
    text = page_of("first-filter")
    loader = re.findall(r"<script>(.*?)</script>", text, re.S)
    style = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert (len(loader), len(style)) == (1, 1)
    policy = (
        f"default-src 'none'; script-src 'sha256-{hashed(loader[0])}' 'sha256-{hashed(unpacked(text, 'code'))}'; "
        f"style-src 'sha256-{hashed(style[0])}'; base-uri 'none'; form-action 'none'"
    )
    assert f'content="{policy}"' in text
    assert not re.search(
        r"\b(?:src|href)=(?!\"#)|@import|url\(|https?://(?!www\.w3\.org)", text + unpacked(text, "code")
    )


def test_no_text_of_a_learner_becomes_markup() -> None:
    lesson = lesson_of(replace(scenario("first-filter"), title=EVIL))
    text = page_html(page_data(PageRequest(lesson, EVIL, 2)))
    assert text.count("<script") == page_of("first-filter").count("<script")
    assert "<img" not in text
    assert data_of(text)["title"] == EVIL


def test_every_script_and_the_style_are_in_the_page_without_their_comments() -> None:
    code = unpacked(page_of("first-filter"), "code")
    assert "@param" not in code
    assert "import " not in code
    assert sorted(f"{name}.js" for name in (*html.MODULES, "loader")) == sorted(
        path.name for path in html.ASSETS.glob("*.js")
    )
    sources = [html._read(f"{name}.js") for name in html.MODULES]
    counted = Counter(name for source in sources for name in re.findall(DECLARED, source, re.M))
    assert counted
    assert [name for name, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_step_and_each_leaf_stands_on_the_board_once(name: str) -> None:
    lesson = lesson_called(name)
    board = board_of(lesson)
    expected = {*lesson.names, *(leaf.name for leaf in lesson.leaves)} - {"iteration"}
    assert sorted(one.name for one in board.matrices) == sorted(expected)
    assert [one.name for one in board.matrices if one.step and one.step.role == "forward"] == [
        step.name for step in lesson.steps if step.role == "forward"
    ]


@pytest.mark.parametrize("name", SMALL)
def test_a_pages_numbers_are_the_engines(name: str) -> None:
    data = data_of(page_of(name, 2))
    for number, iteration in enumerate(trace(lesson_called(name), 3)):
        for step in data["run"]["values"]:
            stored = data["run"]["values"][step]
            place = max(k for k in range(number + 1) if stored[k] != 0)
            assert stored[place] == pytest.approx(iteration.values[step].ravel().tolist(), abs=0), step
        assert data["run"]["losses"][number] == iteration.loss


def test_a_quiz_shows_no_answer_in_the_files_text() -> None:
    text = page_of("momentum", 1, quiz=("delta", "gradient", "update"))
    data = data_of(text)
    answers = {str(value) for name in ("delta", "gradient", "update") for value in data["run"]["values"][name][0]}
    long = {answer for answer in answers if len(answer) > 4}
    assert not any(answer in text for answer in long)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mistake", "uphil-update"), 'Did you mean "uphill-update"'),
        (("--quiz", "delt"), 'Did you mean "delta"'),
        (("--iterations", "0"), "must be 1 or more"),
        (("--iterations", "10001"), "10,000 iterations at most"),
        (("--quiz", "delta", "--mistake", "uphill-update"), "don't go together"),
    ],
)
def test_what_cant_be_shown_is_told(cnnstep: Program, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    told = cnnstep("page", "first-filter", "-o", str(tmp_path / "a.html"), *arguments)
    assert (told.code, words in told.err) == (2, True), told.err
    assert list(tmp_path.iterdir()) == []


def test_a_quiz_of_too_many_numbers_and_a_mistake_that_cant_be_made_are_told(cnnstep: Program, tmp_path: Path) -> None:
    target = str(tmp_path / "a.html")
    large = cnnstep("page", "digits-cnn", "-n", "1", "--quiz", "conv1.forward", "-o", target)
    assert (large.code, "too many to be typed" in large.err) == (2, True)
    other = cnnstep("page", "first-filter-linear", "--mistake", "mask-inverted", "-o", target)
    assert other.code == 2


def test_of_a_large_batch_a_page_shows_one_sample() -> None:
    lesson = lesson_for(scenario("digits-cnn"))
    text = page_html(page_data(PageRequest(lesson, "digits-cnn", 2)))
    data = data_of(text)
    assert data["sampleOf"] == [0, 1437]
    assert len(data["run"]["values"]["conv1.forward"][0]) == 8 * 6 * 6
    assert len(text) < 2_000_000
    json.dumps(data, allow_nan=False)


def test_all_shipped_lessons_are_written_with_an_index_that_leads_to_each(cnnstep: Program, tmp_path: Path) -> None:
    (tmp_path / "first-filter.html").write_text("mine")
    refused = cnnstep("page", "--all", "-n", "1", "-o", str(tmp_path))
    assert (refused.code, [path.name for path in tmp_path.iterdir()]) == (2, ["first-filter.html"])
    folder = tmp_path / "lessons"
    assert cnnstep("page", "--all", "-n", "1", "-o", str(folder)).code == 0
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]*)"', index) == [f"{name}.html" for name in NAMES]
    assert sorted(path.name for path in folder.iterdir()) == sorted(["index.html", *(f"{name}.html" for name in NAMES)])


def test_a_page_says_which_scenario_it_lacks(cnnstep: Program, tmp_path: Path) -> None:
    told = cnnstep("page", "-o", str(tmp_path / "a.html"))
    assert (told.code, "which scenario" in told.err) == (2, True)


def test_a_page_from_python_is_the_commands(cnnstep: Program, tmp_path: Path) -> None:
    cnnstep("page", "first-filter", "--mistake", "uphill-update", "-o", str(tmp_path / "a.html"))
    made = page("first-filter", mistake="uphill-update")
    made.save(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes() == made.html.encode()
    with pytest.raises(InputError, match="exists already"):
        made.save(tmp_path / "b.html")


@pytest.mark.parametrize("name", [*ACTIVATIONS, *LOSSES])
def test_the_page_can_work_out_every_activation_and_every_loss(name: str) -> None:
    assert re.search(rf"^  {name}: (?:\[|squares)", (html.ASSETS / "functions.js").read_text(encoding="utf-8"), re.M)


def test_more_numbers_than_a_browser_can_show_are_told(cnnstep: Program, tmp_path: Path) -> None:
    rows = [[0] * 150 for _ in range(150)]
    text = f"input: {rows}\nfilter: [[1]]\ntarget: {rows}\nactivation: relu\nlearning_rate: 0.1\n"
    told = cnnstep("page", "-", "-o", str(tmp_path / "a.html"), stdin=text)
    assert (told.code, "has 112,502 numbers, and a page shows 40,000" in told.err) == (2, True), told.err


def with_mistake(code: str) -> str:
    """The page of the scenario that shows it."""
    name = MISTAKES[code].shown_on
    lesson = lesson_of(scenario(name), input_gradient=True)
    return page_html(page_data(PageRequest(lesson, name, 2, mistake=code)))


@pytest.mark.parametrize("code", sorted({*MISTAKES} - OF_ANOTHER_SIZE))
def test_each_mistake_has_a_page_of_the_scenario_that_shows_it(code: str) -> None:
    shown = data_of(with_mistake(code))
    assert shown["mistake"]["code"] == code
    assert shown["mistake"]["run"]["values"] != shown["run"]["values"]


@pytest.mark.parametrize("code", sorted(OF_ANOTHER_SIZE))
def test_with_a_matrix_of_another_size_nobody_can_go_on_and_so_there_is_no_page(code: str) -> None:
    with pytest.raises(InputError, match="nothing fits after that"):
        with_mistake(code)


@pytest.mark.parametrize("name", SMALL)
def test_any_steps_that_can_be_typed_make_a_quiz(name: str) -> None:
    lesson = lesson_called(name)
    values = lesson.carry_out(lesson.start)
    blank = tuple(step.name for step in lesson.steps if values[step.name].size <= MOST_BLANKS)
    quiz = data_of(page_of(name, 1, 1, quiz=blank))["quiz"]
    assert (tuple(quiz["blank"]), set(quiz["wrong"])) == (blank, set(blank))


def test_in_a_notebook_tables_go_before_the_frame_but_give_no_quiz_away() -> None:
    shown = page("first-filter", 3, iteration=1)._repr_html_()
    places = [
        shown.index(part) for part in ("<details>", "</details>", '<iframe title="The first filter: a page to touch"')
    ]
    assert places == sorted(places)
    assert 'sandbox="allow-scripts"' in shown
    assert "<table" not in page("first-filter", 3, quiz="delta")._repr_html_().partition("srcdoc")[0]
    assert repr(page("first-filter", 3)) == "<page of The first filter, iterations 0 to 3; .save(path) writes it>"
