"""The contract's list "At the terminal", line by line. What needs a process of its own is in test_terminal_process.

Line 1 (help) and line 4 (did you mean) are in test_cli_usage, line 3's places in test_loading.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import first_iteration
from cnnstep.surface.loading import scenario, shipped
from cnnstep.tutor.cards import question
from cnnstep.tutor.numbers import AS_USUAL
from tests.conftest import Program
from tests.examples import share

SHIPPED = [one.name for one in shipped()]
ONE_FILTER = [one.name for one in shipped() if not one.has_layers]
WIDTHS = [40, 60, 80, 200]
RED = """\
title: "[red]x[/x] [bold"
input: [[1, -1, 0], [0, 1, 0], [0, -1, 1]]
filter: [[1, -1], [1, 1]]
target: [[1, 0], [0, 1]]
activation: relu
learning_rate: 0.5
"""
ESCAPE = "\x1b"


class TestStreams:
    """2. Results on standard output; prompts, progress and messages on standard error."""

    def test_a_run_writes_nothing_but_its_result(self, cnnstep: Program) -> None:
        ran = cnnstep("run", "first-filter", "--iterations", "40")
        assert ran.err == ""
        assert ESCAPE not in ran.out

    def test_no_line_ends_in_a_space(self, cnnstep: Program) -> None:
        for line in cnnstep("run", "first-filter").out.splitlines():
            assert line == line.rstrip()

    def test_a_session_asks_on_standard_error_and_answers_on_standard_output(self, cnnstep: Program) -> None:
        ran = cnnstep("step", "-i", stdin="\nquit\n")
        assert ran.code == 0
        assert "1 Forward pass" in ran.out
        assert "iteration" not in ran.out.partition("1 Forward pass")[2]
        assert ran.err == "first-filter · iteration 0 · start > first-filter · iteration 0 · 1/6 forward > "

    def test_a_message_on_saving_is_no_result(self, cnnstep: Program, tmp_path: Path) -> None:
        ran = cnnstep("step", "-i", stdin="set learning_rate 0.1\nsave shorter.yaml\n")
        assert "Saved as shorter.yaml." in ran.err
        assert "Saved" not in ran.out
        assert "learning_rate: 0.1" in (tmp_path / "shorter.yaml").read_text()


class TestErrors:
    """3. file:line:column, the source line with a caret, what to do; all faults at once; never a traceback."""

    def test_a_fault_has_place_line_caret_and_a_way_out(self, cnnstep: Program, tmp_path: Path) -> None:
        (tmp_path / "my.yaml").write_text(RED.replace("activation: relu", "activation: relo"))
        ran = cnnstep("run", "my.yaml")
        assert ran.code == 2
        assert ran.err.splitlines() == [
            'my.yaml:5:13: there is no activation called "relo".',
            "    activation: relo",
            "                ^",
            '  Did you mean "relu"?',
        ]

    def test_all_faults_come_at_once(self, cnnstep: Program) -> None:
        ran = cnnstep("run", "-", stdin="input: [[1]]\nactivation: relo\nstrid: 1\n")
        assert ran.err.count("^") == 5

    def test_a_bug_is_told_in_words_and_its_place_on_request(
        self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from cnnstep.tutor import run

        def broken(*_: object) -> None:
            raise RuntimeError("a wheel came off\nand rolled away")

        monkeypatch.setattr(run, "run_document", broken)
        ran = cnnstep("run", "first-filter")
        assert ran.code == 3
        assert ran.err == (
            "This is a bug in cnnstep, not your mistake: RuntimeError: a wheel came off\n"
            "CNNSTEP_DEBUG=1 shows where it happened.\n"
        )
        assert "Traceback" in cnnstep("run", "first-filter", env={"CNNSTEP_DEBUG": "1"}).err

    @pytest.mark.parametrize("width", [20, 30, 40, 80])
    def test_words_are_wrapped_and_never_cut(self, cnnstep: Program, width: int) -> None:
        err = cnnstep("run", "nope", width=width).err
        longest = 2 + len("first-filter-linear-fast,")
        assert all(len(line) <= max(width, longest) for line in err.splitlines())
        assert all(f"{name}" in err for name in SHIPPED)


class TestWidths:
    """5. No number cut or wrapped; wide matrices split by columns; −0 never prints."""

    @pytest.mark.parametrize(("name", "width"), share(ONE_FILTER, WIDTHS))
    def test_no_line_is_wider_than_the_window_and_minus_0_never_prints(
        self, cnnstep: Program, name: str, width: int
    ) -> None:
        page = cnnstep("run", name, "--iterations", "3", width=width).out
        assert not re.search(r"(?<![\d.])-0(?![\d./])", page)
        lines = page.splitlines()
        typed = [line for line in lines if line.strip().startswith("cnnstep ")]  # what to type is never broken
        assert max(cell_len(line) for line in lines if line not in typed) <= width

    @pytest.mark.parametrize(("name", "width"), share(ONE_FILTER, [40, 200]))
    def test_every_number_of_every_step_stands_whole_in_its_matrix(
        self, cnnstep: Program, name: str, width: int
    ) -> None:
        iteration = first_iteration(lesson_of(scenario(name)))
        for step in iteration.lesson.steps:
            page = cnnstep("step", name, "--only", step.name, width=width).out
            assert Counter(numbers_in(page)) == Counter(
                AS_USUAL.text(float(n)) for n in iteration.matrix(step.name).flat
            )

    @pytest.mark.parametrize("name", ONE_FILTER)
    def test_a_full_page_has_the_numbers_of_the_question_too(self, cnnstep: Program, name: str) -> None:
        page = cnnstep("step", name, width=40).out
        iteration = first_iteration(lesson_of(scenario(name)))
        (beside,) = question(iteration)
        asked = [n for matrix in getattr(beside, "blocks", ()) for row in getattr(matrix, "rows", ()) for n in row]
        steps = [n for step in iteration.lesson.steps for n in shown(iteration.matrix(step.name))]
        assert Counter(numbers_in(page)) == Counter(AS_USUAL.text(float(n)) for n in (*asked, *steps))

    def test_a_wide_matrix_is_split_by_columns(self, cnnstep: Program) -> None:
        page = cnnstep("step", "digit-edge", "--only", "forward", "--iteration", "3", width=40).out
        assert "z, columns 0–2\n" in page
        assert "z, columns 3–5\n" in page


def shown(matrix: np.ndarray) -> list[float]:
    """The numbers of the first four planes: more are only counted."""
    planes = matrix.reshape(-1, *matrix.shape[-2:]) if matrix.ndim > 2 else matrix[None]
    return [float(n) for n in planes[:4].flat]


def numbers_in(page: str) -> list[str]:
    """The numbers in every matrix of a page: what stands between two sides of a box, without signs."""
    sides = [line.split("│") for line in page.splitlines() if line.count("│") >= 2]
    return [
        word for parts in sides for inside in parts[1::2] for word in inside.split() if re.search(r"\d|inf|nan", word)
    ]


class TestColourAndAscii:
    """6. Colour off for NO_COLOR, TERM=dumb or no terminal; ASCII output under an ASCII locale."""

    def test_a_terminal_has_colour(self, cnnstep: Program) -> None:
        assert ESCAPE in cnnstep("run", "first-filter", terminal=True, env={"TERM": "xterm-256color"}).out

    @pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": "0"}])
    def test_a_terminal_without_colour_has_none(self, cnnstep: Program, env: dict[str, str]) -> None:
        assert ESCAPE not in cnnstep("run", "first-filter", terminal=True, env={"TERM": "xterm", **env}).out

    def test_a_pipe_has_none(self, cnnstep: Program) -> None:
        assert ESCAPE not in cnnstep("run", "first-filter", env={"TERM": "xterm-256color"}).out

    def test_colour_changes_no_character(self, cnnstep: Program) -> None:
        coloured = cnnstep("run", "first-filter", "-n", "40", terminal=True, env={"TERM": "xterm-256color"}).out
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == cnnstep("run", "first-filter", "-n", "40").out

    @pytest.mark.parametrize(
        ("env", "encoding"), [({"LC_ALL": "C"}, "utf-8"), ({"LC_ALL": "POSIX"}, "utf-8"), ({}, "ascii"), ({}, "cp1252")]
    )
    @pytest.mark.parametrize(
        "arguments",
        [
            ("run", "first-filter", "-n", "40"),
            ("step", "-i"),
            ("scenarios",),
            ("explain", "relu"),
            ("--help",),
            ("run", "é"),
        ],
        ids=" ".join,
    )
    def test_where_our_signs_can_not_be_shown_everything_is_ascii(
        self, cnnstep: Program, arguments: tuple[str, ...], env: dict[str, str], encoding: str
    ) -> None:
        ran = cnnstep(*arguments, env=env, encoding=encoding, stdin="\nwhy δ 0 0\nguess\nδ\n\nset é 1\nsave é/é.yaml\n")
        assert ran.code in (0, 2)
        assert (ran.out + ran.err).isascii()

    def test_ascii_is_no_wider_than_the_window(self, cnnstep: Program) -> None:
        out = cnnstep("run", "first-filter", env={"LC_ALL": "C"}, width=80).out
        matrices = [line for line in out.splitlines() if "|" in line or "+-" in line]
        assert matrices
        assert max(map(len, matrices)) <= 80


class TestLearnerText:
    """7. Learner text is never read as markup."""

    def test_a_title_with_brackets_stands_as_it_is(self, cnnstep: Program) -> None:
        for ran in (cnnstep("run", "-", stdin=RED), cnnstep("step", "-", stdin=RED)):
            assert ran.code == 0
            assert ran.out.startswith("[red]x[/x] [bold")

    def test_so_does_a_file_name(self, cnnstep: Program, tmp_path: Path) -> None:
        (tmp_path / "[b] my file [b].yaml").write_text(RED)
        ran = cnnstep("run", "[b] my file [b].yaml")
        assert "cnnstep step '[b] my file [b].yaml' --interactive" in ran.out

    def test_so_does_what_is_typed_in_a_session(self, cnnstep: Program) -> None:
        ran = cnnstep("step", "-i", stdin="[red]x[/x]\n[/]\nset [bold]\nshow [/x]\nguess\n[red]1\n")
        assert ran.code == 0
        assert "[red]x[/x]" in ran.out

    @pytest.mark.parametrize(
        "arguments",
        [("run", "\x1b[31m"), ("run", "first-filter", "--only", "\x1b[31m"), ("\x1b[31m",), ("run", "--\x1b[31m")],
    )
    def test_no_escape_sequence_reaches_the_terminal(self, cnnstep: Program, arguments: tuple[str, ...]) -> None:
        ran = cnnstep(*arguments)
        assert ran.code == 2
        assert ESCAPE not in ran.out + ran.err

    def test_nor_from_a_session(self, cnnstep: Program) -> None:
        ran = cnnstep("step", "-i", stdin="\x1b[31m\nshow \x1b[2J\nsave \x1b]0;x\x07/y\n")
        assert ESCAPE not in ran.out + ran.err


class TestEndOfInput:
    """7 and 8. End of input ends a session politely; the prompt never waits; piped answers work."""

    def test_the_end_of_the_input_ends_a_session_politely(self, cnnstep: Program) -> None:
        ran = cnnstep("step", "-i", stdin="\n\n")
        assert ran.code == 0
        assert ran.err.endswith("2/6 activation > \nThe input has ended, so the lesson ends here.\n")

    @pytest.mark.parametrize("typed", ["", "guess", "guess\n1 2", "why"])
    def test_wherever_it_ends(self, cnnstep: Program, typed: str) -> None:
        assert cnnstep("step", "-i", stdin=typed).code == 0

    def test_a_last_line_without_an_end_counts(self, cnnstep: Program) -> None:
        assert "Until next time." in cnnstep("step", "-i", stdin="quit").out

    def test_windows_line_ends_are_line_ends(self, cnnstep: Program) -> None:
        assert "1 Forward pass" in cnnstep("step", "-i", stdin="next\r\nquit\r\n").out

    def test_bytes_that_are_no_text_are_an_unknown_word(self, cnnstep: Program) -> None:
        ran = cnnstep("step", "-i", stdin=b"\xff\xfe\nquit\n")
        assert ran.code == 0
        assert "There is no command" in ran.out

    def test_a_scenario_from_standard_input_leaves_no_answers(self, cnnstep: Program) -> None:
        ran = cnnstep("step", "-", "-i", stdin=RED)
        assert ran.code == 0
        assert ran.err.startswith("scenario · iteration 0 · start > ")

    def test_and_no_name_to_type_again(self, cnnstep: Program) -> None:
        assert "cnnstep step FILE --interactive" in cnnstep("run", "-", stdin=RED).out

    def test_a_session_can_be_scripted(self, cnnstep: Program) -> None:
        ran = cnnstep("step", "-i", stdin="guess\n3 0; -2 1\nguess\n3 0; 0 1\nwhy gradient 0 1\nquit\n")
        assert ran.out.count("All right.") == 2
        assert "The numbers agree." in ran.out


class TestFiles:
    """9. Same input, same bytes. Files are written whole and never over an existing one."""

    @pytest.mark.parametrize(
        "arguments", [("run", "adam"), ("scenarios",), ("schema",), ("explain", "relu")], ids=" ".join
    )
    def test_the_same_input_gives_the_same_bytes(self, cnnstep: Program, arguments: tuple[str, ...]) -> None:
        assert cnnstep(*arguments) == cnnstep(*arguments)

    def test_a_file_that_is_there_stays(self, cnnstep: Program, tmp_path: Path) -> None:
        (tmp_path / "mine.yaml").write_text("precious")
        ran = cnnstep("step", "-i", stdin="save mine.yaml\nquit\n")
        assert ran.code == 0
        assert 'mine.yaml: "mine.yaml" exists already.\n  Choose another name.\n' in ran.err
        assert (tmp_path / "mine.yaml").read_text() == "precious"
        assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]

    def test_what_was_saved_runs(self, cnnstep: Program) -> None:
        cnnstep("step", "two-filters", "-i", stdin="set filter 0 0 0 0 9\nset optimizer adam\nsave mine.yaml\n")
        ran = cnnstep("run", "mine.yaml", "-n", "1", "--json")
        assert ran.code == 0
        assert '"filter": [[[[9, -1], [1, 1]]]' in ran.out
