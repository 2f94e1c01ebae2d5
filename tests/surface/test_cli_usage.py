"""What is typed wrong on the command line: exit 2, one clear sentence, the nearest thing that can be typed."""

from __future__ import annotations

import json

import pytest

from cnnstep.surface.cli.app import app
from tests.conftest import Program

COMMANDS = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
SCENARIO = """\
title: "[red]x[/x] [bold"
input: [[1, -1, 0], [0, 1, 0], [0, -1, 1]]
filter: [[1, -1], [1, 1]]
target: [[1, 0], [0, 1]]
activation: relu
learning_rate: 0.5
"""

SLIPS = [
    (["rnu"], 'There is no command "rnu".', 'Did you mean "run"?'),
    (["first-filter"], 'There is no command "first-filter".', 'Did you mean "cnnstep run first-filter"?'),
    (["first"], 'There is no command "first".', 'Did you mean "cnnstep run first-filter"?'),
    (["my.yaml"], 'There is no command "my.yaml".', 'Did you mean "cnnstep run my.yaml"?'),
    (["first-steps"], 'There is no command "first-steps".', 'Did you mean "cnnstep practice first-steps"?'),
    (["dead-relu"], 'There is no command "dead-relu".', 'Did you mean "cnnstep explain dead-relu"?'),
    (["why"], 'There is no command "why".', 'That is typed in a session: "cnnstep step --interactive".'),
    (["run", "first", "filter"], 'Unexpected extra argument: "filter".', 'Did you mean "first-filter"?'),
    (["step", "first", "filter", "slow"], 'Unexpected extra argument: "filter slow".', '"first-filter-slow"?'),
    (["run", "first"], 'There is no scenario called "first".', 'Did you mean "first-filter"?'),
    (["run", "linear-fast"], 'There is no scenario called "linear-fast".', 'Did you mean "first-filter-linear-fast"?'),
    (["explain", "dead", "rleu"], 'There is no topic called "dead rleu".', 'Did you mean "dead-relu"?'),
    (["zzzzz"], 'There is no command "zzzzz".', "See cnnstep --help."),
    (["--vers"], "There is no option --vers.", 'Did you mean "--version"?'),
    (["-x"], "There is no option -x.", "See cnnstep --help."),
    (["run"], "SCENARIO is missing.", "See cnnstep run --help."),
    (["run", "first-filtr"], 'There is no scenario called "first-filtr".', 'Did you mean "first-filter"?'),
    (["run", "nope"], 'There is no scenario called "nope".', "Available: "),
    (["run", "nope.yaml"], 'nope.yaml: there is no file "nope.yaml".', "Check the name and the folder."),
    (["run", ""], 'There is no scenario called "".', "Available: "),
    (["run", "first-filter", "--iteration", "3"], "There is no option --iteration.", 'Did you mean "--iterations"?'),
    (["run", "first-filter", "--iterations", "x"], "--iterations takes a whole number.", "cnnstep run --help"),
    (["run", "first-filter", "-n", "1.5"], "--iterations takes a whole number.", "cnnstep run --help"),
    (["run", "first-filter", "--iterations"], "--iterations needs a value.", " --help."),
    (["run", "first-filter", "--iterations", "0"], "--iterations is 0; it must be 1 or more.", "Type: --iterations 1."),
    (["run", "first-filter", "--every", "0"], "--every is 0; it must be 1 or more.", "Type: --every 1."),
    (["run", "first-filter", "--precision", "-1"], "--precision is -1; it must be 0 or more.", "Type: --precision 0."),
    (
        ["run", "first-filter", "--precision", "16"],
        "--precision is 16; it must be 15 or less.",
        "Type: --precision 15.",
    ),
    (["run", "first-filter", "--json=3"], "--json takes no value.", " --help."),
    (["run", "first-filter", "one", "two"], 'Unexpected extra argument: "one two".', "cnnstep run --help"),
    (["run", "first-filter", "--only", "grad"], 'There is no step called "grad".', 'Did you mean "gradient"?'),
    (["step", "first-filter", "--only", "nothing"], 'There is no step called "nothing".', "Available: forward"),
    (["step", "--iteration", "-1"], "--iteration is -1; it must be 0 or more.", "Type: --iteration 0."),
    (
        ["practice", "--seed", "9223372036854775808"],
        "--seed is 9223372036854775808; it must be 1000000000 or less.",
        "Type: --seed 1000000000.",
    ),
    (["step", "-i", "--json"], "--interactive and --json don't go together.", "Leave out --json."),
    (["step", "-i", "--only", "error"], "--interactive and --only don't go together.", "Leave out --only."),
    (["step", "-i", "--iteration", "0"], "--interactive and --iteration don't go together.", "Leave out --iteration."),
    (["explain", "rleu"], 'There is no topic called "rleu".', 'Did you mean "relu"?'),
    (["explain", "relu", "--scenario", "nope"], 'There is no scenario called "nope".', "Available: "),
    (["scenarios", "extra"], 'Unexpected extra argument: "extra".', "cnnstep scenarios --help"),
]


@pytest.mark.parametrize(("arguments", "what", "hint"), SLIPS, ids=[" ".join(slip[0]) for slip in SLIPS])
def test_a_slip_is_exit_2_and_two_plain_lines(cnnstep: Program, arguments: list[str], what: str, hint: str) -> None:
    ran = cnnstep(*arguments)
    assert ran.code == 2
    assert not ran.out or "--json" in arguments
    first, *rest = ran.err.splitlines()
    assert first == what
    assert " ".join(line.strip() for line in rest).startswith(hint) or hint in ran.err


@pytest.mark.parametrize("arguments", [slip[0] for slip in SLIPS], ids=[" ".join(slip[0]) for slip in SLIPS])
def test_no_slip_is_answered_with_a_traceback_or_a_foreign_voice(cnnstep: Program, arguments: list[str]) -> None:
    ran = cnnstep(*arguments)
    for word in ("Traceback", "Error", "nvalid", "usage:", "Usage:", "(s)", "parse"):
        assert word not in ran.err


@pytest.mark.parametrize(
    "arguments", [["run", "nope", "--json"], ["run", "--json"], ["run", "--json", "first-filter", "-x"]]
)
def test_with_json_the_fault_is_json_on_standard_output_and_words_on_standard_error(
    cnnstep: Program, arguments: list[str]
) -> None:
    ran = cnnstep(*arguments)
    assert ran.code == 2
    assert set(json.loads(ran.out)["error"]) == {"code", "message", "file", "line", "column", "hint"}
    assert ran.err


class TestHelp:
    def test_no_arguments_show_help_and_what_to_try_first(self, cnnstep: Program) -> None:
        ran = cnnstep()
        assert (ran.code, ran.err) == (0, "")
        assert "Try first:" in ran.out
        assert "cnnstep run first-filter" in ran.out

    @pytest.mark.parametrize("option", ["-h", "--help"])
    @pytest.mark.parametrize("command", ["", *COMMANDS])
    def test_help_is_everywhere_on_standard_output_with_examples(
        self, cnnstep: Program, command: str, option: str
    ) -> None:
        ran = cnnstep(*command.split(), option)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"Usage: cnnstep {command}".strip())
        assert f"cnnstep {command or 'run'}" in ran.out.split("Options:")[0].partition("\n")[2]

    @pytest.mark.parametrize("width", [40, 60, 80, 200])
    def test_no_name_is_cut_off_in_a_narrow_window(self, cnnstep: Program, width: int) -> None:
        page = cnnstep("run", "--help", width=width).out
        for option in ("--iterations", "--every", "--only", "--json", "--precision", "--fractions", "--help"):
            assert option in page
        assert "…" not in page

    @pytest.mark.parametrize("command", ["", *COMMANDS])
    def test_help_is_plain_ascii(self, cnnstep: Program, command: str) -> None:
        assert cnnstep(*command.split(), "--help", env={"LC_ALL": "C"}).out.isascii()

    def test_every_command_is_listed_with_a_whole_sentence(self, cnnstep: Program) -> None:
        page = " ".join(cnnstep("--help").out.split())
        assert "Run a scenario without questions: every step's matrix, the findings, the outcome." in page
        for command in COMMANDS:
            assert f" {command} " in page

    @pytest.mark.parametrize("command", COMMANDS)
    def test_no_default_is_a_number_that_means_none(self, cnnstep: Program, command: str) -> None:
        assert "[default: -1]" not in " ".join(cnnstep(command, "--help").out.split())

    def test_the_version_is_a_word_and_a_number(self, cnnstep: Program) -> None:
        from cnnstep import __version__

        assert cnnstep("--version").out == f"cnnstep {__version__}\n"


class TestSuggestions:
    @pytest.mark.parametrize(
        ("line", "wrong", "right"),
        [
            ("activation: relo", "relo", "relu"),
            ("activation: relu\nloss: half_squared_eror", "half_squared_eror", "half_squared_error"),
            ("activation: relu\noptimizer: momentun", "momentun", "momentum"),
            ("activation: relu\nstrid: 1", "strid", "stride"),
        ],
    )
    def test_names_in_a_file_get_did_you_mean(self, cnnstep: Program, line: str, wrong: str, right: str) -> None:
        ran = cnnstep("run", "-", stdin=SCENARIO.replace("activation: relu", line))
        assert ran.code == 2
        assert wrong in ran.err
        assert f'Did you mean "{right}"?' in ran.err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("cnnstep ru", "run"),
        ("cnnstep run first-filter-s", "first-filter-slow"),
        ("cnnstep step target-", "target-minus-output"),
        ("cnnstep explain dead-", "dead-relu"),
        ("cnnstep run first-filter --iter", "--iterations"),
    ],
)
def test_the_shell_completes_commands_options_scenarios_and_topics(cnnstep: Program, typed: str, offered: str) -> None:
    asked = {"_CNNSTEP_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    ran = cnnstep(env=asked)
    assert ran.code == 0
    assert ran.out.split() == [offered]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("dead relu", "Dead ReLU"),
        ("Learning Rate", "Learning rate"),
        ("δ", "Delta"),
        ("∂L/∂W", "Filter gradient"),
        ("gradient[0,1]", "Filter gradient"),
        ("conv1.gradient[0]", "Filter gradient"),
        ("leaky_ReLU", "leaky_relu"),
    ],
)
def test_a_topic_may_have_several_words_or_be_a_symbol_or_a_cell(cnnstep: Program, typed: str, title: str) -> None:
    assert cnnstep("explain", *typed.split()).out.startswith(title)


@pytest.mark.parametrize(
    ("only", "title"),
    [
        ("∂L/∂W", "5 Filter gradient"),
        ("dL/dW", "5 Filter gradient"),
        ("filter gradient", "5 Filter gradient"),
        ("δ", "4 Delta"),
        ("gradient[0]", "∂L/∂W, row 0"),
        ("dX", "6 Input gradient"),
        ("W new", "6 Update"),
    ],
)
def test_a_step_is_named_on_the_command_line_as_it_is_in_a_session(cnnstep: Program, only: str, title: str) -> None:
    ran = cnnstep("step", "first-filter", "--only", only)
    assert (ran.code, ran.err) == (0, "")
    assert title in ran.out


def test_what_is_given_is_no_step(cnnstep: Program) -> None:
    ran = cnnstep("run", "first-filter", "--only", "W")
    assert ran.code == 2
    assert ran.err.startswith("Filter is given, no step works it out.")
