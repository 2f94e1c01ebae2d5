"""A page as it is used in a real Chromium: by keyboard, by those who listen, on a phone, on paper, with ill will."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

import cnnstep
from cnnstep.engine.trace import trace
from cnnstep.surface.loading import shipped
from cnnstep.surface.page.html import page_html
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.page.data import page_data
from cnnstep.tutor.page.run import PageRequest
from tests.examples import share
from tests.extras import NODE_MODULES, marks, needs
from tests.surface.page.pages import data_of, lesson_called, opens, page_of, unpacked, written

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser import Tabs

pytestmark = marks("browser")

EVIL = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'>\u2028{data}"
NAMES = [one.name for one in shipped() if one.name != "digits-cnn"]
FEW = [name for (name,) in share(NAMES)]


def focused(tab: Page) -> str:
    """What the keyboard speaks to, in a word."""
    return str(
        tab.evaluate("""() => {
        const {activeElement: one} = document;
        return one.getAttribute('aria-label') ?? one.id + one.textContent.slice(0, 40);
    }""")
    )


def test_the_keyboard_alone_reaches_every_matrix_and_every_control(tab: Page, tmp_path: Path) -> None:
    opens(tab, tmp_path, page_of("first-filter", 40))
    tab.keyboard.press("Tab")
    assert focused(tab) == "To the numbers"
    reached = []
    for _ in range(40):
        tab.keyboard.press("Tab")
        reached.append(focused(tab))
    for wanted in ("One iteration back", "▶ Play", "One iteration on", "Iteration", "X[0,0] = 1", "W[0,0] = 1"):
        assert wanted in reached
    assert [one for one in ("z[0,0] = 3", "δ[0,0] = 2", "∂L/∂W[0,0] = 2", "W[0,0] new = 0") if one not in reached] == []
    assert "▶ Slide through W new" in reached or any(one.startswith("▶ Slide") for one in reached)


def test_arrows_move_in_a_matrix_brackets_through_the_iterations_and_digits_change_a_number(
    tab: Page, tmp_path: Path
) -> None:
    opens(tab, tmp_path, page_of("first-filter", 40))
    tab.locator("figure[data-name=filter] td").first.focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    assert tab.locator("#working h2").inner_text() == "W[1,1] = 1"
    tab.keyboard.press("]")
    tab.wait_for_url(re.compile(re.escape("#i=1&cell=filter,1,1") + "$"))
    tab.keyboard.press("[")
    tab.keyboard.type("-0.5")
    tab.keyboard.press("Enter")
    assert tab.locator("#working h2").inner_text() == "W[1,1] = -0.5"
    assert tab.locator("figure[data-name=forward] td .number").all_inner_texts() == ["1.5", "0", "-0.5", "-0.5"]
    tab.get_by_role("button", name="Undo").click()
    assert tab.locator("figure[data-name=forward] td .number").all_inner_texts() == ["3", "0", "-2", "1"]


def test_a_window_lies_on_the_input_and_moves_with_the_cursor(tab: Page, tmp_path: Path) -> None:
    opens(tab, tmp_path, page_of("first-filter"))
    places = []
    for number in range(4):
        tab.locator("figure[data-name=forward] td").nth(number).click()
        assert tab.locator("figure[data-name=input] td.made").count() == 4
        places.append(tab.locator("figure[data-name=input] .window").evaluate("one => [one.style.left, one.style.top]"))
    (left, top), (right, _), (_, down), _ = places
    assert (left != right, top != down) == (True, True)
    assert places == [[left, top], [right, top], [left, down], [right, down]]


def test_an_address_shows_exactly_this(tab: Page, tmp_path: Path) -> None:
    opens(tab, tmp_path, page_of("first-filter", 40), "#i=34&cell=gradient,0,1")
    assert tab.locator("#working h2").inner_text() == "∂L/∂W[0,1] = 0"
    assert tab.locator("output").inner_text() == "iteration 34 of 40 · loss 1 · all dead: why?"
    assert "every cell is inactive" in tab.locator("#findings").inner_text()


def test_a_click_on_the_curve_goes_to_that_iteration(tab: Page, tmp_path: Path) -> None:
    opens(tab, tmp_path, page_of("first-filter", 40))
    box = tab.locator(".curve").bounding_box()
    assert box
    tab.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 20)
    assert "iteration 20 of 40" in tab.locator("output").inner_text()


@pytest.mark.parametrize("name", FEW)
def test_on_a_phone_and_at_twice_the_size_nothing_has_to_be_scrolled_sideways(
    tabs: Tabs, tmp_path: Path, name: str
) -> None:
    for width, height in ((390, 844), (640, 400)):
        tab = tabs(viewport={"width": width, "height": height})
        opens(tab, tmp_path, page_of(name, 3))
        tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        tab.locator("figure.tile td").first.click()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_the_first_lesson_is_printed_on_one_page(tab: Page, tmp_path: Path) -> None:
    opens(tab, tmp_path, page_of("first-filter", 40), "#i=1&cell=gradient,0,1")
    printed = tab.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_a_hostile_title_and_name_do_nothing(tab: Page, tmp_path: Path) -> None:
    lesson = cnnstep.lesson_of(replace(cnnstep.scenario("first-filter"), title=EVIL))
    opens(tab, tmp_path, page_html(page_data(PageRequest(lesson, EVIL, 2))))
    assert tab.locator("#working h2").inner_text() == "z[0,0] = 3"
    assert tab.evaluate("[window.hit, document.images.length, document.title]") == [None, 0, EVIL]


def test_a_quiz_hides_its_answers_marks_each_number_and_knows_when_all_are_right(tab: Page, tmp_path: Path) -> None:
    iteration = next(trace(lesson_called("momentum"), 1))
    opens(tab, tmp_path, page_of("momentum", 5, quiz=("gradient", "update")))
    shown = tab.locator("body").inner_text() + tab.evaluate("document.querySelector('main').innerHTML")
    answers = {AS_USUAL.text(value) for value in iteration.values["update"].ravel().tolist()}
    assert not [one for one in answers if len(one) > 3 and one in shown]
    assert tab.locator("figure[data-name=velocity] .number").all_inner_texts() == [""] * 4
    assert tab.get_by_role("button", name="▶ Play").is_disabled()
    for name in ("gradient", "update"):
        for number, value in enumerate(iteration.values[name].ravel().tolist()):
            tab.locator(f"figure[data-name={name}] input").nth(number).fill(repr(value))
        tab.keyboard.press("Enter")
        assert "Right, every number" in tab.locator(f"figure[data-name={name}] .verdict").inner_text()
    assert tab.get_by_role("button", name="▶ Play").is_enabled()
    assert tab.locator("figure[data-name=velocity] .number").first.inner_text() != ""


ANSWER = """([name, numbers]) => {
    const inputs = [...document.querySelectorAll(`figure[data-name="${name}"] input`)];
    inputs.forEach((one, k) => { one.value = String(numbers[k]); one.dispatchEvent(new Event('change')); });
    return [...document.querySelectorAll(`figure[data-name="${name}"] .verdict code`)].map(one => one.textContent);
}"""


def test_a_quiz_names_each_mistake_by_the_matrix_that_it_gives(tab: Page, tmp_path: Path) -> None:
    names = ("forward", "activation", "error", "delta", "gradient", "update")
    text = page_of("first-filter-slow", 5, 1, quiz=names)
    opens(tab, tmp_path, text)
    named = 0
    for name in names:
        for wrong in data_of(text)["quiz"]["wrong"][name]:
            assert wrong["code"] in tab.evaluate(ANSWER, [name, wrong["values"]])
            named += 1
    assert named >= 20


def test_a_quiz_knows_the_other_sign_from_a_mistake(tab: Page, tmp_path: Path) -> None:
    opens(tab, tmp_path, page_of("first-filter", 2, quiz=("gradient",)))
    assert tab.evaluate(ANSWER, ["gradient", [-2, 2, 0, -2]]) == []
    told = tab.locator("figure[data-name=gradient] .verdict").inner_text()
    assert "the other sign" in told
    assert "here e = a − t" in told


def test_a_mistake_stands_beside_the_right_way_and_the_first_cell_where_they_part_is_named(
    tab: Page, tmp_path: Path
) -> None:
    opens(tab, tmp_path, page_of("first-filter", 6, mistake="uphill-update"))
    told = tab.locator(".mistaken").inner_text()
    assert "uphill-update" in told
    assert "The two part at W[0,0] new: right is 0, with the mistake it is 2." in told
    wrong = next(trace(cnnstep.mistaken("first-filter", "uphill-update"), 1)).matrix("update")
    shown = tab.locator(".mistaken figure[data-name=update] .number").all_inner_texts()
    assert shown == [AS_USUAL.text(value) for value in wrong.ravel().tolist()]
    assert tab.locator(".mistaken td.first-parts").count() == 1
    assert tab.locator(".curve polyline").count() == 2
    tab.locator(".mistaken figure[data-name=update] td").first.focus()
    tab.keyboard.press("ArrowRight")
    assert "With the mistake: -2" in tab.locator("#working").inner_text()


def test_a_notebook_shows_the_page_in_a_frame_that_can_do_nothing_else(tab: Page, tmp_path: Path) -> None:
    made = cnnstep.page("first-filter", 5)
    tab.goto(written(tmp_path, f"<!doctype html><title>notebook</title>{made._repr_html_()}"))
    frame = tab.frame_locator("iframe")
    frame.locator("figure[data-name=forward] td").first.click()
    assert frame.locator("#working h2").inner_text() == "z[0,0] = 3"
    assert tab.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    assert tab.locator("details table").count() >= 6


AXE = """async () => {
    const found = await window.axe.run(document);
    const told = node => `${node.html} ${node.failureSummary}`;
    return found.violations.map(one => [one.id, one.nodes.slice(0, 3).map(told)]);
}"""
ACCESSIBLE: list[tuple[str, str, dict[str, Any]]] = [
    ("first-filter", "light", {}),
    ("first-filter", "dark", {}),
    ("first-filter", "dark", {"quiz": ("delta", "gradient")}),
    ("first-filter", "light", {"quiz": ("delta", "gradient")}),
    ("first-filter", "light", {"mistake": "uphill-update"}),
    ("first-filter", "dark", {"mistake": "uphill-update"}),
    ("smallest-network", "light", {}),
    ("two-conv-layers", "dark", {}),
]


@needs("node")
@pytest.mark.parametrize(("name", "scheme", "more"), [case for (case,) in share(ACCESSIBLE)])
def test_axe_finds_nothing(tabs: Tabs, tmp_path: Path, name: str, scheme: str, more: dict[str, Any]) -> None:
    tab = tabs(color_scheme=scheme)
    opens(tab, tmp_path, page_of(name, 3, **more), "#i=1")
    tab.locator("figure.tile td").first.click()
    tab.locator("figure[data-name=error] td").first.click()
    tab.evaluate("document.querySelectorAll('#whatif details, #run details').forEach(one => { one.open = true; })")
    tab.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    assert json.dumps(tab.evaluate(AXE), indent=1, ensure_ascii=False) == "[]"


PICTURE = Path(__file__).parents[2] / "golden" / "page.png"
SHOWN = "#i=2&cell=gradient,0,1"


def test_the_readmes_picture_is_of_the_scripts_and_the_style_as_they_are_now(
    tabs: Tabs, tmp_path: Path, request: Any
) -> None:
    text = page_of("first-filter", 40)
    style = text.partition("<style>")[2].partition("</style>")[0]
    state = unpacked(text, "code") + style + SHOWN
    tab = tabs(viewport={"width": 1280, "height": 790}, device_scale_factor=1.5)
    opens(tab, tmp_path, text, SHOWN)
    picture = tab.screenshot()
    digest = sha256(state.encode()).hexdigest().encode()
    if request.config.getoption("--update-goldens"):
        PICTURE.write_bytes(with_text(picture, b"page", digest))
    assert digest in PICTURE.read_bytes(), "the page has changed: pytest --update-goldens takes its picture anew"


def with_text(png: bytes, key: bytes, value: bytes) -> bytes:
    """A PNG with a word of its own before its end."""
    content = b"tEXt" + key + b"\0" + value
    chunk = (len(content) - 4).to_bytes(4, "big") + content + crc32(content).to_bytes(4, "big")
    return png[:-12] + chunk + png[-12:]


def test_play_goes_to_the_end_by_itself_and_slide_through_every_number(tab: Page, tmp_path: Path) -> None:
    tab.clock.install()
    opens(tab, tmp_path, page_of("first-filter", 40))
    tab.get_by_role("button", name="▶ Play").click()
    tab.clock.run_for(2_000)
    assert "iteration 0 of" not in tab.locator("output").inner_text()
    tab.clock.run_for(60_000)
    assert "iteration 40 of 40" in tab.locator("output").inner_text()
    tab.locator("figure[data-name=forward] td").first.click()
    tab.get_by_role("button", name="▶ Slide through z").click()
    tab.clock.run_for(1_000)
    assert tab.locator("#working h2").inner_text().startswith("z[0,1] = ")
    tab.clock.run_for(10_000)
    assert tab.locator("#working h2").inner_text().startswith("z[1,1] = ")
    assert tab.get_by_role("button", name="▶ Slide through z").is_visible()


def test_where_motion_is_not_wanted_the_window_does_not_glide(tabs: Tabs, tmp_path: Path) -> None:
    for wanted, time in (("no-preference", "0.16s"), ("reduce", "0s")):
        tab = tabs(reduced_motion=wanted)
        opens(tab, tmp_path, page_of("first-filter"))
        tab.locator("figure[data-name=forward] td").first.click()
        window = tab.locator("figure[data-name=input] .window")
        assert window.evaluate("one => getComputedStyle(one).transitionDuration").split(", ")[0] == time
