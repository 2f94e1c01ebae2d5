"""The index of topics, the parts that every page has, and where each page sends its reader."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import one_filter
from cnnstep.engine.layers.kinds import LAYERS
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import InputError
from cnnstep.surface.cli.app import app
from cnnstep.surface.loading import shipped
from cnnstep.tutor import topics
from cnnstep.tutor.document import Command, Formula, Heading, Paragraph, Table
from cnnstep.tutor.grade.code_mistakes import CODE_MISTAKES
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.topics import ALIASES, TOPICS, explanation, known, topic_list
from cnnstep.tutor.topics.activations import WORDS
from cnnstep.tutor.topics.reading_path import STAGES
from cnnstep.tutor.topics.topic import GROUPS, Topic
from tests.conftest import Program
from tests.tutor.network_scenarios import NETWORKS, find

FOLDER = Path(str(topics.__file__)).parent


def pages(module: str) -> tuple[Topic, ...]:
    """The topics that a module of the folder holds."""
    held: tuple[Topic, ...] = import_module(f"cnnstep.tutor.topics.{module}").PAGES
    return held


ALL: dict[str, Topic] = {topic.name: topic for module in dict.fromkeys(TOPICS.values()) for topic in pages(module)}

FINDINGS = ("dead-relu", "all-dead", "at-kink", "saturated", "unreachable-target", "overshoot", "diverged", "converged")
NETWORK_KEYS = ("layers", "class", "init", "seed", "test")
KEYS = (
    "activation",
    "bias",
    "dilation",
    "error",
    "filter",
    "leftover",
    "learning_rate",
    "loss",
    "optimizer",
    "padding",
)
CODES = (
    *FINDINGS,
    "settled",
    "stuck",
    *KEYS,
    *NETWORK_KEYS,
    "padding",
    "relu_slope_at_zero",
    "samples",
    "stride",
    "target",
)


def not_needed(name: str) -> Scenario:
    raise AssertionError(f"{name} was loaded")


def test_there_are_at_least_thirty_topics() -> None:
    assert len(TOPICS) >= 30


def test_the_list_is_exactly_what_the_modules_define() -> None:
    with_pages = {path.stem for path in FOLDER.glob("*.py") if "\nPAGES = " in path.read_text(encoding="utf-8")}
    assert with_pages == set(TOPICS.values())
    held = [(topic.name, module) for module in dict.fromkeys(TOPICS.values()) for topic in pages(module)]
    assert sorted(held) == sorted(TOPICS.items()), "TOPICS and the modules' PAGES differ"


def test_an_activation_without_words_is_named() -> None:
    missing = [name for name in ACTIVATIONS if name not in WORDS]
    assert missing == [], f"give {missing} words in cnnstep/tutor/topics/activations.py"


@pytest.mark.parametrize("registry", [ACTIVATIONS, LOSSES, OPTIMIZERS], ids=lambda registry: registry.kind)
def test_every_registered_name_has_a_page_under_that_name(registry: dict[str, object]) -> None:
    missing = [name for name in registry if name not in TOPICS]
    assert missing == [], f"give {missing} a line in TOPICS and words in its family's file"


@pytest.mark.parametrize("kind", list(LAYERS))
def test_every_type_of_layer_has_a_page(kind: str) -> None:
    assert known(kind) in TOPICS, f"a layer of type {kind} needs a page: a Topic in topics/ and a line in TOPICS"


@pytest.mark.parametrize("name", list(NETWORKS))
def test_every_step_and_leaf_of_a_network_is_explained(name: str) -> None:
    lesson = lesson_of(NETWORKS[name], input_gradient=True)
    for quantity in (*lesson.names, *(leaf.name for leaf in lesson.leaves if "." in leaf.name)):
        assert known(quantity.removesuffix("_before")) in TOPICS, quantity


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_every_step_of_a_lesson_is_explained(optimizer: str) -> None:
    scenario = one_filter(
        input=[[1, 2], [3, 4]], filter=[[1]], bias=0, target=[[1, 2], [3, 4]], activation="relu", learning_rate=0.1,
        optimizer=optimizer,
    )  # fmt: skip
    for name in lesson_of(scenario, input_gradient=True).names:
        assert known(name) in TOPICS


@pytest.mark.parametrize("code", CODES)
def test_every_finding_outcome_and_scenario_key_leads_to_a_page(code: str) -> None:
    assert known(code) in TOPICS


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Leaky-ReLU", "leaky_relu"),
        ("input gradient", "input_gradient"),
        ("LEARNING_RATE", "learning-rate"),
        ("convolution", "cross-correlation"),
        ("cross_correlation", "cross-correlation"),
        ("backpropagation", "chain-rule"),
        ("filter-gradient", "gradient"),
        ("solutions", "more-than-one-solution"),
        ("cross-entropy", "cross_entropy"),
        ("Max Pooling", "max_pool"),
        ("logits", "dense"),
        ("conv1.gradient", "gradient"),
        ("edges.input_gradient", "input_gradient"),
        ("dense2.gradient", "dense"),
        ("max_pool1.input_gradient", "max_pool"),
        ("softmax1.forward", "softmax"),
        ("conv1.weights", "cross-correlation"),
    ],
)
def test_a_topic_is_found_in_any_case_spelling_and_everyday_word(typed: str, name: str) -> None:
    assert known(typed) == name


def test_an_alias_is_no_topic_and_leads_to_one() -> None:
    assert not set(ALIASES) & set(TOPICS)
    assert set(ALIASES.values()) <= set(TOPICS)


def test_an_unknown_topic_is_a_fault_with_the_nearest_name() -> None:
    with pytest.raises(InputError) as raised:
        explanation("sigmiod", not_needed, "", AS_USUAL)
    (fault,) = raised.value.faults
    assert fault.code == "unknown-topic"
    assert 'did you mean "sigmoid"?' in fault.hint
    with pytest.raises(InputError) as raised:
        explanation("xyzzy", not_needed, "", AS_USUAL)
    assert raised.value.faults[0].hint == "cnnstep explain lists them all"


def test_the_list_names_every_topic_once_with_a_summary_and_ends_with_one_command() -> None:
    blocks = topic_list()
    rows = [row for block in blocks if isinstance(block, Table) for row in block.rows]
    assert sorted(str(row[0]) for row in rows) == sorted([*TOPICS, *MISTAKES, *CODE_MISTAKES])
    assert all(str(row[1]) for row in rows)
    assert [isinstance(block, Command) for block in blocks].index(True) == len(blocks) - 1


@pytest.mark.parametrize("name", list(TOPICS))
def test_every_page_has_all_its_parts(name: str) -> None:
    topic = ALL[name]
    blocks = explanation(name, find, "", AS_USUAL)
    assert topic.group in GROUPS
    assert isinstance(blocks[0], Heading)
    assert blocks[0].level == 1
    assert topic.summary
    assert topic.paragraphs
    headings = [block.text for block in blocks if isinstance(block, Heading)]
    numbers, wrong = headings.index("With numbers"), headings.index("What goes wrong")
    assert numbers < wrong
    at = [isinstance(block, Heading) and block.text == "With numbers" for block in blocks].index(True)
    assert sum(isinstance(block, Formula) for block in blocks[:at]) == 1
    shown = [block for block in blocks if not isinstance(block, Heading | Paragraph | Formula | Command)]
    assert shown, "no numbers"
    assert isinstance(blocks[-2], Command)
    assert sum(isinstance(block, Command) for block in blocks) == 1
    assert isinstance(blocks[-1], Paragraph)
    assert blocks[-1].text.startswith("See also: ")


@pytest.mark.parametrize("name", list(TOPICS))
def test_see_also_names_other_topics_by_their_own_names(name: str) -> None:
    others = ALL[name].see_also
    assert len(others) >= 2
    assert name not in others
    assert [other for other in others if other not in TOPICS] == []


@pytest.mark.parametrize("name", list(TOPICS))
@pytest.mark.parametrize("scenario", ["", "first-filter"])
def test_what_to_type_next_exists(name: str, scenario: str) -> None:
    blocks = explanation(name, find, scenario, AS_USUAL)
    words = shlex.split(next(block.command for block in blocks if isinstance(block, Command)))
    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert words[0] == "cnnstep"
    assert words[1] in known
    if words[1] in ("run", "step"):
        assert words[2] in [one.name for one in shipped()]
    if words[1] == "explain":
        assert words[2] in TOPICS
    if "--only" in words:
        lesson = lesson_of(find(words[2]), input_gradient=True)
        for step in words[words.index("--only") + 1].split(","):
            assert lesson.step(step)


def test_a_page_about_the_learners_file_names_that_file_in_its_command() -> None:
    blocks = explanation("forward", lambda name: find("first-filter"), "my lesson.yaml", AS_USUAL)
    (command,) = [block.command for block in blocks if isinstance(block, Command)]
    assert command == "cnnstep run 'my lesson.yaml' --only forward"
    blocks = explanation("forward", lambda name: find("first-filter"), "-", AS_USUAL)
    (command,) = [block.command for block in blocks if isinstance(block, Command)]
    assert command == "cnnstep run first-filter --only forward"


@pytest.mark.parametrize("name", list(TOPICS))
def test_no_result_is_typed_into_a_sentence(name: str) -> None:
    topic = ALL[name]
    said = " ".join((*topic.paragraphs, topic.goes_wrong)).replace("{name: leaky_relu, slope: 0.1}", "")
    assert re.findall(r"\d*\.\d+", said) == []
    assert set(re.findall(r"\d+", said)) <= {"0", "1", "2", "180"}


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_an_activation_page_loads_neither_numpy_nor_a_scenario(name: str) -> None:
    code = (
        "import sys\n"
        "from cnnstep.tutor.topics import explanation\n"
        "from cnnstep.tutor.numbers import AS_USUAL\n"
        f"explanation({name!r}, None, '', AS_USUAL)\n"
        "heavy = {'numpy', 'rich', 'typer', 'yaml', 'pydantic', 'cnnstep.engine.lesson', 'cnnstep.tutor.present'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_reading_order_has_every_topic_once(cnnstep: Program) -> None:
    named = [name for _, names in STAGES for name in names]
    assert sorted(named) == sorted(TOPICS)
    ran = cnnstep("explain", "--path")
    assert ran.code == 0
    shown = [line.split()[1] for line in ran.out.splitlines() if line[:4].strip().isdigit() and line.startswith("  ")]
    assert shown == named
    assert cnnstep("explain", "relu", "--path").code == 2
